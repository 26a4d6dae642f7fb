/** What is done about drift: a migration of it, or its undoing, each proved before and true afterwards. */
import { deepEqual, doesNotMatch, equal, match, rejects } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type ApplyStep, topic } from '../../server/engine/apply/steps';
import { openJournal } from '../../server/engine/base/journal';
import type { Project } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { asAdmin, type Major, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { never, on, projectOf, type Workspace, withWorkspace } from './support';

const files = {
  'db/migrations/1_users.sql':
    '-- migrate:up\ncreate table users (id int primary key, old text);\n-- migrate:down\ndrop table users;\n',
};
const gooseFiles = {
  'db/migrations/00001_users.sql':
    '-- +goose Up\ncreate table users (id int primary key, old text);\n-- +goose Down\ndrop table users;\n',
};

const all = { which: 'all', snapshot: false, disconnect: false } as const;
const agreed = { snapshot: false, disconnect: false };
const quiet = (): void => {};

interface Situation {
  readonly workspace: Workspace;
  /** As it is now. */
  readonly project: () => Promise<Project>;
  readonly run: (...statements: string[]) => Promise<Record<string, unknown>[]>;
  readonly url: string;
}

const withApplied = (
  use: (situation: Situation) => Promise<void>,
  { major = servers.newest, of = files }: { major?: Major; of?: Record<string, string> } = {},
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(of, async (workspace) => {
      const engine = workspace.engine({ target: on(url), shadow: 'same-server' });
      const project = async (): Promise<Project> => {
        const now = await projectOf(engine);
        now.refresh();
        return now;
      };
      equal((await (await project()).apply(all, quiet, never)).kind, 'done');
      const run = (...statements: string[]) =>
        withSession(url, async (session) => {
          let rows: Record<string, unknown>[] = [];
          for (const it of statements) rows = [...(await session.rows<Record<string, unknown>>(it))];
          return rows;
        });
      await use({ workspace, project, run, url });
    }),
  );

const driftIn = async (project: Project): Promise<string[]> =>
  (await project.drift(never)).objects.map(({ kind, type, name }) => `${kind} ${type} ${name}`);

const byHand = [
  'create table by_hand (id serial primary key, name text not null)',
  'create index by_name on by_hand (name)',
  `create function twice(int) returns int language plpgsql as $$ begin\n  perform 1;\n  return $1 * 2;\nend $$`,
  'alter table users add column added text, drop column old',
];

for (const major of [servers.oldest, servers.newest]) {
  describe(`drift on PostgreSQL ${major}`, () => {
    it('becomes a migration, which leaves none once it is recorded', () =>
      withApplied(
        async ({ project, run }) => {
          await run(...byHand);
          const found = await project();
          const script = await found.driftScript('migration', undefined, never);
          deepEqual(script.losses, ['The column old of public.users.']);
          const path = found.writeDriftMigration(script, 'by hand');
          const text = readFileSync(path, 'utf8');
          match(text, /^-- migrate:up\n[^]*by_hand[^]*\n-- migrate:down\n[^]*DROP TABLE[^]*by_hand/);
          doesNotMatch(text, /owner to|check_function_bodies/i, 'what goes without saying');
          const now = await project();
          await now.recordApplied(path, agreed, never);
          const after = await project();
          deepEqual(await driftIn(after), []);
          const { migrations } = await after.status();
          deepEqual(
            migrations.map(({ state }) => state),
            ['applied', 'applied'],
          );
          const versions = migrations.slice(1).map(({ version }) => version);
          equal((await after.revert({ ...agreed, versions }, quiet, never)).kind, 'done');
          deepEqual(await driftIn(await project()), [], 'its down script leads back');
        },
        { major },
      ));

    it('is written of a table without what of it is ignored', () =>
      withApplied(
        async ({ project, run }) => {
          await run('alter table users add column added text', 'create index by_hand on users (id)');
          const found = await project();
          const { objects } = await found.drift(never);
          const [indexes, tables] = ['INDEX', 'TABLE'].map((wanted) => objects.filter(({ type }) => type === wanted));
          found.ignoreDrift(indexes ?? [], 'for a day');
          const { text } = await found.driftScript(
            'migration',
            tables?.map(({ id }) => id),
            never,
          );
          match(text, /ADD COLUMN added/);
          doesNotMatch(text, /by_hand/);
        },
        { major },
      ));

    it('is undone on the target, with what that throws away counted before', () =>
      withApplied(
        async ({ project, run }) => {
          await run(
            ...byHand,
            `insert into by_hand (name) values ('a'), ('b')`,
            `insert into users values (1, 'x'), (2, null)`,
          );
          const found = await project();
          const { objects } = await found.drift(never);
          const script = await found.driftScript('undo', undefined, never);
          deepEqual(script.losses.toSorted(), [
            'The column added of public.users, with 1 values.',
            'The table public.by_hand, with 2 rows.',
          ]);
          const request = { ...agreed, ids: objects.map(({ id }) => id), text: script.text };
          await rejects(
            found.undoDrift({ ...request, text: 'drop table users' }, quiet, never),
            isFault('history-moved', /another one than what was shown/),
          );
          equal((await found.undoDrift(request, quiet, never)).kind, 'done');
          deepEqual(await driftIn(await project()), []);
          deepEqual(await run('select id, old from users order by 1'), [
            { id: 1, old: null },
            { id: 2, old: null },
          ]);
        },
        { major },
      ));
  });
}

describe('drift', () => {
  it('of sequences is undone so that they go on behind the rows, and names what nobody can know', () =>
    withApplied(
      async ({ project, run }) => {
        await run(
          `insert into a (note) values ('one'), ('two')`,
          `insert into b (note) values ('one'), ('two')`,
          'alter table a alter id drop identity',
          'alter table b alter id drop default',
          'drop sequence b_id_seq, inv',
        );
        const found = await project();
        const { objects } = await found.drift(never);
        const script = await found.driftScript('undo', undefined, never);
        deepEqual(script.losses, ['Where the sequence public.inv stood: it begins at 1000.']);
        const request = { ...agreed, ids: objects.map(({ id }) => id), text: script.text };
        equal((await found.undoDrift(request, quiet, never)).kind, 'done');
        deepEqual(await run(`insert into a (note) values ('three') returning id::int`), [{ id: 3 }]);
        deepEqual(await run(`insert into b (note) values ('three') returning id::int`), [{ id: -3 }]);
        deepEqual(await driftIn(await project()), []);
      },
      {
        of: {
          'db/migrations/1_a.sql': `-- migrate:up
create table a (id bigint generated by default as identity primary key, note text);
create table b (id serial primary key, note text);
alter sequence b_id_seq increment -1 minvalue -100 maxvalue -1 start -1 restart;
create sequence inv start 1000;
-- migrate:down
drop table a, b; drop sequence inv;
`,
        },
      },
    ));

  it('is undone of one table with all that goes with it, and nothing else', () =>
    withApplied(async ({ project, run }) => {
      await run(...byHand);
      const found = await project();
      const { objects } = await found.drift(never);
      const ids = objects.filter(({ name }) => name === 'public.by_hand').map(({ id }) => id);
      const script = await found.driftScript('undo', ids, never);
      equal((await found.undoDrift({ ...agreed, ids, text: script.text }, quiet, never)).kind, 'done');
      deepEqual(await driftIn(await project()), ['added FUNCTION public.twice(integer)', 'changed TABLE public.users']);
    }));

  it('is undone after a snapshot that brings it back', () =>
    withApplied(async ({ project, run, url }) => {
      await run('create table by_hand ()');
      const found = await project();
      const { objects } = await found.drift(never);
      const { text } = await found.driftScript('undo', undefined, never);
      const request = { snapshot: true, disconnect: true, ids: objects.map(({ id }) => id), text };
      const result = await found.undoDrift(request, quiet, never);
      if (result.kind !== 'done' || result.snapshot === undefined) throw new Error(JSON.stringify(result));
      deepEqual(await driftIn(await project()), []);
      const [kept] = await (await project()).snapshots();
      equal(kept?.reason, 'before undoing drift');
      await (await project()).restore(result.snapshot, { disconnect: true }, never);
      deepEqual(await driftIn(await project()), ['added TABLE public.by_hand']);
      const name = new URL(url).pathname.slice(1);
      const server = await serverOf(servers.newest);
      const copies = await withSession(server.url('postgres'), (session) =>
        session.rows<{ name: string }>(
          `select datname as name from pg_database where datname <> $1 and shobj_description(oid, 'pg_database') like '%' || $1 || '%'`,
          [name],
        ),
      );
      for (const copy of copies) await asAdmin(server, `drop database "${copy.name}" with (force)`);
    }));

  it('is taken back as a whole when Postgres refuses to undo it', () =>
    withApplied(async ({ project, run }) => {
      await run(
        'insert into users values (1, null)',
        'alter table users drop constraint users_pkey',
        'create table t ()',
      );
      await run('insert into users values (1, null)');
      const found = await project();
      const { objects } = await found.drift(never);
      const { text } = await found.driftScript('undo', undefined, never);
      const result = await found.undoDrift({ ...agreed, ids: objects.map(({ id }) => id), text }, quiet, never);
      if (result.kind !== 'refused') throw new Error(JSON.stringify(result));
      match(result.finding.message, /could not create unique index/);
      match(result.state, /^The undoing of its drift was rolled back; nothing of it stands\. 1 is the newest applied/);
      equal((await driftIn(await project())).length, 2);
    }));

  it('stays as it is when its undoing is cancelled, and is told of after that was cut off', () =>
    withApplied(async ({ workspace, project, run }) => {
      await run('create table by_hand ()', 'create table more ()');
      const found = await project();
      const { objects } = await found.drift(never);
      const { text } = await found.driftScript('undo', undefined, never);
      const request = { ...agreed, ids: objects.map(({ id }) => id), text };
      const stopping = new AbortController();
      const result = await found.undoDrift(request, () => stopping.abort(), stopping.signal);
      if (result.kind !== 'cancelled') throw new Error(JSON.stringify(result));
      match(result.state, /^The undoing of its drift was rolled back; nothing of it stands\./);
      equal((await driftIn(await project())).length, 2);
      const journal = openJournal<ApplyStep>(workspace.world.storage, topic, found.target.id, new Date());
      journal.note({ step: 'run', version: 'the undoing of its drift', direction: 'up', from: 0, of: 2 });
      journal.leave();
      await (await project()).status();
      match(
        workspace.news.map((it) => (it.kind === 'recovered' ? it.message : '')).join(),
        /was cut off in the middle of the undoing of its drift, which was rolled back: nothing of it stands\./,
      );
    }));

  it('is written as its tool reads it', () =>
    withApplied(
      async ({ project, run }) => {
        await run(...byHand);
        const found = await project();
        const path = found.writeDriftMigration(await found.driftScript('migration', undefined, never), 'by hand');
        match(
          readFileSync(path, 'utf8'),
          /-- \+goose StatementBegin\n[^]*twice[^]*-- \+goose StatementEnd[^]*-- \+goose Down\n[^]*DROP TABLE/,
        );
        await (await project()).recordApplied(path, agreed, never);
        deepEqual(await driftIn(await project()), []);
      },
      { of: gooseFiles },
    ));

  it('of which all is not known is undone by name only', () =>
    withApplied(async ({ project, run }) => {
      await run(`insert into schema_migrations values ('7')`, 'create table by_hand ()');
      const found = await project();
      await rejects(found.driftScript('undo', undefined, never), isFault('drift-uncertain', /7 is applied and not in/));
      const { objects } = await found.drift(never);
      match((await found.driftScript('undo', [objects[0]!.id], never)).text, /^DROP TABLE/);
      await rejects(found.driftScript('undo', ['nothing'], never), isFault('no-drift', /differs any more/));
    }));
});
