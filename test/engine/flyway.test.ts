/** Projects of Flyway end to end: the schema that it puts first. */
import { deepEqual, equal } from 'node:assert/strict';
import { servers, binariesOf, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { briefly, checked, never, projectOf, withWorkspace } from './support';

const files = {
  'flyway.toml': '[flyway]\ndefaultSchema = "my app"\n[environments.default]\nschemas = ["other"]\n',
  'sql/V1__a.sql': 'create table a (id int);\ncreate table other.b (id int);\n',
  'sql/V2__c.sql': 'alter table "my app".a add x int;\nselect x from a;\nselect y from public.seen;\n',
  'sql/V3__d.sql': `select 1 / (current_setting('search_path') like '"my app",%')::int;\n`,
};

const wrong = ['42P01 relation "public.seen" does not exist'];

for (const major of Object.values(servers)) {
  describe(`a project of Flyway on PostgreSQL ${major}`, () => {
    it('is rehearsed in the schema that Flyway puts first, before the search_path of the database', () =>
      withDatabase(major, (url) =>
        withWorkspace({ ...files, '.env': `DATABASE_URL=${url}\n` }, async (workspace) => {
          const rows = (sql: string) => withSession(url, (session) => session.rows<{ value: unknown }>(sql));
          await rows(
            `do $$ begin execute format('alter database %I set search_path to late', current_database()); end $$`,
          );
          const project = await projectOf(workspace.engine({ binaries: [binariesOf(major)] }));
          deepEqual(briefly(await checked(project)), wrong);
          await rows('create table public.seen (y int)');
          project.refresh();
          deepEqual(briefly(await checked(project)), []);
          const { kind } = await project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);
          equal(kind, 'done');
          deepEqual(await rows('select to_regclass(\'"my app".flyway_schema_history\')::text as value'), [
            { value: '"my app".flyway_schema_history' },
          ]);
          // Applied ones are replayed in a database where nothing is.
          deepEqual(briefly(await checked(project, 'all')), wrong);
        }),
      ));
  });
}

describe('a project of Flyway without a database', () => {
  it('is rehearsed in that schema in the embedded one, before and after an apply', () =>
    withWorkspace(files, async (workspace) => {
      const project = await projectOf(workspace.engine());
      deepEqual(briefly(await checked(project)), wrong);
      const only = { which: { only: '1' }, snapshot: false, disconnect: false } as const;
      equal((await project.apply(only, () => {}, never)).kind, 'done');
      deepEqual(briefly(await checked(project)), wrong);
    }));
});
