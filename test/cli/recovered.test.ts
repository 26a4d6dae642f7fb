/** What a killed process has left is put right by the next command, which says so whether it was asked to or not. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Client } from 'pg';
import * as is from '../support/cliShapes';
import { cliPath, type Workspace, withWorkspace } from '../support/commandLine';
import { until } from '../support/killable';
import { servers, withDatabase } from '../support/servers';
import { fileOf, good } from '../support/shopFiles';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const slow = { ...good, [fileOf(3)]: '-- migrate:up\nselect pg_sleep(20);\n-- migrate:down\n' };

/** Kills an apply while a statement of its last migration runs, and the session that it leaves behind. */
async function killedApply(workspace: Workspace, url: string): Promise<void> {
  const client = new Client(new URL('/postgres', url).href);
  await client.connect();
  try {
    const child = workspace.start(['apply', '--yes', '--no-snapshot', '--no-rehearsal']);
    const gone = once(child, 'close');
    const asleep = await until(async () => {
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = $1 and query ~ 'pg_sleep[(]20' and state = 'active'`,
        [new URL(url).pathname.slice(1)],
      );
      return rows[0]?.pid;
    });
    child.kill('SIGKILL');
    await gone;
    await client.query('select pg_terminate_backend($1, 5000)', [asleep]);
  } finally {
    await client.end();
  }
}

describe('a command after one that was killed', function () {
  this.timeout(240_000);

  const afterKill = (use: (workspace: Workspace) => Promise<void>) =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(
        slow,
        async (workspace) => {
          await killedApply(workspace, url);
          await use(workspace);
        },
        { DATABASE_URL: url },
      ),
    );
  const says = /Work on .* was cut off in the middle of 20260101000004, which was rolled back: nothing of it stands\./;

  it('tells people on standard error how the work was cut off, once', () =>
    afterKill(async (workspace) => {
      const { code, stdout, stderr } = await workspace.run('status');
      equal(code, 0);
      match(stderr, new RegExp(`^recovered: ${says.source}`, 'm'));
      match(stdout, /coupons +pending/);
      equal((await workspace.run('status')).stderr, '');
    }));

  it('tells scripts in its JSON', () =>
    afterKill(async (workspace) => {
      const { value, stderr } = await workspace.json('status');
      is.isStatus(value, 'status');
      const { recovered } = value as { recovered: readonly string[] };
      equal(recovered.length, 1);
      match(recovered[0] ?? '', says);
      equal(stderr, '');
      ok(!('recovered' in ((await workspace.json('status')).value as object)));
    }));

  it('tells it also when it fails itself', () =>
    afterKill(async (workspace) => {
      const { code, value } = await workspace.json('restore', 'nothing', '--yes');
      const { error, recovered } = value as { error: { code: string }; recovered: readonly string[] };
      deepEqual([code, error.code, recovered.length], [2, 'no-such-snapshot', 1]);
    }));
});
