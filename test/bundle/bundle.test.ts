/** Script bundles, run by the real psql as those do who get one, and judged by the tool. */
import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleResult, Project } from '../../server/engine/project';
import { never, on, projectOf, withWorkspace, type Workspace } from '../engine/support';
import { runDbmate } from '../support/dbmate';
import { isFault } from '../support/faults';
import { installDebian } from '../support/programs';
import { historyTools } from '../support/historyTools';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

before(function () {
  // Another stage may be installing what it needs.
  this.timeout(600_000);
  if (spawnSync('psql', ['--version']).status !== 0)
    installDebian(['postgresql-client'], (what) => console.error(`installing ${what}`));
});

const migration = (up: string, down = '', options = ''): string =>
  `-- migrate:up${options}\n${up}\n\n-- migrate:down${options}\n${down}\n`;

/** The first is applied when a bundle is made. A CHECK of an IN list is not told in the same words after a dump. */
const files = {
  'db/migrations/1_users.sql': migration(
    `create table users (id int primary key, state varchar(10) check (state in ('new', 'old')));
     create view states as select state, count(*) from users group by state;`,
    'drop view states; drop table users;',
  ),
  'db/migrations/2_orders.sql': migration(
    `create type size as enum ('small', 'it''s "large"');
     create table orders (id bigint generated always as identity primary key, size size, -- of the box
       kind varchar(9) check (kind in ('a', 'b')), user_id int references users);
     create function latest() returns bigint language plpgsql as $body$
     begin
       -- a semicolon; and a :variable
       return (select max(id) from orders);
     end $body$;
     create view few as select (array[3, 2, 1])[1:n] as few from generate_series(1, 2) n;`,
    'drop view few; drop function latest(); drop table orders; drop type size;',
  ),
  'db/migrations/3_index.sql': migration(
    'create index concurrently orders_by_user on orders (user_id);',
    'drop index concurrently orders_by_user;',
    ' transaction:false',
  ),
  "db/migrations/4_it's all.sql": migration(
    'alter table users add column name text; alter table users drop column state cascade; -- gone',
    'alter table users drop column name; alter table users add column state varchar(10);',
  ),
};

interface Prepared {
  readonly workspace: Workspace;
  readonly url: string;
  readonly project: Project;
  /** Makes a bundle, and says where. */
  bundle(): Promise<{ readonly out: string; readonly result: Extract<BundleResult, { kind: 'written' }> }>;
}

/** @param applied up to which version */
const prepared = (
  major: Major,
  applied: string | undefined,
  use: (it: Prepared) => Promise<void>,
  texts: Readonly<Record<string, string>> = files,
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(texts, async (workspace) => {
      const project = await projectOf(workspace.engine({ target: on(url), binaries: [binariesOf(major)] }));
      const quiet = { snapshot: false, disconnect: false };
      if (applied !== undefined) await project.apply({ ...quiet, which: { upTo: applied } }, () => {}, never);
      let made = 0;
      await use({
        workspace,
        url,
        project,
        async bundle() {
          const out = workspace.path(`bundle ${++made}`);
          const result = await project.bundle({ out, which: 'all' }, never);
          if (result.kind !== 'written') throw new Error(JSON.stringify(result));
          return { out, result };
        },
      });
    }),
  );

interface Run {
  readonly code: number;
  readonly output: string;
}

const psql = (url: string, out: string, file: string, ...words: string[]): Promise<Run> =>
  runProgram('psql', ['-X', ...words, '-f', file, url], out);

function runProgram(program: string, words: readonly string[], cwd: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { cwd, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: `${stdout}${stderr}` });
    });
  });
}

async function succeeds(run: Promise<Run>, words = /(?:)/): Promise<string> {
  const { code, output } = await run;
  equal(code, 0, output);
  match(output, words);
  return output;
}

/** As psql ends a script by ON_ERROR_STOP. */
async function stops(run: Promise<Run>, words: RegExp): Promise<void> {
  const { code, output } = await run;
  equal(code, 3, output);
  match(output, words);
}

const statesOf = async (project: Project): Promise<string[]> => {
  project.refresh();
  return (await project.status()).migrations.map(({ version, state }) => `${version} ${state}`);
};

async function seenByDbmate({ workspace, url }: Prepared): Promise<string> {
  const { code, output } = await runDbmate(workspace.path('db'), url, 'status');
  equal(code, 0, output);
  return output.replaceAll(/\s+/g, ' ').trim();
}

for (const major of [servers.oldest, servers.newest])
  describe(`a script bundle on PostgreSQL ${major}`, function () {
    this.timeout(240_000);

    it('brings the database to the newest migration, once, and back, and the tool agrees', () =>
      prepared(major, '1', async (it) => {
        const { url, project } = it;
        const { out, result } = await it.bundle();
        deepEqual(result.versions, ['2', '3', '4']);
        deepEqual(await statesOf(project), ['1 applied', '2 pending', '3 pending', '4 pending'], 'nothing was changed');
        await succeeds(runProgram('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], out));
        const fingerprint = async (): Promise<string | undefined> =>
          /^\s*([0-9a-f]{32})$/m.exec(await succeeds(psql(url, out, 'fingerprint.sql')))?.[1];
        equal(await fingerprint(), result.fingerprints.before);
        doesNotMatch(readFileSync(join(out, 'apply.sql'), 'utf8'), /"schema_migrations"/);
        await stops(psql(url, out, 'verify.sql'), /Not every migration of the bundle is recorded/);
        await succeeds(psql(url, out, 'apply.sql', '-S', '-v', 'n=1'), /Applying 2…[^]*Applying 4…[^]*Done/);
        deepEqual(await statesOf(project), ['1 applied', '2 applied', '3 applied', '4 applied']);
        ok(result.fingerprints.after !== undefined);
        equal(await fingerprint(), result.fingerprints.after);
        await succeeds(psql(url, out, 'verify.sql'), /\(0 rows\)[^]*The schema is as expected/);
        match(await seenByDbmate(it), /Applied: 4 Pending: 0/);
        const history = await historyOf(url);
        await succeeds(psql(url, out, 'apply.sql'), /2 is applied already[^]*4 is applied already/);
        deepEqual(await historyOf(url), history, 'the second run changes nothing');
        await succeeds(psql(url, out, 'revert.sql'), /Reverting 4…[^]*Reverting 2…/);
        match(await seenByDbmate(it), /Applied: 1 Pending: 3/);
        await succeeds(psql(url, out, 'revert.sql'), /4 is not applied/);
        await succeeds(psql(url, out, 'apply.sql', '-v', 'ignore_schema=1'), /Done/);
        match(await seenByDbmate(it), /Applied: 4 Pending: 0/);
      }));

    it('does the rest on a database that is further, and nothing on one that is behind or elsewhere', () =>
      prepared(major, '1', async (it) => {
        const { url, workspace, project } = it;
        const { out } = await it.bundle();
        await withSession(url, (session) => session.run("delete from schema_migrations where version = '1'"));
        const lacking = await historyOf(url);
        await stops(psql(url, out, 'apply.sql'), /It lacks what was applied when the bundle was made: 1/);
        deepEqual(await historyOf(url), lacking);
        await withSession(url, (session) => session.run("insert into schema_migrations values ('1'), ('9')"));
        await stops(psql(url, out, 'apply.sql'), /It has what this bundle does not know: 9/);
        await withSession(url, (session) =>
          session.run("update schema_migrations set version = '3' where version = '9'"),
        );
        await stops(psql(url, out, 'apply.sql'), /It lacks what comes before others that it has: 2/);
        await withSession(url, (session) => session.run("delete from schema_migrations where version = '3'"));
        deepEqual(await statesOf(project), ['1 applied', '2 pending', '3 pending', '4 pending']);
        const one = { which: { upTo: '2' }, snapshot: false, disconnect: false } as const;
        equal((await project.apply(one, () => {}, never)).kind, 'done');
        await succeeds(psql(url, out, 'apply.sql'), /2 is applied already[^]*Applying 3…/);
        await succeeds(psql(url, out, 'verify.sql'), /The schema is as expected/);
        equal((await runDbmate(workspace.path('db'), url, 'migrate')).code, 0);
        match(await seenByDbmate(it), /Applied: 4 Pending: 0/);
      }));

    it('stops before a schema that was changed by hand, and says what is another', () =>
      prepared(major, '1', async (it) => {
        const { url, project } = it;
        const { out } = await it.bundle();
        await withSession(url, (session) => session.run('create table by_hand (); alter table users add extra int'));
        await stops(psql(url, out, 'apply.sql'), /The schema is not as it was when the bundle was made/);
        deepEqual(await statesOf(project), ['1 applied', '2 pending', '3 pending', '4 pending']);
        await stops(
          psql(url, out, 'verify.sql'),
          /column public\.users\.extra +\| not expected[^]*table public\.by_hand +\| not expected/,
        );
        await succeeds(psql(url, out, 'apply.sql', '-v', 'ignore_schema=1'));
        await stops(
          psql(url, out, 'verify.sql'),
          /table public\.by_hand +\| not expected[^]*schema is not as expected/,
        );
      }));

    it('ends at an error, and goes on from there when it is run again', () =>
      prepared(
        major,
        '1',
        async (it) => {
          const { url, project } = it;
          const { out, result } = await it.bundle();
          deepEqual(result.withoutDown, ['3']);
          match(readFileSync(join(out, 'README.txt'), 'utf8'), /It cannot take back 3,/);
          await withSession(url, (session) => session.run('insert into users values (1)'));
          await stops(psql(url, out, 'apply.sql'), /contains null values/);
          deepEqual(await statesOf(project), ['1 applied', '2 applied', '3 pending']);
          await withSession(url, (session) => session.run('delete from users'));
          await succeeds(psql(url, out, 'apply.sql'), /2 is applied already[^]*Applying 3…/);
          await stops(psql(url, out, 'revert.sql'), /3 cannot be reverted; nothing was changed/);
          deepEqual(await statesOf(project), ['1 applied', '2 applied', '3 applied']);
        },
        {
          'db/migrations/1_users.sql': migration('create table users (id int);', 'drop table users;'),
          'db/migrations/2_more.sql': migration('create table more (id int);', 'drop table more;'),
          'db/migrations/3_name.sql': migration('alter table users add name text not null;'),
        },
      ));

    for (const [tool, { texts, versions, isOneWay }] of Object.entries(historyTools))
      it(`is recorded as ${tool} does it, on a database that has no history yet`, () =>
        prepared(
          major,
          undefined,
          async (it) => {
            const { url, project } = it;
            const { out } = await it.bundle();
            await succeeds(psql(url, out, 'apply.sql'), /Done/);
            deepEqual(
              await statesOf(project),
              versions.map((version) => `${version} applied`),
            );
            const { blocked, historyTable } = await project.status();
            equal(blocked, undefined);
            await succeeds(psql(url, out, 'verify.sql'), /The schema is as expected/);
            await succeeds(psql(url, out, 'apply.sql'), /is applied already/);
            deepEqual(await rowsIn(url, historyTable), await rowsOfApply(major, texts));
            if (isOneWay) {
              await stops(psql(url, out, 'revert.sql'), /cannot be reverted/);
              return;
            }
            await succeeds(psql(url, out, 'revert.sql'), /Reverted/);
            deepEqual(
              await statesOf(project),
              versions.map((version) => `${version} pending`),
            );
            equal((await project.status()).blocked, undefined);
          },
          texts,
        ));
  });

/** Of a history, but for times. */
const rowsIn = (url: string, table: string): Promise<readonly object[]> =>
  withSession(url, (session) =>
    session.rows(
      `select to_jsonb(t) - '{installed_on,execution_time,tstamp,run_on,applied_at,ms}'::text[] as row from ${table} t order by 1`,
    ),
  );

/** What is recorded when we apply them ourselves. */
async function rowsOfApply(major: Major, texts: Readonly<Record<string, string>>): Promise<readonly object[]> {
  let rows: readonly object[] = [];
  await prepared(
    major,
    undefined,
    async ({ project, url }) => {
      await project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);
      rows = await rowsIn(url, (await project.status()).historyTable);
    },
    texts,
  );
  return rows;
}

const historyOf = (url: string): Promise<unknown> =>
  withSession(url, (session) => session.rows('select version, xmin::text from schema_migrations order by 1'));

describe('a script bundle', () => {
  it('is refused where nothing but the tool can do it, or a folder is in the way', () =>
    withWorkspace(files, async (workspace) => {
      const project = await projectOf(workspace.engine());
      const out = workspace.path('out');
      mkdirSync(out);
      writeFileSync(join(out, 'kept.txt'), 'kept');
      await assertFault(project.bundle({ out, which: 'all' }, never), 'not-empty');
      await assertFault(project.bundle({ out: workspace.path('new'), which: 'all' }, never), 'no-bundle');
    }));

  it('is not made of what a rehearsal refuses', () =>
    prepared(
      servers.newest,
      undefined,
      async ({ project, workspace }) => {
        const result = await project.bundle({ out: workspace.path('out'), which: 'all' }, never);
        equal(result.kind === 'refused' && result.errors.length, 1);
      },
      { 'db/migrations/1_users.sql': migration('create table users (id int, id int);', 'drop table users;') },
    ));
});

async function assertFault(work: Promise<unknown>, code: Parameters<typeof isFault>[0]): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (it: unknown) => it,
  );
  isFault(code)(error);
}
