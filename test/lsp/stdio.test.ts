/** The language server as an editor starts it, over stdio, on real Postgres: rehearsals of what is typed. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import type { CodeLens } from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import { sameTold, told } from '../support/editor';
import { withLanguageServer } from '../support/languageServer';
import { binariesOf, withDatabase } from '../support/servers';
import { untilRunning } from '../support/sessions';

const numbered = {
  'migrations/001_users.sql': 'create table users (id int primary key);\n',
  'migrations/002_emails.sql': 'alter table users add column email text;\n',
  'migrations/003_index.sql': 'create index on users (email);\n',
};

describe('the language server over stdio', () => {
  it('needs no settings: it finds the migrations and takes DATABASE_URL', async () => {
    await withDatabase(18, async (url) => {
      await withLanguageServer({ files: numbered, environment: { DATABASE_URL: url } }, async (running) => {
        const { editor, path } = running;
        const first = path('migrations/001_users.sql');
        editor.open(first, "create table t (a text);\r\ninsert into t values ('😀'), (nope);\r\n");
        sameTold(await editor.diagnostics(first), ['2:31-2:35 42703 column "nope" does not exist']);
        equal(running.complaints(), '');
        const lines = editor.log.filter((line) => line.startsWith('check '));
        equal(lines.length, 1);
        match(
          lines[0] ?? '',
          /^check 001_users\.sql v1: 2 statements, 1 findings, [\d.]+ ms \(turn [\d.]+, target [\d.]+, files [\d.]+, shadow [\d.]+, rehearsal [\d.]+, findings [\d.]+\) on shadow database on /,
        );
        ok(!editor.log.some((line) => line.includes(new URL(url).password)));
      });
    });
  });

  it('takes the embedded engine where no database is named', async () => {
    await withLanguageServer({ files: numbered }, async ({ editor, path }) => {
      const second = path('migrations/002_emails.sql');
      editor.open(second, 'alter table users add column email tekst;\n');
      sameTold(await editor.diagnostics(second), ['1:36-1:41 42704 type "tekst" does not exist']);
      editor.replace(second, 'tekst', 'text');
      sameTold(await editor.diagnostics(second), []);
    });
  });

  it('publishes for the newest text only, and takes findings away when they are mended', async () => {
    await onServer(async ({ editor, path }) => {
      const first = path('migrations/001_users.sql');
      editor.open(first, 'create table users (id int primary key);\nselect nope;\n');
      sameTold(await editor.diagnostics(first), ['2:8-2:12 42703 column "nope" does not exist']);
      editor.replace(first, 'nope', 'no');
      editor.replace(first, 'select no', 'select id from users where no');
      const last = editor.replace(first, 'select id', 'select 1, id');
      sameTold(await editor.diagnostics(first, last), ['2:31-2:33 42703 column "no" does not exist']);
      editor.replace(first, 'where no', 'where id = 1');
      sameTold(await editor.diagnostics(first), []);
      const versions = editor.published.map(({ version }) => version ?? 0);
      deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
    });
  });

  it('checks open migrations in their order: an edit of the first shows in the second, with its cause', async () => {
    await onServer(async ({ editor, path, write }) => {
      const first = path('migrations/001_users.sql');
      const second = path('migrations/002_emails.sql');
      editor.open(second, 'alter table users add column email text;\nselect missing;\n');
      sameTold(await editor.diagnostics(second), ['2:8-2:15 42703 column "missing" does not exist']);
      editor.open(first, 'create table users (id int primary key);\n');
      sameTold(await editor.diagnostics(first), []);
      editor.replace(first, 'int', 'imt');
      sameTold(await editor.diagnostics(first), ['1:24-1:27 42704 type "imt" does not exist']);
      const consequence = () => editor.published.findLast(({ uri }) => uri === uriOf(second))?.diagnostics[0];
      await editor.until(() => consequence()?.code === '42P01', 'the consequence');
      const cause = consequence()?.relatedInformation?.[0]?.location;
      equal(cause?.uri, uriOf(first));
      equal(cause?.range.start.line, 0);
      // A third one that is not open stands on what is in its file.
      write('migrations/001_users.sql', 'create table users (id int primary key);\n');
      editor.close(first);
      await editor.until(() => consequence()?.code === '42703', 'the second file without its consequence');
    });
  });

  it('takes a replay that was cut off by an edit back, and begins it anew', async () => {
    const first = [
      '-- rehearsal: no-transaction',
      'create table users (id int);',
      'insert into users values (1);',
      'select pg_sleep(1);',
      'select 2;',
      '',
    ].join('\n');
    const files = { ...numbered, 'migrations/001_users.sql': first };
    await withDatabase(18, async (url) => {
      const initializationOptions = { settings: { shadow: 'same-server' } };
      const beginning = { files, environment: { DATABASE_URL: url }, initializationOptions };
      await withLanguageServer(beginning, async ({ editor, path }) => {
        const second = path('migrations/002_emails.sql');
        editor.open(second, 'select 1;\n');
        await untilRunning(url, 'pg_sleep');
        editor.edit(second, 'alter table users add primary key (id);\nselect missing;\n');
        sameTold(await editor.diagnostics(second), ['2:8-2:15 42703 column "missing" does not exist']);
      });
    });
  });

  it('draws its lenses after a check, and none for other files', async () => {
    await onServer(async ({ editor, path, write }) => {
      const first = path('migrations/001_users.sql');
      editor.open(first, readFileSync(first, 'utf8'));
      await editor.diagnostics(first);
      await editor.until(() => editor.told.lenses > 0, 'the request to draw lenses');
      const lenses = await editor.connection.sendRequest<CodeLens[]>('textDocument/codeLens', {
        textDocument: { uri: uriOf(first) },
      });
      match(lenses[0]?.command?.title ?? '', /^Rehearsed in [\d.]+ ms on private PostgreSQL 18/);
      deepEqual(
        lenses.slice(1).map((it) => [it.command?.title, it.command?.command, it.command?.arguments]),
        [
          ['Preview', 'rehearsal.previewChanges', [uriOf(first)]],
          ['Apply', 'rehearsal.apply', [uriOf(first)]],
        ],
      );
      const notes = write('notes.sql', 'select 1;');
      editor.open(notes, 'select 1;');
      const none = await editor.connection.sendRequest('textDocument/codeLens', {
        textDocument: { uri: uriOf(notes) },
      });
      equal(none, null);
    }, {});
  });

  it('follows the workspace: folders that come and go, and folders that disappear', async () => {
    await onServer(async ({ editor, path, write, folder }) => {
      const other = write('../other/migrations/001_a.sql', 'select nope;\n');
      editor.open(other, 'select nope;\n');
      const otherFolder = { uri: uriOf(path('../other')), name: 'other' };
      const change = (added: object[], removed: object[]) =>
        editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event: { added, removed } });
      await change([otherFolder], []);
      sameTold(await editor.diagnostics(other), ['1:8-1:12 42703 column "nope" does not exist']);
      await change([], [otherFolder]);
      await editor.until(() => editor.published.at(-1)?.diagnostics.length === 0, 'the clearing');
      equal(folder, path('.').replace(/[\\/]\.?$/, ''));
    });
  });

  it('ends with its servers when the editor is gone without a word', async () => {
    await onServer(async ({ editor, path, server }) => {
      const first = path('migrations/001_users.sql');
      editor.open(first, 'select nope;\n');
      equal(told(await editor.diagnostics(first)).length, 1);
      const children = childrenOf(server.pid ?? 0);
      ok(process.platform !== 'linux' || children.length > 0, 'it has a server of its own');
      const ended = once(server, 'exit');
      server.stdin.end();
      await ended;
      equal(server.exitCode, 0);
      // The guard of a private server ends last, when it has removed the server's folder.
      while (children.some(isRunning)) await setTimeout(50);
    });
  });
});

/** On PostgreSQL 18, with a private server for the shadow. */
async function onServer(use: Parameters<typeof withLanguageServer>[1], options?: object): Promise<void> {
  await withDatabase(18, (url) =>
    withLanguageServer(
      {
        files: numbered,
        environment: { DATABASE_URL: url },
        initializationOptions: { settings: { postgresBinaries: [binariesOf(18)] }, ...options },
      },
      use,
    ),
  );
}

/** Process ids, from Linux's process table; empty elsewhere. */
function childrenOf(pid: number): readonly number[] {
  if (process.platform !== 'linux') return [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

/** A process that has ended and was not waited for yet is a zombie, with nothing left in it. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    // It has just ended.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
