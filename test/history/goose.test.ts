/** goose's history on real servers, with goose itself as the judge where it is there. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import type { Session } from '../../server/engine/database/session';
import type { HistoryState } from '../../server/engine/history/history';
import { gooseHistory } from '../../server/engine/history/goose';
import { withFolder } from '../support/files';
import { hasGoose, runGoose } from '../support/goose';
import { folderOf, step } from '../support/migrating';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { type TestProject, withFolderAndDatabase } from './support';

const texts = {
  '00001_a.sql': '-- +goose Up\ncreate table a (id int);\n-- +goose Down\ndrop table a;\n',
  '00002_b.sql': '-- +goose Up\ncreate table b (id int);\n-- +goose Down\ndrop table b;\n',
  '00003_c.sql':
    '-- +goose NO TRANSACTION\n-- +goose Up\ncreate index concurrently a_id on a (id);\n-- +goose Down\ndrop index a_id;\n',
  '00004_d.sql': '-- +goose Up\ncreate table d ();\ncreate table a ();\n-- +goose Down\ndrop table d;\n',
};

const withProject = <T>(major: Major, use: (project: TestProject) => Promise<T>): Promise<T> =>
  withFolderAndDatabase(major, 'goose', texts, use);

/** What is applied, as marks in the order of the folder. */
const marks = ({ folder }: Pick<TestProject, 'folder'>, { applied }: HistoryState): string =>
  folder.migrations.map((it) => (applied(it) === 'applied' ? 'X' : ' ')).join('');

/** What we read and what `goose status` prints, in the same words. */
async function bothSay(place: TestProject, options = {}, environment = {}): Promise<string> {
  const ours = marks(place, await gooseHistory(options).read(place.session));
  const { output } = await runGoose(place.path, place.url, 'status', environment);
  const theirs = [...output.matchAll(/(Pending|\d{4})\s+-- 0000\d_/g)].map(([, word]) =>
    word === 'Pending' ? ' ' : 'X',
  );
  equal(ours, theirs.join(''));
  return ours;
}

const isFault =
  (words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Fault && words.test(error.message);

const rowsOf = (session: Session, table = 'goose_db_version'): Promise<unknown> =>
  session.rows(`select id, version_id::int as version, is_applied as applied from ${table} order by id`);

const shapeOf = (session: Session): Promise<unknown> =>
  session.rows(
    `select a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, a.attidentity, i.indisprimary,
        pg_get_expr(d.adbin, d.adrelid) as default
      from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and a.attnum = any (i.indkey)
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = 'goose_db_version'::regclass and a.attnum > 0 order by a.attnum`,
  );

for (const major of Object.values(servers)) {
  describe(`goose's history on Postgres ${major}`, () => {
    const history = gooseHistory({});

    it('has a row for version 0 and for each that is applied', () =>
      withProject(major, async (place) => {
        const { session, folder } = place;
        const take = (version: string, direction: 'up' | 'down') =>
          step(session, history, folder, version, direction, texts);
        deepEqual((await history.read(session)).exists, false);
        deepEqual(marks(place, history.ofNothing()), '    ');
        equal(history.ofNothing().table, 'public.goose_db_version');
        await take('1', 'up');
        await take('3', 'up');
        equal(await take('4', 'up'), '42P07');
        deepEqual(await rowsOf(session), [
          { id: 1, version: 0, applied: true },
          { id: 2, version: 1, applied: true },
          { id: 3, version: 3, applied: true },
        ]);
        const state = await history.read(session);
        deepEqual([marks(place, state), state.versions, state.revertsFirst], ['X X ', ['1', '3'], '3']);
        await take('3', 'down');
        equal(marks(place, await history.read(session)), 'X   ');
      }));

    it('says why goose refuses to go on: an older one, and a table without rows', () =>
      withProject(major, async ({ session, folder }) => {
        await step(session, history, folder, '1', 'up', texts);
        await step(session, history, folder, '3', 'up', texts);
        const { refuses } = await history.read(session);
        deepEqual(
          folder.migrations.map((it) => refuses?.(it)?.replace(/Give.*/, '')),
          [undefined, 'goose refuses to go on: 2 is not applied, and 3 is. ', undefined, undefined],
        );
        await session.run('delete from goose_db_version');
        match((await history.read(session)).blocked ?? '', /^public\.goose_db_version has no row/);
      }));

    it('reads the rows of a former goose: the newest of a version counts', () =>
      withProject(major, async (place) => {
        const { session } = place;
        await history.withLock(session, 1_000, async () => {});
        await session.run(
          `insert into goose_db_version (version_id, is_applied)
            values (1, true), (2, true), (3, true), (2, false), (2, true), (3, false)`,
        );
        const state = await history.read(session);
        deepEqual(place.folder.migrations.map(state.applied), ['applied', 'applied', 'skipped', 'pending']);
        equal(state.revertsFirst, '2');
      }));

    it('is the table that GOOSE_TABLE names, as Postgres reads the name', () =>
      withProject(major, async ({ session, folder }) => {
        await session.run('create schema tools');
        for (const [table, label] of [
          ['Tools.Versions', 'tools.versions'],
          ['"My ""versions"', 'public.My "versions'],
          ['versions', 'public.versions'],
        ] as const) {
          equal(await step(session, gooseHistory({ table }), folder, '2', 'up', texts), undefined);
          equal((await gooseHistory({ table }).read(session)).table, label);
          await step(session, gooseHistory({ table }), folder, '2', 'down', texts);
        }
        for (const table of ['a b', 'a.b.c', '', "'a'", 'a; drop table b'])
          await rejects(gooseHistory({ table }).read(session), isFault(/should be a table's name/));
      }));

    it('is led astray by a script that moves search_path, and then nothing stands', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const moving = {
              '1_dump.sql':
                "-- +goose Up\ncreate table t ();\nselect pg_catalog.set_config('search_path', '', false);\n",
            };
            const folder = folderOf(path, 'goose', moving);
            await rejects(
              step(session, history, folder, '1', 'up', moving),
              isFault(/relation "goose_db_version" does not exist/),
            );
            equal(session.transaction, 'idle');
            deepEqual(await session.rows("select to_regclass('public.t') as t"), [{ t: null }]);
          }),
        ),
      ));

    it("refuses a table that is not goose's", () =>
      withProject(major, async ({ session }) => {
        await session.run('create table goose_db_version (version bigint)');
        await rejects(history.read(session), isFault(/the table of something else, not that of goose/));
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

  (hasGoose() ? describe : describe.skip)(`beside goose on Postgres ${major}`, () => {
    const history = gooseHistory({});

    it('agrees about what we applied and took back, and about what goose did', () =>
      withProject(major, async (place) => {
        const { url, path, session, folder } = place;
        const take = (version: string, direction: 'up' | 'down') =>
          step(session, history, folder, version, direction, texts);
        await take('1', 'up');
        equal(await bothSay(place), 'X   ');
        match((await runGoose(path, url, 'up')).output, /already exists/);
        equal(await bothSay(place), 'XXX ');
        await take('3', 'down');
        equal(await bothSay(place), 'XX  ');
        equal((await runGoose(path, url, 'down')).code, 0);
        equal(await bothSay(place), 'X   ');
        deepEqual(await rowsOf(session), [
          { id: 1, version: 0, applied: true },
          { id: 2, version: 1, applied: true },
        ]);
      }));

    it('makes the same table', () =>
      withProject(major, async ({ url, path, session }) => {
        await history.withLock(session, 1_000, async () => {});
        const [ours, rows] = [await shapeOf(session), await rowsOf(session)];
        await session.run('drop table goose_db_version');
        await runGoose(path, url, 'status');
        deepEqual([await shapeOf(session), await rowsOf(session)], [ours, rows]);
      }));

    it('refuses what we say it refuses, and takes back first what we say', () =>
      withProject(major, async (place) => {
        const { url, path, session, folder } = place;
        await step(session, history, folder, '1', 'up', texts);
        await step(session, history, folder, '3', 'up', texts);
        const { code, output } = await runGoose(path, url, 'up');
        equal(code === 0, false);
        match(output, /found 1 missing migrations before current version 3/);
        await runGoose(path, url, 'up-to 3 -allow-missing');
        equal(await bothSay(place), 'XXX ');
        equal((await history.read(session)).revertsFirst, '2');
        equal((await runGoose(path, url, 'down')).code, 0);
        equal(await bothSay(place), 'X X ');
        await session.run('delete from goose_db_version');
        equal((await runGoose(path, url, 'up')).code === 0, false);
      }));

    it('finds the table that GOOSE_TABLE names', () =>
      withProject(major, async (place) => {
        const { session, folder } = place;
        await session.run('create schema tools');
        const [options, environment] = [{ table: 'Tools.Versions' }, { GOOSE_TABLE: 'Tools.Versions' }];
        equal(await step(session, gooseHistory(options), folder, '1', 'up', texts), undefined);
        equal(await bothSay(place, options, environment), 'X   ');
      }));
  });
}
