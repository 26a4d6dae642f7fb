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
  ((await json('snapshots', 'list')).value as { snapshots: unknown }).snapshots;

const goose = (sql: string) => `-- +goose Up\n${sql}\n`;
const dbmate = (sql: string) => `-- migrate:up\n${sql}\n\n-- migrate:down\n`;

/** Two files of version 2, which the tool refuses. */
const twice: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
  [
    'golang-migrate',
    {
      'migrations/1_a.up.sql': 'create table a (id int);\n',
      'migrations/2_b.up.sql': 'create table b (id int);\n',
      'migrations/2_c.up.sql': 'create table c (id int);\n',
    },
    /Version 2 stands twice: in 2_b\.up\.sql and in 2_c\.up\.sql\. golang-migrate refuses the whole folder\. Give one of/,
  ],
  [
    'goose',
    {
      'migrations/1_a.sql': goose('create table a (id int);'),
      'migrations/2_b.sql': goose('create table b (id int);'),
      'migrations/2_c.sql': goose('create table c (id int);'),
    },
    /Version 2 stands twice: in 2_b\.sql and in 2_c\.sql\. goose refuses the whole folder\./,
  ],
  [
    'Flyway',
    {
      'db/migration/V1__a.sql': 'create table a (id int);\n',
      'db/migration/V2__b.sql': 'create table b (id int);\n',
      'db/migration/V2__c.sql': 'create table c (id int);\n',
    },
    /Version 2 stands twice: in V2__b\.sql and in V2__c\.sql\. Flyway refuses the whole folder\./,
  ],
  [
    'dbmate',
    {
      'migrations/1_a.sql': dbmate('create table a (id int);'),
      'migrations/2_b.sql': dbmate('create table b (id int);'),
      'migrations/2_c.sql': dbmate('create table c (id int);'),
    },
    /Version 2 stands twice: in 2_b\.sql and in 2_c\.sql\. dbmate .* refuses to record the version a second time\./,
  ],
];

describe('the command line', function () {
  this.timeout(240_000);

  it('refuses what would run out of order, with and without --yes', () =>
    onServer(async (workspace) => {
      for (const agreed of [[], ['--yes']]) {
        const { code, stdout, stderr } = await workspace.run('apply', '--only', '8', ...agreed);
        deepEqual([code, stdout], [2, '']);
        match(stderr, /out of order: golang-migrate would never run 6 afterwards\. Apply the earlier ones as well/);
        ok(!/Rehearsing|To apply|snapshot/.test(stderr), stderr);
      }
      deepEqual(await snapshotsOf(workspace), []);
    }));

  it('refuses to revert what has no down file, with and without --yes', () =>
    onServer(async (workspace, { hostname, port, pathname }) => {
      const applied = await workspace.run('apply', '--yes');
      equal(applied.code, 0, applied.stderr);
      // Not without the port, which may tell one server from another.
      ok(applied.stderr.includes(`Taking a snapshot of ${pathname.slice(1)}@${hostname}:${port} (`), applied.stderr);
      const before = await snapshotsOf(workspace);
      for (const agreed of [[], ['--yes']]) {
        const { code, stderr } = await workspace.run('revert', ...agreed);
        equal(code, 2);
        match(stderr, /8 close_project has no down file\. Write its down script, or restore a snapshot instead\./);
        ok(!stderr.includes('To revert'), stderr);
      }
      deepEqual(await snapshotsOf(workspace), before);
    }));

  for (const [tool, files, says] of twice) {
    it(`refuses a version that stands twice, as ${tool} does`, () =>
      withDatabase(servers.newest, (url) =>
        withWorkspace(
          files,
          async (workspace) => {
            const refused = await workspace.run('apply', '--yes');
            deepEqual([refused.code, refused.stdout], [2, '']);
            match(refused.stderr, /Two migrations have one version: /);
            match(refused.stderr, says);
            ok(!/Rehearsing|To apply|snapshot/.test(refused.stderr), refused.stderr);
            deepEqual(await snapshotsOf(workspace), []);
            const checked = await workspace.run('check');
            equal(checked.code, 1);
            equal(checked.stdout.match(/error: Version 2 stands twice/g)?.length, 2, checked.stdout);
            match(checked.stdout, /\n3 migrations rehearsed/);
          },
          { DATABASE_URL: url },
        ),
      ));
  }
});
