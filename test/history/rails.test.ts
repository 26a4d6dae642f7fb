/** The history of Rails on real servers: what it records is tried beside ActiveRecord in test/conformance. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { railsHistory } from '../../server/engine/history/rails';
import type { Migration } from '../../server/engine/layouts/migration';
import { withClient } from '../support/client';
import { isFault } from '../support/faults';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const table = 'create table schema_migrations (version varchar primary key)';
const beside = 'create table ar_internal_metadata (key varchar primary key, value varchar)';

const version = (it: string): Migration => ({
  version: it,
  title: '',
  upPath: undefined,
  downPath: undefined,
  name: { version: it, digits: it, order: it, title: '', direction: 'both' },
});

const history = railsHistory({ name: 'schema_migrations' });

for (const major of Object.values(servers)) {
  describe(`the history of Rails on Postgres ${major}`, () => {
    const withTables = <T>(sql: readonly string[], use: (url: string) => Promise<T>): Promise<T> =>
      withDatabase(major, async (url) => {
        await withClient(url, async (query) => {
          for (const it of sql) await query(it);
        });
        return use(url);
      });

    it('has a row for each version, compared as numbers; others do no harm', () =>
      withTables([table, beside, "insert into schema_migrations values ('20240101000000'), ('007'), ('x')"], (url) =>
        withSession(url, async (session) => {
          const state = await history.read(session);
          deepEqual(state.versions, ['7', 'x', '20240101000000']);
          deepEqual(
            ['7', '8', '20240101000000'].map((it) => state.applied(version(it))),
            ['applied', 'pending', 'applied'],
          );
          equal(state.table, 'public.schema_migrations');
        }),
      ));

    it('is there without the table beside it, which can be turned off', () =>
      withTables([table], (url) =>
        withSession(url, async (session) => equal((await history.read(session)).exists, true)),
      ));

    it('is not that of golang-migrate', () =>
      withTables(['create table schema_migrations (version bigint primary key, dirty boolean not null)'], (url) =>
        withSession(url, (session) => rejects(history.read(session), isFault('history-moved', /golang-migrate/))),
      ));

    it('stands where the project has it', () =>
      withTables(['create schema app', `create table app.of_versions (version varchar primary key)`], (url) =>
        withSession(url, async (session) => {
          const named = railsHistory({ schema: 'app', name: 'of_versions' });
          equal((await named.read(session)).table, 'app.of_versions');
          equal((await history.read(session)).exists, false);
        }),
      ));
  });
}
