/** Two at once on one database: two command lines, or one and an editor. Each migration runs once, and both are told. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { uriOf } from '../../server/language/uri';
import { ListProjectsRequest } from '../../server/protocol/messages';
import { withClient } from '../support/client';
import { cliPath, ending, type Run, type Workspace, withWorkspace } from '../support/commandLine';
import { sameTold } from '../support/editor';
import { gated, gateOfStatements, withGate } from '../support/gate';
import { until } from '../support/killable';
import { withLanguageServer } from '../support/languageServer';
import { servers, withDatabase } from '../support/servers';
import { makeTally, range, standing, tallyFiles } from '../support/tally';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const count = 6;
const apply = ['apply', '--yes', '--format', 'json'];

describe('two at once', function () {
  this.timeout(240_000);

  for (const layout of ['dbmate', 'golang-migrate', 'numbered'] as const) {
    it(`with ${layout}: the second waits for the first, and has nothing left to do`, () =>
      onServer(gatedFiles(layout), async (workspace, url) => {
        const [first, second] = await withGate(elsewhere(url), gateOfStatements, async (gate) => {
          const running = ending(workspace.start([...apply, '--no-snapshot', '--no-rehearsal']));
          await gate.waits();
          // From another machine, whose journal knows nothing of the first: it waits for the lock and nothing else.
          const storage = { REHEARSAL_HOME: join(workspace.folder, '../elsewhere') };
          const waiting = ending(workspace.start([...apply, '--no-snapshot', '--no-rehearsal'], storage));
          await lockIsWaitedFor(url);
          await gate.open();
          return Promise.all([running, waiting]);
        });
        deepEqual([kindOf(first), kindOf(second)], ['done', 'nothing'], second.stderr);
        deepEqual(await standing(url, layout), { ran: range(1, count), dirty: undefined });
      }));

    it(`with ${layout}, with snapshots, at no chosen moment: each migration runs once, whoever comes first`, () =>
      onServer(tallyFiles(layout, count), async (workspace, url) => {
        const runs = await Promise.all([1, 2, 3].map(() => ending(workspace.start(apply))));
        for (const run of runs) {
          ok(['done', 'nothing', 'busy', 'locked', 'history-moved'].includes(kindOf(run)), kindOf(run));
          ok(!run.stderr.includes('dirty'), run.stderr);
        }
        const last = await workspace.run('apply', '--yes');
        equal(last.code, 0, last.stderr);
        deepEqual(await standing(url, layout), { ran: range(1, count), dirty: undefined });
      }));
  }

  it('a command line applies while the editor rehearses', () =>
    onServer(tallyFiles('dbmate', 1), async (workspace, url) => {
      const [name = '', text = ''] = Object.entries(tallyFiles('dbmate', 1))[0] ?? [];
      const environment = { DATABASE_URL: url };
      const initializationOptions = { settings: { shadow: 'same-server' } };
      const beginning = { files: { [name]: text }, environment, initializationOptions };
      await withLanguageServer(beginning, async ({ editor, path }) => {
        const before = editor.told.projects;
        const typed = text.replace('-- migrate:down', `${gated};\nselect nope;\n-- migrate:down`);
        await withGate(elsewhere(url), gateOfStatements, async (gate) => {
          editor.open(path(name), typed);
          await gate.waits();
          const applied = await workspace.json('apply', '--yes', '--no-rehearsal');
          equal(applied.code, 0, applied.stderr);
          await gate.open();
        });
        sameTold(await editor.diagnostics(path(name)), ['5:8-5:12 42703 column "nope" does not exist']);
        editor.edit(path(name), text);
        sameTold(await editor.diagnostics(path(name)), []);
        await editor.until(() => editor.told.projects > before, 'the word that projects have changed');
        const [project] = await editor.connection.sendRequest(ListProjectsRequest);
        equal(project?.folder, uriOf(path('db/migrations')));
        deepEqual(
          project.migrations.map(({ state }) => state),
          ['applied'],
        );
        deepEqual(await standing(url, 'dbmate'), { ran: [1], dirty: undefined });
      });
    }));
});

const onServer = (
  files: Readonly<Record<string, string>>,
  use: (workspace: Workspace, url: string) => Promise<void>,
): Promise<void> =>
  withDatabase(servers.newest, async (url) => {
    await makeTally(url);
    await withWorkspace(files, (workspace) => use(workspace, url), { DATABASE_URL: url });
  });

/** The first migration waits at the gate. */
const gatedFiles = (layout: LayoutName): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(tallyFiles(layout, count)).map(([name, text]) => [
      name,
      text.replace('values (1);', `values (1);\n${gated};`),
    ]),
  );

const elsewhere = (url: string): string => new URL('/postgres', url).href;

/** Somebody waits for the migration lock that another one has. */
const lockIsWaitedFor = (url: string): Promise<true> =>
  until(async () => {
    const waiting = await withClient(url, (query) =>
      query(`select from pg_locks where locktype = 'advisory' and not granted`),
    );
    return waiting.length > 0 ? true : undefined;
  });

/** How it ended, or the fault that it ended with. */
function kindOf({ stdout, stderr }: Run): string {
  const { kind, error }: { kind?: string; error?: { code: string } } = JSON.parse(stdout);
  return kind ?? error?.code ?? stderr;
}
