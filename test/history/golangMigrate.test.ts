/**
 * golang-migrate's history on real servers.
 *
 * What the rows and lock numbers should be was recorded from the tool itself (golang-migrate 4.19, revision 18966c7,
 * with lib/pq 1.10.9): the same files, its command line, and `select * from schema_migrations` after each step. Where
 * a `migrate` is on the PATH, or named by GOLANG_MIGRATE, it is asked again.
 */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import { golangMigrateHistory, lockIds } from '../../server/engine/history/golangMigrate';
import { withClient } from '../support/client';
import { isFault } from '../support/faults';
import { withFolder } from '../support/files';
import { hasGolangMigrate, runGolangMigrate } from '../support/golangMigrate';
import { folderOf, step } from '../support/migrating';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const texts = {
  '003_a.up.sql': 'create table a (id int); insert into a values (1);',
  '003_a.down.sql': 'drop table a;',
  '0010_b.up.sql': 'create table b (id int);',
  '0010_b.down.sql': 'drop table b;',
  '20_c.up.sql': 'create table c (id int); create table b (id int);',
  '20_c.down.sql': 'drop table c;',
};

/** After each step of the tool: the version stepped, whether it was refused, and what its table then holds. */
const recorded: readonly (readonly [string, 'up' | 'down', string | undefined, string])[] = [
  ['3', 'up', undefined, '3 false'],
  ['10', 'up', undefined, '10 false'],
  ['20', 'up', '42P07', '20 true'],
];
const recordedDown: typeof recorded = [
  ['10', 'down', undefined, '3 false'],
  ['3', 'down', undefined, ''],
];

describe("golang-migrate's lock", () => {
  // Given by the tool's GenerateAdvisoryLockId.
  const numbers: readonly [string, string, string, bigint, bigint?][] = [
    ['public', 'schema_migrations', 'shop', 2_101_699_660n, 3_689_236_698n],
    ['Ämter', 'my_migrations', 'büro', 3_077_129_766n],
    ['migrate', 'versions', 'shop_dev', 1_168_125_846n],
  ];
  for (const [schema, name, database, commandLine, library] of numbers) {
    it(`has the tool's number for ${schema}.${name} in ${database}`, () => {
      const ids = lockIds({ schema, name }, database);
      equal(ids[0], commandLine);
      if (library !== undefined) equal(ids[1], library);
    });
  }
});

/** The rows of the table, as `3 false`. */
const rowsOf = (url: string, table = 'schema_migrations'): Promise<string> =>
  withClient(url, async (query) =>
    (await query(`select version || ' ' || dirty::text as row from ${table}`)).map(({ row }) => row).join(),
  );

for (const major of Object.values(servers)) {
  describe(`golang-migrate's history on Postgres ${major}`, () => {
    const history = golangMigrateHistory({});
    it('records each step as the tool does', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const folder = folderOf(path, 'golang-migrate', texts);
            const take = async (steps: typeof recorded): Promise<void> => {
              for (const [version, direction, refused, row] of steps) {
                equal(await step(session, history, folder, version, direction, texts), refused);
                equal(await rowsOf(url), row);
              }
            };
            await take(recorded);
            await withClient(url, (query) => query('update schema_migrations set version = 10, dirty = false'));
            await take(recordedDown);
          }),
        ),
      ));

    it('leaves version -1 dirty when the first down fails', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const broken = { ...texts, '003_a.down.sql': 'drop table nowhere;' };
            const folder = folderOf(path, 'golang-migrate', broken);
            await step(session, history, folder, '3', 'up', broken);
            equal(await step(session, history, folder, '3', 'down', broken), '42P01');
            equal(await rowsOf(url), '-1 true');
            const state = await history.read(session);
            deepEqual(state.versions, []);
            match(state.blocked ?? '', /`migrate force -- -1`/);
          }),
        ),
      ));

    it('counts every file up to the version as applied, and a dirty one as pending', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const { migrations } = folderOf(path, 'golang-migrate', texts);
            const states = async (): Promise<readonly string[]> => {
              const { applied, blocked } = await history.read(session);
              return [...migrations.map(applied), ...(blocked === undefined ? [] : ['blocked'])];
            };
            deepEqual((await history.read(session)).exists, false);
            deepEqual(await states(), ['pending', 'pending', 'pending']);
            await withClient(url, async (query) => {
              await query('create table schema_migrations (version bigint primary key, dirty boolean not null)');
              await query('insert into schema_migrations values (10, false)');
            });
            deepEqual(await states(), ['applied', 'applied', 'pending']);
            await withClient(url, (query) => query('update schema_migrations set dirty = true'));
            deepEqual(await states(), ['applied', 'pending', 'pending', 'blocked']);
            // Who was killed leaves the same mark as who was refused.
            match(
              (await history.read(session)).blocked ?? '',
              /version 10 dirty: .* begun and not finished\. Either it failed, or the run was cut off\. .*`migrate force VERSION`.* stands whole/,
            );
          }),
        ),
      ));

    it('keeps its table where it found it when a migration moves search_path', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const moving = { '1_x.up.sql': "select pg_catalog.set_config('search_path', '', false);" };
            const folder = folderOf(path, 'golang-migrate', moving);
            equal(await step(session, golangMigrateHistory({}), folder, '1', 'up', moving), undefined);
            equal(await rowsOf(url, 'public.schema_migrations'), '1 false');
          }),
        ),
      ));

    it('takes its place from search_path, or from a quoted table name', () =>
      withDatabase(major, async (url) => {
        await withClient(url, (query) => query('create schema "Mine"'));
        const tableFor = (options: object, settings = {}): Promise<string> =>
          withSession(
            url,
            async (session) => {
              const named = golangMigrateHistory(options);
              await named.withLock(session, 1_000, async () => {});
              const { table, exists } = await named.read(session);
              return `${table} ${exists}`;
            },
            settings,
          );
        equal(await tableFor({}, { search_path: '"Mine"' }), 'Mine.schema_migrations true');
        equal(await tableFor({ table: 'my.versions' }), 'public.my.versions true');
        equal(await tableFor({ table: '"Mine"."My Versions"', quoted: true }), 'Mine.My Versions true');
        await rejects(tableFor({ table: 'Mine.x', quoted: true }), isFault('bad-connection-settings'));
        await rejects(tableFor({}, { search_path: 'nowhere' }), isFault('bad-connection-settings'));
      }));

    it("refuses another tool's table", () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await session.run('create table schema_migrations (version text, dirty boolean)');
          await rejects(
            history.read(session),
            isFault('history-moved', /is not as golang-migrate makes its table \(version bigint, dirty boolean\)/),
          );
          await session.run('drop table schema_migrations');
          await session.run('create table schema_migrations (version varchar primary key)');
          await rejects(history.read(session), isFault('history-moved', /table of dbmate, not that of golang-migrate/));
          await session.run('create table ar_internal_metadata (key varchar primary key, value varchar)');
          await rejects(history.read(session), isFault('history-moved', /table of Rails/));
          await rejects(
            history.withLock(session, 1_000, async () => {}),
            isFault('history-moved'),
          );
        }),
      ));

    it('keeps a second one out, says who is inside, and lets it in afterwards', () =>
      withDatabase(major, (url) =>
        withSession(url, (first) =>
          withSession(url, async (second) => {
            await history.withLock(first, 1_000, async () => {
              const refused = history.withLock(second, 50, async () => 'inside');
              await rejects(refused, isFault('locked', /Session \d+ \(rehearsal, user postgres\)/));
            });
            equal(await history.withLock(second, 1_000, async () => 'inside'), 'inside');
          }),
        ),
      ));

    it('does not take a step that is under way for one that failed', () =>
      withDatabase(major, (url) =>
        withSession(url, (first) =>
          withSession(url, async (second) => {
            await history.withLock(first, 1_000, async () => {
              await first.run('insert into schema_migrations values (1, true)');
              equal((await history.read(second)).blocked, undefined);
              match((await history.read(first)).blocked ?? '', /marked version 1 dirty/);
            });
            match((await history.read(second)).blocked ?? '', /marked version 1 dirty/);
          }),
        ),
      ));

    it('lets go of the lock and of an open transaction when the work fails', () =>
      withDatabase(major, (url) =>
        withSession(url, (first) =>
          withSession(url, async (second) => {
            const failing = history.withLock(first, 1_000, async () => {
              await first.run('begin');
              await first.run('create table half (id int)');
              await first.run('select 1/0');
              throw new Fault('refused', 'on purpose');
            });
            await rejects(failing, isFault('refused'));
            equal(first.transaction, 'idle');
            equal(await history.withLock(second, 1_000, async () => 'inside'), 'inside');
            deepEqual(await second.rows("select to_regclass('half') as half"), [{ half: null }]);
          }),
        ),
      ));
  });

  describe(`golang-migrate itself on Postgres ${major}`, () => {
    const history = golangMigrateHistory({});
    before(function () {
      if (!hasGolangMigrate()) this.skip();
    });

    it('leaves the rows that were recorded', () =>
      withDatabase(major, (url) =>
        withFolder(async (path) => {
          folderOf(path, 'golang-migrate', texts);
          const take = async (steps: typeof recorded): Promise<void> => {
            for (const [, direction, refused, expected] of steps) {
              const { code } = await runGolangMigrate(path, url, direction, '1');
              equal(code === 0, refused === undefined);
              equal(await rowsOf(url), expected);
            }
          };
          await take(recorded);
          await runGolangMigrate(path, url, 'force', '10');
          await take(recordedDown);
        }),
      ));

    it('goes on where we stopped, and we where it stopped', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const folder = folderOf(path, 'golang-migrate', texts);
            await step(session, history, folder, '3', 'up', texts);
            match((await runGolangMigrate(path, url, 'version')).output, /^3\b/);
            equal((await runGolangMigrate(path, url, 'up', '1')).code, 0);
            deepEqual((await history.read(session)).versions, ['10']);
            await step(session, history, folder, '10', 'down', texts);
            match((await runGolangMigrate(path, url, 'version')).output, /^3\b/);
            equal((await runGolangMigrate(path, url, 'down', '1')).code, 0);
            deepEqual((await history.read(session)).versions, []);
            equal(await rowsOf(url), '');
          }),
        ),
      ));

    it('waits for our lock, and we for its', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            folderOf(path, 'golang-migrate', texts);
            const waiting = await history.withLock(session, 1_000, async () => {
              const tool = runGolangMigrate(path, url, 'up', '1');
              await withClient(url, async (query) => {
                const waits = "select from pg_locks where locktype = 'advisory' and not granted";
                while ((await query(waits)).length === 0);
                equal(await rowsOf(url), '');
              });
              return { tool };
            });
            equal((await waiting.tool).code, 0);
            deepEqual((await history.read(session)).versions, ['3']);
          }),
        ),
      ));
  });
}

/** For `rejects`. */
