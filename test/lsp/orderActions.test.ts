/** Quick fixes over stdio: the next version for a migration that is out of order, what was applied for one that was edited. */
import { deepEqual, equal } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { CodeAction, TextDocumentEdit } from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import { ApplyRequest, ListProjectsRequest } from '../../server/protocol/messages';
import { type Running, withLanguageServer } from '../support/languageServer';
import { binariesOf, servers, withDatabase } from '../support/servers';

const consent = { disconnect: false, snapshot: false, progress: '1' };

const goose = (sql: string): string => `-- +goose Up\n${sql}\n\n-- +goose Down\n`;
const [first, second] = ['migrations/00001_a.sql', 'migrations/00003_b.sql'];
const files = { [first]: goose('create table a (id int);'), [second]: goose('create table b (id int);') };

/** Both are applied. */
const withApplied = (use: (running: Running) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) => withAppliedTo(url, use));

function withAppliedTo(url: string, use: (running: Running) => Promise<void>): Promise<void> {
  const settings = { database: url, shadow: 'private', postgresBinaries: [binariesOf(servers.newest)] };
  return withLanguageServer({ files, initializationOptions: { settings } }, async (running) => {
    const { editor, path } = running;
    editor.open(path(first), files[first] ?? '');
    await editor.diagnostics(path(first));
    await editor.connection.sendRequest(ApplyRequest, { ...consent, folder: uriOf(path('migrations')) });
    // What is applied is remembered when somebody looks, as every editor does when it is told of the change.
    await editor.connection.sendRequest(ListProjectsRequest);
    await use(running);
  });
}

async function actionsOn({ editor, path }: Running, file: string, text: string): Promise<readonly CodeAction[]> {
  const uri = uriOf(path(file));
  const before = editor.published.length;
  const told = () => editor.published.slice(before).findLast((it) => it.uri === uri && it.diagnostics.length > 0);
  editor.open(path(file), text);
  await editor.until(() => told() !== undefined, 'a finding');
  const diagnostics = told()?.diagnostics ?? [];
  const place = { line: 0, character: 0 };
  const range = { start: place, end: place };
  return editor.connection.sendRequest('textDocument/codeAction', {
    textDocument: { uri },
    range,
    context: { diagnostics },
  });
}

const git = (folder: string, args: readonly string[]): void => {
  const by = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'core.autocrlf=false'];
  execFileSync('git', ['-C', folder, ...by, ...args]);
};

function textOf(action: CodeAction, at: number): string | undefined {
  const [edit] = (action.edit?.documentChanges?.[at] as TextDocumentEdit | undefined)?.edits ?? [];
  return edit && 'newText' in edit ? edit.newText : undefined;
}

describe('quick fixes of the order of migrations', () => {
  it('give one that keeps its tool from going on the next version', () =>
    withApplied(async (running) => {
      const late = 'migrations/00002_late.sql';
      running.write(late, goose('create table late ();'));
      await running.editor.connection.sendNotification('workspace/didChangeWatchedFiles', {
        changes: [{ uri: uriOf(running.path(late)), type: 1 }],
      });
      const [action, ...others] = await actionsOn(running, late, goose('create table late ();'));
      deepEqual([action?.title, others], ['Give it the next version: 00004_late.sql', []]);
      const to = uriOf(running.path('migrations/00004_late.sql'));
      deepEqual(action?.edit?.documentChanges, [{ kind: 'rename', oldUri: uriOf(running.path(late)), newUri: to }]);
    }));

  it('give one whose version stands twice the next one', () =>
    withApplied(async (running) => {
      const other = 'migrations/00003_c.sql';
      running.write(other, goose('create table c ();'));
      await running.editor.connection.sendNotification('workspace/didChangeWatchedFiles', {
        changes: [{ uri: uriOf(running.path(other)), type: 1 }],
      });
      const actions = await actionsOn(running, other, goose('create table c ();'));
      deepEqual(
        actions.map(({ title }) => title),
        ['Give it the next version: 00004_c.sql'],
      );
      const [project] = await running.editor.connection.sendRequest(ListProjectsRequest);
      deepEqual(
        project?.problems?.map(({ uri }) => uri),
        [uriOf(running.path(other))],
      );
    }));

  it('put back what was applied, and make a new migration of the edit', () =>
    withApplied(async (running) => {
      const { editor, path, write } = running;
      const edited = goose('create table a (id int);\ncreate index a_id on a (id);');
      write(first, edited);
      editor.close(path(first));
      const offered = await actionsOn(running, first, edited);
      deepEqual(
        offered.map(({ title }) => title),
        ['Put back what was applied', 'Put back what was applied, and make the edit a new migration'],
      );
      // There is no repository here: this is what was kept. The mark is none of what an edit of VS Code reaches.
      write(first, `\uFEFF${edited}`);
      const kept: CodeAction = await editor.connection.sendRequest('codeAction/resolve', offered[0]);
      deepEqual([textOf(kept, 0), kept.command?.arguments], [files[first], [uriOf(path(first)), false]]);

      write(first, files[first] ?? '');
      for (const args of [
        ['init', '-q'],
        ['add', '.'],
        ['commit', '-q', '-m', 'applied'],
      ])
        git(running.path(''), args);
      write(first, edited);
      const [restore, move] = await Promise.all(
        offered.map((it): Promise<CodeAction> => editor.connection.sendRequest('codeAction/resolve', it)),
      );
      deepEqual([textOf(restore!, 0), restore?.command], [files[first], undefined]);
      equal(textOf(move!, 0), files[first]);
      const to = uriOf(path('migrations/00004_a_again.sql'));
      deepEqual(move?.edit?.documentChanges?.[1], { kind: 'create', uri: to });
      equal(textOf(move, 2), '-- +goose Up\ncreate index a_id on a (id);\n\n\n-- +goose Down\n\n');

      editor.close(path(first));
      const noted = goose('create table a (id int);\n-- a note');
      write(first, noted);
      const [, nothing] = await actionsOn(running, first, noted);
      const same: CodeAction = await editor.connection.sendRequest('codeAction/resolve', nothing);
      equal(same.edit, undefined);
    }));
});
