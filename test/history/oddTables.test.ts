/** History tables as nobody has made them, or as not everybody may use them: of all tools alike. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import { histories } from '../../server/engine/history/all';
import { layoutOf } from '../../server/engine/layouts/find';
import type { History } from '../../server/engine/history/history';
import type { Migration } from '../../server/engine/layouts/migration';
import { type Query, withClient } from '../support/client';
import { asAdmin, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { toolSettings } from '../support/toolSettings';

const name = { version: '1', digits: '1', order: '1', title: 'a', direction: 'up' } as const;
const migration: Migration = { ...name, upPath: '/1_a.sql', downPath: undefined, name };
const upText = '--liquibase formatted sql\n--changeset a:1\nselect 1;';

/** Those of programs are made by their tools. */
const writtenByUs = Object.entries(histories).filter(([tool]) => !layoutOf(tool).program);

/** Those that the tool has, as they are written in SQL. */
const tablesIn = async (query: Query): Promise<readonly string[]> =>
  (
    await query(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname !~ '^pg_' and schemaname <> 'information_schema'`,
    )
  ).map((row) => String(row['name']));

/** Without its keys and demands, a table takes whatever is put into it. */
const loosen = (table: string): string => `do $$ declare it record; begin
  for it in select conname from pg_constraint where conrelid = '${table}'::regclass and contype <> 'n' loop
    execute format('alter table ${table} drop constraint if exists %I cascade', it.conname);
  end loop;
  for it in select attname from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and attidentity = '' loop
    execute format('alter table ${table} alter %I drop not null, alter %I drop default', it.attname, it.attname);
  end loop;
end $$`;

/** With the tables of the tool in it. */
const withHistory = (
  make: (typeof histories)['goose'],
  use: (history: History, url: string, tables: readonly string[]) => Promise<void>,
): Promise<void> =>
  withDatabase(servers.newest, async (url) => {
    const history = make(toolSettings());
    await withSession(url, (session) => history.withLock(session, 1_000, async () => {}));
    await use(history, url, await withClient(url, tablesIn));
  });

describe('history tables', () => {
  for (const [tool, make] of writtenByUs) {
    it(`may hold rows without anything: ${tool}`, () =>
      withHistory(make, async (history, url, tables) => {
        ok(tables.length > 0);
        await withClient(url, async (query) => {
          for (const table of tables) await query(loosen(table));
          for (const table of tables) await query(`insert into ${table} default values`);
        });
        const state = await withSession(url, (session) => history.read(session));
        equal(state.applied(migration), 'pending');
        equal(state.edited?.has(migration, upText) ?? false, false);
        deepEqual([...(state.parts?.(migration, upText).applied ?? [])], []);
        state.again?.(migration, upText);
        state.refuses?.(migration);
        state.repairs?.({ migrations: [migration], upTextOf: () => upText, read: () => undefined });
        equal(
          state.versions.every((it) => typeof it === 'string'),
          true,
        );
      }));

    it(`that cannot be read are told of, with what would help: ${tool}`, () =>
      withHistory(make, async (history, url) => {
        const server = await serverOf(servers.newest);
        await asAdmin(server, `create role guest login password 'guest'`);
        try {
          const asGuest = Object.assign(new URL(url), { username: 'guest', password: 'guest' }).href;
          await withSession(asGuest, (session) =>
            rejects(history.read(session), (error) => {
              ok(error instanceof Fault && error.code === 'no-right', String(error));
              match(error.detail, /^guest may not read \S+\. .*GRANT USAGE ON SCHEMA \S+ TO "guest"; GRANT SELECT ON/);
              return true;
            }),
          );
        } finally {
          await asAdmin(server, 'drop role guest');
        }
      }));
  }

  it('of golang-migrate that are views are told of before anything is run, for the tool cannot empty them', () =>
    withHistory(histories['golang-migrate'], async (history, url) => {
      await withClient(url, async (query) => {
        await query('alter table schema_migrations rename to kept');
        await query('create view schema_migrations as select * from kept');
      });
      await withSession(url, (session) =>
        rejects(
          history.withLock(session, 1_000, async () => {}),
          {
            code: 'history-moved',
            message: /public\.schema_migrations is a view\. golang-migrate empties its table by TRUNCATE/,
          },
        ),
      );
    }));

  for (const tool of ['golang-migrate', 'dbmate'] as const)
    it(`are found by a name of which Postgres keeps the beginning: ${tool}`, () =>
      withDatabase(servers.newest, async (url) => {
        const table = 'ä'.repeat(80);
        const history = histories[tool](
          toolSettings({ extra: { 'x-migrations-table': table }, environment: { DBMATE_MIGRATIONS_TABLE: table } }),
        );
        await withSession(url, async (session) => {
          await history.withLock(session, 1_000, async () => {});
          equal((await history.read(session)).exists, true);
        });
      }));
});
