/** What the world does to a language server: each trouble is told with a way out, and the editor goes on working. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { DocumentSymbol } from 'vscode-languageserver-protocol/node';
import { startServer } from '../../server/engine/shadow/privateServer';
import { uriOf } from '../../server/language/uri';
import { ApplyRequest, ListProjectsRequest } from '../../server/protocol/messages';
import { SnapshotRequest } from '../../server/protocol/snapshots';
import { withClient } from '../support/client';
import { sameTold, told } from '../support/editor';
import { type Running, withLanguageServer } from '../support/languageServer';
import { refuses } from '../support/refusals';
import { binariesOf, serverOf, withDatabase } from '../support/servers';
import { untilRunning } from '../support/sessions';
import { withUnwritable } from '../support/unwritable';

const files = {
  'migrations/001_a.sql': 'create table a (id int);\n',
  'migrations/002_b.sql': 'create table b (id int);\n',
  'migrations/003_c.sql': 'create table c (id int);\n',
};
const first = 'migrations/001_a.sql';
const second = 'migrations/002_b.sql';

describe('the language server in trouble', () => {
  it('a server that does not answer', async () => {
    // Port 1 is tcpmux, which nobody runs.
    await withUrl('postgres://me:secret@127.0.0.1:1/shop', async ({ editor, path }) => {
      editor.open(path(first), 'select 1;\n');
      const [message] = told(await editor.diagnostics(path(first)));
      match(message ?? '', /^1:1-1:10 not-checked Not rehearsed\. Postgres does not answer: .*127\.0\.0\.1:1.* Start/);
      const [project] = await editor.connection.sendRequest(ListProjectsRequest);
      equal(project?.fault?.fault, 'no-server');
      equal(project?.migrations.length, 3);
      await worksOn({ editor, path });
    });
  });

  it('files of another tool in the folder', async () => {
    const mixed = { 'migrations/1_a.sql': '-- +goose Up\nselect 1;\n', 'migrations/2_b.up.sql': 'select 2;\n' };
    const ask = async ({ editor }: Running) => {
      const [project] = await editor.connection.sendRequest(ListProjectsRequest);
      equal(project?.problems?.length, 1);
      match(project.problems[0]?.message ?? '', /^2_b\.up\.sql: The folder is read as one of goose/);
    };
    await withUrl('postgres://me:secret@127.0.0.1:1/shop', ask, mixed);
  });

  it('a wrong password, which is told nowhere', async () => {
    const server = await serverOf(18);
    const url = `postgres://postgres:not-this-one@${server.host}:${server.port}/postgres`;
    await withUrl(url, async ({ editor, path, complaints }) => {
      editor.open(path(first), 'select 1;\n');
      const [message] = told(await editor.diagnostics(path(first)));
      match(message ?? '', /not-checked Not rehearsed\. Postgres refused the login/);
      const everything = [...editor.log, complaints(), JSON.stringify(editor.published)].join('\n');
      ok(!everything.includes('not-this-one'));
      await worksOn({ editor, path });
    });
  });

  it('a file that is no UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from("select '"), Buffer.from([0xe9, 0xff]), Buffer.from("';\n")]);
    await withDatabase(18, (url) =>
      withUrl(
        url,
        async ({ editor, path, write }) => {
          editor.open(path(second), 'select nope;\n');
          match(told(await editor.diagnostics(path(second)))[0] ?? '', /42703 column "nope" does not exist/);
          // What the editor shows of it is not what the tool would read.
          editor.open(path(first), "select '\uFFFD\uFFFD';\n");
          match(told(await editor.diagnostics(path(first)))[0] ?? '', /not-readable .*001_a\.sql.*UTF-8/);
          await editor.until(
            () => editor.published.at(-1)?.diagnostics.some((it) => it.severity === 4) === true,
            'the consequence',
          );
          // The other one goes on, and is no error any more: the first may have made what it misses.
          editor.edit(path(second), 'create table b ();\nselect nope;\nselct 1;\n');
          const [following, own] = await editor.diagnostics(path(second));
          deepEqual([following?.code, following?.severity, own?.code, own?.severity], ['42703', 4, '42601', 1]);
          write(first, 'select 1;\n');
          editor.edit(path(first), 'select 1;\n');
          sameTold(await editor.diagnostics(path(first)), []);
        },
        { ...files, [first]: bytes },
      ),
    );
  });

  it('a file of 10 MB', async () => {
    const line = `insert into big values (1, '${'x'.repeat(1_000)}');\n`;
    const big = `create table big (id int, t text);\n${line.repeat(10_000)}select nope;\n`;
    await withDatabase(18, (url) =>
      withUrl(url, async ({ editor, path }) => {
        editor.open(path(first), big);
        const outline = await editor.connection.sendRequest<DocumentSymbol[]>('textDocument/documentSymbol', {
          textDocument: { uri: uriOf(path(first)) },
        });
        equal(outline[0]?.children?.length, 10_002);
        sameTold(await editor.diagnostics(path(first)), ['10002:8-10002:12 42703 column "nope" does not exist']);
      }),
    );
  }).timeout(180_000);

  it('a folder of migrations that disappears, and comes back', async () => {
    await withDatabase(18, (url) =>
      withUrl(url, async ({ editor, path, write }) => {
        editor.open(path(first), 'select nope;\n');
        equal(told(await editor.diagnostics(path(first))).length, 1);
        const changed = (type: 1 | 3) =>
          editor.connection.sendNotification('workspace/didChangeWatchedFiles', {
            changes: Object.keys(files).map((name) => ({ uri: uriOf(path(name)), type })),
          });
        rmSync(path('migrations'), { recursive: true });
        await changed(3);
        await editor.until(() => editor.published.at(-1)?.diagnostics.length === 0, 'the clearing');
        deepEqual(await editor.connection.sendRequest(ListProjectsRequest), []);
        equal(await editor.connection.sendRequest('textDocument/codeLens', lensesOf(path(first))), null);
        // What is typed meanwhile belongs to no migration, until there is one again.
        editor.edit(path(first), 'create table a ();\nselect nope;\n');
        for (const [name, text] of Object.entries(files)) write(name, text);
        await changed(1);
        await editor.until(() => editor.published.at(-1)?.diagnostics.length === 1, 'the finding');
        sameTold(await editor.diagnostics(path(first)), ['2:8-2:12 42703 column "nope" does not exist']);
        equal((await editor.connection.sendRequest(ListProjectsRequest))[0]?.migrations.length, 3);
      }),
    );
  });

  it('a folder of our own that cannot be written', async () => {
    await withDatabase(18, (url) =>
      withUnwritable(async (storage) => {
        const environment = { DATABASE_URL: url, REHEARSAL_HOME: storage };
        const initializationOptions = { settings: { postgresBinaries: [binariesOf(18)] } };
        await withLanguageServer({ files, environment, initializationOptions }, async ({ editor, path }) => {
          const { connection } = editor;
          const folder = uriOf(path('migrations'));
          editor.open(path(first), 'create table a ();\nselect nope;\n');
          sameTold(await editor.diagnostics(path(first)), ['2:8-2:12 42703 column "nope" does not exist']);
          editor.edit(path(first), files[first]);
          sameTold(await editor.diagnostics(path(first)), []);
          const consent = { disconnect: true, progress: 'p' };
          for (const snapshot of [true, false]) {
            const asked = connection.sendRequest(ApplyRequest, { ...consent, folder, snapshot });
            await refuses(asked, 'not-writable', /cannot be written: .*\. Check its path and its permissions\.$/);
          }
          const asked = connection.sendRequest(SnapshotRequest, { disconnect: true, folder, reason: 'by hand' });
          await refuses(asked, 'not-writable', /cannot be written: .*\. Check its path and its permissions\.$/);
          const [project] = await connection.sendRequest(ListProjectsRequest);
          deepEqual(new Set(project?.migrations.map(({ state }) => state)), new Set(['pending']));
          deepEqual(await withClient(url, (query) => query(`select to_regclass('a') as a, to_regclass('b') as b`)), [
            { a: null, b: null },
          ]);
          editor.replace(path(first), 'int', 'imt');
          sameTold(await editor.diagnostics(path(first)), ['1:20-1:23 42704 type "imt" does not exist']);
        });
      }),
    );
  });

  it('a server that dies in the middle of a rehearsal', async () => {
    const server = await startServer({ binaries: binariesOf(18), tcp: true });
    const url = `postgres://postgres:${server.password}@${server.host}:${server.port}/postgres`;
    try {
      await withUrl(
        url,
        async ({ editor, path }) => {
          editor.open(path(first), "select pg_sleep(600);\nselect 'end';\n");
          await untilRunning(url, 'pg_sleep');
          await server.stop();
          match(told(await editor.diagnostics(path(first)))[0] ?? '', /^1:1-1:22 not-checked Not rehearsed\./);
          await worksOn({ editor, path });
        },
        files,
        { settings: { shadow: 'same-server', statementTimeout: 600_000 } },
      );
    } finally {
      await server.stop();
    }
  });

  it('settings that name what is not there', async () => {
    await withUrl(
      'postgres://127.0.0.1:1/shop',
      async ({ editor, path }) => {
        editor.open(path(first), 'select 1;\n');
        await editor.until(() => editor.log.some((line) => line.includes('nowhere')), 'a line in the log');
        const asked = editor.connection.sendRequest(ListProjectsRequest);
        await asked.then(
          () => ok(false, 'it must be refused'),
          (error: Error) => match(error.message, /nowhere/),
        );
      },
      files,
      { settings: { folders: ['nowhere'] } },
    );
  });
});

/** Requests that need no database are answered as before. */
async function worksOn({ editor, path }: Pick<Running, 'editor' | 'path'>): Promise<void> {
  editor.open(path(second), 'create table b (id int);\n');
  const outline = await editor.connection.sendRequest<DocumentSymbol[]>('textDocument/documentSymbol', {
    textDocument: { uri: uriOf(path(second)) },
  });
  deepEqual(
    outline.map(({ name, children }) => [name, children?.map((it) => it.name)]),
    [['up', ['create table b']]],
  );
  equal(told(await editor.diagnostics(path(second))).length, 1);
}

const lensesOf = (path: string) => ({ textDocument: { uri: uriOf(path) } });

async function withUrl(
  url: string,
  use: (running: Running) => Promise<void>,
  given: Readonly<Record<string, string | Uint8Array>> = files,
  options: object = {},
): Promise<void> {
  const initializationOptions = { settings: { postgresBinaries: [binariesOf(18)] }, ...options };
  await withLanguageServer({ files: given, environment: { DATABASE_URL: url }, initializationOptions }, use);
}
