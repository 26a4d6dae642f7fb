/** Directives over stdio: completion, hover, and quick fixes that belong to one version of the text. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { CodeAction, CompletionList, TextDocumentEdit } from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import { told } from '../support/editor';
import { type Running, withLanguageServer } from '../support/languageServer';
import { binariesOf, servers, withDatabase } from '../support/servers';

const first = 'db/migrations/20240101000000_users.sql';
const second = 'db/migrations/20240102000000_emails.sql';
const files = {
  [first]: '-- migrate:up\ncreate table users (id int primary key);\n\n-- migrate:down\ndrop table users;\n',
  [second]: '-- migrate:up\nalter table users add email text;\n\n-- migrate:down\nalter table users drop email;\n',
};
const misspelt = files[second]?.replace('migrate:down', 'migrate:dwon') ?? '';

const onServer = (use: (running: Running) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) => {
    const settings = { database: url, shadow: 'private', postgresBinaries: [binariesOf(servers.newest)] };
    return withLanguageServer({ files, initializationOptions: { settings } }, use);
  });

const actionsAt = ({ editor, path }: Running, line: number, character: number): Promise<readonly CodeAction[]> => {
  const place = { line, character };
  const diagnostics = editor.published.findLast(({ uri }) => uri === uriOf(path(second)))?.diagnostics ?? [];
  return editor.connection.sendRequest('textDocument/codeAction', {
    textDocument: { uri: uriOf(path(second)) },
    range: { start: place, end: place },
    context: { diagnostics },
  });
};

describe('directives in an editor', () => {
  it('are completed and explained without waiting for a rehearsal', () =>
    onServer(async ({ editor, path }) => {
      editor.open(path(second), '-- migrate:up tr\nselect 1;\n-- mig\n');
      const textDocument = { uri: uriOf(path(second)) };
      const complete = (line: number, character: number): Promise<CompletionList | null> =>
        editor.connection.sendRequest('textDocument/completion', { textDocument, position: { line, character } });
      const labels = async (line: number, character: number) =>
        (await complete(line, character))?.items.map(({ label }) => label);
      deepEqual(await labels(0, 16), ['transaction:false']);
      deepEqual(await labels(2, 6), ['-- migrate:down']);
      equal(await complete(1, 6), null);
      const hover = await editor.connection.sendRequest('textDocument/hover', {
        textDocument,
        position: { line: 0, character: 5 },
      });
      match(JSON.stringify(hover), /when the migration is applied.*github\.com\/amacneil\/dbmate/);
    }));

  it('that are misspelt have a quick fix, with which the findings go', () =>
    onServer(async (running) => {
      const { editor, path } = running;
      editor.open(path(second), misspelt);
      deepEqual(
        told(await editor.diagnostics(path(second))).map((it) => it.replace(/ (?:dbmate refuses|For dbmate).*/, '')),
        ['1:1-1:14 dbmate-missing-down', '4:1-4:16 directive-misspelt'],
      );
      const [fix, ...others] = await actionsAt(running, 3, 5);
      deepEqual(
        { title: fix?.title, isPreferred: fix?.isPreferred, codes: fix?.diagnostics?.map(({ code }) => code), others },
        { title: 'Write "-- migrate:down"', isPreferred: true, codes: ['directive-misspelt'], others: [] },
      );
      const [change] = (fix?.edit?.documentChanges ?? []) as readonly TextDocumentEdit[];
      equal(change?.textDocument.version, 1);
      deepEqual(change.edits, [
        { range: { start: { line: 3, character: 0 }, end: { line: 3, character: 15 } }, newText: '-- migrate:down' },
      ]);
      const version = editor.replace(path(second), '-- migrate:dwon', '-- migrate:down');
      // Of the text as it is now nothing is known yet, and what was found before would change the wrong place.
      deepEqual(await actionsAt(running, 3, 5), []);
      deepEqual(told(await editor.diagnostics(path(second), version)), []);
    }));
});
