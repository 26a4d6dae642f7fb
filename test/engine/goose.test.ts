/** goose's projects end to end: what its environment says, what it refuses, what only it can run. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import type { ApplyResult, Project } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { withSession } from '../support/session';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { briefly, checked, never, on, projectOf, withWorkspace, type Workspace } from './support';

interface Place extends Workspace {
  readonly project: Project;
  readonly url: string;
}

/** The target is what GOOSE_DBSTRING names; the other one would be refused. */
const withProject = (
  major: Major,
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
  use: (place: Place) => Promise<void>,
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(
      { ...files, '.env': `DATABASE_URL=postgres://nobody@127.0.0.1:1/none\nGOOSE_DBSTRING=${url}\n` },
      async (workspace) => {
        const project = await projectOf(workspace.engine({ binaries: [binariesOf(major)] }));
        await use({ ...workspace, project, url });
      },
      environment,
    ),
  );

const applied = (project: Project, which: 'all' | { readonly only: string } = 'all'): Promise<ApplyResult> =>
  project.apply({ which, snapshot: false, disconnect: false }, () => {}, never);

const values = (url: string, sql: string): Promise<readonly unknown[]> =>
  withSession(url, async (session) => (await session.rows<{ value: unknown }>(sql)).map(({ value }) => value));

const said = async (project: Project, texts: Readonly<Record<string, string>>): Promise<readonly string[]> =>
  (await checked(project)).files.flatMap(({ path, findings }) => {
    const name = path.replace(/.*[/\\]/, '');
    const text = texts[`migrations/${name}`] ?? '';
    return findings.map(
      ({ severity, code, sqlState, range }) =>
        `${name}: ${severity} ${sqlState ?? code} «${text.slice(range.start, range.end)}»`,
    );
  });

for (const major of Object.values(servers)) {
  describe(`a project of goose on PostgreSQL ${major}`, () => {
    it('is read with the variables of its environment, and recorded where that says', () => {
      const files = {
        'migrations/1_a.sql': `-- +goose Up
-- +goose ENVSUB ON
create table \${TABLE_NAME} (kind text default '\${KIND:-usual}');
insert into \${TABLE_NAME} values
  ('a'), (\${KIND}), ('c');
-- +goose Down
drop table $TABLE_NAME;
`,
      };
      return withProject(
        major,
        files,
        { TABLE_NAME: 'orders', GOOSE_TABLE: 'versions' },
        async ({ project, url, write }) => {
          deepEqual(await said(project, files), [
            '1_a.sql: warning goose-unset-variable «${KIND}»',
            '1_a.sql: error 42601 «)»',
          ]);
          const mended = files['migrations/1_a.sql'].replace('(${KIND})', "('${KIND:-b}')");
          write('migrations/1_a.sql', mended);
          deepEqual(await said(project, { 'migrations/1_a.sql': mended }), []);
          equal((await applied(project)).kind, 'done');
          deepEqual(await values(url, 'select kind as value from orders order by 1'), ['a', 'b', 'c']);
          deepEqual(await values(url, 'select version_id::int as value from versions order by id'), [0, 1]);
        },
      );
    });

    it('tells where Postgres stumbles over what was put in, also when it is applied', () => {
      const files = {
        'migrations/1_a.sql': '-- +goose Up\n-- +goose ENVSUB ON\ncreate table a (id ${TYPE} not null, x intt);\n',
      };
      return withProject(major, files, { TYPE: 'bigint' }, async ({ project }) => {
        deepEqual(await said(project, files), ['1_a.sql: error 42704 «intt»']);
        const result = await applied(project);
        if (result.kind !== 'refused') throw new Error(result.kind);
        equal(files['migrations/1_a.sql'].slice(result.finding.range.start, result.finding.range.end), 'intt');
      });
    });

    it('commits message by message without a transaction, and records at the end', () => {
      const files = {
        'migrations/1_a.sql': `-- +goose NO TRANSACTION
-- +goose Up
set search_path = public; create table a (id int primary key);
-- +goose StatementBegin
insert into a values (1);
insert into a values (1);
-- +goose StatementEnd
create index concurrently a_id on a (id);
`,
      };
      return withProject(major, files, {}, async ({ project, url, write }) => {
        deepEqual(await said(project, files), ['1_a.sql: error 23505 «a»']);
        const result = await applied(project);
        if (result.kind !== 'refused') throw new Error(result.kind);
        match(result.state, /^Of the 5 statements of 1, numbers 1 to 2 took effect and stay; the others did not\./);
        deepEqual(await values(url, 'select id as value from a'), []);
        deepEqual(await values(url, 'select version_id::int as value from goose_db_version'), [0]);
        write(
          'migrations/1_a.sql',
          files['migrations/1_a.sql']
            .replace('(1);\n-- +goose StatementEnd', '(2);\n-- +goose StatementEnd')
            .replace('create table', 'create table if not exists'),
        );
        equal((await applied(project)).kind, 'done');
        deepEqual(await values(url, 'select id as value from a order by 1'), [1, 2]);
        deepEqual(await values(url, 'select version_id::int as value from goose_db_version'), [0, 1]);
      });
    });

    it('with an older migration among the applied ones is refused, as goose refuses it', () => {
      const files = {
        'migrations/1_a.sql': '-- +goose Up\ncreate table a ();\n',
        'migrations/3_c.sql': '-- +goose Up\ncreate table c ();\n',
      };
      return withProject(major, files, {}, async ({ project, write, engine, url }) => {
        equal((await applied(project)).kind, 'done');
        const older = { 'migrations/2_b.sql': '-- +goose Up\ncreate table b ();\n' };
        for (const [path, text] of Object.entries(older)) write(path, text);
        write('migrations/4_d.sql', '-- +goose Up\ncreate table d ();\n');
        const again = await projectOf(engine({ binaries: [binariesOf(major)] }));
        deepEqual(await said(again, older), ['2_b.sql: warning out-of-order «-- +goose Up»']);
        for (const which of ['all', { only: '4' }] as const)
          await rejects(
            applied(again, which),
            isFault('out-of-order', /goose refuses to go on: 2 is not applied, and 3 is/),
          );
        deepEqual(await values(url, "select to_regclass('d')::text as value"), [null]);
      });
    });

    it('with migrations in Go is rehearsed without them, and stops at them', () => {
      const files = {
        'migrations/1_a.sql': '-- +goose Up\ncreate table a ();\n',
        'migrations/2_b.go': 'package migrations\n\nfunc init() {}\n',
        'migrations/3_c.sql': '-- +goose Up\ninsert into b values (1);\n',
      };
      return withProject(major, files, {}, async ({ project, url }) => {
        deepEqual(await said(project, files), [
          '2_b.go: information not-rehearsed «package migrations»',
          '3_c.sql: hint 42P01 «b»',
        ]);
        await rejects(applied(project), isFault('bad-migration', /2_b\.go: It is written in Go/));
        deepEqual(await values(url, "select to_regclass('a')::text as value"), [null]);
        equal((await applied(project, { only: '1' })).kind, 'done');
      });
    });

    it('tells what is torn apart once, and what is wrong within', () => {
      const files = {
        'migrations/1_a.sql': '-- +goose Up\ndo $$ begin\n  perform 1;\n  perform x from y;\nend $$;\n',
      };
      return withProject(major, files, {}, async ({ project }) => {
        deepEqual(await said(project, files), [
          '1_a.sql: error goose-torn-statement «  perform 1;»',
          '1_a.sql: error 42P01 «y»',
        ]);
        await rejects(applied(project), isFault('bad-migration', /StatementBegin/));
      });
    });
  });
}

it('goose: what `.env` sets is put in whatever the target is, what the environment sets before it', async () => {
  const files = {
    'db/migrations/1_a.sql': '-- +goose Up\n-- +goose ENVSUB ON\nselect from $NAME;\nselect from $OTHER;\n',
    'db/.env': 'NAME=nearest\nOTHER=file\n',
    '.env': 'NAME=outer\n',
  };
  await withDatabase(servers.newest, async (url) => {
    for (const target of [undefined, on(url)])
      await withWorkspace(
        files,
        async ({ engine }) => {
          const options = { binaries: [binariesOf(servers.newest)], ...(target ? { target } : {}) };
          deepEqual(briefly(await checked(await projectOf(engine(options)))), [
            '42P01 relation "nearest" does not exist',
            '42P01 relation "environment" does not exist',
          ]);
        },
        { OTHER: 'environment' },
      );
  });
});
