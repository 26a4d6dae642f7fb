/** One window is no burden: it holds at most three connections to the server of its target, whatever is done in it. */
import { ok } from 'node:assert/strict';
import { type CodeAction, CodeActionRequest } from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import { ListProjectsRequest, PreviewRequest, RowsRequest, WindowFocused } from '../../server/protocol/messages';
import { withClient } from '../support/client';
import { withCount } from '../support/counting';
import type { Editor } from '../support/editor';
import { withLanguageServer } from '../support/languageServer';
import { binariesOf, servers, withDatabase } from '../support/servers';

const files = Object.fromEntries(
  [1, 2, 3, 4, 5].map((n) => [
    `db/migrations/2024010${n}000000_t.sql`,
    `-- migrate:up\nalter table t alter column a${n} set not null;\n-- migrate:down\n`,
  ]),
);

/** The name of the rows that a diagnostic of this file counts; of a text that is checked just now nothing is offered. */
async function rowsOf(editor: Editor, uri: string): Promise<string> {
  const found = () => editor.published.findLast((it) => it.uri === uri)?.diagnostics.find((it) => it.code === '23502');
  for (;;) {
    await editor.until(() => found() !== undefined, 'rows at fault');
    const range = found()?.range ?? { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
    const request = { textDocument: { uri }, range, context: { diagnostics: [] } };
    const told = editor.published.length;
    const [action] = (await editor.connection.sendRequest(CodeActionRequest.type, request)) ?? [];
    if (action) return String((action as CodeAction).command?.arguments?.[1]);
    await editor.until(() => editor.published.length > told, 'what is found in the text as it is now');
  }
}

for (const shadow of ['private', 'same-server'])
  for (const major of Object.values(servers))
    it(`a window with a ${shadow} shadow holds at most three connections to PostgreSQL ${major}`, () =>
      withDatabase(major, (url) =>
        withCount(url, async (counted, most) => {
          const table = 'create table t (a1 int, a2 int, a3 int, a4 int, a5 int); insert into t default values';
          await withClient(url, (query) => query(table));
          const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)], shadow } };
          const beginning = { files, environment: { DATABASE_URL: counted }, initializationOptions };
          await withLanguageServer(beginning, async ({ editor, path }) => {
            const texts = Object.entries(files).map(([name, text]) => [path(name), text] as const);
            const listed = editor.connection.sendRequest(ListProjectsRequest);
            for (const [name, text] of texts) editor.open(name, text);
            await listed;
            for (const [round, [name]] of texts.entries()) {
              const uri = uriOf(name);
              const rows = await rowsOf(editor, uri);
              const working = [
                editor.connection.sendRequest(RowsRequest, { uri, rows }),
                editor.connection.sendRequest(PreviewRequest, { folder: uriOf(path('db/migrations')) }),
                withClient(url, (query) => query(`create table other_${round} ()`)),
                editor.connection.sendNotification(WindowFocused),
              ];
              for (const [other, text] of texts) editor.edit(other, `${text}-- ${round}\n`);
              await Promise.all(working);
            }
          });
          ok(most() <= 3, `${most()} connections`);
        }),
      ));
