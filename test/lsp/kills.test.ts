/**
 * The language server is killed in the middle of an apply, a restore and a rehearsal. The next one says what was cut
 * off, finishes or undoes it, and goes on.
 */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { uriOf } from '../../server/language/uri';
import { ApplyRequest, ListProjectsRequest } from '../../server/protocol/messages';
import { ListSnapshotsRequest, RestoreRequest, SnapshotRequest } from '../../server/protocol/snapshots';
import { withClient } from '../support/client';
import { sameTold } from '../support/editor';
import { withFolder } from '../support/files';
import { type Gate, gateOfStatements, gateOfSwaps, withGate } from '../support/gate';
import { consent, files, second } from '../support/gatedMigrations';
import { until } from '../support/killable';
import { type Running, withLanguageServer } from '../support/languageServer';
import { withDatabase } from '../support/servers';
import { ourSessions } from '../support/tally';

describe('a language server that was killed', () => {
  it('in the middle of an apply: what was not committed is gone, and the next one says so', () =>
    onDatabase(async (start, url) => {
      await withGate(elsewhere(url), gateOfStatements, async (gate) => {
        await start(async (running) => {
          const asked = running.editor.connection.sendRequest(ApplyRequest, { ...consent, folder: folderOf(running) });
          await killed(running, gate, asked);
        });
      });
      await untilGone(url);
      await start(async (running) => {
        deepEqual(await states(running), ['1 applied', '2 pending']);
        match(
          running.editor.shown.join(),
          /^Work on \S+ that began at \S+ was cut off in the middle of 2, which was rolled/,
        );
        equal(await tableOf(url, 'b'), null);
        await goesOn(running);
        const { connection } = running.editor;
        equal((await connection.sendRequest(ApplyRequest, { ...consent, folder: folderOf(running) })).kind, 'done');
        deepEqual(await states(running), ['1 applied', '2 applied']);
        equal(running.editor.shown.length, 1);
      });
    }));

  it('in the middle of a restore: the database is as it was, and the next one says so', () =>
    onDatabase(async (start, url) => {
      let id = '';
      await start(async (running) => {
        const { connection } = running.editor;
        const folder = folderOf(running);
        equal((await connection.sendRequest(ApplyRequest, { ...consent, folder, upTo: '1' })).kind, 'done');
        const taken = await connection.sendRequest(SnapshotRequest, { disconnect: true, folder, reason: 'by hand' });
        if (taken.kind !== 'taken') throw new Error(taken.kind);
        ({ id } = taken.snapshot);
        await withClient(url, (query) => query('update a set id = 2'));
        await withGate(elsewhere(url), gateOfSwaps, async (gate) => {
          await killed(running, gate, connection.sendRequest(RestoreRequest, { disconnect: true, folder, id }));
        });
      });
      await untilGone(url);
      await start(async (running) => {
        const { connection } = running.editor;
        const folder = folderOf(running);
        // Not even the state is asked for before: whoever lists snapshots is told as well.
        const listed = await connection.sendRequest(ListSnapshotsRequest, { folder });
        match(
          running.editor.shown.join(),
          /^Work on \S+ that began at \S+ was cut off\. Nothing was restored; \S+ is as it was\.$/,
        );
        deepEqual(
          listed.map((it) => it.id),
          [id],
        );
        deepEqual(await withClient(url, (query) => query('select id from a')), [{ id: 2 }]);
        await goesOn(running);
        equal((await connection.sendRequest(RestoreRequest, { disconnect: true, folder, id })).kind, 'restored');
        deepEqual(await withClient(url, (query) => query('select id from a')), [{ id: 1 }]);
      });
    }));

  it('in the middle of a rehearsal: the next one sweeps up its shadow', () =>
    onDatabase(async (start, url) => {
      await withGate(elsewhere(url), gateOfStatements, async (gate) => {
        await start(async (running) => {
          running.editor.open(running.path(second), files[second]);
          await killed(running, gate, undefined);
        });
      });
      await untilGone(url);
      const left = await shadows(url);
      ok(left.length > 0);
      await start(async (running) => {
        await goesOn(running);
        const now = await shadows(url);
        ok(now.length > 0 && !now.some((name) => left.includes(name)), now.join());
        deepEqual(running.editor.shown, []);
      });
      deepEqual(await shadows(url), []);
    }));
});

type Start = (use: (running: Running) => Promise<void>) => Promise<void>;

/** Language servers, one after the other, with the same storage. */
async function onDatabase(use: (start: Start, url: string) => Promise<void>): Promise<void> {
  await withDatabase(18, (url) =>
    withFolder((storage) => {
      const environment = { DATABASE_URL: url, REHEARSAL_HOME: storage };
      const initializationOptions = { settings: { shadow: 'same-server' } };
      return use((running) => withLanguageServer({ files, environment, initializationOptions }, running), url);
    }),
  );
}

const folderOf = ({ path }: Running): string => uriOf(path('db/migrations'));

const elsewhere = (url: string): string => new URL('/postgres', url).href;

/** @param asked a request that nobody answers any more */
async function killed({ server, editor }: Running, gate: Gate, asked: Promise<unknown> | undefined): Promise<void> {
  const unanswered = asked && rejects(asked);
  await gate.waits();
  const gone = once(server, 'exit');
  server.kill('SIGKILL');
  await gone;
  editor.connection.dispose();
  await unanswered;
}

/** The server notices that a client is gone when it wants to tell it something. */
async function untilGone(url: string): Promise<void> {
  await until(async () => ((await ourSessions(elsewhere(url))) === 0 ? true : undefined));
}

async function states({ editor: { connection } }: Running): Promise<readonly string[] | undefined> {
  const [project] = await connection.sendRequest(ListProjectsRequest);
  return project?.migrations.map(({ version, state }) => `${version} ${state}`);
}

async function goesOn({ editor, path }: Running): Promise<void> {
  editor.open(path(second), '-- migrate:up\ncreate table b (id int);\nselect nope from b;\n-- migrate:down\n');
  sameTold(await editor.diagnostics(path(second)), ['3:8-3:12 42703 column "nope" does not exist']);
  editor.close(path(second));
}

const tableOf = async (url: string, name: string): Promise<unknown> =>
  (await withClient(url, (query) => query('select to_regclass($1) as name', [name])))[0]?.['name'];

async function shadows(url: string): Promise<readonly string[]> {
  const rows = await withClient(elsewhere(url), (query) =>
    query(`select datname::text as name from pg_database where starts_with(datname, 'rehearsal_shadow_')`),
  );
  return rows.map((row) => String(row['name']));
}
