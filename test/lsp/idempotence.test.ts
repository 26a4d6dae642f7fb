/** Make Idempotent over stdio: as a refactoring, as a quick fix where it is demanded, and by the request of our client. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { type CodeAction, CodeActionTriggerKind, type TextDocumentEdit } from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import { MakeIdempotentRequest } from '../../server/protocol/idempotence';
import { withLanguageServer } from '../support/languageServer';

const file = 'migrations/001_a.sql';
const text = 'create table a (n int);\nupdate a set n = n + 1;\n';
const files = { [file]: text, 'migrations/002_b.sql': '', 'migrations/003_c.sql': '' };
const settings = { database: 'embedded', shadow: 'embedded', requireIdempotent: { migrations: true } };

describe('make idempotent in an editor', () => {
  it('is offered where it is demanded and asked for, and resolved by running it twice', () =>
    withLanguageServer({ files, initializationOptions: { settings } }, async ({ editor, path }) => {
      const uri = uriOf(path(file));
      editor.open(path(file), text);
      const diagnostics = await editor.diagnostics(path(file));
      deepEqual(
        diagnostics.map(({ code, range }) => [code, range.start.line]),
        [
          ['not-idempotent', 0],
          ['not-idempotent', 1],
        ],
      );
      const start = { line: 0, character: 0 };
      const asked = (context: object): Promise<CodeAction[]> =>
        editor.connection.sendRequest('textDocument/codeAction', {
          textDocument: { uri },
          range: { start, end: start },
          context: { diagnostics, ...context },
        });
      const kinds = async (context: object) => (await asked(context)).map(({ kind }) => kind);
      deepEqual(await kinds({ triggerKind: CodeActionTriggerKind.Automatic }), ['quickfix']);
      deepEqual(await kinds({ only: ['refactor'] }), ['quickfix', 'refactor.rewrite']);
      const [fix] = await asked({});
      const taken: CodeAction = await editor.connection.sendRequest('codeAction/resolve', fix);
      const [change] = (taken.edit?.documentChanges ?? []) as TextDocumentEdit[];
      deepEqual(change?.edits, [
        { range: { start: { line: 0, character: 12 }, end: { line: 0, character: 12 } }, newText: ' if not exists' },
      ]);
      const made = await editor.connection.sendRequest(MakeIdempotentRequest, { uri });
      equal(made.verdict, 'partly');
      match(made.says, /Line 2: It makes new values of the old ones, and would do so each time\./);
    }));
});
