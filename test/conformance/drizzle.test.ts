/** drizzle's own migrator and drizzle-kit agree with what we applied and made, we with what they did. */
import { deepEqual, doesNotMatch, equal, match, ok, rejects } from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { contentsOf } from '../../server/engine/layouts/find';
import { diskFiles } from '../../server/world';
import { journalOf, whenOf } from '../support/drizzle';
import { type Major, servers } from '../support/servers';
import { gated, withGate } from './gate';
import { npmTool } from './install';
import { type Ran, runIn, tablesOfSchema, type ToolProject, withToolProject } from './project';

const migrator = `
  const { drizzle } = require('drizzle-orm/node-postgres');
  const { migrate } = require('drizzle-orm/node-postgres/migrator');
  const { Client } = require('pg');
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  client.connect()
    .then(() => migrate(drizzle(process.env.ONE === '1' ? { client } : client), { migrationsFolder: 'drizzle', ...JSON.parse(process.env.OPTIONS ?? '{}') }))
    .then(() => client.end(), (error) => { console.error(error); process.exit(1); });
`;

interface Version {
  readonly name: string;
  readonly tool: string;
  readonly files: Readonly<Record<string, string>>;
  /** Path of the third migration, and its successor. */
  readonly third: string;
  readonly versions: readonly string[];
}

const [a, b, c] = [
  'create table a (id int);\n--> statement-breakpoint\ninsert into a values (1);',
  'create table b (id int); create index on b (id);',
  'create table c (id int);\r\n',
];
const config = `import { defineConfig } from 'drizzle-kit';
// out:'./elsewhere'
export default defineConfig({ dialect: 'postgresql', schema: './schema.ts', out: './drizzle',
  dbCredentials: { url: process.env.DATABASE_URL! } });
`;
const around = {
  'drizzle.config.ts': config,
  'package.json': '{"name":"shop"}',
  'schema.ts':
    "import { pgTable, integer } from 'drizzle-orm/pg-core';\nexport const a = pgTable('a', { id: integer() });\n",
};
const names = ['20240101000000_a', '20240101000001_b', '20240101000002_c'] as const;

const versions: readonly Version[] = [
  {
    name: 'before 1.0',
    tool: 'drizzle',
    files: {
      ...around,
      'drizzle/meta/_journal.json': journalOf(['0000_a', '0001_b', '0002_c']),
      'drizzle/0000_a.sql': a,
      'drizzle/0001_b.sql': b,
      'drizzle/0002_c.sql': c,
    },
    third: 'drizzle/0002_c.sql',
    versions: [whenOf(0), whenOf(1), whenOf(2)],
  },
  {
    name: 'since 1.0',
    tool: 'drizzle-1',
    files: {
      ...around,
      [`drizzle/${names[0]}/migration.sql`]: a,
      [`drizzle/${names[1]}/migration.sql`]: b,
      [`drizzle/${names[2]}/migration.sql`]: c,
    },
    third: `drizzle/${names[2]}/migration.sql`,
    versions: names,
  },
];

const migrate = async ({ tool }: Version, project: ToolProject, options = {}): Promise<Ran> =>
  runIn(linked(tool, project), process.execPath, ['-e', migrator], {
    DATABASE_URL: project.url,
    OPTIONS: JSON.stringify(options),
    ONE: tool === 'drizzle-1' ? '1' : '0',
  });

const kit = ({ tool }: Version, project: ToolProject, ...args: string[]): Promise<Ran> =>
  runIn(linked(tool, project), process.execPath, [join(npmTool(tool), 'drizzle-kit/bin.cjs'), ...args], {
    DATABASE_URL: project.url,
  });

function linked(tool: string, { path }: ToolProject): string {
  const link = join(path, 'node_modules');
  if (!diskFiles.list(path).includes('node_modules')) symlinkSync(npmTool(tool), link);
  return path;
}

const withProject = (
  major: Major,
  { files }: Version,
  use: (project: ToolProject) => Promise<void>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> => withToolProject(major, { layout: 'drizzle', folder: 'drizzle', files: { ...files, ...more } }, use);

const rows = ({ sql }: ToolProject): Promise<readonly object[]> =>
  sql(
    `select to_jsonb(m) - 'applied_at' as row, to_jsonb(m) -> 'applied_at' = 'null' as old
      from drizzle.__drizzle_migrations m order by id`,
  );

const tables = async ({ sql }: ToolProject): Promise<string> => {
  const found = await sql<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
  );
  return found.map(({ name }) => name).join(' ');
};

for (const major of Object.values(servers))
  for (const version of versions) {
    const all = (state: string) => version.versions.map((it) => `${it} ${state}`);

    describe(`beside drizzle ${version.name} on PostgreSQL ${major}`, () => {
      it('sees nothing to do after us, and records the same in the same table', () =>
        withProject(major, version, async (project) => {
          equal((await project.apply()).kind, 'done');
          const [ours, table] = [await rows(project), await tablesOfSchema(project, 'drizzle')];
          const ran = await migrate(version, project);
          deepEqual([ran.output, ran.code], ['', 0]);
          deepEqual(await rows(project), ours);
          await project.sql('drop schema drizzle cascade; drop table a, b, c');
          equal((await migrate(version, project)).code, 0);
          deepEqual(await rows(project), ours);
          deepEqual(await tablesOfSchema(project, 'drizzle'), table);
          deepEqual(await project.states(), all('applied'));
        }));

      it('goes on from where we are, and we from where it is', () =>
        withProject(major, version, async (project) => {
          equal((await project.apply(version.versions.slice(0, 2))).kind, 'done');
          equal((await migrate(version, project)).code, 0);
          deepEqual(await project.states(), all('applied'));
          equal(await tables(project), 'a b c');
          await project.sql('drop schema drizzle cascade; drop table a, b, c');
          const third = project.read(version.third);
          project.write(version.third, 'select no;');
          equal((await migrate(version, project)).code, 1, 'all of the run is taken back');
          deepEqual([await tables(project), await project.states()], ['', all('pending')]);
          const refused = await project.apply();
          equal(refused.kind === 'refused' && refused.version, version.versions[2]);
          match(
            refused.kind === 'refused' ? refused.state : '',
            / and .*, in the same transaction, were rolled back with it/,
          );
          deepEqual([await tables(project), await project.states()], ['', all('pending')]);
          project.write(version.third, third);
          equal((await project.apply()).kind, 'done');
          equal((await migrate(version, project)).code, 0);
        }));

      it('minds no edit, which we see', () =>
        withProject(major, version, async (project) => {
          equal((await migrate(version, project)).code, 0);
          project.write(version.third, 'create table c (id int);\n');
          deepEqual(await project.states(), all('applied'), 'line ends alone');
          project.write(version.third, 'create table c ();\n');
          equal((await project.states())[2], `${version.versions[2]} edited`);
          equal((await migrate(version, project)).code, 0);
        }));

      it('waits for us where we came first, and then has nothing to do', () =>
        withProject(major, version, async (project) => {
          project.write(version.third, `create table c (); ${gated} insert into a values (2);`);
          await withGate(project.url, async (gate) => {
            const ours = project.apply();
            await gate.reached();
            const theirs = migrate(version, project);
            await gate.blocks();
            await gate.open();
            deepEqual([(await ours).kind, (await theirs).code], ['done', 0]);
          });
          await ranOnce(project);
        }));

      it('is waited for where it came first, and we say so', () =>
        withProject(major, version, async (project) => {
          project.write(version.third, `insert into a values (2); ${gated}`);
          await withGate(project.url, async (gate) => {
            const theirs = migrate(version, project);
            await gate.reached();
            const ours = rejects(project.apply(version.versions), /drizzle has applied .* meanwhile/);
            await gate.blocks();
            await gate.open();
            await ours;
            equal((await theirs).code, 0);
          });
          await ranOnce(project);
        }));

      it('reads another table where drizzle.config.ts names it', () =>
        withProject(
          major,
          version,
          async (project) => {
            equal((await project.history()).table, 'tools.done');
            equal((await project.apply()).kind, 'done');
            equal((await kit(version, project, 'migrate')).code, 0);
            const [count] = await project.sql('select count(*)::int as n from tools.done');
            deepEqual(count, { n: 3 });
            equal((await project.sql("select to_regnamespace('drizzle') as it"))[0]?.['it' as never], null);
          },
          { 'drizzle.config.ts': config.replace('out: ', "migrations: { table: 'done', schema: 'tools' }, out: ") },
        ));
    });
  }

for (const version of versions)
  describe(`a new migration for drizzle-kit ${version.name}`, () => {
    for (const start of ['with a migration of its own', 'in an empty folder'])
      it(`is one that it goes on from, ${start}`, () =>
        withToolProject(servers.newest, { layout: 'drizzle', folder: 'drizzle', files: around }, async (project) => {
          if (version.tool === 'drizzle-1' || start.startsWith('with'))
            equal((await kit(version, project, 'generate')).code, 0);
          mkdirSync(join(project.path, 'drizzle'), { recursive: true });
          for (const title of ['My thing', 'other']) make(project, title);
          const checked = await kit(version, project, 'check');
          deepEqual([checked.code, /everything's fine/i.test(checked.output)], [0, true], checked.output);
          const next = await kit(version, project, 'generate');
          doesNotMatch(next.output, /collision|malformed|warn|error/i);
          if (start.startsWith('with')) match(next.output, /No schema changes/);
          project.write('schema.ts', `${around['schema.ts']}export const b = pgTable('b', { id: integer() });\n`);
          match((await kit(version, project, 'generate')).output, /Your SQL migration/);
          const ran = await kit(version, project, 'migrate');
          equal(ran.code, 0, ran.output);
          ok((await project.states()).every((it) => it.endsWith(' applied')));
          match(await tables(project), /^a b$/);
        }));
  });

/** As `createMigration` does. */
function make(project: ToolProject, title: string): void {
  const { folder } = project.job();
  const contents = contentsOf(folder.path, diskFiles);
  const existing = folder.migrations.map(({ name }) => name);
  const { files, lists = [] } = folder.layout.skeleton(title, existing, new Date(), contents);
  for (const { name, text } of files) diskFiles.write(join(folder.path, name), text);
  for (const { name, text } of lists) diskFiles.replace(join(folder.path, name), text);
}

async function ranOnce(project: ToolProject): Promise<void> {
  deepEqual(await project.sql('select count(*)::int as n from a where id = 2'), [{ n: 1 }]);
  deepEqual(await project.sql('select count(*)::int as n from drizzle.__drizzle_migrations'), [{ n: 3 }]);
}
