/** Tokens, names and strings are those that Postgres sees. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { readString } from '../../server/engine/sql/strings';
import { foldedName, nameParts, tokenAt, tokensOf } from '../../server/engine/sql/tokens';
import { servers, withDatabase } from '../support/servers';
import { fragments, queries } from './arbitraries';
import { withConnection } from '../support/client';

describe('tokens', () => {
  it('have the kinds of the grammar', () => {
    const sql = `select a$b, "B""", 'c' -- d\n 'e', $1, $$f$$, 1.5e3 /* g */ <@ .5::int[1..2] @- x\\`;
    deepEqual(
      tokensOf(sql).map(({ kind, text }) => `${kind} ${text}`),
      [
        'word select',
        'word a$b',
        'punctuation ,',
        'quotedIdentifier "B"""',
        'punctuation ,',
        `string 'c' -- d\n 'e'`,
        'punctuation ,',
        'param $1',
        'punctuation ,',
        'dollarString $$f$$',
        'punctuation ,',
        'number 1.5e3',
        'comment /* g */',
        'operator <@',
        'number .5',
        'punctuation ::',
        'word int',
        'punctuation [',
        'number 1',
        'punctuation ..',
        'number 2',
        'punctuation ]',
        'operator @-',
        'word x',
        'punctuation \\',
      ],
    );
  });

  it('let a sign go when the operator is a plain one', () => {
    deepEqual(texts('1+-2'), ['1', '+', '-', '2']);
    deepEqual(texts('1*-+2'), ['1', '*', '-', '+', '2']);
    deepEqual(texts('1@-2'), ['1', '@-', '2']);
    deepEqual(texts('1<--2'), ['1', '<', '--2']);
    deepEqual(texts('1=/*2'), ['1', '=', '/*2']);
  });

  it('stand in the order of the text and leave only blanks between them', () => {
    fc.assert(
      fc.property(fragments, (sql) => {
        let at = 0;
        for (const { range, text } of tokensOf(sql)) {
          ok(/^[\s\ufeff]*$/.test(sql.slice(at, range.start)));
          ok(range.end > range.start);
          equal(sql.slice(range.start, range.end), text);
          at = range.end;
        }
      }),
    );
  });
});

describe('the token at an offset', () => {
  it('is the one around it', () => {
    equal(at('select |users.id'), 'users');
    equal(at('select use|rs.id'), 'users');
    equal(at(`select "a |b".c`), '"a b"');
    equal(at(`select $$a |b$$`), '$$a b$$');
    equal(at('select \u{1f600}|a'), '\u{1f600}a');
  });

  it('is none between tokens and at the end', () => {
    equal(at('select| a'), undefined);
    equal(at('select a|'), undefined);
  });

  it('is the whole name when that is asked for', () => {
    for (const marked of ['from |app . "Users".id,', 'from app |. "Users".id,', 'from app . "Users".i|d,']) {
      equal(at(marked, true), 'app . "Users".id');
    }
    equal(at('from a |b', true), 'b');
    equal(at('select |1.5', true), '1.5');
    equal(at('a.b, |c.d', true), 'c.d');
  });
});

describe('names', () => {
  it('are folded as the server folds them', async () => {
    const written = [
      'Users',
      '"Users"',
      'ÄRGER',
      '"a""b"',
      String.raw`U&"\0441x"`,
      'ä'.repeat(40),
      `"${'x'.repeat(70)}"`,
    ];
    await withDatabase(servers.newest, (url) =>
      withConnection(url, async (client) => {
        const { fields } = await client.query(`select ${written.map((name) => `1 as ${name}`).join(', ')}`);
        deepEqual(
          written.map(foldedName),
          fields.map(({ name }) => name),
        );
      }),
    );
  });

  it('come in parts', () => {
    deepEqual(nameParts('App . "Us.ers"./* x */Id'), ['app', 'Us.ers', 'id']);
    deepEqual(nameParts(''), []);
  });
});

describe('strings', () => {
  it('say what the server reads', () =>
    withDatabase(servers.newest, (url) =>
      withConnection(url, async (client) => {
        const escapes = String.raw`select E'\b\f\n\r\t\\\'\"\101\x41\u0441\U0001F600\z' as "a;"`;
        const unicode = String.raw`select U&'\0441\+01F600\\''' as "a;"`;
        await fc.assert(
          fc.asyncProperty(queries, async (sql) => {
            const { rows } = await client.query<{ 'a;': string }>(sql);
            const string = tokensOf(sql)[1]!;
            equal(readString(string.text).text, rows[0]?.['a;']);
          }),
          { examples: [[escapes], [unicode]] },
        );
      }),
    ));

  it('know where each character is written', () => {
    const token = `E'a''\\x41\\u0441c' -- d\n 'e'`;
    const { text, offsetOf } = readString(token);
    equal(text, `a'Aсce`);
    deepEqual(
      Array.from({ length: text.length }, (_, index) => token.slice(offsetOf(index)).slice(0, 2)),
      ["a'", "''", '\\x', '\\u', "c'", "e'"],
    );
    equal(offsetOf(text.length), token.length - 1);
    equal(readString('$a$bc$a$').offsetOf(1), 4);
  });

  it('end with the token when they are open', () => {
    equal(readString(`'a''b`).text, `a'b`);
    equal(readString('$$a').text, 'a');
    equal(readString('$a$b$a').text, 'b$a');
    equal(readString(`E'a\\`).text, 'a\\');
    equal(readString('"').text, '');
  });

  it('never fail', () => {
    fc.assert(
      fc.property(fragments, (sql) => {
        for (const { text, kind } of tokensOf(sql)) {
          const value = readString(text);
          if (kind === 'string') ok(value.offsetOf(value.text.length) <= text.length);
        }
      }),
    );
  });
});

const texts = (sql: string): string[] => tokensOf(sql).map(({ text }) => text);

/** `|` is the offset. */
const at = (marked: string, dotted = false): string | undefined => {
  const offset = marked.indexOf('|');
  const sql = marked.replace('|', '');
  const range = tokenAt(sql, offset, { dotted });
  return range && sql.slice(range.start, range.end);
};
