/** Inlay hints over stdio: behind the diagnostics, when nobody types; none as long as they are off. */
import { match } from 'node:assert/strict';
import { uriOf } from '../../server/language/uri';
import { withClient } from '../support/client';
import { withLanguageServer } from '../support/languageServer';
import { binariesOf, servers, withDatabase } from '../support/servers';

const file = 'db/migrations/20240101000000_users.sql';
const text = '-- migrate:up\nalter table users add check (age > 0);\n\n-- migrate:down\ndrop table users;\n';
const schema = 'create table users (id int primary key, age int); insert into users values (1, 2)';

const shown = {
  off: { hints: /^null$/, down: /^null$/, hover: /Ran.* in [0-9.]+ ms"/ },
  compact: {
    hints: /"label":"ACCESS EXCLUSIVE users"/,
    down: /"line":4,[^}]*\},"label":"ACCESS EXCLUSIVE users"/,
    hover: /Ran.* in [0-9.]+ ms.*ACCESS EXCLUSIVE.*`rehearsal\.inlayHints` at `full`/,
  },
  full: {
    hints: /"label":"ACCESS EXCLUSIVE users · [0-9.]+ ms"/,
    down: /"line":4,[^}]*\},"label":"ACCESS EXCLUSIVE users · [0-9.]+ ms"/,
    hover: /Ran.* in [0-9.]+ ms.*ACCESS EXCLUSIVE.*from end to end/,
  },
} as const;

describe('inlay hints of the server', () => {
  for (const level of ['off', 'compact', 'full'] as const) {
    it(`tell when they are ${level} what they should`, () =>
      withDatabase(servers.newest, async (url) => {
        await withClient(url, (query) => query(schema));
        const settings = { database: url, shadow: 'private', postgresBinaries: [binariesOf(servers.newest)] };
        const initializationOptions = { settings: { ...settings, inlayHints: level } };
        await withLanguageServer({ files: { [file]: text }, initializationOptions }, async ({ editor, path }) => {
          editor.open(path(file), text);
          await editor.diagnostics(path(file), 1);
          // Behind the second look, which comes when nobody has typed for a moment.
          await editor.until(() => editor.told.lenses > 0, 'that all is drawn again');
          const textDocument = { uri: uriOf(path(file)) };
          const range = { start: { line: 0, character: 0 }, end: { line: 5, character: 0 } };
          const hints = await editor.connection.sendRequest('textDocument/inlayHint', { textDocument, range });
          match(JSON.stringify(hints), shown[level].hints);
          match(JSON.stringify(hints), shown[level].down);
          const hover = await editor.connection.sendRequest('textDocument/hover', {
            textDocument,
            position: { line: 1, character: 3 },
          });
          match(JSON.stringify(hover), shown[level].hover);
        });
      }));
  }
});
