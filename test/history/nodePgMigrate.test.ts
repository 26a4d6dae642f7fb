/** node-pg-migrate's history on real servers: names, the order that it minds, the schemas that it sets. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { nodePgMigrateHistory } from '../../server/engine/history/nodePgMigrate';
import { usual } from '../../server/engine/layouts/nodePgMigrateConfig';
import { isFault } from '../support/faults';
import { step } from '../support/migrating';
import { type Major, servers } from '../support/servers';
import { withSession } from '../support/session';
import { type TestProject, withFolderAndDatabase } from './support';

const section = (up: string, down: string): string => `-- Up Migration\n${up}\n-- Down Migration\n${down}\n`;
const texts = {
  '1_a.sql': section('create table a ();', 'drop table a;'),
  '2_b.sql': section('create table b ();', 'drop table b;'),
  '3_c.js': '',
};

const withProject = <T>(major: Major, use: (project: TestProject) => Promise<T>): Promise<T> =>
  withFolderAndDatabase(major, 'node-pg-migrate', texts, use);

const historyOf = (config = {}, names: readonly string[] = Object.keys(texts)) =>
  nodePgMigrateHistory({ config: { ...usual, ...config }, list: () => names });

for (const major of Object.values(servers)) {
  describe(`node-pg-migrate's history on Postgres ${major}`, () => {
    it('has a row for each by name, and takes the newest row back first', () =>
      withProject(major, async ({ session, folder }) => {
        const history = historyOf();
        const states = async () => folder.migrations.map((await history.read(session)).applied).join(' ');
        equal((await history.read(session)).exists, false);
        await step(session, history, folder, '1_a', 'up', texts);
        equal(await states(), 'applied pending pending');
        await step(session, history, folder, '2_b', 'up', texts);
        await session.rows(`insert into pgmigrations (name, run_on) values ('0_gone', now() - interval '1 day')`);
        const state = await history.read(session);
        deepEqual([state.versions, state.revertsFirst], [['0_gone', '1_a', '2_b'], '2_b']);
        await step(session, history, folder, '2_b', 'down', texts);
        equal(await states(), 'applied pending pending');
      }));

    it('minds the order, one by one, unless it is told not to', () =>
      withProject(major, async ({ session, folder }) => {
        await historyOf().withLock(session, 1_000, async () => {});
        const run = async (...names: readonly string[]): Promise<string> => {
          await session.run('truncate pgmigrations restart identity');
          for (const name of names)
            await session.rows('insert into pgmigrations (name, run_on) values ($1, now())', [name]);
          const { refuses, blocked = '' } = await historyOf().read(session);
          const refused = folder.migrations.map((it) => refuses?.(it) ?? '').join('');
          return `${refused}${blocked}`.replace('node-pg-migrate refuses to go on: ', '').replace(/\. .*/, '');
        };
        equal(await run(), '');
        equal(await run('1_a', '2_b'), '');
        equal(await run('1_a', '2_b', '3_c', '4_gone'), '', 'it compares as many as there are');
        equal(await run('2_b'), '1_a is not applied, and 2_b is');
        equal(await run('2_b', '1_a'), '2_b was applied where the folder has 1_a');
        equal(await run('0_gone', '1_a'), '0_gone was applied where the folder has 1_a');
        equal((await historyOf({ checksOrder: false }).read(session)).blocked, undefined);
      }));

    it('has its table in the schema that is named, and sets search_path', () =>
      withProject(major, async ({ session }) => {
        const config = { schemas: ['app', 'pub lic'], createsSchemas: true, table: 'T' };
        await historyOf(config).withLock(session, 1_000, async () => {
          deepEqual(await session.rows('show search_path'), [{ search_path: 'app, "pub lic"' }]);
        });
        equal((await historyOf(config).read(session)).table, 'app.T');
        const elsewhere = { ...config, historySchema: 'tools' };
        await rejects(
          historyOf(elsewhere).withLock(session, 1_000, async () => {}),
          isFault('refused'),
        );
        await historyOf({ ...elsewhere, createsHistorySchema: true }).withLock(session, 1_000, async () => {});
        deepEqual((await historyOf(elsewhere).read(session)).exists, true);
      }));

    it("refuses a table that is not node-pg-migrate's, and keeps two of us apart", () =>
      withProject(major, async ({ session, url }) => {
        await withSession(url, (other) =>
          historyOf().withLock(session, 1_000, () =>
            rejects(
              historyOf().withLock(other, 50, async () => {}),
              isFault('locked'),
            ),
          ),
        );
        await session.run('alter table pgmigrations drop column run_on');
        await rejects(historyOf().read(session), /not that of node-pg-migrate/);
      }));
  });
}
