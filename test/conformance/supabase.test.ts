/** The Supabase CLI itself agrees with what we applied, we with what it applied, and each goes on from there. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { repairHistory } from '../../server/engine/apply/repair';
import { repairsOf } from '../apply/support';
import { type Major, servers } from '../support/servers';
import { gated, withGate } from './gate';
import { npmTool } from './install';
import { type Ran, runIn, tablesOfSchema, type ToolProject, withToolProject } from './project';

const files = {
  'supabase/config.toml': 'project_id = "shop"\n',
  'supabase/migrations/20240101000000_a.sql':
    "-- first\ncreate table a (t text default 'x;y');\n\nselect pg_catalog.set_config('search_path', '', false);\n-- last\n",
  'supabase/migrations/20240102000000_b.sql':
    'create table b ();\ncreate function f() returns int language sql begin atomic; select 1; end;\n',
  'supabase/migrations/20240103000000_c.sql': 'begin;\ncreate table c ();\ncommit;\ncreate table c2 ();\n',
};

const tool = ({ path, url }: ToolProject, command: string): Promise<Ran> => {
  const binary = join(npmTool('supabase'), '@supabase/cli-linux-x64/bin/supabase');
  return runIn(path, binary, [...command.split(' '), `--remote=${url}?sslmode=disable`, '--yes'], {
    DO_NOT_TRACK: '1',
  });
};

const withProject = (major: Major, use: (project: ToolProject) => Promise<void>): Promise<void> =>
  withToolProject(major, { layout: 'supabase', folder: 'supabase/migrations', files }, use);

const recorded = ({ sql }: ToolProject): Promise<readonly object[]> =>
  sql('select version, name, statements from supabase_migrations.schema_migrations order by version');

const all = ['20240101000000', '20240102000000', '20240103000000'];

for (const major of Object.values(servers)) {
  describe(`beside the Supabase CLI on PostgreSQL ${major}`, () => {
    it('sees nothing to do after us, and records the same', () =>
      withProject(major, async (project) => {
        equal((await project.apply()).kind, 'done');
        match((await tool(project, 'db push')).output, /database is up to date/);
        const [ours, tables] = [await recorded(project), await tablesOfSchema(project, 'supabase_migrations')];
        await project.sql('drop schema supabase_migrations cascade; drop table a, b, c, c2; drop function f');
        const { code, output } = await tool(project, 'migration up');
        equal(code, 0, output);
        deepEqual(await recorded(project), ours);
        deepEqual(await tablesOfSchema(project, 'supabase_migrations'), tables);
        deepEqual(
          await project.states(),
          all.map((version) => `${version} applied`),
        );
      }));

    it('goes on from us, and we from it; and both notice what is missing or late', () =>
      withProject(major, async (project) => {
        equal((await project.apply(all.slice(0, 1))).kind, 'done');
        project.remove(`supabase/migrations/${all[2]}_c.sql`);
        equal((await tool(project, 'db push')).code, 0);
        project.write(`supabase/migrations/${all[2]}_c.sql`, files['supabase/migrations/20240103000000_c.sql']);
        equal((await project.apply()).kind, 'done');
        match((await tool(project, 'db push')).output, /database is up to date/);
        project.write('supabase/migrations/20240102120000_late.sql', 'select 1;');
        match((await tool(project, 'db push')).output, /before the last migration on remote database/);
        await rejects(project.apply(), /refuses to go on: 20240102120000 is not applied, and 20240103000000 is/);
        project.remove('supabase/migrations/20240102120000_late.sql');
        project.remove(`supabase/migrations/${all[0]}_a.sql`);
        project.write('supabase/migrations/20240104000000_d.sql', 'select 1;');
        match((await tool(project, 'db push')).output, /not found in local migrations directory/);
        await rejects(project.apply(), /20240101000000 is applied and has no file/);
      }));

    it('is repaired here as by the CLI: what is late, what is missing, and what was edited', () =>
      withProject(major, async (project) => {
        equal((await project.apply(all.slice(0, 2))).kind, 'done');
        project.remove(`supabase/migrations/${all[0]}_a.sql`);
        project.write('supabase/migrations/20240101120000_late.sql', "select E'\\\\';\nselect 2;");
        project.write(`supabase/migrations/${all[1]}_b.sql`, 'create table b (id int);');
        const offered = await repairsOf(project.job());
        const commands = [
          `supabase migration repair --status reverted ${all[0]}`,
          'supabase migration repair --status applied 20240101120000',
          `supabase migration repair --status applied ${all[1]}`,
        ];
        deepEqual(
          offered.map(({ command }) => command),
          commands,
        );
        const before = await recorded(project);
        for (const { statements } of offered) await repairHistory(project.job(), statements);
        const ours = await recorded(project);
        deepEqual(await project.states(), ['20240101120000 applied', `${all[1]} applied`, `${all[2]} pending`]);
        await project.sql('delete from supabase_migrations.schema_migrations');
        await project.sql(
          `insert into supabase_migrations.schema_migrations select * from json_populate_recordset(null::supabase_migrations.schema_migrations, '${JSON.stringify(before).replaceAll("'", "''")}')`,
        );
        for (const command of commands) {
          const { code, output } = await tool(project, command.replace('supabase ', ''));
          equal(code, 0, output);
        }
        deepEqual(await recorded(project), ours);
        deepEqual(await repairsOf(project.job()), []);
      }));

    it('leaves the same behind when a migration fails', () =>
      withProject(major, async (project) => {
        project.write(`supabase/migrations/${all[1]}_b.sql`, 'create table b (); select 1/0;');
        equal((await project.apply()).kind, 'refused');
        deepEqual((await project.states()).slice(0, 2), ['20240101000000 applied', '20240102000000 pending']);
        match((await tool(project, 'db push')).output, /division by zero/);
        deepEqual((await project.states()).slice(0, 2), ['20240101000000 applied', '20240102000000 pending']);
        deepEqual(await project.sql("select to_regclass('b')::text as b"), [{ b: null }]);
      }));

    it('runs what cannot be in a transaction where we say so', () =>
      withProject(major, async (project) => {
        const index = 'create index concurrently a_t on a (t);\n';
        for (const [version, text, undone] of [
          ['20240104000000', index, 'drop index a_t'],
          ['20240105000000', 'select 1;\ndrop index concurrently a_t;\nselect 2; select 3;\n', index],
          [
            '20240106000000',
            '-- pg-delta: transaction=false\ncreate index concurrently a_t on a (t);',
            'drop index a_t',
          ],
        ] as const) {
          project.write(`supabase/migrations/${version}_i.sql`, text);
          const ours = await project.apply();
          equal(ours.kind, 'done', JSON.stringify(ours));
          const before = await recorded(project);
          await project.sql(`delete from supabase_migrations.schema_migrations where version = '${version}'`);
          await project.sql(undone);
          const { code, output } = await tool(project, 'db push');
          equal(code, 0, output);
          deepEqual(await recorded(project), before);
        }
      }));

    it('keeps of a divided migration what we keep when a later part fails', () =>
      withProject(major, async (project) => {
        const text = 'create table d ();\ncreate index concurrently a_t on a (t);\ncreate table e (); select 1/0;\n';
        project.write('supabase/migrations/20240104000000_i.sql', text);
        const there = (): Promise<readonly object[]> =>
          project.sql("select to_regclass('d')::text as d, to_regclass('a_t')::text as i, to_regclass('e')::text as e");
        equal((await project.apply()).kind, 'refused');
        deepEqual(await there(), [{ d: 'd', i: 'a_t', e: null }]);
        await project.sql('drop table d');
        await project.sql('drop index a_t');
        match((await tool(project, 'db push')).output, /division by zero/);
        deepEqual(await there(), [{ d: 'd', i: 'a_t', e: null }]);
        equal((await project.states()).at(-1), '20240104000000 pending');
      }));

    it('runs nothing twice beside us, whoever comes first, though it takes no lock', () =>
      withProject(major, async (project) => {
        equal((await project.apply()).kind, 'done');
        const once = async (version: string): Promise<void> => {
          const [row] = await project.sql(
            `select (select count(*)::int from supabase_migrations.schema_migrations where version = '${version}') as rows,
               (select count(*)::int from pg_class where relname = 'once_${version}') as tables`,
          );
          deepEqual(row, { rows: 1, tables: 1 });
        };
        for (const [version, ours] of [
          ['20240104000000', 'first'],
          ['20240105000000', 'second'],
        ] as const) {
          project.write(`supabase/migrations/${version}_once.sql`, `create table once_${version} ();\n${gated}\n`);
          await withGate(project.url, async (gate) => {
            const begin = [() => project.apply([version]), () => tool(project, 'db push')] as const;
            const [first, second] = ours === 'first' ? begin : begin.toReversed();
            const early = first?.();
            await gate.reached();
            const late = second?.();
            await gate.blocks();
            await gate.open();
            const [one, other] = await Promise.all([early, late]);
            const [we, they] = ours === 'first' ? [one, other] : [other, one];
            deepEqual(
              [we && 'kind' in we && we.kind, they && 'code' in they && they.code],
              ours === 'first' ? ['done', 1] : ['refused', 0],
            );
          });
          await once(version);
        }
        match((await tool(project, 'db push')).output, /database is up to date/);
      }));
  });
}
