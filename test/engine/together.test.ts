/** Projects of tools that run all that is pending in one transaction, end to end. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { sumOf } from '../../server/engine/layouts/atlasSum';
import type { Project } from '../../server/engine/project';
import { journalOf } from '../support/drizzle';
import { withSession } from '../support/session';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { checked, never, projectOf, withWorkspace, type Workspace } from './support';

const major = servers.newest;

interface Place extends Workspace {
  readonly project: Project;
  readonly url: string;
}

const withProject = (files: Readonly<Record<string, string>>, use: (place: Place) => Promise<void>): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace({ ...files, '.env': `DATABASE_URL=${url}\n` }, async (workspace) => {
      const project = await projectOf(workspace.engine({ binaries: [binariesOf(major)] }));
      await use({ ...workspace, project, url });
    }),
  );

const said = async (project: Project): Promise<readonly string[]> =>
  (await checked(project)).files.flatMap(({ path, findings }) =>
    findings.map((it) => `${path.replace(/.*[/\\]/, '')}: ${it.sqlState ?? it.code} ${it.message}`),
  );

const applied = async (project: Project, which: 'all' | { readonly only: string } = 'all'): Promise<string> =>
  (await project.apply({ which, snapshot: false, disconnect: false }, () => {}, never)).kind;

const ran = (url: string, sql: string): Promise<readonly unknown[]> =>
  withSession(url, async (session) => (await session.rows<{ value: unknown }>(sql)).map(({ value }) => value));

describe('a project whose tool runs all in one transaction', () => {
  const drizzleFiles = {
    'drizzle/meta/_journal.json': journalOf(['0000_a', '0001_b', '0002_c']),
    'drizzle/0000_a.sql': "create type mood as enum ('sad'); create table a (m mood);",
    'drizzle/0001_b.sql': "alter type mood add value 'ok';",
    'drizzle/0002_c.sql': "alter table a alter m set default 'ok';",
  };

  it('is told what is refused only for that, in the editor, in a preview, and when it is applied', () =>
    withProject(drizzleFiles, async ({ project, url }) => {
      deepEqual(await said(project), [], 'the type is as new as its value');
      const [first = '', second = '', third = ''] = project.folder.migrations.map(({ version }) => version);
      equal(await applied(project, { only: first }), 'done');
      const refused = ['0002_c.sql: 55P04 unsafe use of new value "ok" of enum type mood'];
      deepEqual(await said(project), refused);
      const preview = await project.preview(project.folder.migrations[2]?.upPath ?? '', never);
      deepEqual(
        preview.errors.map(({ sqlState }) => sqlState),
        ['55P04'],
      );
      deepEqual(await said(project), refused, 'and after it');
      equal(await applied(project), 'refused');
      deepEqual(await ran(url, 'select count(*)::int as value from drizzle.__drizzle_migrations'), [1]);
      equal(await applied(project, { only: second }), 'done');
      deepEqual(await said(project), []);
      equal(await applied(project, { only: third }), 'done');
    }));

  it('is rehearsed and applied upon the schemas that node-pg-migrate is told', () =>
    withProject(
      {
        'package.json': '{"scripts":{"up":"node-pg-migrate up -s app public --create-schema"}}',
        'migrations/1_a.sql': '-- Up Migration\ncreate table a (id int);\n-- Down Migration\ndrop table a;\n',
        'migrations/2_b.sql':
          '-- Up Migration\nalter table a add x int;\nselect y from a;\n-- Down Migration\nalter table a drop x;\n',
      },
      async ({ project, url, write }) => {
        await ran(url, 'create schema app');
        deepEqual(await said(project), ['2_b.sql: 42703 column "y" does not exist']);
        write(
          'migrations/2_b.sql',
          '-- Up Migration\nalter table a add x int;\n-- Down Migration\nalter table a drop x;\n',
        );
        deepEqual(await said(project), []);
        equal(await applied(project), 'done');
        deepEqual(await said(project), []);
        deepEqual(await ran(url, 'select name as value from app.pgmigrations order by id'), ['1_a', '2_b']);
        deepEqual(await ran(url, 'select count(*)::int as value from app.a'), [0]);
      },
    ));

  const sql = {
    a: "create type mood as enum ('sad'); create table a (m mood);",
    b: "alter type mood add value 'ok';",
    c: "alter table a alter m set default 'ok';",
  };
  const names = (rows: string): string => `select coalesce(string_agg(version, ' '), '') as value from ${rows}`;

  it('is so for Flyway with group = true, which refuses what cannot be in a transaction beside what is in one', () =>
    withProject(
      {
        'flyway.toml': '[flyway]\ngroup = true\n',
        'sql/V1__a.sql': sql.a,
        'sql/V2__b.sql': sql.b,
        'sql/V3__c.sql': sql.c,
      },
      async ({ project, url, write }) => {
        deepEqual(await said(project), [], 'the type is as new as its value');
        equal(await applied(project, { only: '1' }), 'done');
        deepEqual(await said(project), ['V3__c.sql: 55P04 unsafe use of new value "ok" of enum type mood']);
        equal(await applied(project), 'refused');
        deepEqual(await ran(url, names('flyway_schema_history')), ['1']);
        write('sql/V3__c.sql', 'create index concurrently on a (m);');
        const [apart] = await said(project);
        match(apart ?? '', /^V3__c.sql: flyway-group Flyway refuses to run this file beside pending ones/);
        await rejects(applied(project), /V3__c.sql cannot run in the transaction in which Flyway runs all of them/);
        equal(await applied(project, { only: '2' }), 'done');
        equal(await applied(project), 'done');
        deepEqual(await ran(url, names('flyway_schema_history')), ['1 2 3']);
      },
    ));

  it('is so for Atlas with tx_mode = ALL', () => {
    const files = [
      { name: '1_a.sql', text: sql.a },
      { name: '2_b.sql', text: sql.b },
      { name: '3_c.sql', text: sql.c },
    ];
    return withProject(
      {
        'atlas.hcl': 'env "local" {\n  migration {\n    tx_mode = ALL\n  }\n}\n',
        'migrations/atlas.sum': sumOf(files),
        ...Object.fromEntries(files.map(({ name, text }) => [`migrations/${name}`, text])),
      },
      async ({ project, url }) => {
        deepEqual(await said(project), [], 'the type is as new as its value');
        equal(await applied(project, { only: '1' }), 'done');
        deepEqual(await said(project), ['3_c.sql: 55P04 unsafe use of new value "ok" of enum type mood']);
        equal(await applied(project), 'refused');
        deepEqual(await ran(url, names('atlas_schema_revisions.atlas_schema_revisions')), ['1']);
        equal(await applied(project, { only: '2' }), 'done');
        equal(await applied(project), 'done');
        deepEqual(await ran(url, names('atlas_schema_revisions.atlas_schema_revisions')), ['1 2 3']);
      },
    );
  });
});
