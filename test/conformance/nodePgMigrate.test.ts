/** node-pg-migrate itself agrees with what we applied and took back, we with what it did, and each goes on from there. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { type Major, servers } from '../support/servers';
import { isFault } from '../support/faults';
import { gated, withGate } from './gate';
import { npmTool } from './install';
import { type Ran, runIn, tablesOfSchema, type ToolProject, withToolProject } from './project';

const section = (up: string, down: string): string => `-- Up Migration\n${up}\n-- Down Migration\n${down}\n`;

const files = {
  'migrations/1_a.sql': section('create table a (id int);\ninsert into a values (1)', 'drop table a;'),
  'migrations/2_b.sql': section('create table b (id int); create index on b (id);', 'drop table b;'),
  'migrations/3_c.sql': section('create table c (id int);', 'drop table c;'),
};
const names = ['1_a', '2_b', '3_c'];
const all = (state: string): readonly string[] => names.map((it) => `${it} ${state}`);

const tool = (project: ToolProject, ...args: string[]): Promise<Ran> =>
  runIn(
    project.path,
    process.execPath,
    [join(npmTool('node-pg-migrate'), 'node-pg-migrate/bin/node-pg-migrate.js'), ...args],
    { DATABASE_URL: project.url },
  );

const withProject = (
  major: Major,
  use: (project: ToolProject) => Promise<void>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> =>
  withToolProject(major, { layout: 'node-pg-migrate', folder: 'migrations', files: { ...files, ...more } }, use);

const rows = ({ sql }: ToolProject): Promise<readonly object[]> =>
  sql('select id, name, run_on = first_value(run_on) over (order by id) as together from pgmigrations order by id');

const tables = async ({ sql }: ToolProject): Promise<string> => {
  const found = await sql<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
  );
  return found.map(({ name }) => name).join(' ');
};

for (const major of Object.values(servers)) {
  describe(`beside node-pg-migrate on PostgreSQL ${major}`, () => {
    it('sees nothing to do after us, and records the same in the same table', () =>
      withProject(major, async (project) => {
        equal((await project.apply()).kind, 'done');
        const [ours, shape] = [await rows(project), await tablesOfSchema(project, 'public')];
        match((await tool(project, 'up')).output, /No migrations to run!/);
        await project.sql('drop table a, b, c, pgmigrations');
        equal((await tool(project, 'up')).code, 0);
        deepEqual(await rows(project), ours);
        deepEqual(await tablesOfSchema(project, 'public'), shape);
        deepEqual(await project.states(), all('applied'));
      }));

    it('goes on from where we are, down too, and we from where it is', () =>
      withProject(major, async (project) => {
        equal((await project.apply(['1_a'])).kind, 'done');
        equal((await tool(project, 'up', '1')).code, 0);
        equal((await project.apply()).kind, 'done');
        deepEqual(await project.states(), all('applied'));
        equal((await tool(project, 'down', '1')).code, 0);
        deepEqual(await project.states(), ['1_a applied', '2_b applied', '3_c pending']);
        equal((await project.revert(['2_b', '1_a'])).kind, 'done');
        equal(await tables(project), 'pgmigrations');
        equal((await tool(project, 'up')).code, 0);
        equal((await project.revert(['3_c', '2_b'])).kind, 'done');
        deepEqual(await project.states(), ['1_a applied', '2_b pending', '3_c pending']);
        equal((await tool(project, 'down')).code, 0);
        deepEqual(await rows(project), []);
      }));

    it('takes back all of a run that fails, up and down, as we do', () =>
      withProject(major, async (project) => {
        const third = project.read('migrations/3_c.sql');
        project.write('migrations/3_c.sql', section('select no;', 'select neither;'));
        equal((await tool(project, 'up')).code, 1);
        equal(await tables(project), 'pgmigrations');
        const refused = await project.apply();
        equal(
          refused.kind === 'refused' && refused.state,
          '3_c was rolled back; nothing of it stands. 1_a and 2_b, in the same transaction, were rolled back with it. No migration is applied.',
        );
        equal(await tables(project), 'pgmigrations');
        project.write('migrations/3_c.sql', third);
        equal((await project.apply()).kind, 'done');
        project.write('migrations/2_b.sql', section('', 'select no;'));
        equal((await tool(project, 'down', '2')).code, 1);
        const down = await project.revert(['3_c', '2_b']);
        equal(
          down.kind === 'refused' && down.state,
          'The down script of 2_b was rolled back; 2_b stands as before. 3_c, in the same transaction, was rolled back with it. 3_c is the newest applied migration.',
        );
        equal(await tables(project), 'a b c pgmigrations');
        deepEqual(await project.states(), all('applied'));
      }));

    it('refuses what we say it refuses: an older one, another name, and a down that is not there', () =>
      withProject(major, async (project) => {
        equal((await project.apply()).kind, 'done');
        project.write('migrations/2_aa.js', 'exports.up = () => {};');
        match((await tool(project, 'up')).output, /Not run migration 2_aa is preceding already run migration 2_b/);
        match(
          (await project.history()).refuses?.(project.job().folder.migrations[1] as never) ?? '',
          /2_aa is not applied, and 2_b is/,
        );
        await rejects(project.apply(['2_aa']), isFault('bad-migration'));
        project.remove('migrations/2_aa.js');
        project.remove('migrations/2_b.sql');
        match((await tool(project, 'up')).output, /Not run migration 3_c is preceding already run migration 2_b/);
        match((await project.history()).blocked ?? '', /2_b was applied where the folder has 3_c/);
        project.write('migrations/2_b.sql', files['migrations/2_b.sql']);
        project.write('migrations/3_c.sql', 'create table c ();');
        match((await tool(project, 'down')).output, /User has disabled down migration on file: 3_c/);
        await rejects(project.revert(['3_c']), isFault('no-down'));
      }));

    it('orders indexes, milliseconds and times in UTC as we do', () =>
      withToolProject(
        major,
        {
          layout: 'node-pg-migrate',
          folder: 'migrations',
          files: Object.fromEntries(
            [
              '10_j',
              '9_i',
              '0002_b',
              '1700000000000_p',
              '20231114221320001_q',
              '1700000000001_o',
              '20231114221319999_n',
              '9_I',
            ].map((name) => [`migrations/${name}.sql`, 'select 1;']),
          ),
        },
        async (project) => {
          const ours = project.job().folder.migrations.map(({ version }) => version);
          equal((await tool(project, 'up')).code, 0);
          const theirs = await project.sql<{ name: string }>('select name from pgmigrations order by id');
          deepEqual(
            ours,
            theirs.map(({ name }) => name),
          );
          match((await tool(project, 'up')).output, /No migrations to run/);
          equal((await project.history()).blocked, undefined);
        },
      ));

    it('obeys the same options: schema, table, and one transaction for each', () =>
      withProject(
        major,
        async (project) => {
          const flags = [
            '-t',
            'done',
            '-s',
            'app',
            '--create-schema',
            '--migrations-schema',
            'tools',
            '--create-migrations-schema',
          ];
          equal((await project.history()).table, 'tools.done');
          equal((await project.apply(['1_a'])).kind, 'done');
          const theirs = await tool(project, 'up', ...flags, '--no-single-transaction');
          deepEqual([theirs.code, /Migrations complete/.test(theirs.output)], [0, true], theirs.output);
          deepEqual(await project.sql('select count(*)::int as n from app.a'), [{ n: 1 }]);
          deepEqual(await project.states(), all('applied'));
          equal((await project.revert(['3_c', '2_b'])).kind, 'done');
          project.write('migrations/3_c.sql', section('select no;', ''));
          const refused = await project.apply();
          deepEqual(refused.kind === 'refused' && refused.migrations, ['2_b']);
          deepEqual(
            [await tables(project), await project.states()],
            ['', ['1_a applied', '2_b applied', '3_c pending']],
          );
        },
        {
          'package.json': JSON.stringify({
            scripts: {
              up: 'node-pg-migrate up -t done -s app --create-schema --migrations-schema tools --create-migrations-schema --no-single-transaction',
            },
            dependencies: { 'node-pg-migrate': '*' },
          }),
        },
      ));

    it('names a new migration as we do', () =>
      withProject(major, async (project) => {
        for (const format of ['timestamp', 'utc', 'index']) {
          project.remove('migrations');
          if (format === 'index') project.write('migrations/0041_z.sql', '');
          const made = await tool(
            project,
            'create',
            'add the email',
            '-j',
            'sql',
            '--migration-filename-format',
            format,
          );
          const [, theirs = ''] = /Created migration -- .*\/(.*)/.exec(made.output) ?? [];
          const text = project.read(`migrations/${theirs}`);
          const existing = project.job().folder.migrations.map(({ name }) => name);
          const [ours] = project.job().folder.layout.skeleton('add the email', existing, new Date()).files;
          equal(ours?.text, text);
          equal(ours?.name.replace(/\d+/, ''), theirs.replace(/\d+/, ''));
          const [number, next] = [theirs, ours?.name ?? ''].map((it) => /^\d+/.exec(it)?.[0] ?? '');
          equal(next?.length, number?.length);
          equal(BigInt(next ?? '') > BigInt(number ?? ''), true);
        }
      }));

    it('says so where we came first, and we where it did: nothing runs twice', () =>
      withProject(major, async (project) => {
        project.write('migrations/3_c.sql', section(`insert into a values (2); ${gated}`, ''));
        await withGate(project.url, async (gate) => {
          const ours = project.apply();
          await gate.reached();
          const theirs = await tool(project, 'up');
          match(theirs.output, /Another migration is already running/);
          await gate.open();
          deepEqual([theirs.code, (await ours).kind], [1, 'done']);
        });
        await project.sql('drop table a, b, pgmigrations');
        await withGate(project.url, async (gate) => {
          const theirs = tool(project, 'up');
          await gate.reached();
          const ours = project.apply(names);
          await gate.blocks();
          await gate.open();
          equal((await ours).kind, 'nothing', 'it has waited, and all is done by then');
          equal((await theirs).code, 0);
        });
        deepEqual(await project.sql('select count(*)::int as n from a where id = 2'), [{ n: 1 }]);
        equal((await rows(project)).length, 3);
      }));
  });
}
