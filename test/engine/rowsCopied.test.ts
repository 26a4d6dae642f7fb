/** The shadow gets the rows of the target, after the first answer, where they are few enough; and newer ones in time. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { EngineOptions, FileCheck, Finding, Project } from '../../server/engine/project';
import { demand } from '../shadow/support';
import { binariesOf, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { checked, never, on, projectOf, type Workspace, withWorkspace } from './support';

const major = servers.newest;
const file = 'migrations/001_x.sql';
const pending = {
  [file]: `insert into users (id, role) values (3, (select id from roles where name = 'admin'));
insert into users values (1, 1);
alter table users alter email set not null;
`,
};

const schema = [
  'create table roles (id int primary key, name text)',
  'create table users (id int primary key, role int not null references roles, email text)',
];
const rows = [`insert into roles values (1, 'admin')`, `insert into users values (1, 1, 'a'), (2, 1, null)`];

/** What the rows are to be found guilty of. */
const withThem = [
  'error 23505 duplicate key value violates unique constraint "users_pkey"',
  'error 23502 column "email" of relation "users" contains null values',
];

describe('rows of the target in the shadow', () => {
  it('are waited for by nobody who types, and by who wants the whole', () =>
    onTarget({}, async ({ project, log, path }) => {
      const first = await openCheck(project, path(file));
      match(first.rehearsedOn, /, schema of test_\d+@/);
      deepEqual(
        first.findings.map(({ code, sqlState }) => `${code} ${sqlState}`),
        ['needs-rows 23502', 'needs-rows 23503'],
      );
      equal(await project.copyRows(), true);
      equal(
        log.filter((line) => /rows of test_\d+@\S+ \(0\.\d MB\) copied in \d+ ms/.test(line)).length,
        1,
        log.join('\n'),
      );
      const second = await openCheck(project, path(file));
      match(second.rehearsedOn, /, schema and data of test_\d+@/);
      deepEqual(lines(second.findings), withThem);
      const at: FileCheck[] = [];
      await project.check({ open: [path(file)] }, (it) => at.push(it), never);
      deepEqual(lines(at[0]?.findings ?? []), withThem, 'from now on at once');
    }));

  it('are there for the command line at once', () =>
    onTarget({}, async ({ project }) => {
      const { files, findings } = await checked(project);
      match(files[0]?.rehearsedOn ?? '', /schema and data of/);
      deepEqual(lines(findings), withThem);
    }));

  it('are there for a preview when they were copied, and are not waited for', () =>
    onTarget({}, async ({ project, path }) => {
      const codes = async () => (await project.preview(path(file), never)).errors.map(({ sqlState }) => sqlState);
      deepEqual(await codes(), []);
      equal(await project.copyRows(), true);
      deepEqual(await codes(), ['23505', '23502']);
      equal((await project.preview(path(file), never)).refused, 2);
    }));

  it('are counted and shown as those of the target, which they are', () =>
    onTarget({ files: { [file]: 'alter table users alter email set not null;\n' } }, async ({ project, url }) => {
      const found = async () => (await checked(project)).findings;
      const says = (count: string) => [
        `error 23502 ${count} of users have no email (column "email" of relation "users" contains null values)`.replace(
          'row of users have',
          'row of users has',
        ),
      ];
      const [one] = await found();
      deepEqual(lines(one ? [one] : []), says('1 row'));
      const shown = await project.rowsAtFault(one?.rows ?? '', never);
      deepEqual(shown.rows, [['2', '1', null]]);
      await withSession(url, (session) => demand(session, `insert into users values (7, 1, null)`));
      project.refresh();
      deepEqual(lines(await found()), says('2 rows'));
    }));

  it('are copied again when they or the schema are others, and not otherwise', () =>
    onTarget({}, async ({ project, url, path }) => {
      await openCheck(project, path(file));
      equal(await project.copyRows(), true);
      await openCheck(project, path(file));
      equal(await project.copyRows(), false, 'so soon');
      project.refresh();
      equal(await project.copyRows(), false, 'the same rows');
      await withSession(url, (session) =>
        demand(session, `update users set email = 'b'`, 'delete from users where id = 1'),
      );
      project.refresh();
      equal(await project.copyRows(), true, 'other rows');
      deepEqual(lines((await openCheck(project, path(file))).findings), withThem.slice(1));
      await withSession(url, (session) => demand(session, 'alter table users drop email'));
      equal(await project.refreshIfMoved('asked'), 'moved');
      const moved = await openCheck(project, path(file));
      match(moved.rehearsedOn, /, schema of/);
      equal(await project.copyRows(), true, 'another schema');
      match((await openCheck(project, path(file))).rehearsedOn, /schema and data of/);
    }));

  it('are copied again after what no counter of rows tells of', () =>
    onTarget({}, async ({ project, url, path }) => {
      await withSession(url, (session) => demand(session, 'create sequence numbers'));
      await openCheck(project, path(file));
      equal(await project.copyRows(), true);
      for (const sql of [`select nextval('numbers')`, `select setval('numbers', 7)`, 'truncate users']) {
        await withSession(url, (session) => demand(session, sql));
        project.refresh();
        equal(await project.copyRows(), true, sql);
        project.refresh();
        equal(await project.copyRows(), false, `once after ${sql}`);
      }
      deepEqual(lines((await openCheck(project, path(file))).findings), withThem.slice(1), 'no row has the key 1');
    }));

  it('stay away where nobody counts what is written', () =>
    onTarget({}, async ({ project, url, log }) => {
      const database = new URL(url).pathname.slice(1);
      await withSession(url, (session) => demand(session, `alter database ${database} set track_counts = off`));
      equal(await project.copyRows(), false);
      equal(log.filter((line) => line.includes('without its rows: track_counts is off')).length, 1, log.join('\n'));
    }));

  it('that have been mended since are not believed, and copied again', () =>
    onTarget({ files: { [file]: 'alter table users alter email set not null;\n' } }, async ({ project, url, path }) => {
      await openCheck(project, path(file));
      equal(await project.copyRows(), true);
      deepEqual(
        (await openCheck(project, path(file))).findings.map(({ code }) => code),
        ['rows-refuse'],
      );
      await withSession(url, (session) => demand(session, `update users set email = 'b'`));
      equal(await project.refreshIfMoved('asked'), 'rows');
      const next = await openCheck(project, path(file));
      deepEqual(next.findings, []);
      match(next.rehearsedOn, /schema and data of/, 'upon the former rows');
      equal(await project.copyRows(), true);
      deepEqual((await openCheck(project, path(file))).findings, []);
      equal(await project.copyRows(), false, 'nothing is in doubt any more');
    }));

  it('that have been mended are copied again once the target contradicts them', () =>
    onTarget(
      { files: { [file]: 'alter table users alter email set not null;\n' } },
      async ({ project, url, path, write }) => {
        await openCheck(project, path(file));
        equal(await project.copyRows(), true);
        await openCheck(project, path(file));
        await withSession(url, (session) => demand(session, `update users set email = 'b'`));
        equal(await project.copyRows(), false, 'nobody knows');
        // Another question, which has no answer yet.
        write(file, 'alter table users add constraint given check (email is not null);\n');
        deepEqual((await openCheck(project, path(file))).findings, []);
        equal(await project.copyRows(), true);
      },
    ));

  it('that are applied are not believed before they are copied again', () =>
    onTarget(
      {
        files: {
          ...pending,
          [file]: `update users set email = 'x' where email is null;\n`,
          'migrations/002_y.sql': 'alter table users alter email set not null;\n',
        },
      },
      async ({ project, path }) => {
        const second = path('migrations/002_y.sql');
        await openCheck(project, second);
        equal(await project.copyRows(), true);
        const applied = await project.apply(
          { which: { only: '1' }, snapshot: false, disconnect: false },
          () => {},
          never,
        );
        equal(applied.kind, 'done');
        match((await openCheck(project, second)).rehearsedOn, /, schema of/);
        equal(await project.copyRows(), true);
        deepEqual(lines((await openCheck(project, second)).findings), []);
      },
    ));

  it('that take too long to change are no reason for an error', () =>
    onTarget(
      {
        files: {
          [file]: `update users set email = 'x' where email is null and pg_sleep(60) is not null;
alter table users alter email set not null;
`,
        },
        options: { statementMs: 1_000 },
      },
      async ({ project, path, write }) => {
        equal(await project.copyRows(), true);
        const first = await openCheck(project, path(file));
        const codes = ({ findings }: FileCheck) => findings.map(({ severity, code }) => `${severity} ${code}`);
        deepEqual(codes(first), ['warning statement-timeout', 'warning needs-rows']);
        write(file, `update users set email = 'x' where email is null and pg_sleep(60) is not null;\nselect 1;\n`);
        const second = await openCheck(project, path(file));
        deepEqual(codes(second), ['warning statement-timeout']);
        deepEqual(second.outcomes[0], first.outcomes[0], 'and are not tried again with each keystroke');
      },
    ));

  it('stay away where they are too many, or go to a server that only the user names', () =>
    onTarget({ options: { shadowDataLimit: 1 } }, async ({ project, log, url, path, engine }) => {
      await withSession(url, (session) =>
        demand(session, `insert into roles select i, repeat('x', 100) from generate_series(2, 20000) i`),
      );
      match((await checked(project)).files[0]?.rehearsedOn ?? '', /, schema of/);
      equal(await project.copyRows(), false);
      equal(
        log.filter((line) =>
          /without its rows: they take \d\.\d MB, and rehearsal.shadowDataLimit is 1.0 MB/.test(line),
        ).length,
        1,
      );
      const elsewhere = { url: (await serverOf(servers.oldest)).url('postgres') };
      for (const [shadowDataLimit, state] of [
        [undefined, /, schema of/],
        [50, /schema and data of/],
      ] as const) {
        const named = await projectOf(engine({ target: on(url), shadow: elsewhere, shadowDataLimit }));
        equal(await named.copyRows(), shadowDataLimit !== undefined);
        match((await openCheck(named, path(file))).rehearsedOn, state);
      }
    }));
});

interface OnTarget extends Workspace {
  readonly project: Project;
  readonly url: string;
}

const onTarget = (
  {
    files = pending,
    options = {},
  }: { readonly files?: Readonly<Record<string, string>>; readonly options?: Partial<EngineOptions> },
  use: (it: OnTarget) => Promise<void>,
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(files, async (workspace) => {
      await withSession(url, (session) => demand(session, ...schema, ...rows));
      const binaries = [binariesOf(major)];
      const wishes = { target: on(url), shadow: 'private', binaries, shadowDataLimit: undefined, ...options } as const;
      await use({ ...workspace, url, project: await projectOf(workspace.engine(wishes)) });
    }),
  );

/** The last word of a check, as an editor shows it. */
async function openCheck(project: Project, path: string): Promise<FileCheck> {
  const told: FileCheck[] = [];
  await project.check({ open: [path] }, (it) => told.push(it), never);
  const last = told.findLast((it) => it.path === path);
  if (!last) throw new Error(`${path} was not told of`);
  return last;
}

const lines = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, sqlState, message }) => `${severity} ${sqlState} ${message}`);
