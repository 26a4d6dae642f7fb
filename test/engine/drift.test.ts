/** Drift: what is changed by hand is found object by object, what the tool and the extensions have is not. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { Drift, EngineOptions, Project } from '../../server/engine/project';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { never, on, projectOf, type Workspace, withWorkspace } from './support';

const files = {
  'db/migrations/1_users.sql': [
    '-- migrate:up',
    'create table users (id int generated always as identity primary key, kind text,',
    "  constraint kinds check (kind in ('a', 'b')));",
    'create index on users (kind);',
    'create view kinds as select distinct kind from users;',
    "comment on table users is 'who';",
    '-- migrate:down',
    'drop view kinds; drop table users;',
    '',
  ].join('\n'),
  'db/migrations/2_orders.sql':
    '-- migrate:up\ncreate table orders (id serial primary key);\n-- migrate:down\ndrop table orders;\n',
};

const all = { which: 'all', snapshot: false, disconnect: false } as const;
const quiet = (): void => {};

interface Situation {
  readonly workspace: Workspace;
  readonly project: () => Promise<Project>;
  readonly run: (...statements: string[]) => Promise<void>;
}

/** A database to which all is applied. */
const withApplied = (
  use: (situation: Situation) => Promise<void>,
  { major = servers.newest, options = {} }: { major?: Major; options?: Partial<EngineOptions> } = {},
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(files, async (workspace) => {
      const engine = workspace.engine({ target: on(url), shadow: 'same-server', ...options });
      const project = () => projectOf(engine);
      equal((await (await project()).apply(all, quiet, never)).kind, 'done');
      const run = (...statements: string[]): Promise<void> =>
        withSession(url, async (session) => {
          for (const it of statements) await session.rows(it);
        });
      await use({ workspace, project, run });
    }),
  );

const driftIn = async (project: Project): Promise<Drift> => {
  project.refresh();
  return project.drift(never);
};

const briefly = ({ objects }: Drift): string[] =>
  objects.map(({ kind, type, name, ignored }) => [kind, type, name, ...(ignored ? ['ignored'] : [])].join(' '));

const places: Readonly<Record<string, (major: Major) => Partial<EngineOptions>>> = {
  'the server of the target': () => ({ shadow: 'same-server' }),
  'a private server': (major) => ({ shadow: 'private', binaries: [binariesOf(major)] }),
  'the embedded engine': () => ({ shadow: 'embedded' }),
};

describe('drift', () => {
  for (const major of [servers.oldest, servers.newest] as const)
    for (const [place, options] of Object.entries(places)) {
      if (major !== servers.newest && place === 'the embedded engine') continue;
      it(`is none where nobody has changed anything, and found object by object, on ${place}, PostgreSQL ${major}`, () =>
        withApplied(
          async ({ project, run }) => {
            const none = await driftIn(await project());
            deepEqual([briefly(none), none.doubts, none.applied], [[], [], 2]);
            await run(
              'alter table users add column name text',
              'create table by_hand (id serial primary key)',
              'create index orders_by_hand on orders (id)',
              'drop view kinds',
            );
            const drift = await driftIn(await project());
            deepEqual(
              briefly(drift).toSorted(),
              [
                'added CONSTRAINT public.by_hand by_hand_pkey',
                'added DEFAULT public.by_hand id',
                'added INDEX public.orders_by_hand',
                'added SEQUENCE public.by_hand_id_seq',
                'added SEQUENCE OWNED BY public.by_hand_id_seq',
                'added TABLE public.by_hand',
                'changed TABLE public.users',
                'removed VIEW public.kinds',
              ].toSorted(),
            );
            const changed = drift.objects.find(({ kind }) => kind === 'changed');
            match(changed?.after ?? '', /^ {4}name text,?$/m);
            equal(/^ {4}name text/m.test(changed?.before ?? ''), false);
          },
          { major, options: options(major) },
        ));
    }

  it('is none of a database that was restored from a dump, whose expressions are written in another way', () =>
    withApplied(async ({ project, run }) => {
      const constraint = (await driftIn(await project())).objects;
      deepEqual(constraint, []);
      // As Postgres reads back what it has written itself.
      await run(
        'alter table users drop constraint kinds',
        `alter table users add constraint kinds check ((kind = any ((array['a'::text, 'b'::text])::text[])))`,
      );
      deepEqual(briefly(await driftIn(await project())), []);
    }));

  it('is none of columns that stand in another order', () =>
    withApplied(async ({ project, run }) => {
      await run(
        'drop view kinds',
        'alter table users rename column kind to former',
        'alter table users add column kind text, drop constraint kinds',
        'alter table users drop column id, drop column former',
        'alter table users add column id int generated always as identity primary key',
        "alter table users add constraint kinds check (kind in ('a', 'b'))",
        'create index users_kind_idx on users (kind)',
        'create view kinds as select distinct kind from users',
      );
      deepEqual(briefly(await driftIn(await project())), []);
    }));

  it('is judged by what was applied, whatever the folder has by now', () =>
    withApplied(async ({ workspace, project }) => {
      await (await project()).status();
      workspace.write('db/migrations/1_users.sql', '-- migrate:up\nselect 1;\n-- migrate:down\nselect 1;\n');
      rmSync(workspace.path('db/migrations/2_orders.sql'));
      const drift = await driftIn(await project());
      deepEqual([briefly(drift), drift.doubts, drift.applied], [[], [], 2]);
    }));

  it('says what is not known, and what cannot be replayed', () =>
    withApplied(async ({ workspace, project, run }) => {
      await run(`insert into schema_migrations values ('7')`);
      deepEqual((await driftIn(await project())).doubts, [
        '7 is applied and not in the folder, and nothing of it is kept.',
      ]);
      workspace.write('db/migrations/7_x.sql', '-- migrate:up\nalter table nowhere add x int;\n-- migrate:down\n');
      deepEqual((await driftIn(await project())).doubts, [
        '7_x.sql:2 did not run in the replay: relation "nowhere" does not exist.',
      ]);
    }));

  it('is none of an embedded database, and found there as well', () =>
    withWorkspace(files, async (workspace) => {
      const project = await projectOf(workspace.engine());
      deepEqual((await project.drift(never)).objects, []);
      equal((await project.apply(all, quiet, never)).kind, 'done');
      deepEqual(briefly(await project.drift(never)), []);
    }));
});
