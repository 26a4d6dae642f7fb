/** Each class of mistakes: a statement in, its mutants out; the words that are wrong stand in «». */
import { deepEqual } from 'node:assert/strict';
import { loadModule } from 'libpg-query';
import { loadParser } from '../../../server/engine/sql/parse';
import { misspelt, mutated, type Mutation } from './mutation';
import { mutators } from './mutators/all';
import { chosen } from './mutants';
import { type Known, nothingKnown, sitesOf } from './site';

before(() => Promise.all([loadModule(), loadParser()]));

function mutants(name: string, sql: string, known: Partial<Known> = {}): string[] {
  const mutator = mutators.find((it) => it.name === name);
  const script = { direction: 'up', mode: 'transaction', range: { start: 0, end: sql.length } } as const;
  const sites = sitesOf(sql, script, () => ({ ...nothingKnown, ...known }));
  return sites.flatMap((site) => mutator?.mutate(site).map((it) => marked(sql, it)) ?? [`there is no ${name}`]);
}

function marked(sql: string, mutation: Mutation): string {
  const text = mutated(sql, mutation);
  const { wrong } = mutation;
  return wrong ? `${text.slice(0, wrong.start)}«${text.slice(wrong.start, wrong.end)}»${text.slice(wrong.end)}` : text;
}

describe('mutators', () => {
  it('misspell as fingers do, and leave quotes', () => {
    const names = ['users', 'id', 'a', '"Odd Name"', 'aa', 't1'];
    deepEqual(names.map(misspelt), ['usesr', 'di', 'aa', '"Odd Naem"', 'aaa', 'tt1']);
  });

  it('misspell tables that must be there, not those that are made', () => {
    deepEqual(mutants('misspelt_table', 'create table a (b int references app.users); insert into "T" select 1'), [
      'create table a (b int references app.«usesr»); insert into "T" select 1',
      'create table a (b int references app.users); insert into «"TT"» select 1',
    ]);
  });

  it('misspell columns wherever they are named', () => {
    deepEqual(mutants('misspelt_column', 'create unique index on é (lower(ab), cd) where ef'), [
      'create unique index on é (lower(ab), «dc») where ef',
      'create unique index on é (lower(«ba»), cd) where ef',
      'create unique index on é (lower(ab), cd) where «fe»',
    ]);
    deepEqual(mutants('misspelt_column', 'alter table t drop column if exists ab, add primary key (cd)'), [
      'alter table t drop column if exists «ba», add primary key (cd)',
      'alter table t drop column if exists ab, add primary key («dc»)',
    ]);
    deepEqual(mutants('misspelt_column', 'insert into t (ab) values (1)'), ['insert into t («ba») values (1)']);
  });

  it('misspell types, functions and schemas', () => {
    deepEqual(mutants('misspelt_type', 'create table t (a int, b app.state[], c double precision)'), [
      'create table t (a «itn», b app.state[], c double precision)',
      'create table t (a int, b app.«staet»[], c double precision)',
    ]);
    deepEqual(mutants('misspelt_function', 'create trigger x after insert on t execute function app.log()'), [
      'create trigger x after insert on t execute function app.«lgo»()',
    ]);
    deepEqual(mutants('misspelt_schema', 'drop table x; update audit.t set a = 1'), [
      'drop table x; update «audti».t set a = 1',
    ]);
  });

  it('spoil foreign keys', () => {
    deepEqual(mutants('fk_wrong_target', 'create table t (a int references users, b int references users (id))'), [
      'create table t (a int references users («mutation_key»), b int references users (id))',
      'create table t (a int references users, b int references users («di»))',
    ]);
    deepEqual(mutants('fk_wrong_type', 'create table t (a int not null references users)'), [
      'create table t («a box not null references users»)',
    ]);
    deepEqual(mutants('fk_other_table', 'create table t (a int references u, b int references v)'), [
      'create table t (a int references v, b int references v)',
      'create table t (a int references u, b int references u)',
    ]);
  });

  it('make what is there, and drop what is not', () => {
    deepEqual(mutants('duplicate_object', 'create table t (a int); create table if not exists u (a int)'), [
      'create table t (a int);\ncreate table «t» (a int); create table if not exists u (a int)',
    ]);
    deepEqual(mutants('drop_missing', 'drop table if exists a.users, bc'), [
      'drop table a.«usesr», bc',
      'drop table a.users, «cb»',
    ]);
  });

  it('break the grammar, and only that', () => {
    deepEqual(mutants('token_removed', 'begin; drop table a, b'), [
      'begin;  table a, b',
      'begin; drop  a, b',
      'begin; drop table , b',
      'begin; drop table a b',
      'begin; drop table a, ',
    ]);
    deepEqual(mutants('misspelt_keyword', 'drop table a'), ['drpo table a', 'drop tabel a']);
  });

  it('give a column a default that it cannot hold', () => {
    deepEqual(mutants('bad_default', "create table t (a int not null default 0, b text default 'x')"), [
      "create table t (a int not null default «'mutation'», b text default 'x')",
    ]);
  });

  it('bring rows that a statement cannot do with', () => {
    const rows = 'insert into t values (1);';
    deepEqual(
      mutants('not_null_no_default', 'alter table t add column a int not null default 5, add b text', { rows }),
      [
        `${rows}\nalter table t add column «a» int not null , add b text`,
        `${rows}\nalter table t add column a int not null default 5, add «b» text not null`,
      ],
    );
    deepEqual(mutants('unique_on_duplicates', 'create index i on t (a)', { rows }), [
      `${rows}\ncreate unique index «i» on t (a)`,
    ]);
    deepEqual(mutants('check_violated', 'create index i on t (a)', { rows }), [
      `${rows}\nalter table t add constraint «mutation_check» check (1 > 2);\ncreate index i on t (a)`,
    ]);
    deepEqual(mutants('not_null_no_default', 'alter table t add b text'), []);
  });

  it('change the order, and take columns from views', () => {
    deepEqual(mutants('swapped', 'create table t (a int); create index on t (a);'), [
      'create index on t (a); create table t (a int);',
    ]);
    deepEqual(mutants('view_on_dropped_column', 'create view v as select ab from app.t'), [
      'alter table "app"."t" drop column "ab" cascade;\ncreate view v as select «ab» from app.t',
    ]);
    deepEqual(mutants('drop_column_of_view', 'create view v as select ab from t'), [
      'create view v as select ab from t;\nalter table "t" drop column «"ab"»',
    ]);
  });

  it('do in a transaction what it forbids', () => {
    deepEqual(mutants('concurrently', 'create unique index i on t (a); drop index concurrently j'), [
      'create unique index concurrently i on t (a); drop index concurrently j',
    ]);
    deepEqual(mutants('enum_too_early', 'select 1', { enums: ['public.state'] }), [
      "alter type public.state add value if not exists 'mutation_value';\nselect «'mutation_value'»::public.state;\nselect 1",
    ]);
  });

  it('misspell in bodies', () => {
    const body = (sql: string) => `create function f() returns trigger language plpgsql as $$ begin ${sql} end $$`;
    deepEqual(
      mutants('plpgsql_body_table', body('select count(*) into n from app.users where extract(day from d) = 1;')),
      [body('select count(*) into n from app.«usesr» where extract(day from d) = 1;')],
    );
    deepEqual(mutants('plpgsql_body_column', body('new.changed = now(); perform app.touch(new.id);')), [
      body('new.«changde» = now(); perform app.touch(new.id);'),
      body('new.changed = now(); perform app.touch(new.«di»);'),
    ]);
    deepEqual(mutants('do_body_table', 'do $$ begin delete from users; end $$'), [
      'do $$ begin delete from «usesr»; end $$',
    ]);
    deepEqual(mutants('sql_body_table', "create function f() returns int language sql as 'select a from users'"), [
      "create function f() returns int language sql as 'select a from «usesr»'",
    ]);
  });

  it('are chosen by the seed', () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const some = (seed: string) => chosen(numbers, 3, (it) => `${seed} ${it}`);
    deepEqual([some('a').length, some('a')], [3, some('a')]);
    deepEqual(some('a').join() === some('b').join(), false);
  });
});
