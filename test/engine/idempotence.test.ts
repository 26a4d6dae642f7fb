/** Files that are rewritten so that running them again changes nothing: as the engine has tried it. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { isFault } from '../support/faults';
import { type Major, binariesOf, servers, withDatabase } from '../support/servers';
import { Client } from 'pg';
import { briefly, checked, never, on, projectOf, withWorkspace } from './support';

const dbmate = `-- migrate:up
create type mood as enum ('sad'); -- the mood
create table person (id int primary key, now mood);
insert into person values (1, 'sad');
alter table person add constraint sane check (id > 0);

-- migrate:down
drop table person;
drop type mood;
`;

const rewritten = `-- migrate:up
DO $$ BEGIN
  IF to_regtype('mood') IS NULL THEN
    create type mood as enum ('sad');
  END IF;
END $$; -- the mood
create table if not exists person (id int primary key, now mood);
insert into person values (1, 'sad') on conflict (id) do nothing;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('person') AND conname = 'sane') THEN
    alter table person add constraint sane check (id > 0);
  END IF;
END $$;

-- migrate:down
drop table if exists person;
drop type if exists mood;
`;

const at = 'db/migrations/';

for (const major of Object.values(servers)) {
  describe(`make idempotent on PostgreSQL ${major}`, () => {
    it('rewrites both directions, and has run each twice', () =>
      withProject(major, { [`${at}1_person.sql`]: dbmate }, async ({ project, path, made }) => {
        const told = await made(`${at}1_person.sql`);
        deepEqual([told.verdict, told.left, told.changes, told.tables], ['rewritten', [], [], []]);
        equal(told.text, rewritten);
        match(told.rehearsedOn, new RegExp(`private PostgreSQL ${major}`));
        await rejects(project.makeIdempotent(path('other.sql'), never), isFault('no-such-migration'));
      }));

    it('has nothing to say against what it has made', () =>
      withProject(major, { [`${at}1_person.sql`]: rewritten }, async ({ made }) => {
        const told = await made(`${at}1_person.sql`);
        deepEqual([told.verdict, told.text, told.edits], ['already', rewritten, []]);
      }));

    it('tells what is left, and what the second run would change', () =>
      withProject(
        major,
        { '001_a.sql': 'create table a (id serial primary key, n int)', '002_b.sql': left, '003_c.sql': '' },
        async ({ made }) => {
          const told = await made('002_b.sql');
          equal(told.verdict, 'partly');
          deepEqual(
            told.left.map(({ range, why }) => `${left.slice(range.start, range.end)} | ${why}`),
            [
              'insert into a (n) values (1) | It would add its rows once more: ON CONFLICT, with a key that it gives values for, has to tell which are there.',
              'update a set n = n + 1 | It makes new values of the old ones, and would do so each time.',
              'update b set old = 1 | The second run is refused: column "old" of relation "b" does not exist.',
            ],
          );
          deepEqual(told.tables, ['public.a']);
          equal(
            told.text,
            left
              .replace('create table b', 'create table if not exists b')
              .replace('drop column old', 'drop column if exists old'),
          );
        },
      ));

    it('has seen what the second run does where nobody could tell beforehand', () =>
      withProject(major, { '001_a.sql': renamed, '002_b.sql': '', '003_c.sql': '' }, async ({ made }) => {
        const told = await made('001_a.sql');
        deepEqual(
          [told.verdict, told.left.map(({ why }) => why)],
          ['partly', ['The second run is refused: relation "b" already exists.']],
        );
        deepEqual(
          told.changes.map(({ kind, type, name }) => `${kind} ${type} ${name}`),
          ['added TABLE public.a'],
        );
      }));

    it('begins with nothing that Postgres refuses', () =>
      withProject(
        major,
        { '001_a.sql': 'create table a (b nothing)', '002_b.sql': '', '003_c.sql': '' },
        async ({ made }) => {
          equal((await made('001_a.sql')).verdict, 'refused');
        },
      ));

    it('says when the rewritten file would do something else', () =>
      withProject(
        major,
        { '001_a.sql': taken, '002_b.sql': 'alter table a add check (n > 1)', '003_c.sql': '' },
        async ({ made }) => {
          const told = await made('002_b.sql');
          equal(told.verdict, 'differs');
          deepEqual(
            told.changes.map(({ kind, type, name }) => `${kind} ${type} ${name}`),
            ['changed TABLE public.a'],
          );
        },
      ));
  });
}

const left = `create table b (old int);
insert into a (n) values (1);
update a set n = n + 1;
update b set old = 1;
alter table b drop column old;
`;

/** The name that Postgres would choose has gone to another one. */
const taken = 'create table a (n int, constraint a_n_check check (n < 9))';

const renamed = 'create table a (n int); alter table a rename to b';

describe('a project that demands that its migrations change nothing when they are run again', () => {
  const file = `create table a (n int);\ninsert into a values (1);\ncreate table if not exists b (n int);\n`;
  const files = { '001_a.sql': file, '001_a.down.sql': 'drop table a;\n', '002_b.sql': '', '003_c.sql': '' };

  it('is told which statements do not', () =>
    withWorkspace(files, async ({ engine, root }) => {
      const project = await projectOf(
        engine({ shadow: 'embedded', target: () => ({ kind: 'embedded' }), requireIdempotent: (it) => it === root }),
      );
      const { findings } = await checked(project);
      deepEqual(
        findings.map(({ code, severity, direction, range }) => [code, severity, direction, range.start]),
        [
          ['not-idempotent', 'error', undefined, 0],
          ['not-idempotent', 'error', undefined, 24],
          ['not-idempotent', 'error', 'down', 0],
        ],
      );
    }));

  it('is one that wants it', () =>
    withWorkspace(files, async ({ engine }) => {
      const project = await projectOf(
        engine({ shadow: 'embedded', target: () => ({ kind: 'embedded' }), requireIdempotent: () => false }),
      );
      deepEqual(briefly(await checked(project)), []);
    }));
});

type Used = {
  readonly project: Awaited<ReturnType<typeof projectOf>>;
  readonly path: (relative: string) => string;
  readonly made: (relative: string) => ReturnType<Awaited<ReturnType<typeof projectOf>>['makeIdempotent']>;
};

async function withProject(
  major: Major,
  files: Readonly<Record<string, string>>,
  use: (used: Used) => Promise<void>,
): Promise<void> {
  await withDatabase(major, async (url) => {
    const client = new Client(url);
    await client.connect();
    // Rows of others are there, and stay.
    await client.query('create table others (n int); insert into others values (1)');
    await client.end();
    await withWorkspace(files, async ({ engine, path }) => {
      const project = await projectOf(engine({ target: on(url), binaries: [binariesOf(major)], shadowDataLimit: 100 }));
      await project.copyRows();
      await use({ project, path, made: (relative) => project.makeIdempotent(path(relative), never) });
    });
  });
}
