/** Environments on the command line: the matrix, what a promotion would do, what differs, and what production asks for. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { cliPath, withWorkspace, type Workspace } from '../support/commandLine';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const migration = (up: string, down: string): string => `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`;

const files = {
  'db/migrations/1_users.sql': migration('create table users (id int primary key);', 'drop table users;'),
  'db/migrations/2_names.sql': migration('alter table users add name text not null;', 'alter table users drop name;'),
  '.rehearsal/environments.json': JSON.stringify({
    staging: { variable: 'STAGING', role: 'staging' },
    production: { variable: 'PRODUCTION', role: 'production' },
    reports: { variable: 'PRODUCTION', role: 'production', readOnly: true },
    gone: { connection: 'postgres://me@localhost:1/gone', role: 'staging' },
  }),
};

const places = ['--shadow', 'private', '--postgres-binaries', binariesOf(servers.newest)];

/** Three databases, of which the first is for development. */
const withThree = (use: (workspace: Workspace, urls: readonly string[]) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (development) =>
    withDatabase(servers.newest, (staging) =>
      withDatabase(servers.newest, (production) =>
        withWorkspace(files, (workspace) => use(workspace, [development, staging, production]), {
          DATABASE_URL: development,
          STAGING: staging,
          PRODUCTION: production,
        }),
      ),
    ),
  );

const nameIn = (url = ''): string => new URL(url).pathname.slice(1);

interface Told {
  readonly projects: readonly {
    readonly environments: readonly {
      readonly name: string;
      readonly pending?: readonly string[];
      readonly error?: { readonly code: string };
      readonly rehearsal?: { readonly files: readonly { readonly findings: readonly { message: string }[] }[] };
      readonly comparedWith?: string;
      readonly changes?: readonly { readonly kind: string; readonly name: string }[];
    }[];
    readonly migrations: readonly { readonly version: string; readonly states: Record<string, string> }[];
  }[];
}

describe('rehearsal environments', function () {
  this.timeout(300_000);

  it('tells which migrations are where, what is pending there, and what differs', () =>
    withThree(async ({ run, json }, [development, staging, production]) => {
      for (const name of [[], ['--environment', 'staging']])
        equal((await run('apply', ...name, '--only', '1', '--yes', '--no-snapshot', '--no-rehearsal')).code, 0);
      await withSession(staging ?? '', (session) =>
        session.run('insert into users values (1); create index by_hand on users (id)'),
      );
      const { code, value, stderr } = await json('environments', '--rehearse', '--compare', ...places);
      equal(code, 2, stderr);
      const [project] = (value as Told).projects;
      deepEqual(
        project?.environments.map(({ name, pending, error }) => [name, error?.code ?? pending]),
        [
          ['development', ['2']],
          ['staging', ['2']],
          ['production', ['1', '2']],
          ['reports', ['1', '2']],
          ['gone', 'no-server'],
        ],
      );
      deepEqual(
        project.environments.map(({ rehearsal }) =>
          rehearsal?.files.flatMap(({ findings }) => findings.map(({ message }) => message)),
        ),
        [
          [],
          ['1 row of users has no name (column "name" of relation "users" contains null values)'],
          [],
          [],
          undefined,
        ],
      );
      deepEqual(
        project.environments.map(({ comparedWith, changes }) => [
          comparedWith,
          changes?.map(({ kind, name }) => `${kind} ${name}`),
        ]),
        [
          [undefined, undefined],
          ['development', ['added public.by_hand']],
          [undefined, undefined],
          ['production', []],
          [undefined, undefined],
        ],
      );
      deepEqual(project.migrations[0]?.states, {
        development: 'applied',
        staging: 'applied',
        production: 'pending',
        reports: 'pending',
      });
      const shown = await run('environments');
      match(shown.stdout, /^ {2}gone +gone@localhost:1 +staging: Postgres does not answer/m);
      match(shown.stdout, /^ {2}reports +.* +production, read-only: 2 pending/m);
      match(shown.stdout, /^ +development +staging +production +reports$/m);
      match(shown.stdout, /^ {2}1 users +applied +applied +pending +pending$/m);
      ok(!shown.stdout.includes(new URL(development ?? '').password), 'no password is shown');
      deepEqual(await tablesIn(production ?? ''), []);
    }));

  it('are named where a target is wanted, and production is changed by name after a rehearsal', () =>
    withThree(async ({ run }, [, , production]) => {
      const name = nameIn(production);
      const to = ['--environment', 'production', ...places];
      match(
        (await run('status', '--environment', 'produktion')).stderr,
        /no such environment: produktion.*production/i,
      );
      match((await run('check', ...to)).stdout, new RegExp(`schema of ${name}@`));
      match((await run('preview', ...to)).stdout, /TABLE public\.users/);
      match((await run('apply', ...to, '--yes')).stderr, /in production.*Add --confirm/s);
      match((await run('apply', ...to, '--yes', '--confirm', 'other')).stderr, /"other" is another name/);
      const readOnly = await run('apply', '--environment', 'reports', '--yes', '--confirm', name, '--no-snapshot');
      match(readOnly.stderr, /only ever read/);
      match((await run('snapshot', '--environment', 'reports', '--yes')).stderr, /only ever read/);
      match((await run('trial', '--environment', 'production', '--yes')).stderr, /in production.*Add --confirm/s);
      equal((await run('trial', '--environment', 'production', '--yes', '--confirm', name)).code, 0);
      deepEqual(await tablesIn(production ?? ''), []);
      const done = await run('apply', ...to, '--yes', '--confirm', name, '--no-snapshot');
      equal(done.code, 0, done.stderr);
      deepEqual(await tablesIn(production ?? ''), ['schema_migrations', 'users']);
      match((await run('status', '--environment', 'production')).stdout, /environment production in \.rehearsal/);
      equal((await run('revert', '--environment', 'production', '--yes', '--no-snapshot')).code, 2);
      equal((await run('revert', '--environment', 'production', '--yes', '--no-snapshot', '--confirm', name)).code, 0);
    }));

  it('prepares a bundle for one of them, and is told what keeps it from being made', () =>
    withThree(async ({ run, json, path }, [, , production]) => {
      const wanted = ['bundle', '--environment', 'reports', ...places];
      match((await run(...wanted)).stderr, /wants --out FOLDER/);
      const { code, value, stderr } = await json(...wanted, '--out', 'release', '--up-to', '1');
      equal(code, 0, stderr);
      const told = value as { kind: string; versions: string[]; files: string[]; out: string };
      deepEqual([told.kind, told.versions, told.out], ['written', ['1'], 'release']);
      for (const file of told.files) ok(existsSync(path(`release/${file}`)), file);
      const sums = readFileSync(path('release/SHA256SUMS'), 'utf8').trim().split('\n').length;
      equal(sums, told.files.length - 1);
      match((await run(...wanted, '--out', 'release')).stderr, /The folder is not empty: .*release\. Name a new one\./);
      const shown = await run(...wanted, '--out', 'all');
      match(shown.stdout, /^Prepared 2 migrations in all: 1, 2\nFingerprint of the schema before: [0-9a-f]{32}$/m);
      ok(!readFileSync(path('all/README.txt'), 'utf8').includes(new URL(production ?? '').password));
      deepEqual(await tablesIn(production ?? ''), []);
    }));

  it('says that --database and --environment exclude each other', () =>
    withWorkspace(files, async ({ run }) => {
      match((await run('status', '--environment', 'staging', '--embedded')).stderr, /--environment names a database/);
    }));
});

const tablesIn = (url: string): Promise<string[]> =>
  withSession(url, async (session) => {
    const rows = await session.rows<{ name: string }>(
      `select relname::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
    );
    return rows.map(({ name }) => name);
  });
