/** Requests of our own and formatting over stdio: what the client is told, on real Postgres of both majors. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TextEdit } from 'vscode-languageserver-protocol/node';
import { type ApplyStep, topic } from '../../server/engine/apply/steps';
import { openJournal } from '../../server/engine/base/journal';
import { uriOf } from '../../server/language/uri';
import {
  ApplyRequest,
  CandidatesRequest,
  ChooseDatabaseRequest,
  ListProjectsRequest,
  NewMigrationRequest,
  PendingFindingsRequest,
  PreviewRequest,
  type ProgressParams,
  ProgressNotification,
  RevertRequest,
} from '../../server/protocol/messages';
import {
  DeleteSnapshotRequest,
  ListSnapshotsRequest,
  RestoreRequest,
  SnapshotRequest,
} from '../../server/protocol/snapshots';
import { withClient } from '../support/client';
import { sameTold } from '../support/editor';
import { type Beginning, type Running, withLanguageServer } from '../support/languageServer';
import { refuses } from '../support/refusals';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';

const files = {
  'db/migrations/20240101000000_users.sql':
    '-- migrate:up\ncreate table users (id int primary key);\n\n-- migrate:down\ndrop table users;\n',
  'db/migrations/20240102000000_emails.sql':
    '-- migrate:up\nalter table users add column email text;\n\n-- migrate:down\nalter table users drop column email;\n',
};
const [first, second] = Object.keys(files) as [string, string];
const consent = { disconnect: true, progress: 'p1', snapshot: true };

for (const major of Object.values(servers)) {
  describe(`requests on PostgreSQL ${major}`, () => {
    it('list, preview, apply, revert and restore', async () => {
      await onServer(major, {}, async ({ editor: { connection, ...editor }, path }, query) => {
        const folder = uriOf(path('db/migrations'));
        const steps: ProgressParams[] = [];
        connection.onNotification(ProgressNotification, (step) => void steps.push(step));
        const states = async () => {
          const [project] = await connection.sendRequest(ListProjectsRequest);
          return project?.migrations.map(({ version, state }) => `${version} ${state}`);
        };

        const [project] = await connection.sendRequest(ListProjectsRequest);
        equal(project?.folder, folder);
        equal(project?.layout, 'dbmate');
        equal(project?.target.server.startsWith(`PostgreSQL ${major}`), true);
        equal(project?.target.local, true);
        deepEqual(project?.migrations[0], {
          version: '20240101000000',
          title: 'users',
          state: 'pending',
          uri: uriOf(path(first)),
          downUri: uriOf(path(first)),
          hasDown: true,
        });

        const preview = await connection.sendRequest(PreviewRequest, { folder, uri: uriOf(path(second)) });
        ok(!preview.before.includes('email text') && preview.after.includes('email text'));
        deepEqual(preview.changes, [{ kind: 'changed', type: 'TABLE', name: 'public.users' }]);
        deepEqual(await states(), ['20240101000000 pending', '20240102000000 pending']);

        const told = editor.told.projects;
        const applied = await connection.sendRequest(ApplyRequest, { ...consent, folder, upTo: '20240101000000' });
        equal(applied.kind, 'done');
        deepEqual(await query('select version from schema_migrations'), [{ version: '20240101000000' }]);
        await editor.until(() => editor.told.projects > told, 'the word that projects have changed');
        ok(steps.length > 0 && steps.every(({ progress }) => progress === 'p1'));
        deepEqual(await states(), ['20240101000000 applied', '20240102000000 pending']);

        await query('insert into users values (7)');
        const all = await connection.sendRequest(ApplyRequest, { ...consent, folder });
        equal(all.kind, 'done');
        deepEqual(await query('select email from users'), [{ email: null }]);
        equal((await connection.sendRequest(ApplyRequest, { ...consent, folder })).kind, 'nothing');

        // The newest one is another than what was asked about: nothing is run, not even a snapshot is taken.
        const snapshots = await connection.sendRequest(ListSnapshotsRequest, { folder });
        const old = connection.sendRequest(RevertRequest, { ...consent, folder, versions: ['20240101000000'] });
        await refuses(old, 'history-moved', /20240101000000 should be reverted, but .* 20240102000000/);
        deepEqual(await connection.sendRequest(ListSnapshotsRequest, { folder }), snapshots);
        deepEqual(await query('select email from users'), [{ email: null }]);

        const reverted = await connection.sendRequest(RevertRequest, {
          ...consent,
          folder,
          versions: ['20240102000000'],
        });
        equal(reverted.kind, 'done');
        deepEqual(await query('select * from users'), [{ id: 7 }]);

        const taken = await connection.sendRequest(SnapshotRequest, { disconnect: true, folder, reason: 'by hand' });
        if (taken.kind !== 'taken') throw new Error(`not taken: ${taken.kind}`);
        await query('delete from users');
        const { id } = taken.snapshot;
        const list = await connection.sendRequest(ListSnapshotsRequest, { folder });
        ok(list.some((it) => it.id === id && it.reason === 'by hand'));
        const restored = await connection.sendRequest(RestoreRequest, { disconnect: true, folder, id });
        if (restored.kind !== 'restored') throw new Error(`not restored: ${restored.kind}`);
        deepEqual(await query('select * from users'), [{ id: 7 }]);

        const before = editor.told.projects;
        const remove = { disconnect: false, folder, id: restored.kept.id };
        await connection.sendRequest(DeleteSnapshotRequest, remove);
        await editor.until(() => editor.told.projects > before, 'the word that the list is another');
        const left = await connection.sendRequest(ListSnapshotsRequest, { folder });
        ok(left.length > 0 && left.every((it) => it.id !== restored.kept.id));
        deepEqual(await query(`select from pg_database where datname = '${restored.kept.id}'`), []);
        await refuses(
          connection.sendRequest(DeleteSnapshotRequest, remove),
          'no-such-snapshot',
          new RegExp(restored.kept.id),
        );
      });
    });

    it('tell the errors and warnings of pending migrations that are not open, and not those of their down scripts', async () => {
      const bad = 'db/migrations/20240103000000_bad.sql';
      const text = '-- migrate:up\nselect nope;\nselect neither;\n\n-- migrate:down\nselect nope;\n';
      const body = 'db/migrations/20240105000000_body.sql';
      const warned =
        '-- migrate:up\ncreate function f() returns int language plpgsql as $$\nbegin return (select nope from users); end $$;\n\n-- migrate:down\n';
      const onlyDown = '-- migrate:up\nselect 1;\n\n-- migrate:down\nselect nope;\n';
      const all = { ...files, [bad]: text, [body]: warned, 'db/migrations/20240104000000_down.sql': onlyDown };
      await onServer(major, { files: all }, async ({ editor: { connection }, path }) => {
        const folder = uriOf(path('db/migrations'));
        const versions = ['20240101000000', '20240103000000', '20240104000000', '20240105000000'];
        const found = await connection.sendRequest(PendingFindingsRequest, { folder, versions });
        const item = (count: number, name: string, line: number, character: number) => ({
          count,
          message: `column "${name}" does not exist`,
          range: { start: { line, character }, end: { line, character: character + name.length } },
        });
        deepEqual(found, [
          { version: '20240103000000', uri: uriOf(path(bad)), errors: item(2, 'nope', 1, 7) },
          { version: '20240105000000', uri: uriOf(path(body)), warnings: item(1, 'nope', 2, 21) },
        ]);
        const none = await connection.sendRequest(PendingFindingsRequest, { folder, versions: versions.slice(0, 1) });
        deepEqual(none, []);
      });
    });

    it('leave what was refused among the diagnostics until the file is another one', async () => {
      const bad = 'db/migrations/20240103000000_bad.sql';
      const text = '-- migrate:up\ninsert into users values (7);\n\n-- migrate:down\n';
      const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)], shadowDataLimit: 0 } };
      const beginning = { files: { ...files, [bad]: text }, initializationOptions };
      await onServer(major, beginning, async ({ editor, path }, query) => {
        const folder = uriOf(path('db/migrations'));
        const apply = { ...consent, folder, snapshot: false };
        await editor.connection.sendRequest(ApplyRequest, { ...apply, upTo: '20240102000000' });
        await query('insert into users values (7)');
        editor.open(path(bad), text);
        // Without the rows of the target nobody can know.
        sameTold(await editor.diagnostics(path(bad)), []);
        const told = editor.published.length;
        equal((await editor.connection.sendRequest(ApplyRequest, apply)).kind, 'refused');
        await editor.until(() => editor.published.length >= told + 2, 'the answers of the check that follows');
        const [one, ...others] = editor.published.at(-1)?.diagnostics ?? [];
        deepEqual([one?.code, one?.severity, others], ['23505', 1, []]);
        match(JSON.stringify(one?.message), /Refused by .* when it was applied\./);
        const version = editor.replace(path(bad), '(7)', '(8)');
        sameTold(await editor.diagnostics(path(bad), version), []);
      });
    });

    it('name the statement that was refused, in its file, and how the database stands', async () => {
      const bad = 'db/migrations/20240103000000_bad.sql';
      const text = '-- migrate:up\ncreate table ok ();\nselect nope;\n\n-- migrate:down\n';
      await onServer(major, { files: { ...files, [bad]: text } }, async ({ editor: { connection }, path }, query) => {
        const folder = uriOf(path('db/migrations'));
        const result = await connection.sendRequest(ApplyRequest, { ...consent, folder });
        if (result.kind !== 'refused') throw new Error(`not refused: ${result.kind}`);
        deepEqual(result.migrations, ['20240101000000', '20240102000000']);
        equal(result.version, '20240103000000');
        equal(result.uri, uriOf(path(bad)));
        deepEqual(result.range, { start: { line: 2, character: 7 }, end: { line: 2, character: 11 } });
        equal(result.sqlState, '42703');
        equal(result.message, 'column "nope" does not exist');
        ok(result.state.length > 0);
        deepEqual(await query(`select to_regclass('ok') as made`), [{ made: null }]);
      });
    });
  });
}

describe('requests', () => {
  it('refuse to apply what is only typed', async () => {
    await onServer(18, {}, async ({ editor, path }) => {
      editor.open(path(first), '-- migrate:up\nselect 1;\n-- migrate:down\n');
      const folder = uriOf(path('db/migrations'));
      await refuses(editor.connection.sendRequest(ApplyRequest, { ...consent, folder }), 'unsaved', /20240101000000/);
    });
  });

  it('apply what is in the file, whatever is typed meanwhile', async () => {
    await onServer(18, {}, async ({ editor, path }, query) => {
      const { connection } = editor;
      const folder = uriOf(path('db/migrations'));
      editor.open(path(first), files[first as keyof typeof files]);
      let typed = false;
      connection.onNotification(ProgressNotification, ({ message }) => {
        if (typed || !message.startsWith('Taking a snapshot')) return;
        typed = true;
        editor.replace(path(first), 'id int primary key', 'id int primary key, typed int');
      });
      const applied = await connection.sendRequest(ApplyRequest, { ...consent, folder, upTo: '20240101000000' });
      equal(applied.kind, 'done');
      equal(typed, true);
      await query('insert into users values (7)');
      deepEqual(await query('select * from users'), [{ id: 7 }]);

      const state = async () => (await connection.sendRequest(ListProjectsRequest))[0]?.migrations[0]?.state;
      equal(await state(), 'edited');
      editor.replace(path(first), ', typed int', '');
      equal(await state(), 'applied');
    });
  });

  it('put before the user that work was cut off, and what became of it', async () => {
    await onServer(18, {}, async ({ editor: { connection, shown, until }, storage }, _, url) => {
      const { username, host, pathname } = new URL(url);
      const journal = openJournal<ApplyStep>(storage, topic, `postgres://${username}@${host}${pathname}`, new Date());
      journal.note({ step: 'run', version: '20240101000000', direction: 'up', from: 0, of: 1 });
      journal.leave();
      await connection.sendRequest(ListProjectsRequest);
      await until(() => shown.length > 0, 'a message');
      equal(shown.length, 1);
      match(shown[0] ?? '', /was cut off in the middle of 20240101000000, which was rolled back/);
      deepEqual(readdirSync(join(storage, 'journal')), []);
    });
  });

  it('refuse what is no project, with a remedy', async () => {
    await onServer(18, {}, async ({ editor, path }) => {
      const folder = uriOf(path('nowhere'));
      const asked = editor.connection.sendRequest(PreviewRequest, { folder });
      await refuses(asked, 'no-migrations', /nowhere/, 'rehearsal.newMigration');
    });
  });

  it('write a new migration, also the first one of a folder', async () => {
    await onServer(18, {}, async ({ editor: { connection }, path }) => {
      const made = await connection.sendRequest(NewMigrationRequest, {
        folder: uriOf(path('db/migrations')),
        title: 'Add orders',
      });
      match(made.uri, /db\/migrations\/\d{14}_add_orders\.sql$/);
      const [project] = await connection.sendRequest(ListProjectsRequest);
      equal(project?.migrations.length, 3);
      const folder = uriOf(path('other/migrations'));
      const begun = await connection.sendRequest(NewMigrationRequest, { folder, title: 'a', layout: 'golang-migrate' });
      match(begun.uri, /other\/migrations\/\d+_a\.up\.sql$/);
      equal((await connection.sendRequest(ListProjectsRequest)).length, 2);
    });
  });

  it('offer databases that the workspace names, without passwords, and take another target only when it answers', async () => {
    await onServer(18, {}, async ({ editor: { connection }, path, write }) => {
      const folder = uriOf(path('db/migrations'));
      await withDatabase(15, async (other) => {
        write('.env', `DATABASE_URL=${other}\n`);
        const candidates = await connection.sendRequest(CandidatesRequest, { folder });
        ok(candidates.some(({ source, local }) => source.includes('.env') && local));
        ok(!candidates.some(({ label }) => label.includes(new URL(other).password)));

        const wrong = new URL(other);
        wrong.password = 'wrong';
        const choose = (connectionString: string) =>
          connection.sendRequest(ChooseDatabaseRequest, {
            folder,
            choice: { kind: 'server', connection: connectionString },
          });
        await refuses(choose(wrong.href), 'wrong-password', /refused the login/, 'rehearsal.chooseDatabase');
        const before = await connection.sendRequest(ListProjectsRequest);
        match(before[0]?.target.server ?? '', /^PostgreSQL 18/);
        const chosen = await choose(other);
        match(chosen.server, /^PostgreSQL 15/);
        const after = await connection.sendRequest(ListProjectsRequest);
        match(after[0]?.target.server ?? '', /^PostgreSQL 15/);
      });
    });
  });

  it('format a pending migration and keep its markers, and refuse an applied one', async () => {
    await onServer(18, {}, async ({ editor, path }) => {
      const { connection } = editor;
      const folder = uriOf(path('db/migrations'));
      const format = (file: string) =>
        connection.sendRequest<TextEdit[]>('textDocument/formatting', {
          textDocument: { uri: uriOf(path(file)) },
          options: { tabSize: 2, insertSpaces: true },
        });
      await connection.sendRequest(ApplyRequest, { ...consent, folder, upTo: '20240101000000' });
      editor.open(path(first), readFileSync(path(first), 'utf8'));
      editor.open(path(second), readFileSync(path(second), 'utf8'));
      await refuses(format(first), 'already-applied', /20240101000000_users\.sql/, 'rehearsal.newMigration');
      deepEqual(
        (await format(second)).map(({ newText }) => newText),
        ['alter table users\nadd column email text', 'alter table users\ndrop column email'],
      );
    });
  });
});

type Query = (sql: string) => Promise<readonly object[]>;

async function onServer(
  major: Major,
  beginning: Partial<Beginning>,
  use: (running: Running, query: Query, url: string) => Promise<void>,
): Promise<void> {
  await withDatabase(major, (url) => {
    // A session of its own each time: an open one would keep snapshots from being taken.
    const query: Query = (sql) => withClient(url, (ask) => ask(sql));
    const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)] } };
    return withLanguageServer(
      { files, environment: { DATABASE_URL: url }, initializationOptions, ...beginning },
      (running) => use(running, query, url),
    );
  });
}
