/** Formatting: what it lays out, what it must not touch, and that it is the same twice. */
import { equal, deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { edited, type TextRange } from '../../server/engine/base/text';
import { tokensOf } from '../../server/engine/sql/tokens';
import { formatEdits } from '../../server/language/format';

const layout = { tabSize: 2, insertSpaces: true };
const never = new AbortController().signal;

async function formatted(text: string, within?: TextRange): Promise<string> {
  const whole = { start: 0, end: text.length };
  return edited(text, await formatEdits(text, [whole], layout, within ?? whole, never));
}

describe('formatting', () => {
  it('lays out statements and begins each on a line of its own', async () => {
    const text = 'create table a(id int primary key,b text);   insert into a values(1,$1);\n';
    equal(
      await formatted(text),
      ['create table a (id int primary key, b text);', 'insert into', '  a', 'values', '  (1, $1);', ''].join('\n'),
    );
  });

  const kept: Record<string, string> = {
    'comments and tool markers': '-- migrate:up   \n\n  --  two  spaces\n/* a\n     b */\n-- migrate:down\t\n',
    'psql lines': '\\set ON_ERROR_STOP   1\n\\connect   shop\n',
    'rows of COPY': 'copy a from stdin;\n1\t  two   \n  2\tx\n\\.\n',
    'a statement behind COPY on its line': 'copy a from stdin; select   1;\n1\n\\.\n',
    'placeholders of a tool': 'create table   ${schema}.a(id int);\n',
    'bodies with semicolons': 'create function f() returns int begin atomic select   1; end;\n',
    'what cannot be read': "select   'open\n",
    'comments of several lines inside a statement': 'select   1 /* a\n        b */ + 2;\n',
    'strings that are continued on the next line': "select   'a'\n  'b';\n",
    'backslashes that may escape': "set\n  standard_conforming_strings = off;\nselect 'a\\'  b',   1;\n",
    'statements with two kinds of line ends': 'select   1,\r\n\n2;\n',
  };
  for (const [what, text] of Object.entries(kept)) {
    it(`keeps ${what}`, async () => equal(await formatted(text), text));
  }

  it('keeps variables of psql in one piece', async () => {
    equal(await formatted('select :id,:"name";\n'), 'select\n  :id,\n  :"name";\n');
  });

  it('keeps dollar-quoted bodies byte for byte', async () => {
    const body = '$f$\n  select   1;\n\tselect 2  \n$f$';
    const text = `create function f()returns int   language sql as ${body};\n`;
    const result = await formatted(text);
    equal(result.includes(body), true);
    equal(result, `create function f () returns int language sql as ${body};\n`);
  });

  it('keeps line ends, the byte order mark and a missing final newline', async () => {
    equal(await formatted('select 1,2;\r\n-- x\r\nselect 3'), 'select\r\n  1,\r\n  2;\r\n-- x\r\nselect\r\n  3');
  });

  it('lays out the statements of the selection only', async () => {
    const text = 'select   1;\nselect   2;\n';
    equal(await formatted(text, { start: 13, end: 14 }), 'select   1;\nselect\n  2;\n');
  });

  it('makes no edits where nothing changes', async () => {
    const once = await formatted('select 1;\n');
    deepEqual(
      await formatEdits(once, [{ start: 0, end: once.length }], layout, { start: 0, end: once.length }, never),
      [],
    );
  });

  it('keeps every token in its order and is the same twice, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (text) => {
        const once = await formatted(text);
        deepEqual(
          tokensOf(once).map((it) => it.text),
          tokensOf(text).map((it) => it.text),
        );
        equal(await formatted(once), once);
      }),
      { numRuns: 300 },
    );
  });
});

/** Scripts out of parts that are easy to get wrong, in any order. */
const scripts = fc
  .array(
    fc.constantFrom(
      'select 1',
      'select a.b , c from t where x=-1 and y - -1 > :id',
      "insert into t values('a', E'\\'', U&'x')",
      'create table "T é 😀"(id int default 1,name text)',
      'alter table t add column c int,drop column d',
      "create index on t using gin(a jsonb_path_ops)where a ? 'x'",
      'do $$ begin  perform 1; end $$',
      'copy t from stdin;\n1\t2\n\\.\n',
      '\\echo   hi\n',
      '-- a  comment\n',
      '/* b\n  c */',
      ';',
      ' ',
      '\n',
      '\r\n',
      '\t',
      "'",
      '"',
      '$$',
      '(',
      ')',
      '${x}',
      '-- migrate:down\n',
      'case when a then b else c end',
      'update t set(a,b)=(1,2)',
      'with x as(select 1)select * from x',
      "select a::int[],b[1:2],c->>'d'",
      '\\;',
      '\uFEFF',
      'é',
      '😀',
      ':x',
      '::',
      '--',
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));
