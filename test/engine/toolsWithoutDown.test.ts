/** Projects of graphile-migrate and the Supabase CLI end to end: what is told of them, and what applying them does. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { sumOf } from '../../server/engine/layouts/atlasSum';
import { hashOf } from '../../server/engine/layouts/graphileMigrateHeader';
import type { Project, Wanted } from '../../server/engine/project';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { checked, never, projectOf, withWorkspace } from './support';

const { newest } = servers;
const everything = { which: 'all', snapshot: false, disconnect: false } as const;

const said = async (
  project: Project,
  texts: Readonly<Record<string, string>>,
  wanted?: Wanted,
): Promise<readonly string[]> =>
  (await checked(project, wanted)).files.flatMap(({ path, findings }) => {
    const text = Object.entries(texts).find(([name]) => path.endsWith(name))?.[1] ?? '';
    return findings.map(
      ({ severity, message, range, consequenceOf }) =>
        `${severity} ${message}${consequenceOf ? ' (follows)' : ''} «${text.slice(range.start, range.end)}»`,
    );
  });

describe('a project of graphile-migrate', () => {
  const body = 'create table a (id int);\n';
  const texts = {
    '.gmrc': '{ placeholders: { ":APP_TABLE": "!ENV" } }',
    'migrations/committed/000001.sql': `--! Previous: -\n--! Hash: ${hashOf(body, undefined)}\n\n${body}`,
    'migrations/current.sql': 'drop table if exists :APP_TABLE;\n--!include b.sql\nselect 1 form a;\n',
    'migrations/fixtures/b.sql': 'create table b (x nowhere);\n',
  };

  it('has its current migration rehearsed upon the others, with includes and placeholders', () =>
    withDatabase(newest, (url) =>
      withWorkspace(
        texts,
        async (workspace) => {
          const project = await projectOf(workspace.engine({ binaries: [binariesOf(newest)] }));
          equal(project.folder.because, 'committed/000001.sql has a line "--! Previous:"');
          deepEqual(await said(project, texts), [
            'error type "nowhere" does not exist «--!include b.sql»',
            'error syntax error at or near "a" «a»',
          ]);
          workspace.write('migrations/fixtures/b.sql', 'create table if not exists b (x int);\n');
          workspace.write('migrations/current.sql', texts['migrations/current.sql'].replace('form', 'from'));
          deepEqual(await said(project, texts), []);
          for (let turn = 0; turn < 2; turn++) equal((await project.apply(everything, () => {}, never)).kind, 'done');
          const { migrations } = await project.status();
          deepEqual(
            migrations.map(({ version, state }) => `${version} ${state}`),
            ['000001 applied', 'current pending'],
          );
          const created = project.create('more');
          match(created.path, /current\.sql$/);
        },
        { DATABASE_URL: url, APP_TABLE: 'c' },
      ),
    ));
});

describe('a project of the Supabase CLI', () => {
  const texts = {
    'supabase/config.toml': 'project_id = "shop"\n[api]\nport = 1\n[db]\n# of this machine\nport = 55555\n',
    'supabase/migrations/20240101000000_a.sql':
      'create table a (id int, u uuid references auth.users);\ngrant select on a to anon;\nalter publication supabase_realtime add table a;\n',
    'supabase/migrations/20240102000000_b.sql':
      'create table b (x storage.kind);\nselect auth.uid();\ncreate table c ();',
  };

  it('tells once of what only the databases of Supabase have', () =>
    withDatabase(newest, (url) =>
      withWorkspace(
        texts,
        async (workspace) => {
          const project = await projectOf(workspace.engine({ binaries: [binariesOf(newest)] }));
          deepEqual(await said(project, texts), [
            'error schema "auth" does not exist «auth»',
            'hint relation "a" does not exist (follows) «a»',
            'hint publication "supabase_realtime" does not exist (follows) «supabase_realtime»',
            'error schema "storage" does not exist (follows) «storage.kind»',
            'hint schema "auth" does not exist (follows) «auth.uid»',
          ]);
          const [first] = (await checked(project)).files.flatMap(({ findings }) => findings);
          match(first?.hint ?? '', /supabase start/);
          deepEqual(
            project
              .candidates()
              .map(({ label, source }) => `${label}: ${source}`)
              .slice(-1),
            ['postgres@127.0.0.1:55555: supabase start, by supabase/config.toml'],
          );
        },
        { DATABASE_URL: url },
      ),
    ));
});

describe('migrations of the Supabase CLI that are applied', () => {
  const texts = {
    'supabase/config.toml': 'project_id = "shop"\n',
    'supabase/migrations/20240101000000_a.sql':
      'create table a (u uuid references auth.users);\nselect auth.uid();\ncreate table c (id int);\n',
    'supabase/migrations/20240102000000_b.sql':
      'alter table a add column n int;\nalter table c add column n int;\nalter table nowhere add column n int;\n',
  };

  it('lack nothing of the platform in the database that they are replayed in', () =>
    withDatabase(newest, (url) =>
      withWorkspace(
        texts,
        async (workspace) => {
          await withSession(url, async (session) => {
            await session.run(`create schema supabase_migrations;
              create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
              insert into supabase_migrations.schema_migrations (version) values ('20240101000000'), ('20240102000000')`);
          });
          const project = await projectOf(workspace.engine({ binaries: [binariesOf(newest)] }));
          deepEqual(await said(project, texts, 'all'), [
            'information Not rehearsed: it needs what the databases of the platform have before the first migration. What is applied is rehearsed from an empty database, which has not. «create table a (u uuid references auth.users)»',
            'hint schema "auth" does not exist (follows) «auth.uid»',
            'hint relation "a" does not exist (follows) «a»',
            'error relation "nowhere" does not exist «nowhere»',
          ]);
        },
        { DATABASE_URL: url },
      ),
    ));
});

describe('a project of Atlas', () => {
  const one = { name: '20240101000000_a.sql', text: 'create table a (id int);\n' };
  const two = {
    name: '20240102000000_b.sql',
    text: '-- atlas:txmode none\n\ncreate index concurrently a_id on a (id);\n',
  };
  const texts = {
    [`migrations/${one.name}`]: one.text,
    [`migrations/${two.name}`]: two.text,
    'migrations/atlas.sum': sumOf([one, two]),
    'atlas.hcl': 'env "local" {\n  migration {\n    revisions_schema = "tools"\n  }\n}\n',
  };

  it('is held against atlas.sum, applied, and gets new files with their lines', () =>
    withDatabase(newest, (url) =>
      withWorkspace(
        texts,
        async (workspace) => {
          const engine = workspace.engine({ binaries: [binariesOf(newest)] });
          const project = await projectOf(engine);
          deepEqual(await said(project, texts), []);
          workspace.write(`migrations/${two.name}`, `${two.text}select 1;\n`);
          match((await said(project, texts)).join(), /^error Atlas refuses the whole folder: this file is another one/);
          workspace.write('migrations/atlas.sum', sumOf([one, { ...two, text: `${two.text}select 1;\n` }]));
          deepEqual(await said(project, texts), []);
          equal((await project.apply(everything, () => {}, never)).kind, 'done');
          const { historyTable, migrations } = await project.status();
          deepEqual(
            [historyTable, ...migrations.map(({ version, state }) => `${version} ${state}`)],
            ['tools.atlas_schema_revisions', '20240101000000 applied', '20240102000000 applied'],
          );
          // What it holds stands here already, and is not replayed beside it.
          const all = { name: '20240103000000_all.sql', text: `-- atlas:checkpoint\n\n${one.text}` };
          const held = [one, { ...two, text: `${two.text}select 1;\n` }, all];
          for (const { name, text } of held) workspace.write(`migrations/${name}`, text);
          workspace.write('migrations/atlas.sum', sumOf(held));
          const withCheckpoint = await projectOf(engine);
          const paths = Object.fromEntries(held.map(({ name, text }) => [`migrations/${name}`, text]));
          deepEqual(await said(withCheckpoint, paths, 'all'), []);
          deepEqual(
            (await withCheckpoint.status()).migrations.map(({ state }) => state),
            ['applied', 'applied', 'skipped'],
          );
          withCheckpoint.create('c');
          deepEqual((await projectOf(engine)).folder.problems, []);
        },
        { DATABASE_URL: url },
      ),
    ));
});
