/**
 * The server or our session on it dies in the middle of a rehearsal, an apply and a restore: the request is answered
 * with what happened, the editor goes on working, and the database is as it was told.
 *
 * The work is held at a step by a lock that the test has, and dies there.
 */
import { deepEqual, equal, match } from 'node:assert/strict';
import { uriOf } from '../../server/language/uri';
import { ApplyRequest, ListProjectsRequest } from '../../server/protocol/messages';
import { ListSnapshotsRequest, RestoreRequest, SnapshotRequest } from '../../server/protocol/snapshots';
import { withClient } from '../support/client';
import { sameTold, told } from '../support/editor';
import { type Gate, gated, gateOfStatements, gateOfSwaps, ofTargets, withGate } from '../support/gate';
import { consent, files, first, second } from '../support/gatedMigrations';
import { type Running, withLanguageServer } from '../support/languageServer';
import { type MortalServer, startMortal } from '../support/mortal';
import { refuses } from '../support/refusals';

interface Death {
  readonly name: string;
  /** Whether there is no server afterwards. */
  readonly ofServer: boolean;
  readonly comes: (gate: Gate, server: MortalServer) => Promise<void>;
}

const deaths: readonly Death[] = [
  { name: 'its session is ended', ofServer: false, comes: (gate) => gate.endWaiting() },
  { name: 'the server is shut down at once', ofServer: true, comes: (_, server) => server.die('SIGQUIT') },
  { name: 'the postmaster is killed', ofServer: true, comes: (_, server) => server.die('SIGKILL') },
];

describe('the language server, when', () => {
  let server: MortalServer;
  before(async () => (server = await startMortal(18)));
  after(() => server.stop());

  for (const { name, ofServer, comes } of deaths) {
    const dies = async (gate: Gate): Promise<void> => {
      await gate.waits();
      await comes(gate, server);
    };

    describe(name, () => {
      it('in the middle of a rehearsal', () =>
        onDatabase(async ({ editor, path }, url) => {
          const wrong = files[second].replace(gated, `${gated};\nselect nope`);
          await withGate(server.url('postgres'), gateOfStatements, async (gate) => {
            editor.open(path(second), wrong);
            await dies(gate);
            if (!ofServer) {
              // It is begun anew by itself, and waits at the same place.
              await gate.waits();
              await gate.open();
            }
          });
          if (ofServer) {
            match(
              told(await editor.diagnostics(path(second)))[0] ?? '',
              /not-checked Not rehearsed\. Postgres does not/,
            );
            await tellsNoServer(editor);
            await server.revive();
            editor.edit(path(second), `${wrong}\n`);
          }
          sameTold(await editor.diagnostics(path(second)), ['4:8-4:12 42703 column "nope" does not exist']);
          deepEqual(await tables(url), []);
        }));

      it('in the middle of an apply', () =>
        onDatabase(async ({ editor, path, folder }, url) => {
          editor.open(path(first), files[first] ?? '');
          sameTold(await editor.diagnostics(path(first)), []);
          const apply = () => editor.connection.sendRequest(ApplyRequest, { ...consent, folder: uriOf(folder) });
          await withGate(
            server.url('postgres'),
            gateOfStatements,
            async (gate) => {
              const lost = refuses(
                apply(),
                'connection-lost',
                ofServer
                  ? /How 2 ended is told when the server answers again/
                  : /2 was rolled back; nothing of it stands/,
              );
              await dies(gate);
              await lost;
            },
            ofTargets,
          );
          if (ofServer) {
            await tellsNoServer(editor);
            await server.revive();
          }
          deepEqual(await states(editor), ['1 applied', '2 pending']);
          await editor.until(
            () => editor.shown.some((it) => /in the middle of 2, which was rolled back/.test(it)),
            'the word',
          );
          deepEqual(await tables(url), ['a', 'schema_migrations']);
          await goesOn(editor, path);
          equal((await apply()).kind, 'done');
          deepEqual(await tables(url), ['a', 'b', 'schema_migrations']);
          equal(editor.shown.length, 1);
        }));

      it('in the middle of a restore', () =>
        onDatabase(async ({ editor, path, folder: here }, url) => {
          const { connection } = editor;
          const folder = uriOf(here);
          equal((await connection.sendRequest(ApplyRequest, { ...consent, folder, upTo: '1' })).kind, 'done');
          const taken = await connection.sendRequest(SnapshotRequest, { disconnect: true, folder, reason: 'by hand' });
          if (taken.kind !== 'taken') throw new Error(taken.kind);
          const { id } = taken.snapshot;
          await withClient(url, (query) => query('update a set id = 2'));
          const restore = () => connection.sendRequest(RestoreRequest, { disconnect: true, folder, id });
          await withGate(server.url('postgres'), gateOfSwaps, async (gate) => {
            const lost = refuses(restore(), 'connection-lost', /How it ended is told when the server answers again/);
            await dies(gate);
            await lost;
          });
          if (ofServer) {
            await tellsNoServer(editor);
            await server.revive();
          }
          deepEqual(await states(editor), ['1 applied', '2 pending']);
          await editor.until(
            () => editor.shown.some((it) => /Nothing was restored; \S+ is as it was/.test(it)),
            'the word',
          );
          deepEqual(await rows(url), [{ id: 2 }]);
          deepEqual(
            (await connection.sendRequest(ListSnapshotsRequest, { folder })).map((it) => it.id),
            [id],
          );
          await goesOn(editor, path);
          equal((await restore()).kind, 'restored');
          deepEqual(await rows(url), [{ id: 1 }]);
          equal(editor.shown.length, 1);
        }));
    });
  }

  async function onDatabase(use: (running: Running, url: string) => Promise<void>): Promise<void> {
    await server.revive();
    const url = await server.create();
    const initializationOptions = { settings: { shadow: 'same-server' } };
    await withLanguageServer({ files, environment: { DATABASE_URL: url }, initializationOptions }, (running) =>
      use({ ...running, folder: running.path('db/migrations') }, url),
    );
  }
});

type Editor = Running['editor'];

async function tellsNoServer({ connection }: Editor): Promise<void> {
  const [project] = await connection.sendRequest(ListProjectsRequest);
  equal(project?.fault?.fault, 'no-server');
  equal(project?.fault?.remedy, 'rehearsal.chooseDatabase');
  equal(project?.migrations.length, 2);
}

async function states({ connection }: Editor): Promise<readonly string[] | undefined> {
  const [project] = await connection.sendRequest(ListProjectsRequest);
  return project?.migrations.map(({ version, state }) => `${version} ${state}`);
}

/** What is typed next is rehearsed, on what stands now. */
async function goesOn(editor: Editor, path: Running['path']): Promise<void> {
  editor.open(path(second), files[second].replace(gated, 'select nope from a'));
  sameTold(await editor.diagnostics(path(second)), ['3:8-3:12 42703 column "nope" does not exist']);
  editor.close(path(second));
}

const rows = (url: string) => withClient(url, (query) => query('select id from a'));

async function tables(url: string): Promise<readonly unknown[]> {
  const found = await withClient(url, (query) =>
    query(
      `select relname::text as name from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
    ),
  );
  return found.map((it) => it['name']);
}
