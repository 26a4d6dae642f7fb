/** What keeps migrations from being applied or reverted is told before anybody is asked, and before a snapshot is taken. */
import { deepEqual } from 'node:assert/strict';
import type { CodeLens } from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import {
  ApplyRequest,
  MayApplyRequest,
  MayRevertRequest,
  RepairRequest,
  RepairsRequest,
  RevertRequest,
} from '../../server/protocol/messages';
import { ListSnapshotsRequest } from '../../server/protocol/snapshots';
import { withClient } from '../support/client';
import { type Running, withLanguageServer } from '../support/languageServer';
import { pairs } from '../support/outOfOrderFiles';
import { refuses } from '../support/refusals';
import { binariesOf, servers, withDatabase } from '../support/servers';

const consent = { disconnect: true, progress: 'p1', snapshot: true };
const says =
  /^The migrations would run out of order: golang-migrate would never run 6 afterwards\. Apply the earlier ones/;

const onServer = (
  files: Readonly<Record<string, string>>,
  use: (running: Running, folder: string, url: string) => Promise<void>,
): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withLanguageServer(
      {
        files,
        environment: { DATABASE_URL: url },
        initializationOptions: { settings: { postgresBinaries: [binariesOf(servers.newest)] } },
      },
      (running) => use(running, uriOf(running.path('migrations')), url),
    ),
  );

describe('before the user is asked', () => {
  it('tells that one would run out of order, and whether it could run with the earlier ones', () =>
    onServer(pairs, async ({ editor: { connection }, write }, folder) => {
      deepEqual(await connection.sendRequest(MayApplyRequest, { folder, only: '6' }), { kind: 'nothingKnown' });
      deepEqual(await connection.sendRequest(MayApplyRequest, { folder, upTo: '8' }), { kind: 'nothingKnown' });
      deepEqual(await connection.sendRequest(MayApplyRequest, { folder }), { kind: 'nothingKnown' });
      const { message, ...known } = await disorder(connection, folder);
      deepEqual(known, { kind: 'outOfOrder', upToHere: true });
      await refuses(connection.sendRequest(ApplyRequest, { ...consent, folder, only: '8' }), 'out-of-order', says);
      deepEqual(says.test(message), true, message);
      write('migrations/7_tasks.up.sql', '\\d projects\n');
      deepEqual((await disorder(connection, folder)).upToHere, false);
      const all = connection.sendRequest(MayApplyRequest, { folder });
      await refuses(all, 'bad-migration', /7_tasks\.up\.sql:1: \\d is for psql/);
      deepEqual(await connection.sendRequest(ListSnapshotsRequest, { folder }), []);
    }));

  it('tells that the tool would refuse to go on', () =>
    onServer(pairs, async ({ editor: { connection } }, folder, url) => {
      await withClient(url, async (query) => {
        await query('create table schema_migrations (version bigint primary key, dirty boolean not null)');
        await query('insert into schema_migrations values (6, true)');
      });
      const asked = connection.sendRequest(MayApplyRequest, { folder });
      await refuses(asked, 'blocked', /marked version 6 dirty/, 'rehearsal.repairHistory');
      const repairs = await connection.sendRequest(RepairsRequest, { folder });
      deepEqual(
        repairs.map(({ command }) => command),
        ['migrate force -- -1', 'migrate force 6', 'migrate force 7'],
      );
      const { statements } = repairs[1]!;
      const repair = { ...consent, folder, statements };
      await connection.sendRequest(RepairRequest, repair);
      deepEqual(await connection.sendRequest(MayApplyRequest, { folder }), { kind: 'nothingKnown' });
      await refuses(connection.sendRequest(RepairRequest, repair), 'history-moved', /Nothing was repaired/);
      await withClient(url, async (query) => {
        const states = 'select version::int, dirty from schema_migrations';
        deepEqual(await query(states), [{ version: 6, dirty: false }]);
      });
    }));

  it('tells that there is no down script, and shows no lens that would run it', () =>
    onServer(pairs, async ({ editor, path }, folder) => {
      const { connection } = editor;
      const commandsOf = async (file: string) => {
        const textDocument = { uri: uriOf(path(file)) };
        const lenses = await connection.sendRequest<CodeLens[]>('textDocument/codeLens', { textDocument });
        return lenses.map(({ command }) => command?.command).filter((it) => it?.startsWith('rehearsal.revert'));
      };
      for (const [file, text] of Object.entries(pairs)) editor.open(path(file), text);
      await connection.sendRequest(ApplyRequest, { ...consent, folder, upTo: '7', snapshot: false });
      deepEqual(await commandsOf('migrations/7_tasks.up.sql'), ['rehearsal.revertLast']);
      deepEqual(await connection.sendRequest(MayRevertRequest, { folder, versions: ['7'] }), null);

      await connection.sendRequest(ApplyRequest, { ...consent, folder, only: '8', snapshot: false });
      deepEqual(await commandsOf('migrations/8_close_project.up.sql'), []);
      const noDown = /8 close_project has no down file\. Write its down script, or restore a snapshot instead\./;
      for (const asked of [
        connection.sendRequest(MayRevertRequest, { folder, versions: ['8'] }),
        connection.sendRequest(RevertRequest, { ...consent, folder, versions: ['8'] }),
      ])
        await refuses(asked, 'no-down', noDown, 'rehearsal.revertToSnapshot');
      deepEqual(await connection.sendRequest(ListSnapshotsRequest, { folder }), []);
    }));
});

async function disorder(connection: Running['editor']['connection'], folder: string) {
  const answer = await connection.sendRequest(MayApplyRequest, { folder, only: '8' });
  if (answer.kind !== 'outOfOrder') throw new Error(answer.kind);
  return answer;
}
