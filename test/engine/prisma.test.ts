/** Projects of Prisma end to end: the database that its schema names, and the schema that the URL names. */
import { deepEqual, equal } from 'node:assert/strict';
import type { ApplyResult, Project } from '../../server/engine/project';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { briefly, checked, never, projectOf, withWorkspace, type Workspace } from './support';

const schema = (url: string): string => `datasource db {\n  provider = "postgresql"\n  ${url}\n}\n`;

const files = {
  'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
  'prisma/migrations/20240101000000_a/migration.sql':
    'CREATE TABLE "Post" (id int);\nCREATE INDEX "Post_id" ON "Post" (id);\n',
  'prisma/migrations/20240102000000_b/migration.sql': 'ALTER TABLE "Post" ADD COLUMN title text;\n',
  'prisma/schema.prisma': schema('url = env("POOLED_URL")\n  directUrl = env("DIRECT_URL")'),
};

const applied = (project: Project, which: 'all' | { readonly only: string }): Promise<ApplyResult> =>
  project.apply({ which, snapshot: false, disconnect: false }, () => {}, never);

const tables = (url: string): Promise<readonly object[]> =>
  withSession(url, (session) =>
    session.rows(`select schemaname::text || '.' || tablename as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`),
  );

const withProject = (
  major: Major,
  parameters: string,
  use: (place: Workspace & { readonly url: string; readonly project: () => Promise<Project> }) => Promise<void>,
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(
      {
        ...files,
        'prisma/.env': `DATABASE_URL=postgres://nobody@127.0.0.1:1/none\nDIRECT_URL=${url}${parameters}\nPOOLED_URL=prisma://x\n`,
      },
      async (workspace) => {
        const engine = workspace.engine({ binaries: [binariesOf(major)] });
        await use({ ...workspace, url, project: () => projectOf(engine) });
      },
    ),
  );

for (const major of Object.values(servers)) {
  describe(`a project of Prisma on PostgreSQL ${major}`, () => {
    it('is for the database that directUrl names', () =>
      withProject(major, '', async ({ url, project }) => {
        equal((await project()).target.because, 'DIRECT_URL in .env');
        equal((await applied(await project(), 'all')).kind, 'done');
        deepEqual(await tables(url), [{ name: 'public.Post' }, { name: 'public._prisma_migrations' }]);
      }));

    it('has everything in the schema of the URL, which is made when it is missing', () =>
      withProject(major, '?schema=My%20app&pgbouncer=true', async ({ url, project, write }) => {
        deepEqual(briefly(await checked(await project())), []);
        deepEqual(await tables(url), []);
        equal((await applied(await project(), { only: '20240101000000_a' })).kind, 'done');
        deepEqual(await tables(url), [{ name: 'My app.Post' }, { name: 'My app._prisma_migrations' }]);
        // Applied ones are replayed in a database where nothing is.
        deepEqual(briefly(await checked(await project(), 'all')), []);
        write('prisma/migrations/20240102000000_b/migration.sql', 'ALTER TABLE "Posts" ADD COLUMN title text;\n');
        deepEqual(briefly(await checked(await project())), ['42P01 relation "Posts" does not exist']);
        write('prisma/migrations/20240102000000_b/migration.sql', 'ALTER TABLE "My app"."Post" ADD COLUMN t text;\n');
        equal((await applied(await project(), 'all')).kind, 'done');
      }));
  });
}
