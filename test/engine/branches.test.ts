/** After a checkout: what is applied here and not in this branch is shown by the SQL that was kept, and reverted by it. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplyResult, Project } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { never, on, projectOf, type Workspace, withWorkspace } from './support';

const all = { which: 'all', snapshot: false, disconnect: false } as const;
const quiet = (): void => {};

const dbmateFiles = Object.fromEntries(
  ['1_users', '2_orders', '3_items'].map((name) => {
    const table = name.slice(2);
    return [
      `db/migrations/${name}.sql`,
      `-- migrate:up\ncreate table ${table} (id int primary key);\n-- migrate:down\ndrop table ${table};\n`,
    ];
  }),
);

const golangFiles = Object.fromEntries(
  ['000001_users', '000002_orders', '000003_items'].flatMap((name) => {
    const table = name.slice(7);
    return [
      [`migrations/${name}.up.sql`, `create table ${table} (id int primary key);\n`],
      [`migrations/${name}.down.sql`, `drop table ${table};\n`],
    ];
  }),
);

const statesOf = async (project: Project): Promise<string[]> =>
  (await project.status()).migrations.map((it) =>
    [it.version, it.title, it.state, ...(it.kept ? [it.kept.hasDown ? 'kept' : 'kept, no down'] : [])].join(' ').trim(),
  );

const revert = (project: Project, ...versions: string[]): Promise<ApplyResult> =>
  project.revert({ versions, snapshot: false, disconnect: false }, quiet, never);

const withTarget = (
  files: Readonly<Record<string, string>>,
  use: (workspace: Workspace, again: () => Promise<Project>, url: string) => Promise<void>,
  major: Major = servers.newest,
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace(files, (workspace) => {
      const again = () => projectOf(workspace.engine({ target: on(url), shadow: 'same-server' }));
      return use(workspace, again, url);
    }),
  );

const tablesIn = (url: string): Promise<string[]> =>
  withSession(url, async (session) =>
    (
      await session.rows<{ name: string }>(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
      )
    ).map(({ name }) => name),
  );

const remove = ({ path }: Workspace, ...files: string[]): void => {
  for (const it of files) rmSync(path(it));
};

describe('what is applied and not in this branch', () => {
  it('is shown by its SQL and reverted by it, newest first', () =>
    withTarget(dbmateFiles, async (workspace, again, url) => {
      equal((await (await again()).apply(all, quiet, never)).kind, 'done');
      remove(workspace, 'db/migrations/2_orders.sql', 'db/migrations/3_items.sql');
      // Another window.
      const project = await again();
      deepEqual(await statesOf(project), ['1 users applied', '2 orders missing kept', '3 items missing kept']);
      deepEqual((await project.status()).revertible, ['3', '2', '1']);
      equal(await project.keptSql('3'), dbmateFiles['db/migrations/3_items.sql']);
      await rejects(project.keptSql('1'), isFault('applied-text-unknown', /Nothing is kept of 1\./));
      await rejects(revert(project, '2'), isFault('history-moved', /the newest applied are 3/));
      equal((await revert(project, '3', '2')).kind, 'done');
      deepEqual(await statesOf(project), ['1 users applied']);
      deepEqual(await tablesIn(url), ['schema_migrations', 'users']);
    }));

  it('is reverted together with what is newer and here', () =>
    withTarget(dbmateFiles, async (workspace, again, url) => {
      equal((await (await again()).apply(all, quiet, never)).kind, 'done');
      remove(workspace, 'db/migrations/2_orders.sql');
      const project = await again();
      deepEqual((await project.status()).revertible, ['3', '2', '1']);
      equal((await revert(project, '3', '2')).kind, 'done');
      deepEqual(await statesOf(project), ['1 users applied', '3 items pending']);
      deepEqual(await tablesIn(url), ['schema_migrations', 'users']);
    }));

  for (const major of [servers.oldest, servers.newest] as const)
    it(`is known where the tool records nothing but its newest version, on PostgreSQL ${major}`, () =>
      withTarget(
        golangFiles,
        async (workspace, again, url) => {
          equal((await (await again()).apply(all, quiet, never)).kind, 'done');
          remove(workspace, ...Object.keys(golangFiles).filter((it) => !it.includes('000001')));
          const project = await again();
          deepEqual(await statesOf(project), ['1 users applied', '2 orders missing kept', '3 items missing kept']);
          match(
            await project.keptSql('2'),
            /^-- 000002_orders\.up\.sql\ncreate table .*\n\n-- .*down\.sql\ndrop table/,
          );
          equal((await revert(project, '3')).kind, 'done');
          deepEqual(await statesOf(project), ['1 users applied', '2 orders missing kept']);
          equal((await revert(project, '2')).kind, 'done');
          deepEqual(await statesOf(project), ['1 users applied']);
          deepEqual(await tablesIn(url), ['schema_migrations', 'users']);
        },
        major,
      ));

  it('is kept also of what the tool itself has applied, by the first look, and forgotten when it was reverted elsewhere', () =>
    withTarget(dbmateFiles, async (workspace, again, url) => {
      const insert = `insert into schema_migrations values ('1'), ('2'), ('3')`;
      await withSession(url, async (session) => {
        await session.rows('create table schema_migrations (version varchar primary key)');
        await session.rows(insert);
      });
      deepEqual(await statesOf(await again()), ['1 users applied', '2 orders applied', '3 items applied']);
      remove(workspace, 'db/migrations/3_items.sql');
      deepEqual((await statesOf(await again())).at(-1), '3 items missing kept');
      await withSession(url, (session) => session.rows(`delete from schema_migrations where version = '3'`));
      deepEqual(await statesOf(await again()), ['1 users applied', '2 orders applied']);
      // Applied elsewhere once more, perhaps with another text.
      await withSession(url, (session) => session.rows(`insert into schema_migrations values ('3')`));
      deepEqual((await statesOf(await again())).at(-1), '3  missing');
    }));

  it('is not kept of a file that is another one than what was applied', () =>
    withTarget(dbmateFiles, async (workspace, again) => {
      const project = await again();
      equal((await project.apply(all, quiet, never)).kind, 'done');
      workspace.write('db/migrations/3_items.sql', '-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n');
      deepEqual((await statesOf(await again())).at(-1), '3 items edited');
      remove(workspace, 'db/migrations/3_items.sql');
      equal(await (await again()).keptSql('3'), dbmateFiles['db/migrations/3_items.sql']);
    }));

  it('is told of what a snapshot brings back by what was applied to that', () =>
    withTarget(dbmateFiles, async (workspace, again) => {
      const project = await again();
      equal((await project.apply(all, quiet, never)).kind, 'done');
      const taken: string[] = [];
      for (const form of [{}, { form: 'file' }] as const) {
        const snapshot = await project.snapshot({ reason: 'before', disconnect: false, ...form }, never);
        if (snapshot.kind === 'taken') taken.push(snapshot.snapshot.id);
      }
      equal(taken.length, 2);
      let unknown = '';
      equal((await revert(project, '3')).kind, 'done');
      const items = 'db/migrations/3_items.sql';
      const other = '-- migrate:up\ncreate table things ();\n-- migrate:down\ndrop table things;\n';
      workspace.write(items, other);
      equal((await (await again()).apply(all, quiet, never)).kind, 'done');
      for (const id of taken) {
        const restored = await (await again()).restore(id, { disconnect: true }, never);
        if (restored.kind !== 'restored') throw new Error('somebody is in the way');
        deepEqual((await statesOf(await again())).at(-1), '3 items edited');
        const { text } = await (await again()).appliedText(workspace.path(items), never);
        equal(text, dbmateFiles[items]);
        const back = await (await again()).restore(restored.kept.id, { disconnect: true }, never);
        if (back.kind !== 'restored') throw new Error('somebody is in the way');
        deepEqual((await statesOf(await again())).at(-1), '3 items applied');
        unknown = back.kept.id;
      }
      // What was applied to a colleague's is not known here, and not what the database before had.
      rmSync(join(workspace.world.storage, 'snapshots', `${unknown}.note`));
      remove(workspace, items);
      deepEqual((await statesOf(await again())).at(-1), '3 items missing kept');
      equal((await (await again()).restore(unknown, { disconnect: true }, never)).kind, 'restored');
      deepEqual((await statesOf(await again())).at(-1), '3  missing');
    }));

  it('takes the better down script as long as the file is there', () =>
    withTarget(golangFiles, async (workspace, again) => {
      equal((await (await again()).apply(all, quiet, never)).kind, 'done');
      workspace.write('migrations/000003_items.down.sql', 'drop table if exists items;\n');
      await (await again()).status();
      remove(workspace, 'migrations/000003_items.up.sql', 'migrations/000003_items.down.sql');
      match(await (await again()).keptSql('3'), /drop table if exists items;/);
    }));
});
