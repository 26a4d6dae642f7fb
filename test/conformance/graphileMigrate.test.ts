/** graphile-migrate itself agrees with what we applied, we with what it applied, and each goes on from there. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { Client } from 'pg';
import { hashOf } from '../../server/engine/layouts/graphileMigrateHeader';
import { type Major, servers } from '../support/servers';
import { npmTool } from './install';
import { type Ran, runIn, tablesOfSchema, type ToolProject, withToolProject } from './project';

const committed = (body: string, previous?: string): string =>
  `--! Previous: ${previous ?? '-'}\n--! Hash: ${hashOf(body, previous)}\n\n${body}`;

const [a, b] = ['create table a (id int);\n', 'create table b (id int);\n'];
const files = {
  '.gmrc': '// settings\n{ pgSettings: { "app.x": "1" }, placeholders: { ":APP_ROLE": "!ENV", }, }',
  'migrations/committed/000001-a.sql': committed(a),
  'migrations/committed/000002.sql': committed(b, hashOf(a, undefined)),
  'migrations/current.sql':
    "drop table if exists c;\ncreate table c (owner text default ':DATABASE_OWNER', name text default ':DATABASE_NAME');\n--!include c.sql\ncomment on table c is ':APP_ROLE';",
  'migrations/fixtures/c.sql': "drop table if exists d;\ncreate table d (x text default current_setting('app.x'));\n",
};

const tool = (project: ToolProject, command: string): Promise<Ran> => {
  const url = new URL(project.url);
  url.pathname = `${url.pathname}_shadow`;
  return runIn(
    project.path,
    process.execPath,
    [join(npmTool('graphile-migrate'), 'graphile-migrate/dist/cli.js'), ...command.split(' ')],
    {
      DATABASE_URL: project.url,
      SHADOW_DATABASE_URL: url.href,
      ROOT_DATABASE_URL: rootOf(project.url),
      APP_ROLE: 'shop',
    },
  );
};

const rootOf = (url: string): string => url.replace(/\/[^/]*$/, '/postgres');

const withProject = (major: Major, use: (project: ToolProject) => Promise<void>): Promise<void> =>
  withToolProject(
    major,
    { layout: 'graphile-migrate', folder: 'migrations', files, environment: { APP_ROLE: 'shop' } },
    use,
  );

const recorded = ({ sql }: ToolProject): Promise<readonly object[]> =>
  sql('select hash, previous_hash, filename from graphile_migrate.migrations order by filename');

const current = async ({ sql }: ToolProject): Promise<readonly object[]> =>
  sql('select filename, content from graphile_migrate.current');

for (const major of Object.values(servers)) {
  describe(`beside graphile-migrate on PostgreSQL ${major}`, () => {
    it('sees nothing to do after us, and records the same', () =>
      withProject(major, async (project) => {
        equal((await project.apply()).kind, 'done');
        const [ours, text, tables] = [
          await recorded(project),
          await current(project),
          await tablesOfSchema(project, 'graphile_migrate'),
        ];
        match((await tool(project, 'migrate')).output, /Already up to date/);
        match((await tool(project, 'watch --once')).output, /current\.sql unchanged, skipping migration/);
        // Not empty, but nothing committed is pending.
        equal((await tool(project, 'status')).code, 2);
        await project.sql('drop schema graphile_migrate cascade; drop table a, b');
        equal((await tool(project, 'watch --once')).code, 0);
        deepEqual(await recorded(project), ours);
        deepEqual(await current(project), text);
        deepEqual(await tablesOfSchema(project, 'graphile_migrate'), tables);
        deepEqual(await project.states(), ['000001 applied', '000002 applied', 'current pending']);
      }));

    it('goes on from us, and we from it', () =>
      withProject(major, async (project) => {
        equal((await project.apply(['000001'])).kind, 'done');
        equal((await tool(project, 'status')).code, 3);
        match((await tool(project, 'migrate')).output, /1 committed migrations executed/);
        deepEqual(await project.states(), ['000001 applied', '000002 applied', 'current pending']);
        const c = committed('create table c ();', hashOf(b, hashOf(a, undefined)));
        project.write('migrations/committed/000003-c.sql', c);
        equal((await project.apply(['000003'])).kind, 'done');
        match((await tool(project, 'migrate')).output, /Already up to date/);
      }));

    it('leaves the same behind when the current migration fails', () =>
      withProject(major, async (project) => {
        equal((await tool(project, 'watch --once')).code, 0);
        project.write('migrations/current.sql', 'create table e ();\nselect 1 / 0;\n');
        equal((await project.apply(['current'])).kind, 'refused');
        const ours = await current(project);
        project.write('migrations/current.sql', files['migrations/current.sql']);
        equal((await tool(project, 'watch --once')).code, 0);
        project.write('migrations/current.sql', 'create table e ();\nselect 1 / 0;\n');
        equal((await tool(project, 'watch --once')).code, 1);
        deepEqual(await current(project), ours);
      }));

    it('refuses an edited file as we do, and we notice one that is applied', () =>
      withProject(major, async (project) => {
        equal((await project.apply(['000001'])).kind, 'done');
        project.write('migrations/committed/000002.sql', `${files['migrations/committed/000002.sql']}-- x\n`);
        match((await tool(project, 'migrate')).output, /Hash for 000002\.sql does not match/);
        await rejects(project.apply(['000002']), /edited since it was committed/);
        project.write('migrations/committed/000001-a.sql', `${files['migrations/committed/000001-a.sql']}-- x\n`);
        deepEqual((await project.states()).slice(0, 1), ['000001 edited']);
      }));

    it('refuses a file with a byte order mark as we do, but for those of current/', () =>
      withProject(major, async (project) => {
        project.write('migrations/current.sql', '\uFEFFselect 1;\n');
        await rejects(project.apply(['current']), /byte order mark.*sends it to Postgres/);
        match((await tool(project, 'watch --once')).output, /syntax error at or near/);
        project.remove('migrations/current.sql');
        project.write('migrations/current/1.sql', '\uFEFFselect 1;\n');
        equal((await project.apply()).kind, 'done');
        const { code, output } = await tool(project, 'watch --once');
        equal(code, 0, output);
        const marked = `\uFEFF${committed('create table m ();\n', hashOf(b, hashOf(a, undefined)))}`;
        project.write('migrations/committed/000003-m.sql', marked);
        await rejects(project.apply(['000003']), /byte order mark.*finds no head behind it/);
        match((await tool(project, 'migrate')).output, /there should be two newlines after the headers section/);
      }));

    it('runs a migration without a transaction as we do', () =>
      withProject(major, async (project) => {
        const text = '--! no-transaction\ncreate index concurrently a_id on a (id);\n';
        project.write('migrations/committed/000003.sql', committed(text, hashOf(b, hashOf(a, undefined))));
        equal((await project.apply(['000001', '000002', '000003'])).kind, 'done');
        match((await tool(project, 'migrate')).output, /Already up to date/);
      }));

    it('gives up while we have the lock; we wait for it', () =>
      withProject(major, async (project) => {
        const client = new Client(project.url);
        await client.connect();
        await client.query('select pg_advisory_lock(4727445306447283)');
        match((await tool(project, 'migrate')).output, /Failed to get exclusive lock/);
        const ours = project.apply(['000001']);
        const waits = async (): Promise<boolean> =>
          (await project.sql(`select from pg_locks where locktype = 'advisory' and not granted`)).length > 0;
        while (!(await waits()));
        await client.end();
        equal((await ours).kind, 'done');
      }));

    it('commits what we have applied as the current one', () =>
      withProject(major, async (project) => {
        equal((await project.apply()).kind, 'done');
        const shadow = new Client(rootOf(project.url));
        await shadow.connect();
        try {
          const { code, output } = await tool(project, 'commit --message two');
          equal(code, 0, output);
        } finally {
          await shadow.query(`drop database if exists ${new URL(project.url).pathname.slice(1)}_shadow`);
          await shadow.end();
        }
        ok((await project.states()).includes('000003 applied'), String(await project.states()));
        equal((await project.apply(['current'])).kind, 'done');
        match((await tool(project, 'watch --once')).output, /unchanged, skipping/);
      }));

    it('sees the files of a folder current/ as one text, which we apply one by one', () =>
      withProject(major, async (project) => {
        project.remove('migrations/current.sql');
        project.write('migrations/current/1-x.sql', 'create table if not exists x ();');
        project.write('migrations/current/010.sql', '-- y\ncreate table if not exists y ();\n');
        equal((await project.apply()).kind, 'done');
        const ours = await current(project);
        match((await tool(project, 'watch --once')).output, /unchanged, skipping/);
        deepEqual(await current(project), ours);
      }));
  });
}
