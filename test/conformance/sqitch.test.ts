/** The real sqitch agrees with what was deployed and reverted here, to the last column, and goes on from there. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Job } from '../../server/engine/apply/job';
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import type { HistoryState } from '../../server/engine/history/history';
import { contentsOf } from '../../server/engine/layouts/find';
import { readSqitchPlan } from '../../server/engine/layouts/sqitchPlan';
import { diskFiles } from '../../server/world';
import { type Query, withClient } from '../support/client';
import { withFolder } from '../support/files';
import { until } from '../support/killable';
import { runSqitch, sqitchFiles, sqitchVariables } from '../support/sqitch';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { diskJob } from './diskJob';

const by = '2024-05-13T17:21:58Z Ann <ann@example.com>';
const plan = `%syntax-version=1.0.0
%project=shop
%uri=https://Example.com/shöp

# the beginning
roles ${by} # for all
tables/users [roles !guests@alpha] ${by} # users,\\nwith "names" \\\\ and ü
guests ${by}
@alpha ${by} # first

tables/users [tables/users@alpha guests] ${by} # once more
@beta ${by}
@beta2 ${by} # the same
last [tables/users] ${by} # ends it
`.replace(' !guests@alpha', '');

const script = (sql: string): string => `begin;\n${sql}\ncommit;\n`;

const scripts: Readonly<Record<string, string>> = {
  'deploy/roles.sql': script('create table roles (id int);'),
  'revert/roles.sql': script('drop table roles;'),
  'deploy/tables/users@alpha.sql': script('create table users (id int);'),
  'revert/tables/users@alpha.sql': script('drop table users;'),
  'deploy/guests.sql': 'create table guests ();\ncreate index concurrently on roles (id);\n',
  'revert/guests.sql': 'drop table guests;\ndrop index roles_id_idx;\n',
  'deploy/tables/users.sql': script('set search_path to pg_catalog; alter table public.users add email text;'),
  'revert/tables/users.sql': script('alter table users drop email;'),
  'deploy/last.sql': script('create table last ();'),
  'revert/last.sql': script('drop table last;'),
};
for (const name of Object.keys(scripts)) if (name.startsWith('deploy/')) verify(name);

/** sqitch asks for one where it verifies. */
function verify(name: string): void {
  Object.assign(scripts, { [name.replace('deploy', 'verify')]: 'begin;\nselect 1;\nrollback;\n' });
}

const versions = ['roles', 'tables/users@alpha', 'guests', 'tables/users', 'last'];

const configuration = '[core]\n\tengine = pg\n';

function writeTo(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

interface TestProject {
  readonly folder: string;
  readonly url: string;
  /** As the folder is now. */
  readonly job: () => Job;
  readonly sqitch: (...words: readonly string[]) => Promise<{ readonly code: number; readonly output: string }>;
  readonly apply: (...versions: readonly string[]) => Promise<void>;
  readonly revert: (...versions: readonly string[]) => Promise<void>;
}

const files: Readonly<Record<string, string>> = {
  ...sqitchFiles,
  'sqitch.conf': configuration,
  'sqitch.plan': plan,
  ...scripts,
};

const withProject = (major: Major, use: (project: TestProject) => Promise<void>, all = files): Promise<void> =>
  withFolder((folder) =>
    withFolder((storage) =>
      withDatabase(major, (url) => {
        writeTo(folder, all);
        const job = (): Job => diskJob(folder, url, storage, sqitchVariables(folder));
        return use({
          folder,
          url,
          job,
          sqitch: (...words) => runSqitch(folder, url, ...words),
          apply: async (...wanted) => equal((await applyMigrations(job(), wanted)).kind, 'done'),
          revert: async (...wanted) => equal((await revertMigrations(job(), wanted)).kind, 'done'),
        });
      }),
    ),
  );

const stateOf = ({ url, job }: TestProject): Promise<HistoryState> =>
  withSession(url, (session) => job().history.read(session));

/** What is deployed, as marks in the order of the plan; `E` where it was edited since. */
async function marks(project: TestProject): Promise<string> {
  const state = await stateOf(project);
  const { folder, read } = project.job();
  return folder.migrations
    .map((it) => {
      if (state.applied(it) !== 'applied') return '-';
      return state.edited?.has(it, read(it.upPath ?? '') ?? '') ? 'E' : 'X';
    })
    .join('');
}

/** Everything but when it was written. */
const rowsOf = (url: string, registry = 'sqitch'): Promise<unknown> =>
  withClient(url, async (query) => ({
    releases: await query(`select version, installer_name, installer_email from ${registry}.releases`),
    projects: await query(`select project, uri, creator_name, creator_email from ${registry}.projects`),
    changes: await query(`select to_jsonb(c) - 'committed_at' as c from ${registry}.changes c order by committed_at`),
    tags: await query(`select to_jsonb(t) - 'committed_at' as t from ${registry}.tags t order by tag`),
    dependencies: await query(`select * from ${registry}.dependencies order by change_id, dependency`),
    events: await query(`select to_jsonb(e) - 'committed_at' as e from ${registry}.events e order by committed_at`),
  }));

const tablesOf = (url: string): Promise<unknown> => withClient(url, definitions);

async function definitions(query: Query): Promise<unknown> {
  const columns = await query(
    `select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid) as default, col_description(c.oid, a.attnum) as says
      from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = 'sqitch'::regnamespace and c.relkind = 'r' and a.attnum > 0 order by 1, a.attnum`,
  );
  const constraints = await query(
    `select conname, pg_get_constraintdef(oid) as says from pg_constraint where connamespace = 'sqitch'::regnamespace order by 1, 2`,
  );
  const comments = await query(
    `select relname, obj_description(oid) as says, obj_description(relnamespace, 'pg_namespace') as schema
      from pg_class where relnamespace = 'sqitch'::regnamespace and relkind = 'r' order by 1`,
  );
  return { columns, constraints, comments };
}

const idsOf = async (folder: string): Promise<readonly string[]> =>
  (await runSqitch(folder, undefined, '--no-pager', 'plan', '--format', 'format:%H %n', '--no-headers')).output
    .trim()
    .split('\n');

describe("sqitch's plan", () => {
  const withPlan = (text: string, use: (folder: string) => Promise<void>): Promise<void> =>
    withFolder((folder) => {
      writeTo(folder, { 'sqitch.conf': configuration, 'sqitch.plan': text });
      return use(folder);
    });

  const good: Readonly<Record<string, string>> = {
    'with all there is': plan,
    'with CRLF': plan.replaceAll('\n', '\r\n'),
    'with a default port and escapes in its URI': plan.replace(
      'https://Example.com/sh',
      'HTTP://me@Example.com:80/%7ea%2fb?c=%c3%bc',
    ),
    'with a URI of another kind': plan.replace(/%uri=.*/, '%uri = TAG:Example.com,2024:X'),
    'with a URI without a path': plan.replace(/%uri=.*/, '%uri=https://example.com#x'),
    'with signs, blanks and comments': `%project=a_1\n# x\n%other\n\n  + a  [ ]2024-01-01T00:00:00Z x\n`.replace(
      / {2}\+.*/,
      `\t- a   ${by}   #   x  \n+b [a]${by.replace(' Ann', '\tAnn B ')}#y#z\n@x ${by}`,
    ),
    'with other projects': `%project=a\n\na [b:c b:@d b:e@f a:b] ${by}\n`.replace(' a:b', ''),
    'with names of all kinds': `%project=ä\n\nünder_score ${by}\na.b-c/d~e ${by}\nx_2 [ünder_score !a.b-c/d~e] ${by}\né ${by} # a\u2028b\u0085c\n`,
  };
  for (const [name, text] of Object.entries(good))
    it(`has the same changes ${name}`, () =>
      withPlan(text, async (folder) => {
        const { changes, refusal } = readSqitchPlan(text);
        deepEqual([changes.map((it) => `${it.id} ${it.name}`), refusal], [await idsOf(folder), undefined]);
      }));

  const bad: Readonly<Record<string, string>> = {
    'no project': `\na ${by}\n`,
    'no project name': `%project=\n\n`,
    'a bad project name': `%project=a b\n\n`,
    'no empty line behind the pragmas': `%project=a\nb ${by}\n`,
    'no time stamp': `%project=a\n\nb Ann <a@b>\n`,
    'no planner': `%project=a\n\nb 2024-05-13T17:21:58Z\n`,
    'no name': `%project=a\n\n${by}\n`,
    'a bad name': `%project=a\n\nb! ${by}\n`,
    'a name with an offset': `%project=a\n\nb~2 ${by}\n`,
    'a reserved name': `%project=a\n\nHEAD ${by}\n`,
    'a name like an id': `%project=a\n\n0123456789012345678901234567890123456789 ${by}\n`,
    'a change twice': `%project=a\n\nb ${by}\nb ${by}\n`,
    'a tag twice': `%project=a\n\nb ${by}\n@c ${by}\n@c ${by}\n`,
    'a tag first': `%project=a\n\n@c ${by}\n`,
    'a tag with a slash': `%project=a\n\nb ${by}\n@c/d ${by}\n`,
    'a tag that requires': `%project=a\n\nb ${by}\n@c [b] ${by}\n`,
    'an unknown requirement': `%project=a\n\nb [c] ${by}\n`,
    'a requirement that comes later': `%project=a\n\nb [c] ${by}\nc ${by}\n`,
    'one of itself': `%project=a\n\nb [b] ${by}\n`,
    'an unknown tag': `%project=a\n\nb ${by}\nc [b@x] ${by}\n`,
    'a requirement twice': `%project=a\n\nb ${by}\nc [b b] ${by}\n`,
    'no requirement': `%project=a\n\nb [!] ${by}\n`,
    'a lone number sign': `%project=a\n\n#\n`,
  };
  for (const [name, text] of Object.entries(bad))
    it(`is refused by both with ${name}`, () =>
      withPlan(text, async (folder) => {
        const { code } = await runSqitch(folder, undefined, '--no-pager', 'plan', '--format', 'format:%H');
        deepEqual([readSqitchPlan(text).refusal === undefined, code === 0], [false, false]);
      }));

  it('gets a new change as sqitch adds it, and a new project', () =>
    withFolder((ours) =>
      withFolder(async (theirs) => {
        writeTo(ours, { 'shop/deploy/.keep': '' });
        writeTo(theirs, { 'shop/deploy/.keep': '' });
        const [folder, other] = [join(ours, 'shop'), join(theirs, 'shop')];
        await runSqitch(other, undefined, 'init', 'shop', '--engine', 'pg');
        const create = (title: string): void => {
          const found = diskJob(folder, 'postgres://localhost/x', ours, sqitchVariables(folder)).folder;
          write(folder, found.layout.skeleton(title, [], new Date(), contentsOf(folder, diskFiles)));
        };
        writeTo(folder, {
          'sqitch.plan': '%syntax-version=1.0.0\n%project=shop\n\n',
          'sqitch.conf': readFileSync(join(other, 'sqitch.conf'), 'utf8'),
        });
        for (const [title, name] of [['tables/users'], ['Add Émail to \\ users', 'add_email_to_users']] as const) {
          create(title);
          await runSqitch(other, undefined, 'add', name ?? title, '-n', title);
        }
        await runSqitch(other, undefined, 'tag', 'v1', '-n', 'x');
        appendFileSync(join(folder, 'sqitch.plan'), `@v1 ${by} # x\n`);
        create('c');
        await runSqitch(other, undefined, 'add', 'c', '-n', 'c');
        deepEqual(textsOf(folder), textsOf(other));
      }),
    ));
});

function write(folder: string, { files, lists = [] }: ReturnType<Job['folder']['layout']['skeleton']>): void {
  for (const { name, text } of files) diskFiles.write(join(folder, name), text);
  for (const { name, text } of lists) diskFiles.replace(join(folder, name), text);
}

/** Without the time of each line. */
function textsOf(folder: string): unknown {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
  const paths = names.map((it) => join(it.parentPath, it.name).slice(folder.length)).toSorted();
  return paths.map((path) => [
    path,
    readFileSync(join(folder, path), 'utf8').replaceAll(/\d{4}-\d{2}-\d\dT[\d:]+Z .*?>/g, 'now'),
  ]);
}

for (const major of Object.values(servers)) {
  describe(`beside sqitch on PostgreSQL ${major}`, () => {
    it('has the same registry and the same rows, deployed and reverted', () =>
      withProject(major, (ours) =>
        withProject(major, async (theirs) => {
          await ours.apply(...versions);
          await theirs.sqitch('deploy', '--mode', 'change');
          equal(await marks(theirs), 'XXXXX');
          deepEqual(await rowsOf(ours.url), await rowsOf(theirs.url));
          deepEqual(await tablesOf(ours.url), await tablesOf(theirs.url));
          match((await ours.sqitch('status')).output, /Nothing to deploy \(up-to-date\)/);
          match((await ours.sqitch('check')).output, /Check successful/);
          match((await ours.sqitch('verify')).output, /Verify successful/);
          match((await ours.sqitch('deploy')).output, /Nothing to deploy \(up-to-date\)/);
          await ours.revert('last', 'tables/users', 'guests');
          equal((await theirs.sqitch('revert', '-y', '--to', 'tables/users')).code === 0, false, 'it is ambiguous');
          equal((await theirs.sqitch('revert', '-y', '--to', 'roles')).code, 0);
          await ours.revert('tables/users@alpha');
          deepEqual(await sorted(ours.url), await sorted(theirs.url));
          equal(await marks(ours), 'X----');
        }),
      ));

    it('goes on where the other has stopped', () =>
      withProject(major, async (project) => {
        const { sqitch, apply, revert } = project;
        await apply('roles', 'tables/users@alpha');
        equal((await sqitch('deploy', '--to', 'guests')).code, 0);
        equal(await marks(project), 'XXX--');
        await apply('tables/users', 'last');
        match((await sqitch('status')).output, /up-to-date/);
        equal((await sqitch('revert', '-y', '--to', 'guests')).code, 0);
        equal(await marks(project), 'XXX--');
        await revert('guests', 'tables/users@alpha', 'roles');
        match((await sqitch('status')).output, /No changes deployed/);
        equal((await sqitch('deploy')).code, 0);
        equal(await marks(project), 'XXXXX');
      }));

    it('notes a failure alike', () =>
      withProject(
        major,
        (ours) =>
          withProject(
            major,
            async (theirs) => {
              equal((await applyMigrations(ours.job(), versions)).kind, 'refused');
              equal((await theirs.sqitch('deploy', '--mode', 'change')).code === 0, false);
              deepEqual(await rowsOf(ours.url), await rowsOf(theirs.url));
              equal(await marks(ours), 'XX---');
              writeTo(ours.folder, { 'deploy/guests.sql': scripts['deploy/guests.sql'] ?? '' });
              equal((await ours.sqitch('deploy')).code, 0);
              equal(await marks(ours), 'XXXXX');
            },
            failing,
          ),
        failing,
      ));

    it('sees what was edited', () =>
      withProject(major, async (project) => {
        await project.apply('roles', 'tables/users@alpha');
        appendFileSync(join(project.folder, 'deploy/tables/users@alpha.sql'), '\r\n');
        match((await project.sqitch('check')).output, /Script signatures diverge at change tables\/users/);
        equal(await marks(project), 'XE---');
      }));

    it('refuses to go on with another plan', () =>
      withProject(major, async (project) => {
        await project.apply('roles', 'tables/users@alpha');
        writeTo(project.folder, { 'sqitch.plan': plan.replace('for all', 'for some') });
        equal((await project.sqitch('deploy')).code === 0, false);
        await rejects(applyMigrations(project.job(), ['guests']), /sqitch refuses to go on: 2 changes are deployed/);
        writeTo(project.folder, { 'sqitch.plan': plan.replace(/\ntables[^]*/, '\n') });
        equal((await project.sqitch('deploy')).code === 0, false);
        await rejects(revertMigrations(project.job(), ['roles']), /tables\/users is applied and has no file/);
        writeTo(project.folder, { 'sqitch.plan': `${plan}nonsense\n` });
        equal((await project.sqitch('deploy')).code === 0, false);
        await rejects(applyMigrations(project.job(), ['guests']), /sqitch refuses sqitch.plan, line 15/);
      }));

    it('adds tags that the plan has got since', () =>
      withProject(major, async (ours) =>
        withProject(major, async (theirs) => {
          for (const { folder } of [ours, theirs]) writeTo(folder, { 'sqitch.plan': plan.replace(/@beta[^]*/, '') });
          await ours.apply(...versions.slice(0, 4));
          await theirs.sqitch('deploy');
          for (const { folder } of [ours, theirs]) writeTo(folder, { 'sqitch.plan': plan });
          await ours.apply('last');
          await theirs.sqitch('deploy');
          deepEqual(await rowsOf(ours.url), await rowsOf(theirs.url));
        }),
      ));

    it('refuses what is required by, or conflicts with, another project', () =>
      withProject(major, async (shop) => {
        await shop.apply(...versions);
        await withFolder(async (folder) => {
          const other = (dependency: string) => ({
            'sqitch.conf': configuration,
            'sqitch.plan': `%project=other\n\nx [${dependency}] ${by}\n`,
            'deploy/x.sql': script('create table x ();'),
            'revert/x.sql': script('drop table x;'),
          });
          const job = () => diskJob(folder, shop.url, folder, sqitchVariables(folder));
          for (const [dependency, says] of [
            ['shop:nothing', /x requires shop:nothing, which is not deployed/],
            ['!shop:roles', /x conflicts with shop:roles, which is deployed/],
          ] as const) {
            writeTo(folder, other(dependency));
            equal((await runSqitch(folder, shop.url, 'deploy')).code === 0, false);
            await rejects(applyMigrations(job(), ['x']), says);
          }
          writeTo(folder, other('shop:last !shop:nothing shop:guests@alpha shop:@beta'));
          equal((await applyMigrations(job(), ['x'])).kind, 'done');
          const ours = await rowsOf(shop.url);
          await rejects(revertMigrations(shop.job(), ['last']), /last is required by other:x, which is deployed/);
          equal((await shop.sqitch('revert', '-y', '--to', '@beta')).code === 0, false);
          equal((await runSqitch(folder, shop.url, 'revert', '-y')).code, 0);
          equal((await runSqitch(folder, shop.url, 'deploy')).code, 0);
          const both = async (rows: unknown) => (rows as { dependencies: unknown }).dependencies;
          deepEqual(await both(ours), await both(await rowsOf(shop.url)));
        });
      }));

    it('keeps out the other, so that nothing runs twice', () =>
      withProject(
        major,
        async (project) => {
          const { url, sqitch } = project;
          await withClient(url, (query) => query('create table gate ()'));
          await withClient(url, async (hold) => {
            await hold('begin; lock table gate');
            const ours = applyMigrations(project.job(), versions);
            await waiting(hold, "query ~ 'table gate'");
            const theirs = sqitch('deploy');
            await waiting(hold, "query ~ 'advisory_lock'");
            await hold('commit');
            equal((await ours).kind, 'done');
            match((await theirs).output, /Blocked by another instance[^]*Nothing to deploy \(up-to-date\)/);
          });
          equal(await marks(project), 'XXXXX');
        },
        // An index that is built concurrently would wait for sqitch's query that waits for us.
        { ...files, 'deploy/guests.sql': 'alter table gate add x int;' },
      ));

    it('is where it is configured', () =>
      withProject(
        major,
        async (project) => {
          const { folder, url, sqitch } = project;
          const job = (): Job => diskJob(join(folder, 'sql'), url, folder, sqitchVariables(folder));
          equal((await applyMigrations(job(), ['a', 'b'])).kind, 'done');
          match((await sqitch('status')).output, /up-to-date/);
          equal((await sqitch('revert', '-y', '--to', 'a')).code, 0);
          const state = await withSession(url, (session) => job().history.read(session));
          deepEqual([state.table, state.versions], ['Meta.changes', ['a']]);
        },
        {
          'sqitch.conf':
            '[core]\n\tengine = pg\n\ttop_dir = sql # below\n\textension = "ddl"\n[engine "pg"]\n\tRegistry=Meta\n\trevert_dir = ./undo\n',
          'sql/sqitch.plan': `%project=p\n\na ${by}\nb [a] ${by}\n`,
          'sql/deploy/a.ddl': 'create table a ();',
          'sql/deploy/b.ddl': 'create table b ();',
          'undo/a.ddl': 'drop table a;',
          'undo/b.ddl': 'drop table b;',
        },
      ));
  });
}

const failing = { ...files, 'deploy/guests.sql': script('create table guests ();\nselect 1/0;') };

/** Dependencies are told in no certain order. */
async function sorted(url: string): Promise<unknown> {
  await withClient(url, (query) =>
    query(
      'update sqitch.events set requires = array(select unnest(requires) order by 1), tags = array(select unnest(tags) order by 1)',
    ),
  );
  return rowsOf(url);
}

const waiting = (query: Query, condition: string): Promise<unknown> =>
  until(async () => {
    await query('select pg_stat_clear_snapshot()');
    const [row] = await query(
      `select pid from pg_locks join pg_stat_activity using (pid) where not granted and ${condition} and pid <> pg_backend_pid()`,
    );
    return row;
  });
