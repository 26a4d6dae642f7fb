/** dbmate's history on real servers, with dbmate itself as the judge. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import { dbmateHistory } from '../../server/engine/history/dbmate';
import { withClient } from '../support/client';
import { runDbmate } from '../support/dbmate';
import { withFolder } from '../support/files';
import { folderOf, step } from '../support/migrating';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { type TestProject, withFolderAndDatabase } from './support';

const texts = {
  '20240101000000_a.sql': '-- migrate:up\ncreate table a (id int);\n-- migrate:down\ndrop table a;\n',
  '20240102000000_b.sql': '-- migrate:up\ncreate table b (id int);\n-- migrate:down\ndrop table b;\n',
  '20240103000000_c.sql':
    '-- migrate:up transaction:false\ncreate index concurrently a_id on a (id);\n-- migrate:down\ndrop index a_id;\n',
  '20240104000000_d.sql': '-- migrate:up\ncreate table d ();\ncreate table a ();\n-- migrate:down\ndrop table d;\n',
};
const [first, second, third, last] = Object.keys(texts).map((name) => name.slice(0, 14)) as [
  string,
  string,
  string,
  string,
];

const withProject = <T>(major: Major, use: (project: TestProject) => Promise<T>): Promise<T> =>
  withFolderAndDatabase(major, 'dbmate', texts, use);

/** What we read and what `dbmate status` prints, in the same words. */
async function bothSay({ url, path, session, folder }: TestProject, options = {}, environment = {}): Promise<string> {
  const { applied } = await dbmateHistory(options).read(session);
  const ours = folder.migrations.map((it) => (applied(it) === 'applied' ? 'X' : ' ')).join('');
  const { output } = await runDbmate(path, url, 'status', environment);
  equal(ours, [...output.matchAll(/^\[(.)\]/gm)].map(([, mark]) => mark).join(''));
  return ours;
}

const isFault =
  (words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Fault && words.test(error.message);

for (const major of Object.values(servers)) {
  describe(`dbmate's history on Postgres ${major}`, () => {
    const history = dbmateHistory({});

    it('agrees with dbmate about what we applied and took back', () =>
      withProject(major, async (place) => {
        const { session, folder } = place;
        const take = (version: string, direction: 'up' | 'down'): Promise<string | undefined> =>
          step(session, history, folder, version, direction, texts);
        equal(await bothSay(place), '    ');
        await take(first, 'up');
        equal(await bothSay(place), 'X   ');
        await take(third, 'up');
        equal(await bothSay(place), 'X X ');
        await take(second, 'up');
        equal(await take(last, 'up'), '42P07');
        equal(await bothSay(place), 'XXX ');
        await take(third, 'down');
        await take(second, 'down');
        equal(await bothSay(place), 'X   ');
      }));

    it('reads what dbmate applied, and takes it back; dbmate takes back what we applied', () =>
      withProject(major, async (place) => {
        const { url, path, session, folder } = place;
        match((await runDbmate(path, url, 'migrate')).output, /already exists/);
        equal(await bothSay(place), 'XXX ');
        deepEqual((await history.read(session)).versions, [first, second, third]);
        equal(await step(session, history, folder, third, 'down', texts), undefined);
        equal((await runDbmate(path, url, 'rollback')).code, 0);
        equal(await bothSay(place), 'X   ');
        equal(await step(session, history, folder, second, 'up', texts), undefined);
        equal((await runDbmate(path, url, 'rollback')).code, 0);
        equal(await bothSay(place), 'X   ');
        deepEqual(await session.rows("select to_regclass('a')::text as a, to_regclass('b') as b"), [
          { a: 'a', b: null },
        ]);
      }));

    it('makes the same table as dbmate', () =>
      withProject(major, async ({ url, path, session }) => {
        const shape = `select a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, i.indisprimary
          from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and a.attnum = any (i.indkey)
          where a.attrelid = to_regclass('schema_migrations') and a.attnum > 0`;
        await history.withLock(session, 1_000, async () => {});
        const ours = await session.rows(shape);
        await session.run('drop table schema_migrations');
        await runDbmate(path, url, 'migrate');
        equal(ours.length, 1);
        deepEqual(await session.rows(shape), ours);
      }));

    it('finds the table that DBMATE_MIGRATIONS_TABLE names, and makes its schema', () =>
      withProject(major, async (place) => {
        const { session, folder } = place;
        const [options, environment] = [{ table: 'tools.versions' }, { DBMATE_MIGRATIONS_TABLE: 'tools.versions' }];
        equal(await step(session, dbmateHistory(options), folder, first, 'up', texts), undefined);
        equal(await bothSay(place, options, environment), 'X   ');
        equal((await dbmateHistory(options).read(session)).table, 'tools.versions');
      }));

    it('finds the table in the first schema of search_path', () =>
      withProject(major, async (place) => {
        const { url, path, folder } = place;
        await withClient(url, (query) => query('create schema mine'));
        const search_path = 'mine, public';
        const withPath = `${url}?search_path=${encodeURIComponent(search_path)}`;
        await runDbmate(path, withPath, 'migrate');
        await withSession(
          url,
          async (session) => {
            const { table, versions } = await dbmateHistory({ searchPath: search_path }).read(session);
            deepEqual([table, versions.length], ['mine.schema_migrations', 3]);
            equal(await bothSay({ url: withPath, path, session, folder }, { searchPath: search_path }), 'XXX ');
          },
          { search_path },
        );
      }));

    it('records where dbmate does when a script moves search_path', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const moving = {
              '1_dump.sql':
                "-- migrate:up\nselect pg_catalog.set_config('search_path', '', false);\n-- migrate:down\nselect 1;\n",
              '2_away.sql': '-- migrate:up\ncreate schema away;\nset search_path = away;\n-- migrate:down\n',
            };
            const folder = folderOf(path, 'dbmate', moving);
            equal(await step(session, history, folder, '1', 'up', moving), undefined);
            deepEqual((await history.read(session)).versions, ['1']);
            await rejects(step(session, history, folder, '2', 'up', moving), isFault(/away\.schema_migrations/));
            equal(session.transaction, 'idle');
            deepEqual(await session.rows("select to_regnamespace('away') as away"), [{ away: null }]);

            await runDbmate(path, url, 'rollback');
            const { code, output } = await runDbmate(path, url, 'migrate');
            equal(code === 0, false);
            match(output, /Applied: 1_dump.sql[^]*away\.schema_migrations/);
            deepEqual((await history.read(session)).versions, ['1']);
          }),
        ),
      ));

    it("refuses another tool's table", () =>
      withProject(major, async ({ session }) => {
        await session.run('create table schema_migrations (version bigint primary key, dirty boolean not null)');
        await rejects(history.read(session), isFault(/table of golang-migrate, not that of dbmate/));
        await session.run('drop table schema_migrations; create table schema_migrations (version varchar primary key)');
        equal((await history.read(session)).exists, true);
        await session.run('create table ar_internal_metadata (key varchar primary key, value varchar)');
        await rejects(history.read(session), isFault(/table of Rails/));
      }));

    it('keeps two of us apart', () =>
      withProject(major, ({ session, url }) =>
        withSession(url, (other) =>
          history.withLock(session, 1_000, () =>
            rejects(
              history.withLock(other, 50, async () => {}),
              (error) => error instanceof Fault && error.code === 'locked',
            ),
          ),
        ),
      ));
  });
}
