/** What is known to be refused is refused before anybody is asked, and before a snapshot is taken. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cliPath, type Workspace, withWorkspace } from '../support/commandLine';
import { pairs } from '../support/outOfOrderFiles';
import { servers, withDatabase } from '../support/servers';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const onServer = (use: (workspace: Workspace, url: URL) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withWorkspace(pairs, (workspace) => use(workspace, new URL(url)), { DATABASE_URL: url }),
  );

const snapshotsOf = async ({ json }: Workspace): Promise<unknown> =>
  ((await json('snapshot', '--list')).value as { snapshots: unknown }).snapshots;

describe('the command line', function () {
  this.timeout(120_000);

  it('refuses what would run out of order, with and without --yes', () =>
    onServer(async (workspace) => {
      for (const agreed of [[], ['--yes']]) {
        const { code, stdout, stderr } = await workspace.run('apply', '--only', '8', ...agreed);
        deepEqual([code, stdout], [2, '']);
        match(stderr, /out of order: golang-migrate would never run 6 afterwards\. Apply the earlier ones with it/);
        ok(!/Rehearsing|To apply|snapshot/.test(stderr), stderr);
      }
      deepEqual(await snapshotsOf(workspace), []);
    }));

  it('refuses to revert what has no down file, with and without --yes', () =>
    onServer(async (workspace, { hostname, port, pathname }) => {
      const applied = await workspace.run('apply', '--yes');
      equal(applied.code, 0, applied.stderr);
      // Not without the port, which may tell one server from another.
      ok(applied.stderr.includes(`Taking a snapshot of ${pathname.slice(1)}@${hostname}:${port}\n`), applied.stderr);
      const before = await snapshotsOf(workspace);
      for (const agreed of [[], ['--yes']]) {
        const { code, stderr } = await workspace.run('revert', ...agreed);
        equal(code, 2);
        match(stderr, /8 close_project has no down file\. Write its down script, or restore a snapshot instead\./);
        ok(!stderr.includes('To revert'), stderr);
      }
      deepEqual(await snapshotsOf(workspace), before);
    }));
});
