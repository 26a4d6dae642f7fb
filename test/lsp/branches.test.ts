/** Another branch is checked out while the editor is open: many files come, go and change at once. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { DidChangeWatchedFilesNotification, FileChangeType } from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import { BranchRequest, SwitchBranchRequest } from '../../server/protocol/branches';
import { ListProjectsRequest } from '../../server/protocol/messages';
import { ListSnapshotsRequest } from '../../server/protocol/snapshots';
import { withClient } from '../support/client';
import { told } from '../support/editor';
import { until } from '../support/killable';
import { type Running, withLanguageServer } from '../support/languageServer';
import { binariesOf, servers, withDatabase } from '../support/servers';

const migration = (up: string) => `-- migrate:up\n${up};\n-- migrate:down\n`;
const [users, orders, items] = ['1_users', '2_orders', '3_items'].map((name) => `db/migrations/${name}.sql`) as [
  string,
  string,
  string,
];
const usersText = migration('create table users (id int primary key)');
const git = ({ folder }: Running, ...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main', ...words], {
    cwd: folder,
    stdio: 'pipe',
  });

const major = servers.newest;
const withBranches = (
  use: (running: Running, url: string) => Promise<void>,
  wanted: { readonly databasePerBranch?: true } = {},
): Promise<void> =>
  withDatabase(major, (url) => {
    const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)], ...wanted } };
    const files = {
      [users]: usersText,
      [orders]: migration('alter table users add column orders int'),
      'README.md': 'a project\n',
    };
    return withLanguageServer({ files, environment: { DATABASE_URL: url }, initializationOptions }, async (running) => {
      const { path, write } = running;
      git(running, 'init', '-q');
      git(running, 'add', '.');
      git(running, 'commit', '-qm', 'main');
      git(running, 'checkout', '-qb', 'other');
      write(users, migration('create table people (id int primary key)'));
      rmSync(path(orders));
      write(items, migration('alter table users add column items int'));
      git(running, 'add', '.');
      git(running, 'commit', '-qm', 'other');
      git(running, 'checkout', '-qb', 'empty');
      git(running, 'rm', '-rq', 'db');
      git(running, 'commit', '-qm', 'empty');
      git(running, 'checkout', '-q', 'main');
      await use(running, url);
    });
  });

const markOf = async (url: string): Promise<unknown> => {
  let found: unknown;
  await withClient(url, async (query) => {
    const sql = `select shobj_description(oid, 'pg_database')::json->>'branch' as branch from pg_database where datname = current_database()`;
    found = (await query(sql))[0]?.['branch'];
  });
  return found ?? undefined;
};

const listed = async ({ editor }: Running) =>
  (await editor.connection.sendRequest(ListProjectsRequest)).map(({ migrations }) =>
    migrations.map(({ version, state }) => `${version} ${state}`),
  );
const lastTold = ({ editor, path }: Running, file: string) =>
  told(editor.published.findLast(({ uri }) => uri === uriOf(path(file)))?.diagnostics ?? []);
const missing = '2:13-2:18 42P01 relation "users" does not exist';

describe('another branch', () => {
  it('with a database of its own is told of, and gets it when the user says so', () =>
    withBranches(
      async (running, url) => {
        const { editor, path } = running;
        await listed(running);
        await until(async () => await markOf(url));
        deepEqual(await markOf(url), 'main');
        git(running, 'checkout', '-q', 'other');
        await editor.until(() => editor.moved.length > 0, 'the word that another branch is checked out');
        const uri = uriOf(path('db/migrations'));
        deepEqual(editor.moved, [{ folder: uri, branch: 'other', current: 'main', fits: 'other' }]);
        const switchTo = (branch: string) =>
          editor.connection.sendRequest(SwitchBranchRequest, { folder: uri, branch, disconnect: false });
        const made = await switchTo('other');
        ok(made.kind === 'switched' && made.copiedFrom === 'main');
        deepEqual(await markOf(url), 'other');
        deepEqual(
          (await editor.connection.sendRequest(ListSnapshotsRequest, { folder: uri })).map((it) => it.branch),
          ['main'],
        );
        git(running, 'checkout', '-q', 'main');
        await editor.until(() => editor.moved.length > 1, 'the word of the way back');
        const { own, fits } = await editor.connection.sendRequest(BranchRequest, { folder: uri });
        ok(fits === 'other' && own && own.bytes > 1_000_000);
        // What the user has said yes to, whatever is checked out by now.
        git(running, 'checkout', '-q', 'other');
        equal((await switchTo('main')).kind, 'switched');
        deepEqual(await markOf(url), 'main');
      },
      { databasePerBranch: true },
    ));

  it('is followed as VS Code tells of it, in open files, in others and in the list', () =>
    withBranches(async (running) => {
      const { editor, path } = running;
      editor.open(path(users), usersText);
      deepEqual(await editor.diagnostics(path(users)), []);
      deepEqual(await listed(running), [['1 pending', '2 pending']]);
      const before = editor.told.projects;
      git(running, 'checkout', '-q', 'other');
      // An open file that has no changes is read again by the editor.
      editor.edit(path(users), readFileSync(path(users), 'utf8'));
      await editor.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
        changes: [
          { uri: uriOf(path(users)), type: FileChangeType.Changed },
          { uri: uriOf(path(orders)), type: FileChangeType.Deleted },
          { uri: uriOf(path(items)), type: FileChangeType.Created },
        ],
      });
      await editor.until(() => lastTold(running, items)[0] === missing, 'the error in a file that has come');
      await editor.until(() => editor.told.projects > before, 'the word that projects have changed');
      deepEqual(await listed(running), [['1 pending', '3 pending']]);
      git(running, 'checkout', '-q', 'main');
      editor.edit(path(users), usersText);
      await editor.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
        changes: [
          { uri: uriOf(path(orders)), type: FileChangeType.Created },
          { uri: uriOf(path(items)), type: FileChangeType.Deleted },
        ],
      });
      await editor.until(() => lastTold(running, items).length === 0, 'no error in a file that is gone');
      deepEqual(await listed(running), [['1 pending', '2 pending']]);
    }));

  it('that has no migrations is noticed although nobody tells, and so is the way back', () =>
    withBranches(async (running) => {
      const { editor, path } = running;
      git(running, 'checkout', '-q', 'other');
      const text = readFileSync(path(users), 'utf8');
      editor.open(path(users), text);
      await editor.until(() => lastTold(running, items)[0] === missing, 'the error in a file that is not open');
      deepEqual(await listed(running), [['1 pending', '3 pending']]);
      const before = editor.told.projects;
      git(running, 'checkout', '-q', 'empty');
      await editor.until(() => lastTold(running, items).length === 0, 'no error in a file that is gone');
      await editor.until(() => editor.told.projects > before, 'the word that projects have changed');
      deepEqual(await listed(running), []);
      git(running, 'checkout', '-q', 'other');
      await editor.until(() => lastTold(running, items)[0] === missing, 'the error after the way back');
      deepEqual(await listed(running), [['1 pending', '3 pending']]);
    }));
});
