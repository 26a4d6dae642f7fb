/** What reaches outside is seen where it is used, and where it is used without being named. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import { ReachingNames } from '../../server/engine/sql/reach';
import { statementsOf } from '../../server/engine/sql/scan';
import type { Reach, Shape } from '../../server/engine/sql/statement';

before(loadParser);

describe('reaching out later', () => {
  const reads = 'machine uses f, which reads files of the database server (pg_read_file)';
  const f = `create function app.f() returns text language plpgsql as $$ begin return pg_read_file('x'); end $$;`;

  it('is nothing yet where it is made', () => deepEqual(last(f), []));

  it('is seen where it is called', () => {
    deepEqual(last(`${f} select app.f()`), [reads]);
    deepEqual(last(`${f} create table t as select * from f()`), [reads]);
    deepEqual(last(`${f} do $$ begin perform f(); end $$`), [reads]);
    deepEqual(last(`${f} create trigger g after insert on t for each row execute function f()`), [reads]);
    deepEqual(last(`${f} alter table t add column a text default f()`), [reads]);
  });

  it('is seen through others', () => {
    const through = ['machine reads files of the database server (pg_read_file)'];
    deepEqual(last(`${f} create function g() returns text language sql as 'select f()'; select g()`), through);
    deepEqual(last(`${f} create function g() returns text begin atomic select f(); end; call g()`), through);
    deepEqual(last(`${f} create view v as select f(); select * from v`), through);
    deepEqual(last(`${f} create view v as select f(); create view w as select * from v; delete from w`), through);
    deepEqual(last(`${f} alter function app.f() rename to g; select g()`), through);
    deepEqual(last(`${f} create aggregate a(text) (sfunc = f, stype = text); select a(b) from t`), through);
    deepEqual(last(`create function f(text) returns text language internal as 'pg_read_file'; select f('x')`), [reads]);
    equal(last(`create function f(text) returns text language internal as 'be_lo_export'; select f('x')`).length, 1);
  });

  it('is seen in views and foreign tables', () => {
    deepEqual(last(`create view v as select pg_ls_dir('.'); select 1 from public.v`), [
      'machine uses v, which reads files of the database server (pg_ls_dir)',
    ]);
    deepEqual(last('create foreign table r (a int) server s; insert into r values (1)'), [
      'machine uses r, which reads or writes outside the database (server s)',
    ]);
    deepEqual(last('create foreign table r (a int) server s; alter foreign table r add column b int'), []);
  });

  it('is seen in tables that foreign ones belong to', () => {
    const far = 'machine reads or writes outside the database (server s)';
    const r = 'create foreign table r (a int) server s;';
    const p = 'create table p (a int) partition by list (a);';
    deepEqual(last(`${p} ${r} alter table p attach partition r for values in (1); insert into p values (1)`), [far]);
    deepEqual(last(`${p} create foreign table r partition of p for values in (1) server s; delete from p`), [far]);
    deepEqual(last(`create table p (a int); ${r} alter foreign table r inherit p; update p set a = 1`), [far]);
    deepEqual(last(`create table p (a int); create table c () inherits (p); insert into p values (1)`), []);
  });

  it('is seen in tables that refer to one, whose rows go with its rows', () => {
    const reads = 'machine reads files of the database server (pg_read_file)';
    const trigger = `create function f() returns trigger language plpgsql as $$ begin perform pg_read_file('x'); end $$;
      create trigger g after delete on c execute function f();`;
    const key = 'alter table c add foreign key (a) references p';
    deepEqual(last(`${trigger} ${key} on delete cascade; delete from p`), [reads]);
    deepEqual(last(`${trigger} create table c (a int references p on update set null); update p set a = 2`), [reads]);
    deepEqual(last(`${trigger} ${key}; create table d (a int references p); truncate p cascade`), [reads]);
    deepEqual(last(`${trigger} ${key}; delete from p`), []);
  });

  it('is seen where a column of a row is a function of it, and in what CREATE SCHEMA makes', () => {
    const f = `create function f(p) returns text language plpgsql as $$ begin return pg_read_file('x'); end $$;`;
    deepEqual(last(`${f} select x.f from p x`), [reads]);
    deepEqual(last(`${f} select (x).f from p x`), [reads]);
    deepEqual(last(`${f} do $$ begin perform x.f from p x; end $$`), [reads]);
    const r = 'create foreign table r (a int) server s;';
    equal(last(`${r} create schema n create view v as select * from r; select from n.v`).length, 1);
    equal(last(`${r} create schema n create view v as select * from r; create table t (a int)`).length, 0);
    equal(
      last(`${f} create schema n create table t (a int) create trigger g after insert on t execute function f()`)
        .length,
      1,
    );
  });

  it('is seen in ANALYZE of all, and where XML is made of tables', () => {
    const r = 'create foreign table r (a int) server s; create table p (a int) partition by list (a);';
    equal(last(`${r} alter table p attach partition r default; analyze`).length, 1);
    equal(last(`${r} analyze`).length, 0);
    equal(last(`${r} do $$ begin analyze r; end $$`).length, 1);
    equal(last(`${r} select table_to_xml('r', true, false, '')`).length, 1);
  });

  it('follows names through a history however long', () => {
    const history = Array.from(
      { length: 40 },
      (_, n) => `create view v${n} as select * from ${n === 0 ? 'r' : `v${n - 1}`};`,
    );
    equal(
      last(
        `create server s foreign data wrapper w; create foreign table r (a int) server s; ${history.join(' ')} select * from v39`,
      ).length,
      1,
    );
  });

  it('is seen wherever the table stands in a list', () => {
    const v = 'create view v as select pg_ls_dir();';
    const reads = ['machine uses v, which reads files of the database server (pg_ls_dir)'];
    for (const code of [
      'truncate a, only public.v',
      'perform from a as b, c *, v',
      'perform from (select 1) as b, v',
      'perform from (v cross join a)',
      'perform from f(1, 2) b, v',
      'insert into a (x, y) select 1 from (select 2), v',
    ])
      deepEqual(last(`${v} do $$ begin ${code}; end $$`), reads, code);
    deepEqual(last(`${v} do $$ begin perform v, a from b; end $$`), []);
  });

  describe('by what no statement names', () => {
    const g = `create function g(text) returns boolean language sql as 'select true';`;
    /** `g` comes to reach outside after all the rest was made. */
    const far = `create or replace function g(text) returns boolean language plpgsql as $$ begin return pg_read_file('x') = $1; end $$;`;
    const reads = ['machine reads files of the database server (pg_read_file)'];
    const domain = `${g} create domain app.d as text check (app.g(value)); ${far}`;
    const uses = (made: string, ...statements: readonly string[]): void => {
      for (const sql of statements)
        it(sql, () => {
          const found = last(`${made} ${sql}`).map((it) => it.replace(/(?:uses|is about) .+, which /, ''));
          deepEqual(found, reads);
        });
    };
    const usesNot = (made: string, ...statements: readonly string[]): void => {
      for (const sql of statements) it(sql, () => deepEqual(last(`${made} ${sql}`), []));
    };

    uses(
      domain,
      `select 'a'::app.d`,
      `select d('a')`,
      `select '{a}'::d[]`,
      'create table t (x d); insert into t values (1)',
      'create table t (x d); copy t from stdin',
      'create table t (x int); alter table t add y d; update t set x = 1',
      `create table t (x d[] default '{}')`,
      `create type c as (x int, y d); select '(1,a)'::c`,
      `create type r as range (subtype = d); create table t (x r); insert into t values ('[a,b]')`,
      `create domain e as d; select 'a'::e`,
      'create table t (x d); create table u (like t); insert into u select 1',
      'create table t (x d); create table u () inherits (t); insert into u select 1',
      'create table t (x d); create table u as select x from t; insert into u values (1)',
      'create table t (x d); do $$ declare r t%rowtype; begin r.x := 1; end $$',
      'create table t (x d); do $$ declare y t.x%type := 1; begin end $$',
      `do $$ declare y constant app.d := 'a'; begin end $$`,
      `do $$ begin perform 'a'::d; end $$`,
      `do $$ begin execute 'select d ''a'''; end $$`,
      `create function f(a d) returns int language sql as 'select 1'; select f('a')`,
      `create function f() returns d language sql as 'select null'; create table t as select f() as x; insert into t values (1)`,
      `create function f() returns int language plpgsql as $$ declare x d; begin return 1; end $$; call f()`,
      'select * from json_to_recordset(null) as x(a int, b d)',
      'prepare p(d) as select 1',
      'alter domain d validate constraint d_check',
      'alter domain d rename to e; create table t (x e); insert into t select 1',
      'create table t (x d); alter table t rename to u; insert into u select 1',
      'alter table t alter x type d',
    );
    usesNot(
      domain,
      'create table t (x d)',
      'create type c as (x d)',
      'create function f(a d) returns d language sql as $$ select $1 $$',
      'drop domain d',
      'comment on domain d is $$a$$',
      'alter domain d drop constraint d_check',
      'create table t (d int); insert into t (d) values (1)',
      `select 'd', d from t`,
    );
    const kept = (made: string, ...statements: readonly string[]): void => uses(`${g} ${made}; ${far}`, ...statements);
    const type = 'create type c as (x int); create table t (x c)';
    kept(`prepare p as select g('a')`, 'execute p', 'create table t as execute p');
    kept(`declare c cursor for select g('a')`, 'fetch c');
    kept(
      'create operator ### (rightarg = text, function = g)',
      `select ### 'a'`,
      `do $$ begin perform ### 'a'; end $$`,
      'drop operator ### (none, text)',
    );
    kept(`${type}; create cast (c as text) with function g(c)`, 'select x::text from t', 'drop cast (c as text)');
    kept(`${type}; create operator = (leftarg = c, rightarg = c, function = g)`, 'select from t where x = x');
    kept('create table t (x text); create index i on t (g(x))', `insert into t values ('a')`, 'drop index i');
    kept('create table t (x text, y bool generated always as (g(x)) stored)', `insert into t values ('a')`);
    kept(`create materialized view v as select g('a') with no data`, 'refresh materialized view v');
    kept('create table t (x text); create policy p on t using (g(x))', 'select from t');
    kept(
      'create table u (x text check (g(x))); create table t (x text); create rule r as on insert to t do also insert into u values (1)',
      `insert into t values ('a')`,
    );
    kept(
      'create table p (x text) partition by list (x); create trigger g before insert on p for each row execute function g()',
      `create table t partition of p default; insert into t values ('a')`,
    );

    const unseen = (made: string): void => {
      it(`may be replaced: ${made}`, () => {
        const [first = ''] = lastBy(`${g} ${made}; ${far}`, (names, shape) => names.reachesUnseen(shape));
        match(first, /^machine changes what .* call: it uses [gh], which reads files/);
      });
    };
    unseen('create domain d as text check (g(value))');
    unseen('create operator ### (rightarg = text, function = g)');
    unseen('create cast (c as text) with function g(c)');
    unseen('create operator class o default for type c using btree as function 1 g(c, c)');
    unseen('create event trigger e on ddl_command_end execute function g()');
    unseen('create foreign data wrapper w validator g');
    unseen('create index on t (g(x))');
    unseen('create table t (x text check (g(x)))');
    unseen('create table t (x text) partition by list (g(x))');
    it('may not be what is only called where a statement names it', () => {
      for (const made of [`view v as select g('a')`, 'trigger g after insert on t execute function g()'])
        deepEqual(
          lastBy(`${g} create ${made}; ${far}`, (names, shape) => names.reachesUnseen(shape)),
          [],
        );
    });
  });

  it('ends where functions call each other', () => {
    const loop = `create function a() returns int language sql as 'select b()'; create function b() returns int language sql as 'select a()';`;
    deepEqual(last(`${loop} select a()`), []);
  });
});

/** The last statement of a script, after all before it. */
const last = (script: string): string[] => lastBy(script, (names, shape) => names.reachesOf(shape));

/** Each statement is known upon those before. */
function lastBy(script: string, ask: (names: ReachingNames, shape: Shape) => readonly Reach[]): string[] {
  let names = new ReachingNames();
  let found: string[] = [];
  for (const { text } of statementsOf(script)) {
    const shape = shapeOf(text);
    names = new ReachingNames(names);
    names.learn(shape);
    found = ask(names, shape).map(({ where, says }) => `${where} ${says}`);
  }
  return found;
}
