/** A project through the engine's door: what is applied, what is pending, what a check and a preview say of it. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import type { Project } from '../../server/engine/project';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { briefly, type Checked, checked, never, on, projectOf, withWorkspace, type Workspace } from './support';

const { newest } = servers;
const everything = { which: 'all', snapshot: false, disconnect: false } as const;

interface Tool {
  /** Files of a migration, by path in the workspace. */
  readonly files: (version: string, title: string, up: string, down: string) => Readonly<Record<string, string>>;
  /** States after the second of four was edited, the newest applied one was removed, and one was added between. */
  readonly states: readonly string[];
}

const tools: Readonly<Record<string, Tool>> = {
  'golang-migrate': {
    files: (version, title, up, down) => ({
      [`migrations/00000${version}_${title}.up.sql`]: up,
      [`migrations/00000${version}_${title}.down.sql`]: down,
    }),
    states: ['1 applied', '2 skipped', '3 edited', '4 missing'],
  },
  dbmate: {
    files: (version, title, up, down) => ({
      [`db/migrations/${version}_${title}.sql`]: `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`,
    }),
    states: ['1 applied', '2 pending', '3 edited', '4 missing'],
  },
  numbered: {
    files: (version, title, up, down) => ({
      [`migrations/00${version}_${title}.sql`]: up,
      [`migrations/00${version}_${title}.down.sql`]: down,
    }),
    states: ['1 applied', '2 pending', '3 edited', '4 missing'],
  },
};

const statesOf = async (project: Project): Promise<string[]> =>
  (await project.status()).migrations.map(({ version, state }) => `${version} ${state}`);

for (const [name, { files, states }] of Object.entries(tools)) {
  describe(`a project of ${name}`, () => {
    const users = files('1', 'users', 'create table users (id int primary key);', 'drop table users;');
    const orders = files(
      '3',
      'orders',
      'create table orders (id int primary key, u int references users);',
      'drop table orders;',
    );
    const notes = files(
      '4',
      'notes',
      'alter table orders add column note text;',
      'alter table orders drop column note;',
    );
    const late = files('2', 'late', 'alter table users add column late int;', 'alter table users drop column late;');
    const pathIn = (texts: Readonly<Record<string, string>>) => Object.keys(texts)[0] ?? '';

    const withProject = (
      use: (project: Project, workspace: Workspace, again: () => Promise<Project>) => Promise<void>,
    ): Promise<void> =>
      withDatabase(newest, (url) =>
        withWorkspace({ ...users, ...orders, ...notes }, async (workspace) => {
          const engine = workspace.engine({ target: on(url), binaries: [binariesOf(newest)] });
          await use(await projectOf(engine), workspace, () => projectOf(engine));
        }),
      );

    it('knows what is applied, pending, edited since, missing, and never to be run', () =>
      withProject(async (project, { write, path }, again) => {
        equal(project.folder.layout.name, name);
        deepEqual(await statesOf(project), ['1 pending', '3 pending', '4 pending']);
        const applied = await project.apply(everything, () => {}, never);
        equal(applied.kind, 'done');
        deepEqual(await statesOf(project), ['1 applied', '3 applied', '4 applied']);
        write(pathIn(orders), (orders[pathIn(orders)] ?? '').replace(';', ';\n-- a note'));
        for (const gone of Object.keys(notes)) rmSync(path(gone));
        for (const [file, text] of Object.entries(late)) write(file, text);
        const later = await again();
        deepEqual(await statesOf(later), states);
        const { findings } = await checked(later, 'all');
        const codes = findings.map(({ code }) => code).toSorted();
        deepEqual(codes, states.includes('2 skipped') ? ['edited-after-apply', 'never-runs'] : ['edited-after-apply']);
      }));

    it('is checked as a whole, by what is pending, and by name', () =>
      withProject(async (project, { write, path }) => {
        const fileNames = (files: readonly { readonly path: string }[]) =>
          files.map((it) => it.path.replace(/.*[/\\]/, ''));
        const only = { ...everything, which: { upTo: '3' } } as const;
        equal((await project.apply(only, () => {}, never)).kind, 'done');
        const pending = await checked(project);
        deepEqual(new Set(fileNames(pending.files)), new Set(Object.keys(notes).map((it) => it.replace(/.*\//, ''))));
        deepEqual(briefly(pending), []);
        equal(pending.place, 'private');
        match(pending.files[0]?.rehearsedOn ?? '', /^private PostgreSQL 18\.\d+, schema of test_\d+@127\.0\.0\.1:\d+$/);
        const all = await checked(project, 'all');
        deepEqual(
          new Set(fileNames(all.files)),
          new Set(
            [...Object.keys(users), ...Object.keys(orders), ...Object.keys(notes)].map((it) => it.replace(/.*\//, '')),
          ),
        );
        deepEqual(briefly(all), []);
        match(all.files[0]?.rehearsedOn ?? '', /all earlier migrations replayed$/);
        write(pathIn(notes), (notes[pathIn(notes)] ?? '').replace('orders add', 'users, orders add'));
        deepEqual(
          briefly(await checked(project, [path(pathIn(notes))])),
          ['42601 syntax error at or near ","'].concat(
            // Where the down script stands in the same file it is checked with it.
            name === 'dbmate' ? ['42703 column "note" of relation "orders" does not exist'] : [],
          ),
        );
        deepEqual((await checked(project, [path('elsewhere.sql')])).files, []);
      }));

    it('is previewed: one migration, all that are pending, and one that is applied', () =>
      withProject(async (project, { write, path }) => {
        const first = { ...everything, which: { only: '1' } } as const;
        equal((await project.apply(first, () => {}, never)).kind, 'done');
        const brief = async (wanted: string) => {
          const { changes, refused } = await project.preview(wanted, never);
          return [...changes.map((it) => `${it.kind} ${it.type} ${it.name}`), refused];
        };
        const added = [
          'added TABLE public.orders',
          'added CONSTRAINT public.orders orders_pkey',
          'added FK CONSTRAINT public.orders orders_u_fkey',
        ];
        deepEqual(await brief('pending'), [...added, 0]);
        deepEqual(await brief(path(pathIn(orders))), [...added, 0]);
        deepEqual(await brief(path(pathIn(notes))), ['changed TABLE public.orders', 0]);
        deepEqual(await brief(path(pathIn(users))), [
          'added TABLE public.users',
          'added CONSTRAINT public.users users_pkey',
          0,
        ]);
        write(
          pathIn(notes),
          files('4', 'notes', 'alter table orders add column note text; alter table nope add column x int;', '')[
            pathIn(notes)
          ] ?? '',
        );
        const { before, after, refused } = await project.preview(path(pathIn(notes)), never);
        equal(refused, 1);
        ok(!before.includes('note') && after.includes('note text'));
        await rejects(project.preview(path('elsewhere.sql'), never), { code: 'no-such-migration' });
      }));

    it('is told in order, one file after the other, and is cut off when nobody wants it any more', () =>
      withProject(async (project) => {
        const controller = new AbortController();
        const told: string[] = [];
        const cut = project.check(
          'pending',
          ({ version }) => {
            told.push(version);
            controller.abort(new Error('stale'));
          },
          controller.signal,
        );
        await rejects(cut, { message: 'stale' });
        equal(new Set(told).size, 1);
        const versions = (await checked(project)).files.map(({ version }) => version);
        deepEqual([...new Set(versions)], ['1', '3', '4']);
        await rejects(
          project.check('pending', () => {}, AbortSignal.abort(new Error('before'))),
          { message: 'before' },
        );
      }));
  });
}

describe('where the time of a check goes', () => {
  const files = {
    'migrations/000001_one.up.sql': 'create table one (id int);',
    'migrations/000001_one.down.sql': 'drop table one;',
    'migrations/000002_two.up.sql': 'select pg_sleep(0.03);',
  };

  it('is told by room, each moment once, for the file that it was spent for', () =>
    withDatabase(newest, (url) =>
      withWorkspace(files, async ({ engine, path }) => {
        const project = await projectOf(engine({ target: on(url), binaries: [binariesOf(newest)] }));
        const edited = ['one.up', 'one.down'].map((it) => path(`migrations/000001_${it}.sql`));
        const [first, behind] = await Promise.all([checked(project), checked(project, edited)]);
        deepEqual(
          first.files.map(({ rooms }) => Object.keys(rooms)),
          [
            ['turn', 'target', 'files', 'shadow', 'rehearsal', 'findings'],
            // The other file of the same migration.
            ['findings'],
            ['findings', 'shadow', 'rehearsal'],
          ],
        );
        ok((first.files.at(-1)?.rooms.rehearsal ?? 0) >= 30);
        // The other check waited all that time, and found everything run already.
        const [known] = behind.files;
        deepEqual(Object.keys(known?.rooms ?? {}), ['turn', 'target', 'files', 'shadow', 'findings']);
        ok((known?.rooms.turn ?? 0) >= sumOf(first));
        ok((known?.rooms.shadow ?? 0) < (first.files[0]?.rooms.shadow ?? 0));
        for (const check of [first, behind]) ok(sumOf(check) <= check.ms, `${sumOf(check)} of ${check.ms}`);
      }),
    ));

  const sumOf = ({ files: told }: Checked): number =>
    told.flatMap(({ rooms }) => Object.values(rooms)).reduce((sum, ms) => sum + ms, 0);
});

describe('several folders', () => {
  it('are projects of their own, in one workspace folder and in several', async () => {
    await withWorkspace(
      {
        'one/migrations/000001_x.up.sql': 'create table t (id int);',
        'two/db/migrations/1_x.sql': '-- migrate:up\ncreate table t (id int);\n-- migrate:down\ndrop table t;',
        'three/migrations/001_x.sql': 'select 1;',
      },
      async ({ engine, root, path }) => {
        const layouts = async (roots: readonly string[]) =>
          (await engine({ roots }).projects()).map(({ folder }) => folder.layout.name).toSorted();
        deepEqual(await layouts([root]), ['dbmate', 'golang-migrate', 'numbered']);
        deepEqual(await layouts([path('one'), path('three')]), ['golang-migrate', 'numbered']);
        const ids = (await engine({ roots: [root] }).projects()).map(({ target }) => target.id);
        equal(new Set(ids).size, 3);
        const named = await engine({ folders: [path('three/migrations')] }).projects();
        deepEqual(
          named.map(({ folder }) => folder.path),
          [path('three/migrations')],
        );
        await rejects(engine({ folders: [path('four')] }).projects(), { code: 'no-migrations' });
        await rejects(engine({ layout: 'nothing' }).projects(), { code: 'bad-usage' });
      },
    );
  });

  it('of one server do not see each other', () =>
    withDatabase(newest, (first) =>
      withDatabase(newest, (second) =>
        withWorkspace(
          {
            'a/migrations/000001_x.up.sql': 'create table t (id int);',
            'b/migrations/000001_x.up.sql': 'select from t;',
          },
          async ({ engine }) => {
            const target = (folder: string) =>
              ({ kind: 'server', connection: folder.includes('/a/') ? first : second }) as const;
            const [a, b] = await engine({ target, shadow: 'same-server' }).projects();
            ok(a && b);
            const [one, other] = await Promise.all([checked(a), checked(b)]);
            deepEqual([briefly(one), briefly(other)], [[], ['42P01 relation "t" does not exist']]);
          },
        ),
      ),
    ));
});

describe('what a check says of the place', () => {
  const files = {
    'migrations/000001_x.up.sql': 'create role worker;\nselect nope;\ncreate extension if not exists citext;',
  };

  it('is the same on each, but for what reaches others', () =>
    withDatabase(newest, (url) =>
      withWorkspace(files, async ({ engine }) => {
        const said: Record<string, readonly string[]> = {};
        for (const shadow of ['private', 'same-server', 'embedded', { url }] as const) {
          const check = await checked(
            await projectOf(engine({ target: on(url), shadow, binaries: [binariesOf(newest)] })),
          );
          said[check.place] = briefly(check);
        }
        const refused = '42703 column "nope" does not exist';
        const roles =
          'not-rehearsed Not rehearsed: it changes the roles of the whole server (CREATE ROLE). It runs when the migration is applied.';
        deepEqual(said, {
          private: [refused],
          'same-server': [roles, refused],
          embedded: [refused],
          url: [roles, refused],
        });
      }),
    ));

  it('changes with an extension that only the server has', () =>
    withDatabase(newest, (url) =>
      withWorkspace({ 'migrations/000001_x.up.sql': 'select 1;' }, async ({ engine, write }) => {
        const project = await projectOf(engine({ target: on(url), binaries: [binariesOf(newest)] }));
        deepEqual(briefly(await checked(project)), []);
        write('migrations/000001_x.up.sql', 'create extension hstore;\nselect hstore(1);');
        deepEqual(briefly(await checked(project)), ['42883 function hstore(integer) does not exist']);
      }),
    ));

  it('writes a down file for a new migration where the others have one', () =>
    withWorkspace(
      { 'migrations/01_a.sql': 'select 1;', 'migrations/01_a.down.sql': '', 'migrations/02_b.sql': 'select 1;' },
      async ({ engine, path }) => {
        const made = (await projectOf(engine())).create('more');
        equal(made.path, path('migrations/03_more.sql'));
        ok(existsSync(path('migrations/03_more.down.sql')));
      },
    ));
});
