/** Files that are run again, or in part: Flyway's repeatable migrations and Liquibase's changesets, end to end. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import type { ApplyResult, Project } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { checked, never, projectOf, withWorkspace, type Workspace } from './support';

const major = servers.newest;

interface Place extends Workspace {
  readonly project: () => Promise<Project>;
}

const withProject = (files: Readonly<Record<string, string>>, use: (place: Place) => Promise<void>): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace({ ...files, '.env': `DATABASE_URL=${url}\n` }, async (workspace) => {
      const engine = workspace.engine({ binaries: [binariesOf(major)] });
      await use({ ...workspace, project: () => projectOf(engine) });
    }),
  );

const applyAll = (project: Project): Promise<ApplyResult> =>
  project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);

const states = async (project: Project): Promise<readonly string[]> =>
  (await project.status(never)).migrations.map(({ version, state }) => `${version} ${state}`);

const said = async (project: Project, wanted?: 'all'): Promise<readonly string[]> =>
  (await checked(project, wanted)).files.flatMap(({ path, findings }) =>
    findings.map(({ code, sqlState, severity }) => `${path.replace(/.*[/\\]/, '')}: ${severity} ${sqlState ?? code}`),
  );

describe('a project of Flyway', () => {
  const files = {
    'flyway.toml': '[flyway.placeholders]\nkind = "text"\n',
    'sql/V1__a.sql': 'create table a (id int, kind ${kind});\n',
    'sql/R__v.sql': 'create or replace view v as select id from a;\n',
  };

  it('runs a repeatable migration again when it has changed, and refuses what Flyway refuses', () =>
    withProject(files, async ({ project, write }) => {
      deepEqual(await said(await project()), []);
      equal((await applyAll(await project())).kind, 'done');
      deepEqual(await states(await project()), ['1 applied', 'R__v applied']);
      write('sql/R__v.sql', 'create or replace view v as select id, kind from a;\n');
      deepEqual(await states(await project()), ['1 applied', 'R__v pending']);
      deepEqual(await said(await project()), []);
      equal((await applyAll(await project())).kind, 'done');
      deepEqual(await states(await project()), ['1 applied', 'R__v applied']);
      deepEqual(await said(await project(), 'all'), []);
      write('sql/V1__a.sql', 'create table a (id bigint, kind ${kind});\n');
      deepEqual(await states(await project()), ['1 edited', 'R__v applied']);
      write('sql/V0__z.sql', 'create table ${name} ();\n');
      deepEqual(await said(await project()), [
        'V0__z.sql: information not-rehearsed',
        'V0__z.sql: warning out-of-order',
        'V0__z.sql: error flyway-placeholder',
      ]);
      write('flyway.toml', '[flyway]\noutOfOrder = true\n[flyway.placeholders]\nkind = "text"\nname = "z"\n');
      deepEqual(await said(await project()), []);
      await rejects(
        (await project()).mayApply('all'),
        isFault('blocked', /Flyway refuses to go on: put the file back/),
      );
    }));
});

describe('a project of Liquibase', () => {
  const head = '--liquibase formatted sql\n';
  const files = {
    'db/changelog.yaml':
      'databaseChangeLog:\n- include:\n    file: b.sql\n    relativeToChangelogFile: true\n- include:\n    file: a.sql\n    relativeToChangelogFile: true\n',
    'db/b.sql': `${head}--changeset x:1\ncreate table b (id int);\n--rollback drop table b;\n`,
    'db/a.sql': `${head}--changeset x:1\ncreate table a (id int);\n--rollback drop table a;\n`,
  };

  it('goes on with the changesets that a file has got since it ran', () =>
    withProject(files, async ({ project, write }) => {
      deepEqual(await said(await project()), []);
      equal((await applyAll(await project())).kind, 'done');
      deepEqual(await states(await project()), ['b.sql applied', 'a.sql applied']);
      const more = `${files['db/b.sql']}--changeset x:2\nalter table a add column more intt;\n--rollback alter table a drop column more;\n`;
      write('db/b.sql', more);
      deepEqual(await states(await project()), ['b.sql pending', 'a.sql applied']);
      deepEqual(await said(await project()), ['b.sql: error 42704', 'b.sql: hint 42703']);
      write('db/b.sql', more.replace('intt', 'int'));
      deepEqual(await said(await project()), []);
      deepEqual(await said(await project(), 'all'), []);
      equal((await applyAll(await project())).kind, 'done');
      deepEqual(await states(await project()), ['b.sql applied', 'a.sql applied']);
      write('db/b.sql', more.replace('intt', 'bigint'));
      deepEqual(await states(await project()), ['b.sql edited', 'a.sql applied']);
    }));
});
