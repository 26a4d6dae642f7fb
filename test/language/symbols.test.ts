/** The outline: scripts, statements and their kinds, with exact ranges; and that it works on anything. */
import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver-protocol/node';
import { dbmate } from '../../server/engine/layouts/dbmate';
import { loadParser } from '../../server/engine/sql/parse';
import { rangesIn } from '../../server/language/positions';
import { outline } from '../../server/language/symbols';

const never = new AbortController().signal;

describe('the outline', () => {
  before(() => loadParser());

  it('shows the scripts of a migration with their statements', async () => {
    const text = [
      '-- migrate:up',
      'create table shop.users (id int);',
      'create unique index users_name on shop.users (lower(name));',
      'alter table shop.users add column email text;',
      "create function f() returns int language sql as $$ select 1 $$; insert into a values ('x');",
      '-- migrate:down',
      'drop table shop.users;',
      '',
    ].join('\n');
    deepEqual(drawn(await outlineOf(text, dbmate.read('1_a.sql', text).scripts)), [
      'up Namespace',
      '  create table shop.users Struct 2:1-2:33',
      '  create unique index users_name on shop.users Key 3:1-3:59',
      '  alter table shop.users add column email text Field 4:1-4:45',
      '  create function f Function 5:1-5:63',
      '  insert into a values Event 5:65-5:91',
      'down Namespace',
      '  drop table shop.users Event 7:1-7:22',
    ]);
  });

  it('shows SQL that is no migration without scripts, psql lines and rows of COPY too', async () => {
    deepEqual(drawn(await outlineOf('\\set a 1\ncopy t from stdin;\n1\n\\.\n')), [
      '\\set a 1 Operator 1:1-1:9',
      'copy t from stdin Array 2:1-2:18',
    ]);
  });

  it('keeps titles to one line', async () => {
    const text = `select\n  ${'a, '.repeat(60)}b /* c */ from t`;
    const [symbol] = await outlineOf(text);
    deepEqual(symbol?.name, `select ${'a, '.repeat(24)}a…`);
  });

  it('is made of any text, and each symbol stands inside its parent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (text) => {
        for (const { children = [], range } of await outlineOf(text, dbmate.read('1_a.sql', text).scripts)) {
          for (const child of children) deepEqual(isInside(child.range, range), true);
        }
      }),
    );
  });
});

const outlineOf = (text: string, scripts?: Parameters<typeof outline>[1]) =>
  outline(text, scripts, rangesIn(text), never);

const kinds = Object.entries(SymbolKind);

function drawn(symbols: readonly DocumentSymbol[]): string[] {
  return symbols.flatMap(({ name, kind, range: { start, end }, children }) => {
    const [kindName] = kinds.find(([, value]) => value === kind) ?? [];
    const place = `${start.line + 1}:${start.character + 1}-${end.line + 1}:${end.character + 1}`;
    if (!children) return [`${name} ${kindName} ${place}`];
    return [`${name} ${kindName}`, ...drawn(children).map((line) => `  ${line}`)];
  });
}

type Range = DocumentSymbol['range'];
const notAfter = (a: Range['start'], b: Range['start']) =>
  a.line < b.line || (a.line === b.line && a.character <= b.character);
const isInside = (inner: Range, outer: Range) => notAfter(outer.start, inner.start) && notAfter(inner.end, outer.end);
