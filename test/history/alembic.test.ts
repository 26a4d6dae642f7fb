/** Alembic's history on real servers: what its rows say of the revisions below them. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { alembicHistory, alembicOptions } from '../../server/engine/history/alembic';
import type { Migration } from '../../server/engine/layouts/migration';
import { isFault } from '../support/faults';
import { withClient } from '../support/client';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { toolSettings } from '../support/toolSettings';

const revision = (version: string, ...recordedBy: readonly string[]): Migration => ({
  version,
  title: version,
  upPath: `/${version}.py`,
  downPath: `/${version}.py`,
  name: { version, digits: '', order: version, title: version, direction: 'both', recordedBy },
});

const [a, b, c] = [revision('a', 'b', 'c'), revision('b', 'c'), revision('c')];
const table = 'create table alembic_version (version_num varchar(32) primary key)';

for (const major of Object.values(servers)) {
  describe(`Alembic's history on Postgres ${major}`, () => {
    it('has a row for the newest, which tells of those below', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          const history = alembicHistory(alembicOptions(toolSettings()));
          const statesNow = async () => {
            const { applied, ...state } = await history.read(session);
            return [state.table, state.exists, state.versions, [a, b, c].map((it) => applied(it))];
          };
          deepEqual(await statesNow(), ['public.alembic_version', false, [], ['pending', 'pending', 'pending']]);
          for (const sql of ['create schema own', 'set search_path to own', table]) await session.rows(sql);
          deepEqual(await statesNow(), ['own.alembic_version', true, [], ['pending', 'pending', 'pending']]);
          await session.rows(`insert into alembic_version values ('b')`);
          deepEqual(await statesNow(), ['own.alembic_version', true, ['b'], ['applied', 'applied', 'pending']]);
          await session.rows(`insert into alembic_version values ('aside')`);
          deepEqual(await statesNow(), [
            'own.alembic_version',
            true,
            ['aside', 'b'],
            ['applied', 'applied', 'pending'],
          ]);
        }),
      ));

    it('is where Alembic says', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          const named = (name: string, schema?: string) =>
            alembicHistory(alembicOptions(toolSettings({ historyTable: { name, ...(schema && { schema }) } })));
          await session.rows('create schema "Own"');
          await session.rows('create table "Own"."Revisions" (version_num varchar(32))');
          await session.rows(`insert into "Own"."Revisions" values ('c')`);
          deepEqual((await named('Revisions', 'Own').read(session)).versions, ['c']);
          equal((await named('Revisions').read(session)).exists, false);
          await session.rows('create table "Revisions" (id int)');
          await rejects(named('Revisions').read(session), isFault('history-moved', /version_table in env\.py/));
        }),
      ));

    it('is written by Alembic alone, under a lock of ours', () =>
      withDatabase(major, (url) =>
        withSession(url, (session) =>
          withClient(url, async (query) => {
            const history = alembicHistory(alembicOptions(toolSettings()));
            await history.withLock(session, 1_000, async () => {
              const [held] = await query(`select count(*)::int from pg_locks where locktype = 'advisory'
                and database = (select oid from pg_database where datname = current_database())`);
              deepEqual(held, { count: 1 });
            });
            deepEqual(await query("select to_regclass('alembic_version') as it"), [{ it: null }]);
          }),
        ),
      ));
  });
}
