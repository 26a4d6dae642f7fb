/** `rehearsal trial` as the bundle runs it: the report for people and for scripts, what it leaves, and its exit codes. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { withClient } from '../support/client';
import { cliPath, ending, type Run, withWorkspace, type Workspace } from '../support/commandLine';
import { until } from '../support/killable';
import { servers, serverOf, withDatabase } from '../support/servers';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const files = {
  'db/migrations/1_people.sql':
    "-- migrate:up\ncreate table people (id int primary key, name text);\ninsert into people select i, 'p' || i from generate_series(1, 20) i;\n-- migrate:down\ndrop table people;\n",
};
const second =
  '-- migrate:up\nalter table people alter column id type bigint;\nalter table people drop column name;\n-- migrate:down\nalter table people add column name text;\nalter table people alter column id type int;\n';

interface Trial {
  readonly kind: string;
  readonly passes: readonly {
    readonly pass: string;
    readonly migrations: readonly { readonly statements: object[] }[];
  }[];
  readonly roundTrip: { readonly kind: string; readonly verdict?: { readonly kind: string } };
  readonly end: { readonly kind: string; readonly name: string };
  readonly rows?: readonly { readonly says: string; readonly query?: string }[];
}

describe('rehearsal trial', function () {
  this.timeout(240_000);

  it('tells what happened on the copy, and leaves the database as it is', () =>
    inShop(async ({ run, json, write }) => {
      equal((await run('apply', '--yes', '--no-snapshot', '--no-rehearsal')).code, 0);
      equal((await run('trial')).stdout, 'Nothing to try out: no migration is pending.\n');
      write('db/migrations/2_bigger.sql', second);
      const { code, stdout, stderr } = await run('trial');
      equal(code, 0, stderr);
      match(stdout, /^Copy of \S+ \(PostgreSQL 18\.\d+\): .* MB in /);
      match(
        stdout,
        /^Up \(.*\)\n +\S+ m?s {2}2 bigger\n +\S+ m?s {4}2: alter table people alter column id type bigint/m,
      );
      match(stdout, /— locks public\.people ACCESS EXCLUSIVE; writes public\.people, public\.people_pkey anew$/m);
      match(stdout, /^Rows that are gone after up\n {2}public\.people\.name: 20 values gone with the column$/m);
      match(stdout, /^Round trip: after down the schema is exactly as before\.$/m);
      match(stdout, /^Rows that are not as before\n {2}public\.people\.name: 20 values gone$/m);
      match(stdout, /^All ran\. Down: exact schema but loses data\. /m);
      match(stdout, /^The copy has been dropped; \S+ is as it was\.$/m);
      const { value } = await json('trial', '--from', 'dump');
      const { kind, passes, roundTrip, end } = value as Trial;
      deepEqual(
        [kind, passes.map((it) => it.pass), roundTrip.verdict?.kind, end.kind],
        ['tried', ['up', 'down', 'upAgain'], 'loses', 'dropped'],
      );
      match((await run('status')).stdout, /2 +bigger.*pending|pending.*2 +bigger/);
    }));

  it('keeps the copy, lists it, and deletes it', () =>
    inShop(async ({ run, json }) => {
      const kept = (await json('trial', '--keep-copy')).value as Trial;
      const { stdout } = await run('trials', 'list');
      match(stdout, new RegExp(`^${kept.end.name} `, 'm'));
      equal((await run('trials', 'delete', 'nothing', '--yes')).code, 2);
      equal((await run('trials', 'delete', kept.end.name, '--yes')).code, 0);
      equal((await run('trials', 'list')).stdout, 'There are no copies of trials.\n');
      const { stdout: told } = await run('trial', '--keep-copy');
      match(told, /Look at it with\n {2}psql -h 127\.0\.0\.1 -p \d+ -U postgres -d rehearsal_trial_\S+\n$/);
      equal((await run('trials', 'delete', 'rehearsal_trial', '--yes')).code, 0);
    }));

  it('swaps when it is agreed, and ends with 1 when a statement is refused', () =>
    inShop(async ({ run, json, write }) => {
      equal((await run('trial', '--swap')).code, 2, 'nobody was asked');
      equal((await run('trial', '--swap', '--keep-copy')).code, 2);
      const swapped = await run('trial', '--swap', '--yes');
      equal(swapped.code, 0, swapped.stderr);
      match(swapped.stdout, /The copy is \S+ now\. To go back to the state before: rehearsal restore \S+\n$/);
      write('db/migrations/3_bad.sql', '-- migrate:up\nalter table people add check (id > 5);\n-- migrate:down\n');
      const refused = await run('trial');
      equal(refused.code, 1);
      match(
        refused.stdout,
        /3_bad\.sql:2:.*check constraint "people_id_check" of relation "people" is violated by some row/,
      );
      match(refused.stdout, /3 was refused\..* On the copy: 3 was rolled back; nothing of it stands\.$/m);
      match(
        refused.stdout,
        /^5 rows of people break people_id_check\. Just before this statement they are found by\n {2}select \* from "public"\."people" as "people" where not \(\(?id > 5\)?\) limit 200$/m,
      );
      const told = (await json('trial')).value as Trial;
      deepEqual(
        [told.kind, told.rows?.map(({ says }) => says)],
        ['refused', ['5 rows of people break people_id_check']],
      );
      match((await run('trials', 'list')).stdout, /no copies/);
      const listed = (await json('snapshots', 'list')).value as {
        readonly snapshots: readonly { readonly id: string }[];
      };
      equal((await run('snapshots', 'delete', listed.snapshots[0]?.id ?? '', '--yes')).code, 0);
    }));

  it('killed while the database is closed, it is opened again by the next command, also on another machine, which says so', () =>
    inShop(async ({ start, run, write, path }, url) => {
      write('db/migrations/2_slow.sql', '-- migrate:up\nselect pg_sleep(60);\n-- migrate:down\n');
      const child = start(['trial', '--swap', '--yes']);
      await withClient((await serverOf(servers.newest)).url('postgres'), async (query) => {
        const sleeping = `select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`;
        await until(async () => (await query(sleeping))[0]);
      });
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      const succeeds = (home: Readonly<Record<string, string>> = {}): Promise<Run> =>
        until(async () => {
          const told = await ending(start(['status'], home));
          return told.code === 0 ? told : undefined;
        });
      const elsewhere = await succeeds({ REHEARSAL_HOME: path('another machine') });
      match(elsewhere.stderr, /A trial on \S+ that began at \S+ was cut off\. \S+ can be connected to again\./);
      await withClient(url, (query) => query('select 1'));
      match((await succeeds()).stderr, /has been dropped; \S+ is as it was\. \S+ can be connected to again\./);
      match((await run('trials', 'list')).stdout, /no copies/);
    }));

  it('works without any server', () =>
    withWorkspace(files, async ({ run }) => {
      const { code, stdout, stderr } = await run('trial');
      equal(code, 0, stderr);
      match(stdout, /^All ran\. Down: exact\./m);
    }));
});

const inShop = (use: (workspace: Workspace, url: string) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withWorkspace(files, (workspace) => use(workspace, url), { DATABASE_URL: url }),
  );
