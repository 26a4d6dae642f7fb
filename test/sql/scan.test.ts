/** Scripts are cut where Postgres and psql cut them, whatever they hold. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { parseSync } from 'libpg-query';
import { skipBlank } from '../../server/engine/sql/lexer';
import { loadParser } from '../../server/engine/sql/parse';
import { type Piece, scan, statementsOf } from '../../server/engine/sql/scan';
import { servers, withDatabase } from '../support/servers';
import { withConnection } from '../support/client';
import { blanks, fragments, queries, statements } from './arbitraries';

/** Each statement as its text; rows and psql lines are marked. */
const cut = (sql: string): string[] =>
  statementsOf(sql).map(({ kind, text, copyData }) =>
    kind === 'sql' ? text : `${kind}: ${text}${copyData === undefined ? '' : ` <${copyData}>`}`,
  );

describe('a script is cut', () => {
  const cases: Record<string, readonly [sql: string, ...expected: string[]]> = {
    'at semicolons, without them': ['select 1; select 2;', 'select 1', 'select 2'],
    'also without a last one': ['select 1;\nselect 2', 'select 1', 'select 2'],
    'into nothing when there is nothing': [' ;; -- nothing\n/* at all */ ;'],
    'past empty statements': [';;select 1;;;select 2;;', 'select 1', 'select 2'],
    'without the comments around statements': [
      '-- a\nselect 1 -- b;\n; /* c; */ select 2 /* d */',
      'select 1',
      'select 2',
    ],
    'with the comments in them': ['select /* ; */ 1 -- ;\n + 2;', 'select /* ; */ 1 -- ;\n + 2'],
    'past nested comments': [
      '/* a /* b; */ c; */ select 1; /* /**/ ; /*/ */ */ */ select 2',
      'select 1',
      '*/ select 2',
    ],
    'past doubled quotes': [`select 'it''s;', "a"";b"; select 2`, `select 'it''s;', "a"";b"`, 'select 2'],
    'past backslashes in E strings only': [
      String.raw`select E'\';', e'\\'; select '\'; select 3`,
      String.raw`select E'\';', e'\\'`,
      String.raw`select '\'`,
      'select 3',
    ],
    'past strings that go on after a line break': [
      "select E'a' -- b\n \n'\\';'; select 'a' '\\'; select 3",
      "select E'a' -- b\n \n'\\';'",
      "select 'a' '\\'",
      'select 3',
    ],
    'past strings of all kinds': [
      String.raw`select U&'\0441;', u&"\0441;", B'1;', x'f;', N';', n'\'; select 2`,
      String.raw`select U&'\0441;', u&"\0441;", B'1;', x'f;', N';', n'\'`,
      'select 2',
    ],
    'past dollar quotes': [
      'select $$ ; $ $$, $a$ $$; $b$ $a$; select 2',
      'select $$ ; $ $$, $a$ $$; $b$ $a$',
      'select 2',
    ],
    'past tags of any letters': [
      'select $тег_1$;$тег_2$$тег_1$; select 2',
      'select $тег_1$;$тег_2$$тег_1$',
      'select 2',
    ],
    'not past dollars of parameters and names': [
      'select $1$; select a$$; select b$c$; $d$',
      'select $1$',
      'select a$$',
      'select b$c$',
      '$d$',
    ],
    'inside no quote that never ends': [`select 1; select 'a; select 3;\n`, 'select 1', `select 'a; select 3;\n`],
    'inside no comment that never ends': ['select 1; /* select /* */ 2;', 'select 1'],
    'where a parenthesis is left open': ['create table a (b int; select 2;', 'create table a (b int', 'select 2'],
    'past the actions of a rule': [
      'create or replace rule r as on insert to t do also (select (1); notify a); select 2',
      'create or replace rule r as on insert to t do also (select (1); notify a)',
      'select 2',
    ],
    'past the body of an SQL function': [
      `create function f(a int) returns int begin atomic select case when a > 0 then (case a when 1 then 2 end) end; select t.end as case from t; end; select 2`,
      `create function f(a int) returns int begin atomic select case when a > 0 then (case a when 1 then 2 end) end; select t.end as case from t; end`,
      'select 2',
    ],
    'past the body of a procedure that has none': [
      'create procedure p() begin atomic end; select 2',
      'create procedure p() begin atomic end',
      'select 2',
    ],
    'at BEGIN that is a transaction': ['begin; select 1; end; select 2', 'begin', 'select 1', 'end', 'select 2'],
    'behind rows for COPY': [
      'copy t (a, b) from stdin;\n1\t;\n\\.\nselect 2;',
      'copyIn: copy t (a, b) from stdin <1\t;\n>',
      'select 2',
    ],
    'behind rows with CR LF': [
      'COPY t FROM STDIN WITH (FORMAT csv);\r\n1,2\r\n\\.\r\nselect 2;\r\n',
      'copyIn: COPY t FROM STDIN WITH (FORMAT csv) <1,2\r\n>',
      'select 2',
    ],
    'behind no rows': ['copy t from stdin;\n\\.\n', 'copyIn: copy t from stdin <>'],
    'behind rows that never end': ['copy t from stdin;\n1\n\\.x\n', 'copyIn: copy t from stdin <1\n\\.x\n>'],
    'where the rest of the line comes before the rows': [
      'copy t from stdin; copy u from stdin; select 1;\n1\n\\.\n2\n\\.\nselect 2',
      'copyIn: copy t from stdin <1\n>',
      'copyIn: copy u from stdin <2\n>',
      'select 1',
      'select 2',
    ],
    'without rows for files and queries': [
      `copy t from '/f'; copy (select a from stdin) to stdout; copy "from" to stdout; copy (select 1) from stdin; select 4`,
      `copy t from '/f'`,
      'copy (select a from stdin) to stdout',
      'copy "from" to stdout',
      'copy (select 1) from stdin',
      'select 4',
    ],
    'at lines for psql': [
      "\\connect shop\nselect 1;\n  \\set x 'a;b'\nselect 2 \\gexec\nselect 3\n\\i more.sql\r\nselect 4\\;select 5",
      'psql: \\connect shop',
      'select 1',
      "psql: \\set x 'a;b'",
      'select 2',
      'psql: \\gexec',
      'select 3',
      'psql: \\i more.sql',
      'select 4',
      'select 5',
    ],
    'behind rows for \\copy': ['\\copy t from stdin\n1;\n\\.\nselect 1', 'psql: \\copy t from stdin', 'select 1'],
    'not at other backslashes': ['select 1 \\ 2; select \\d', 'select 1 \\ 2', 'select \\d'],
    'behind a byte order mark': ['\ufeffselect 1', 'select 1'],
    'at lone carriage returns too': ['select 1 -- a;\r, 2;\rselect 3', 'select 1 -- a;\r, 2', 'select 3'],
    'with names of any letters': [
      'select "\u{1f600};", имя\u00a0; select 2',
      'select "\u{1f600};", имя\u00a0',
      'select 2',
    ],
  };
  for (const [name, [sql, ...expected]] of Object.entries(cases)) it(name, () => deepEqual(cut(sql), expected));

  it('within a part of a file, with offsets of the file', () => {
    const file = `-- up\nselect 'a; -- down\nselect 1;`;
    const end = file.indexOf('-- down');
    deepEqual(statementsOf(file, { start: 6, end }), [{ text: `select 'a; `, range: { start: 6, end }, kind: 'sql' }]);
  });

  it('leaves everything but the statements to the pieces between them', () => {
    const sql = '-- a\ncopy t from stdin ;\n1\n\\.\n;select 1 ; ';
    deepEqual(
      scan(sql).map(({ kind, range }) => [kind, sql.slice(range.start, range.end)]),
      [
        ['blank', '-- a\n'],
        ['statement', 'copy t from stdin ;'],
        ['blank', '\n'],
        ['rows', '1\n\\.\n'],
        ['blank', ';'],
        ['statement', 'select 1 ;'],
        ['blank', ' '],
      ],
    );
  });
});

describe('standard_conforming_strings', () => {
  const cases: Record<string, readonly [sql: string, ...expected: string[]]> = {
    'set by the script': [
      String.raw`set standard_conforming_strings = off; select '\';'; set standard_conforming_strings to 'on'; select '\'; select 5`,
      'set standard_conforming_strings = off',
      String.raw`select '\';'`,
      `set standard_conforming_strings to 'on'`,
      String.raw`select '\'`,
      'select 5',
    ],
    'set for a transaction': [
      String.raw`begin; set local standard_conforming_strings = false; select '\';'; commit; select '\'`,
      'begin',
      'set local standard_conforming_strings = false',
      String.raw`select '\';'`,
      'commit',
      String.raw`select '\'`,
    ],
    'set in a transaction that is rolled back': [
      String.raw`begin; set session standard_conforming_strings = 0; select '\';'; rollback; select '\'`,
      'begin',
      'set session standard_conforming_strings = 0',
      String.raw`select '\';'`,
      'rollback',
      String.raw`select '\'`,
    ],
  };
  for (const [name, [sql, ...expected]] of Object.entries(cases)) {
    it(name, () => deepEqual(cut(sql), expected));
  }

  it('off from the start', () => {
    const sql = String.raw`select '\';', N'\';', B';'; reset all; select '\';'`;
    const pieces = scan(sql, { standardConformingStrings: false });
    deepEqual(
      pieces.flatMap((piece) => (piece.kind === 'statement' ? [piece.statement.text] : [])),
      [String.raw`select '\';', N'\';', B';'`, 'reset all', String.raw`select '\';'`],
    );
  });

  it('is followed as the server follows it', async () => {
    // Every one of these is refused by the server when the pieces before it were cut in a wrong place.
    const script = Object.values(cases)
      .map(([sql]) => `${sql};`)
      .join('\n');
    await withDatabase(servers.oldest, (url) =>
      withConnection(url, async (client) => {
        for (const { text } of statementsOf(script)) await client.query(text);
      }),
    );
  });
});

describe('whatever the text', () => {
  it('the pieces put together are the text', () => {
    fc.assert(
      fc.property(fragments, (sql) => {
        const pieces = scan(sql);
        equal(whole(sql, pieces), sql);
        for (const piece of pieces) {
          ok(piece.range.start < piece.range.end);
          if (piece.kind !== 'statement') continue;
          const { text, range } = piece.statement;
          equal(text, sql.slice(range.start, range.end));
          ok(text.length > 0 && piece.range.start === range.start && range.end <= piece.range.end);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a part is cut as if it were the whole', () => {
    fc.assert(
      fc.property(fragments, fragments, fragments, (before, sql, after) => {
        // A byte order mark is one only at the start of a file.
        const part = sql.replaceAll('\ufeff', '');
        const within = { start: before.length, end: before.length + part.length };
        const alone = statementsOf(part).map(({ range, ...rest }) => ({
          ...rest,
          range: { start: range.start + within.start, end: range.end + within.start },
        }));
        deepEqual(statementsOf(`${before}${part}${after}`, within), alone);
      }),
    );
  });

  it('no text takes quadratic time', () => {
    // If one did, this test would not come to its end.
    const size = 1_000_000;
    for (const unit of ['(', "'", ' ', '$a', '$a$$b', '/*', '1', '+', '\\.x', "'\n--", 'copy t from stdin;', "e'\\"]) {
      const sql = unit.repeat(size / unit.length);
      equal(whole(sql, scan(sql)).length, sql.length);
    }
  });
});

describe('libpg_query', () => {
  before(loadParser);

  it('cuts valid scripts in the same places', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(blanks, statements, blanks), { minLength: 1, maxLength: 6 }), (parts) => {
        const sql = parts.map(([before, statement, after]) => `${before}${statement}${after}`).join(';');
        deepEqual(cut(sql), splitByParser(sql));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the server', () => {
  for (const major of Object.values(servers)) {
    it(`cuts one message in the same places, PostgreSQL ${major}`, () =>
      withDatabase(major, (url) =>
        withConnection(url, async (client) => {
          const values = async (sql: string): Promise<unknown[]> =>
            [await client.query<{ 'a;': string }>(sql)].flat().map(({ rows }) => rows[0]?.['a;']);
          const scripts = fc.array(fc.tuple(blanks, queries, blanks), { minLength: 1, maxLength: 5 });
          await fc.assert(
            fc.asyncProperty(scripts, async (parts) => {
              const sql = parts.map((part) => part.join('')).join(';');
              const apart: unknown[] = [];
              for (const { text } of statementsOf(sql)) apart.push(...(await values(text)));
              deepEqual(apart, await values(sql));
              equal(apart.length, parts.length);
            }),
          );
        }),
      ));
  }
});

const whole = (sql: string, pieces: readonly Piece[]): string =>
  pieces.map(({ range }) => sql.slice(range.start, range.end)).join('');

/** Its positions are bytes of UTF-8, and a statement has the blanks around it. */
function splitByParser(sql: string): string[] {
  const bytes = Buffer.from(sql);
  return (parseSync(sql).stmts ?? []).map(({ stmt_location: start = 0, stmt_len: length }) => {
    const text = bytes.subarray(start, length ? start + length : undefined).toString();
    const begin = skipBlank(text, 0, text.length);
    const [only, ...more] = statementsOf(text.slice(begin));
    equal(more.length, 0);
    equal(skipBlank(text, begin + (only?.range.end ?? 0), text.length), text.length);
    return only?.text ?? '';
  });
}
