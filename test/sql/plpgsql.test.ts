/** Reading PL/pgSQL bodies: each piece of SQL at its place, records with the queries that give them a row type. */
import { deepEqual, equal } from 'node:assert/strict';
import { survey } from '../../server/engine/rehearsal/bodies/places';
import { bodiesIn } from '../../server/engine/sql/plpgsql/bodyText';
import { parseBody } from '../../server/engine/sql/plpgsql/parse';
import { rowsOf } from '../../server/engine/sql/plpgsql/rows';

/** The pieces of a body, as they stand in it. */
function piecesOf(body: string): string[] {
  const parsed = parseBody(body);
  if (!parsed) return ['unreadable'];
  return survey(parsed.block).places.map(
    ({ piece: { kind, range } }) => `${kind} ${body.slice(range.start, range.end)}`,
  );
}

const inBlock = (code: string): string[] => piecesOf(`begin\n${code}\nend`);

describe('a PL/pgSQL body', () => {
  it('gives its expressions and statements', () => {
    deepEqual(inBlock('x := a + 1; perform f(x), 2; select 1 into x from t; return x;'), [
      'expression a + 1',
      'expression f(x), 2',
      'statement select 1 into x from t',
      'expression x',
    ]);
  });

  it('gives conditions, bounds and arguments', () => {
    deepEqual(
      inBlock(`
        if a then null; elsif (case when b then c end) then null; else null; end if;
        case x when 1, 2 then null; end case;
        for i in reverse n + 1 .. m by 2 loop exit when i = 3; end loop;
        while f(';') loop null; end loop;
        foreach x slice 1 in array xs loop null; end loop;
        raise notice '% then %', a, f(b, c) using hint = h || 'loop';
        assert a, b;
      `),
      ['a', '(case when b then c end)', 'x', '1, 2', 'n + 1', 'm', '2', 'i = 3']
        .concat(["f(';')", 'xs', 'a', 'f(b, c)', "h || 'loop'", 'a', 'b'])
        .map((it) => `expression ${it}`),
    );
  });

  it('leaves dynamic SQL alone, but for what it is put together of', () => {
    deepEqual(inBlock('execute q || 1 into strict x using a, b; for r in execute q using c loop null; end loop;'), [
      'expression q || 1',
      'expression a',
      'expression b',
      'expression q',
      'expression c',
    ]);
  });

  it('reads targets as fields', () => {
    deepEqual(
      inBlock("new.a := 1; xs[i + 1] := 2; r.xs[1].b = 3; insert into t values ('into') returning a into r.b;"),
      [
        'expression 1',
        'expression new.a',
        'expression i + 1',
        'expression 2',
        'expression xs',
        'expression 1',
        'expression 3',
        'expression r.xs',
        "statement insert into t values ('into') returning a into r.b",
        'expression r.b',
      ],
    );
  });

  it('is read with any line ends, comments and labels', () => {
    const body =
      '/* 🎉; */\r\n<<a>>\r\ndeclare\r\n  x int -- begin\r\n  := 1;\r\nbegin\r\n  <<b>>\r\n  loop\r\n exit a when "end"; end loop b;\r\nend a;\r\n';
    deepEqual(piecesOf(body), ['expression 1', 'expression "end"']);
  });

  it('is given up where it is not understood', () => {
    deepEqual(piecesOf('begin x := 1 end'), ['unreadable']);
    deepEqual(piecesOf('select 1'), ['unreadable']);
    deepEqual(piecesOf(''), ['unreadable']);
  });

  it('is found in the statement, whatever its quotes', () => {
    const written = (statement: string): string[] =>
      bodiesIn(statement).map(({ text, offsetOf }) => `${text} @${offsetOf(0)}`);
    deepEqual(written("create function f() returns text as 'begin ''a'' end' language 'plpgsql'"), [
      "begin 'a' end @37",
      'plpgsql @64',
    ]);
    deepEqual(written("do E'begin\\n end'"), ['begin\n end @5']);
    deepEqual(written('do $a$begin $b$ $b$ end$a$'), ['begin $b$ $b$ end @6']);
  });
});

describe('rows of a statement', () => {
  it('are those of a query, or of a RETURNING list', () => {
    equal(rowsOf('select 1 for update'), 'select 1 for update');
    equal(rowsOf('insert into a.t as x (id) values (1) returning x.id, 2'), 'select x.id, 2 from a.t as x');
    equal(rowsOf('update only t u set a = 1 returning *'), 'select * from t as u');
    equal(rowsOf('delete from t where a = 1 returning a'), 'select a from t');
  });

  it('are not known where reading them would change something, or more than a table gives them', () => {
    for (const statement of [
      'with x as (delete from t returning *) select * from x',
      'update t set a = 1 from u returning *',
      'delete from t using u returning *',
      'insert into t values (1)',
      'merge into t using u on true when matched then delete',
    ])
      equal(rowsOf(statement), undefined, statement);
  });
});
