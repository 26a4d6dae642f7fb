/**
 * The command line is killed at any moment of an apply and of a restore, again and again. No database is between two
 * states, the next command says what was cut off, and in the end everything was done once.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { withClient } from '../support/client';
import { type Child, cliPath, type Workspace, withWorkspace } from '../support/commandLine';
import { withFolder } from '../support/files';
import { until } from '../support/killable';
import { servers, withDatabase } from '../support/servers';
import { force, makeTally, ourSessions, range, standing, tally, tallyFiles } from '../support/tally';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const moments = 5;
/** More than are applied until the last kill, so that each comes in the middle. */
const count = 40;

/** When it is killed: after so many more migrations, and then after so many looks at the database. */
const someMoments = fc.array(fc.record({ migrations: fc.nat(2), looks: fc.nat(8) }), {
  minLength: moments,
  maxLength: moments,
});

describe('the command line, killed', function () {
  this.timeout(240_000);

  for (const layout of ['dbmate', 'golang-migrate', 'numbered'] as const satisfies readonly LayoutName[]) {
    it(`at any moment of an apply with ${layout}: each migration runs once`, () =>
      atMoments(someMoments, (chosen) =>
        onServer(tallyFiles(layout, count), async ({ workspace, url, journal }) => {
          await makeTally(url);
          let told = 0;
          for (const { migrations, looks } of chosen) {
            const before = await tally(url);
            const child = workspace.start(['apply', '--yes', '--no-snapshot', '--no-rehearsal']);
            await whileRunning(child, async () => journal().length > 0);
            await whileRunning(child, async () => (await tally(url)) >= before + migrations);
            await killed(child, url, looks);
            told += await tellsOfApply(workspace, url, layout);
            deepEqual(journal(), []);
          }
          ok(told > 0, 'something was cut off');
          const last = await workspace.run('apply', '--yes', '--no-snapshot', '--no-rehearsal');
          equal(last.code, 0, last.stderr);
          deepEqual((await standing(url, layout)).ran, range(1, count));
        }),
      ));
  }

  it('at any moment of a restore: the database is before it or after it', () =>
    atMoments(fc.array(fc.nat(40), { minLength: moments, maxLength: moments }), (chosen) =>
      onServer(tallyFiles('numbered', 1), async ({ workspace, url, journal }) => {
        await withClient(url, (query) => query('create table item (id int); insert into item values (0)'));
        const value = async () => (await withClient(url, (query) => query('select id from item')))[0]?.['id'];
        equal((await workspace.run('snapshot')).code, 0);
        /** What each snapshot holds. */
        let holds = new Map((await snapshotsOf(workspace)).ids.map((id) => [id, 0]));
        for (const [round, looks] of chosen.entries()) {
          const [id = ''] = holds.keys();
          await withClient(url, (query) => query('update item set id = $1', [round + 1]));
          const child = workspace.start(['restore', id, '--yes', '--disconnect']);
          await whileRunning(child, async () => journal().length > 0);
          await killed(child, url, looks);
          const { ids, stderr } = await snapshotsOf(workspace);
          const restored = !ids.includes(id);
          equal(await value(), restored ? holds.get(id) : round + 1);
          if (/Nothing was restored/.test(stderr)) ok(!restored, stderr);
          if (/The snapshot was restored/.test(stderr)) ok(restored, stderr);
          deepEqual(ids.length, 1, 'the snapshot, or what was replaced');
          holds = restored ? new Map(ids.map((it) => [it, round + 1])) : holds;
          deepEqual([...holds.keys()], ids);
          deepEqual(await databasesLike(url, ids), ids);
          deepEqual(journal(), []);
        }
        const [id = ''] = holds.keys();
        const last = await workspace.run('restore', id, '--yes', '--disconnect');
        equal(last.code, 0, last.stderr);
        equal(await value(), holds.get(id));
      }),
    ));
});

/** One run, whose moments fast-check prints when it fails. */
const atMoments = <T>(arbitrary: fc.Arbitrary<T>, use: (chosen: T) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, use), { numRuns: 1, endOnFailure: true });

interface Setting {
  readonly workspace: Workspace;
  readonly url: string;
  /** Names of the files in the journal. */
  readonly journal: () => readonly string[];
}

const onServer = (files: Readonly<Record<string, string>>, use: (setting: Setting) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withFolder((storage) => {
      const folder = join(storage, 'journal');
      const journal = () => (existsSync(folder) ? readdirSync(folder) : []);
      const variables = { DATABASE_URL: url, REHEARSAL_HOME: storage };
      return withWorkspace(files, (workspace) => use({ workspace, url, journal }), variables);
    }),
  );

const hasEnded = ({ exitCode, signalCode }: Child): boolean => exitCode !== null || signalCode !== null;

/** Waits until it holds, or the process has ended by itself. */
const whileRunning = (child: Child, holds: () => Promise<boolean>): Promise<true> =>
  until(async () => (hasEnded(child) || (await holds()) ? true : undefined));

/** Kills it after so many looks, and waits until the server has noticed. */
async function killed(child: Child, url: string, looks: number): Promise<void> {
  await withClient(new URL('/postgres', url).href, async (query) => {
    for (let look = 0; look < looks; look++) await query('select');
  });
  if (!hasEnded(child)) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  await until(async () => ((await ourSessions(new URL('/postgres', url).href)) === 0 ? true : undefined));
}

/**
 * What the next command says of it is what stands. golang-migrate's dirty mark is then taken away as its users do.
 *
 * @returns how much was told
 */
async function tellsOfApply(workspace: Workspace, url: string, layout: LayoutName): Promise<number> {
  const { ran, dirty } = await standing(url, layout);
  const { code, stdout, stderr } = await workspace.run('status');
  equal(code, 0, stderr);
  const lines = stderr.split('\n').filter((line) => line.includes('was cut off'));
  const newest = `${ran.length === 0 ? 'No migration is applied' : `${ran.length} is the newest applied migration`}.`;
  for (const line of lines) {
    const rolledBack = /in the middle of (\d+), which was rolled back: nothing of it stands/.exec(line)?.[1];
    if (rolledBack !== undefined) ok(!ran.includes(Number(rolledBack)), line);
    const recorded = /after (\d+) was carried out and recorded/.exec(line)?.[1];
    if (recorded !== undefined) ok(ran.includes(Number(recorded)), line);
    if (dirty === undefined) ok(line.endsWith(newest) || layout === 'golang-migrate', line);
  }
  if (dirty !== undefined) {
    match(stdout, new RegExp(`marked version ${dirty} dirty`));
    await force(url, ran.length);
  }
  return lines.length;
}

async function snapshotsOf(workspace: Workspace): Promise<{ ids: readonly string[]; stderr: string }> {
  const { code, value, stderr } = await workspace.json('snapshots', 'list');
  equal(code, 0, stderr);
  const { snapshots } = value as { snapshots: readonly { id: string }[] };
  return { ids: snapshots.map(({ id }) => id), stderr };
}

/** Databases that are named as these snapshots are, but for the time. */
async function databasesLike(url: string, ids: readonly string[]): Promise<readonly unknown[]> {
  // Other tests of this server have databases of other names.
  const prefix = (ids[0] ?? '').replace(/_\d+_[^_]*$/, '_');
  const rows = await withClient(new URL('/postgres', url).href, (query) =>
    query('select datname::text as name from pg_database where starts_with(datname, $1) order by 1', [prefix]),
  );
  return rows.map((row) => row['name']);
}
