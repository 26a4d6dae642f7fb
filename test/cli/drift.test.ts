/** `rehearsal drift` and what a checkout leaves behind, on the command line. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cliPath, type Workspace, withWorkspace } from '../support/commandLine';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

const files = {
  'db/migrations/1_users.sql':
    '-- migrate:up\ncreate table users (id int primary key);\n-- migrate:down\ndrop table users;\n',
  'db/migrations/2_orders.sql':
    '-- migrate:up\ncreate table orders (id int primary key);\n-- migrate:down\ndrop table orders;\n',
};

const drift = ['drift', '--shadow', 'same-server'];

/** With all of it applied. */
const withApplied = (use: (workspace: Workspace, url: string) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withWorkspace(
      files,
      async (workspace) => {
        const applied = await workspace.run('apply', '--yes', '--no-snapshot', '--no-rehearsal');
        equal(applied.code, 0, applied.stderr);
        await use(workspace, url);
      },
      { DATABASE_URL: url },
    ),
  );

describe('rehearsal drift', function () {
  this.timeout(300_000);

  it('says what was changed by hand, with an exit code for CI, until it is ignored, and again when it changes once more', () =>
    withApplied(async ({ run, folder }, url) => {
      const none = await run(...drift);
      deepEqual([none.code, none.stderr], [0, '']);
      match(none.stdout, /: no drift \(2 migrations replayed on /);

      await withSession(url, (session) => session.rows('alter table users add column name text'));
      const some = await run(...drift);
      equal(some.code, 1, some.stderr);
      match(some.stdout, /^~ TABLE public\.users\n/);
      match(some.stdout, /\n {4}\+ +name text\n/);
      match(some.stdout, /: drift: 1 object changed \(2 migrations replayed on /);

      const json = await run(...drift, '--format', 'json');
      equal(json.code, 1);
      const [object] = JSON.parse(json.stdout).objects;
      deepEqual([object.kind, object.type, object.name], ['changed', 'TABLE', 'public.users']);

      const short = await run(...drift, 'users');
      deepEqual([short.code, short.stdout.startsWith('~ TABLE public.users\n')], [1, true], short.stderr);
      const unknown = await run(...drift, 'public.nothing');
      deepEqual([unknown.code, /none of the objects that have drifted/.test(unknown.stderr)], [2, true]);
      const ignored = await run(...drift, 'public.users', '--ignore', '--reason', 'the report needs it');
      deepEqual([ignored.code, ignored.stdout], [0, '1 object ignored in .rehearsal/ignored-drift.json.\n']);
      const { ignored: entries } = JSON.parse(readFileSync(join(folder, '.rehearsal/ignored-drift.json'), 'utf8'));
      deepEqual(
        entries.map((it: Record<string, string>) => ({ ...it, digest: '' })),
        [
          {
            migrations: 'db/migrations',
            object: 'TABLE public.users',
            change: 'changed',
            digest: '',
            reason: 'the report needs it',
          },
        ],
      );
      const left = await run(...drift);
      deepEqual([left.code, /: no drift, 1 ignored \(/.test(left.stdout)], [0, true], left.stdout);

      await withSession(url, (session) => session.rows('alter table users add column more text'));
      equal((await run(...drift)).code, 1);
    }));

  it('is made a migration, or undone after it was shown', () =>
    withApplied(async ({ run, folder }, url) => {
      const column = (name: string) => withSession(url, (session) => session.rows(`alter table users add ${name} int`));
      await column('made');
      const written = await run(...drift, '--write-migration', 'made by hand', '--record', '--yes');
      equal(written.code, 0, written.stderr);
      match(written.stderr, /^Replaying what is applied…\nLooking for the way…\n/);
      const [, name = ''] =
        /^Wrote (db\/migrations\/\d+_made_by_hand\.sql)\.\nRecorded as applied to /.exec(written.stdout) ?? [];
      match(
        readFileSync(join(folder, name), 'utf8'),
        /^-- migrate:up\nALTER TABLE public\.users ADD COLUMN made integer;\n\n-- migrate:down\n/,
      );
      equal((await run(...drift)).code, 0);

      await column('undone');
      const asked = await run(...drift, '--undo');
      deepEqual([asked.code, /Add --yes/.test(asked.stderr)], [2, true]);
      match(asked.stderr, /\n {2}ALTER TABLE public\.users DROP COLUMN undone;\n/);
      match(asked.stderr, /This is lost: The column undone of public\.users, with 0 values\.\n/);
      const undone = await run(...drift, '--undo', '--yes', '--no-snapshot');
      deepEqual([undone.code, undone.stdout.startsWith('Undid the drift of ')], [0, true], undone.stderr);
      equal((await run(...drift)).code, 0);
      const both = await run(...drift, '--undo', '--ignore');
      deepEqual([both.code, /exclude each other/.test(both.stderr)], [2, true]);
    }));

  it('says what it cannot tell for certain', () =>
    withApplied(async ({ run, folder }, url) => {
      await withSession(url, (session) => session.rows(`insert into schema_migrations values ('7')`));
      const sure = await run(...drift);
      deepEqual(
        [sure.code, sure.stderr],
        [0, 'not certain: 7 is applied and not in the folder, and nothing of it is kept.\n'],
      );
      await withSession(url, (session) => session.rows('create table seven ()'));
      equal((await run(...drift)).code, 2);
      rmSync(join(folder, 'db'), { recursive: true });
    }));
});

describe('what a checkout has taken out of the folder', function () {
  this.timeout(300_000);

  it('is listed with what can be done, and reverted', () =>
    withApplied(async ({ run, folder }) => {
      rmSync(join(folder, 'db/migrations/2_orders.sql'));
      const status = await run('status');
      match(status.stdout, /2 +orders +applied, but not in this folder; its SQL is kept, so that it can be reverted\n/);
      const json = JSON.parse((await run('status', '--format', 'json')).stdout);
      equal(json.projects[0].migrations[1].kept.hasDown, true);
      const reverted = await run('revert', '--yes', '--no-snapshot');
      equal(reverted.code, 0, reverted.stderr);
      match(reverted.stderr, /2 {2}orders {2}\(not in this folder: by the SQL kept\)/);
      match(reverted.stdout, /^Reverted 1 migration on .*: 2\n/);
      match((await run('status')).stdout, /^ {2}1 {2}users {2}applied\n.*nothing is pending/m);
    }));
});
