/** What sqitch's registry may hold besides what a good deploy writes: other versions, rows that nobody knows, another's table. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { sqitchHistory } from '../../server/engine/history/sqitch';
import type { Session } from '../../server/engine/database/session';
import { readFolder } from '../../server/engine/layouts/find';
import type { Migration } from '../../server/engine/layouts/migration';
import { isFault } from '../support/faults';
import { filesOf } from '../support/files';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const by = '2024-05-13T17:21:58Z Ann <ann@example.com>';
const files = filesOf({
  '/shop/sqitch.plan': `%project=shop\n\na ${by}\nb ${by}\n@v1 ${by}\nb [b@v1] ${by}\n`,
  '/shop/deploy/a.sql': 'create table a ();',
  '/shop/deploy/b@v1.sql': 'create table b ();',
  '/shop/deploy/b.sql': 'drop table b;',
});
const { migrations } = readFolder('/shop', files);
const [a, first, again] = migrations as [Migration, Migration, Migration];

const history = sqitchHistory({
  registry: 'sqitch',
  planFile: 'sqitch.plan',
  read: (name) => files.read(`/shop/${name}`),
  user: { name: 'Ann', email: 'ann@example.com' },
});

const withRegistry = (major: Major, use: (session: Session) => Promise<void>): Promise<void> =>
  withDatabase(major, (url) =>
    withSession(url, async (session) => {
      await history.withLock(session, 1_000, async () => {});
      await session.run(
        `insert into sqitch.projects (project, creator_name, creator_email) values ('shop', 'x', 'x'), ('other', 'x', 'x')`,
      );
      await use(session);
    }),
  );

const deploy = async (session: Session, id: string, change: string, project = 'shop', hash = id): Promise<void> => {
  await session.rows(
    `insert into sqitch.changes (change_id, script_hash, change, project, committer_name, committer_email, planned_at,
        planner_name, planner_email) values ($1, $2, $3, $4, '', '', now(), '', '')`,
    [id, hash, change, project],
  );
};

for (const major of Object.values(servers)) {
  describe(`sqitch's history on Postgres ${major}`, () => {
    it('holds changes of several projects, reworked ones and ones that nobody knows', () =>
      withRegistry(major, async (session) => {
        await deploy(session, 'x', 'a', 'other');
        await deploy(session, a.name.id ?? '', 'a');
        await deploy(session, first.name.id ?? '', 'b', 'shop', 'changed');
        const state = await history.read(session);
        deepEqual(migrations.map(state.applied), ['applied', 'applied', 'pending']);
        deepEqual(
          migrations.map((it) => state.edited?.has(it, '')),
          [false, true, false],
        );
        deepEqual(state.versions, ['a', 'b']);
        deepEqual(
          migrations.map((it) => state.refuses?.(it)),
          [undefined, undefined, undefined],
        );
        await deploy(session, 'y', 'c');
        const { versions, refuses } = await history.read(session);
        deepEqual(versions, ['a', 'b', 'c']);
        match(refuses?.(again) ?? '', /3 changes are deployed, the last one is c, and b, which the plan has/);
      }));

    it('is blocked in another version', () =>
      withRegistry(major, async (session) => {
        equal((await history.read(session)).blocked, undefined);
        await session.run(
          'insert into sqitch.releases (version, installer_name, installer_email) values (1.2, $$$$, $$$$)',
        );
        match((await history.read(session)).blocked ?? '', /is of version 1\.2\. .* run sqitch itself/);
        await session.run(
          'update sqitch.releases set version = 1 where version > 1.15; delete from sqitch.releases where version > 1.05; alter table sqitch.changes drop script_hash',
        );
        match((await history.read(session)).blocked ?? '', /is of version 1\. Run sqitch upgrade/);
        await session.run('drop table sqitch.releases');
        match((await history.read(session)).blocked ?? '', /is of version 0\. Run sqitch upgrade/);
      }));

    it('is none where another table has its name', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await session.run('create schema sqitch; create table sqitch.changes (change text)');
          await rejects(history.read(session), isFault('history-moved'));
        }),
      ));
  });
}
