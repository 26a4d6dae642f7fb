/** A rehearsal may spoil a server of ours for good: then there is another one. */
import { deepEqual, equal } from 'node:assert/strict';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { briefly, checked, on, projectOf, withWorkspace } from './support';

/** One statement in each file: golang-migrate sends a file as one message, which would be one transaction. */
const spoiling: Readonly<Record<string, readonly string[]>> = {
  'lets nobody write': ['alter system set default_transaction_read_only = on', 'select pg_reload_conf()'],
  'has lost the database where we do our work': ['drop database postgres'],
  'lets nobody log in': ['alter role rehearsal_superuser nologin'],
  'takes no connections': ['update pg_database set datallowconn = false'],
};

const file = (n: number): string => `migrations/${n}_spoil.up.sql`;

for (const major of Object.values(servers))
  for (const [what, sqls] of Object.entries(spoiling))
    it(`a server of ours, PostgreSQL ${major}, that ${what} is replaced by the next check`, () =>
      withDatabase(major, (url) =>
        withWorkspace(
          Object.fromEntries(sqls.map((sql, i) => [file(i + 1), `${sql};\n`])),
          async ({ engine, write, log }) => {
            const options = { target: on(url), shadow: 'private', binaries: [binariesOf(major)] } as const;
            const project = await projectOf(engine(options));
            deepEqual(briefly(await checked(project)), []);
            for (const [i] of sqls.entries()) write(file(i + 1), `create table t${i} ();\n`);
            deepEqual(briefly(await checked(project)), []);
            equal(places(log).length, 2, log.join('\n'));
            write(file(1), 'create table another ();\n');
            deepEqual(briefly(await checked(project)), []);
            equal(places(log).length, 2, 'the new one stays');
          },
        ),
      ));

const places = (log: readonly string[]): string[] => log.filter((line) => line.startsWith('shadow: private'));
