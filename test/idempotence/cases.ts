/** Statements, what has to be there before them, and what is made of them. */

export interface Case {
  /** What stands before the statement. */
  readonly given?: string;
  readonly statement: string;
  /** The statement as it is to be; or what else is said of it. */
  readonly becomes: string | { readonly says: 'kept' | 'tried' | 'left' };
}

const kept = { says: 'kept' } as const;
const tried = { says: 'tried' } as const;
const left = { says: 'left' } as const;

const table = 'create table t (id int primary key, a int, b text)';

/** As the blocks are written. */
const block = (when: string, statement: string): string =>
  `DO $$ BEGIN\n  IF ${when} THEN\n    ${statement};\n  END IF;\nEND $$`;

export const cases: readonly Case[] = [
  { statement: 'create table n (a int)', becomes: 'create table if not exists n (a int)' },
  {
    statement: 'CREATE UNLOGGED /* x */ TABLE n (a int)',
    becomes: 'CREATE UNLOGGED /* x */ TABLE IF NOT EXISTS n (a int)',
  },
  { statement: 'create table if not exists n (a serial)', becomes: kept },
  {
    given: table,
    statement: 'create table n as select * from t',
    becomes: 'create table if not exists n as select * from t',
  },
  { given: table, statement: 'select * into n from t', becomes: left },
  {
    given: table,
    statement: 'create materialized view n as select a from t',
    becomes: 'create materialized view if not exists n as select a from t',
  },
  { statement: 'create sequence n', becomes: 'create sequence if not exists n' },
  { given: table, statement: 'create index n on t (a)', becomes: 'create index if not exists n on t (a)' },
  {
    given: table,
    statement: 'create unique index concurrently on t (a, lower(b))',
    becomes: 'create unique index concurrently if not exists t_a_lower_idx on t (a, lower(b))',
  },
  {
    given: table,
    statement: 'create statistics n on a, b from t',
    becomes: 'create statistics if not exists n on a, b from t',
  },
  {
    given: table,
    statement: 'create view n as select a from t',
    becomes: 'create or replace view n as select a from t',
  },
  { given: table, statement: 'create or replace view n as select a from t', becomes: kept },
  {
    statement: 'create function n() returns int language sql as $$ select 1 $$',
    becomes: 'create or replace function n() returns int language sql as $$ select 1 $$',
  },
  {
    statement: 'create procedure n() language sql as $$ select 1 $$',
    becomes: 'create or replace procedure n() language sql as $$ select 1 $$',
  },
  {
    statement: 'create aggregate n (int) (sfunc = int4larger, stype = int)',
    becomes: 'create or replace aggregate n (int) (sfunc = int4larger, stype = int)',
  },
  {
    given: `${table}; create function f() returns trigger language plpgsql as $$ begin return new; end $$`,
    statement: 'create trigger n before insert on t for each row execute function f()',
    becomes: 'create or replace trigger n before insert on t for each row execute function f()',
  },
  {
    given: `${table}; create function f() returns trigger language plpgsql as $$ begin return new; end $$`,
    statement: 'create constraint trigger n after insert on t for each row execute function f()',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('t') AND tgname = 'n')`,
      'create constraint trigger n after insert on t for each row execute function f()',
    ),
  },
  {
    given: table,
    statement: 'create rule n as on delete to t do instead nothing',
    becomes: 'create or replace rule n as on delete to t do instead nothing',
  },
  {
    given: table,
    statement: 'create policy "My policy" on t using (a > 0)',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = to_regclass('t') AND polname = 'My policy')`,
      'create policy "My policy" on t using (a > 0)',
    ),
  },
  {
    statement: `create type mood as enum ('sad')`,
    becomes: block(`to_regtype('mood') IS NULL`, `create type mood as enum ('sad')`),
  },
  {
    statement: 'create type "user" as (a int)',
    becomes: block(`to_regtype('"user"') IS NULL`, 'create type "user" as (a int)'),
  },
  {
    statement: 'create type "Range" as range (subtype = int4)',
    becomes: block(`to_regtype('"Range"') IS NULL`, 'create type "Range" as range (subtype = int4)'),
  },
  {
    statement: 'create domain d as int check (value > 0)',
    becomes: block(`to_regtype('d') IS NULL`, 'create domain d as int check (value > 0)'),
  },
  {
    given: `create type mood as enum ('sad')`,
    statement: `alter type mood add value 'ok' before 'sad'`,
    becomes: `alter type mood add value if not exists 'ok' before 'sad'`,
  },
  {
    given: `create type mood as enum ('sad')`,
    statement: `alter type mood rename value 'sad' to 'it''s'`,
    becomes: block(
      `EXISTS (SELECT FROM pg_enum WHERE enumtypid = to_regtype('mood') AND enumlabel = 'sad')`,
      `alter type mood rename value 'sad' to 'it''s'`,
    ),
  },
  {
    given: 'create type c as (a int)',
    statement: 'alter type c add attribute z int',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('c') AND attname = 'z' AND NOT attisdropped)`,
      'alter type c add attribute z int',
    ),
  },
  {
    given: 'create type c as (a int, z int)',
    statement: 'alter type c drop attribute z',
    becomes: 'alter type c drop attribute if exists z',
  },
  {
    given: 'create domain d as int',
    statement: 'alter domain d add check (value > 0)',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_constraint WHERE contypid = to_regtype('d') AND conname = 'd_check')`,
      'alter domain d add check (value > 0)',
    ),
  },
  {
    given: 'create domain d as int constraint x check (value > 0)',
    statement: 'alter domain d drop constraint x',
    becomes: 'alter domain d drop constraint if exists x',
  },
  { statement: 'create collation n (locale = $$C$$)', becomes: 'create collation if not exists n (locale = $$C$$)' },
  {
    statement: 'create text search configuration n (copy = simple)',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_ts_config WHERE cfgname = 'n' AND pg_ts_config_is_visible(oid))`,
      'create text search configuration n (copy = simple)',
    ),
  },
  { statement: 'create extension if not exists plpgsql', becomes: kept },

  {
    given: table,
    statement: 'alter table t add column c int unique references t',
    becomes: 'alter table t add column if not exists c int unique references t',
  },
  {
    given: table,
    statement: 'alter table t add c serial check (c > 0)',
    becomes: 'alter table t add if not exists c serial check (c > 0)',
  },
  {
    given: table,
    statement: 'alter table if exists only t drop a',
    becomes: 'alter table if exists only t drop if exists a',
  },
  {
    given: table,
    statement: 'alter table t add column c int default (1 + 2), drop column a',
    becomes: 'alter table t add column if not exists c int default (1 + 2), drop column if exists a',
  },
  {
    given: table,
    statement: 'alter table t add constraint c check (a > 0)',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('t') AND conname = 'c')`,
      'alter table t add constraint c check (a > 0)',
    ),
  },
  {
    given: table,
    statement: 'alter table t add unique (a, b)',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('t') AND conname = 't_a_b_key')`,
      'alter table t add unique (a, b)',
    ),
  },
  {
    given: table,
    statement:
      'alter table t -- head\n  add column c int, -- the c\n  add foreign key (a) references t,\n  alter a set not null',
    becomes:
      'DO $$ BEGIN\n' +
      '  -- head\n' +
      '  alter table t add column if not exists c int; -- the c\n' +
      `  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('t') AND conname = 't_a_fkey') THEN\n` +
      '    alter table t add foreign key (a) references t;\n' +
      '  END IF;\n' +
      '  alter table t alter a set not null;\n' +
      'END $$',
  },
  {
    given: `${table}; alter table t add constraint c check (a > 0)`,
    statement: 'alter table t drop constraint c',
    becomes: 'alter table t drop constraint if exists c',
  },
  {
    given: `${table}; create unique index i on t (a)`,
    statement: 'alter table t add unique using index i',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('t') AND conname = 'i')`,
      'alter table t add unique using index i',
    ),
  },
  {
    given: table,
    statement: 'alter table t alter a set default 1, alter b drop default, alter id set statistics 9',
    becomes: kept,
  },
  { given: table, statement: 'alter table t alter a type bigint', becomes: kept },
  {
    given: `${table}; insert into t values (1, 1, $$x$$)`,
    statement: 'alter table t alter a type bigint using a * 2',
    becomes: block(
      `EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('t') AND attname = 'a' AND NOT attisdropped AND atttypid <> 'int8'::regtype)`,
      'alter table t alter a type bigint using a * 2',
    ),
  },
  { given: table, statement: 'alter table t alter b type varchar(5) using left(b, 5)', becomes: left },
  {
    given: table,
    statement: 'alter table t alter id add generated always as identity',
    becomes: block(
      `EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('t') AND attname = 'id' AND NOT attisdropped AND attidentity = '')`,
      'alter table t alter id add generated always as identity',
    ),
  },
  {
    given: 'create table t (a int generated always as identity)',
    statement: 'alter table t alter a drop identity',
    becomes: 'alter table t alter a drop identity if exists',
  },
  { given: table, statement: 'alter table t enable row level security', becomes: kept },
  {
    given: 'create table t (a int) partition by list (a); create table p (a int)',
    statement: 'alter table t attach partition p for values in (1)',
    becomes: block(
      `NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass('p') AND inhparent = to_regclass('t'))`,
      'alter table t attach partition p for values in (1)',
    ),
  },
  {
    given: 'create table t (a int) partition by list (a); create table p partition of t for values in (1)',
    statement: 'alter table t detach partition p',
    becomes: block(
      `EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass('p') AND inhparent = to_regclass('t'))`,
      'alter table t detach partition p',
    ),
  },

  { given: table, statement: 'alter table t rename to n', becomes: 'alter table if exists t rename to n' },
  {
    given: table,
    statement: 'alter table t rename a to c',
    becomes: block(
      `EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('t') AND attname = 'a' AND NOT attisdropped)`,
      'alter table t rename a to c',
    ),
  },
  {
    given: table,
    statement: 'alter table t rename constraint t_pkey to p',
    becomes: block(
      `EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('t') AND conname = 't_pkey')`,
      'alter table t rename constraint t_pkey to p',
    ),
  },
  {
    given: `create type mood as enum ('sad')`,
    statement: 'alter type mood rename to m',
    becomes: block(`to_regtype('mood') IS NOT NULL`, 'alter type mood rename to m'),
  },
  {
    given: 'create function f(a int, b text[]) returns int language sql as $$ select 1 $$',
    statement: 'alter function f(a int, b text[]) rename to g',
    becomes: block(`to_regprocedure('f(int4, text[])') IS NOT NULL`, 'alter function f(a int, b text[]) rename to g'),
  },
  {
    given: `${table}; create schema moved`,
    statement: 'alter table t set schema moved',
    becomes: 'alter table if exists t set schema moved',
  },

  { given: table, statement: 'drop table t', becomes: 'drop table if exists t' },
  {
    given: `${table}; create index i on t (a)`,
    statement: 'drop index concurrently i',
    becomes: 'drop index concurrently if exists i',
  },
  {
    given: `${table}; create materialized view m as select 1`,
    statement: 'drop materialized view m cascade',
    becomes: 'drop materialized view if exists m cascade',
  },
  {
    given: 'create function f(int) returns int language sql as $$ select 1 $$',
    statement: 'DROP FUNCTION f(int)',
    becomes: 'DROP FUNCTION IF EXISTS f(int)',
  },
  { given: `${table}; create policy p on t`, statement: 'drop policy p on t', becomes: 'drop policy if exists p on t' },

  { given: table, statement: 'grant select on t to public', becomes: kept },
  { given: table, statement: `comment on table t is 'x'`, becomes: kept },

  {
    given: table,
    statement: `insert into t values (1, 2, 'x')`,
    becomes: `insert into t values (1, 2, 'x') on conflict (id) do nothing`,
  },
  {
    given: table,
    statement: `INSERT INTO t (b, id) SELECT 'x', 7 RETURNING id`,
    becomes: `INSERT INTO t (b, id) SELECT 'x', 7 ON CONFLICT (id) DO NOTHING RETURNING id`,
  },
  {
    given: 'create table t (id serial primary key, "order" text unique)',
    statement: `insert into t ("order") values ('x'), ('y')`,
    becomes: `insert into t ("order") values ('x'), ('y') on conflict ("order") do nothing`,
  },
  {
    given: 'create table t (id serial primary key, a text)',
    statement: `insert into t (a) values ('x')`,
    becomes: left,
  },
  {
    given: 'create table t (id uuid primary key, a text)',
    statement: `insert into t values (gen_random_uuid(), 'x')`,
    becomes: left,
  },
  { given: table, statement: `insert into t (id) values (1) on conflict do nothing`, becomes: tried },
  {
    given: table,
    statement: `insert into t (id) values (1) on conflict (id) do update set a = t.a + 1`,
    becomes: left,
  },
  { given: `${table}; insert into t values (1, 1)`, statement: 'update t set a = a + 1', becomes: left },
  { given: `${table}; insert into t values (1, 1)`, statement: 'update t set a = id * 10 where a < 5', becomes: kept },
  { given: 'create table t (a timestamptz)', statement: 'update t set a = now()', becomes: left },
  {
    given: `${table}; insert into t values (1, 1)`,
    statement: 'update t set a = (select count(*) from t)',
    becomes: tried,
  },
  { given: `${table}; insert into t values (1, 1)`, statement: 'delete from t where a > 0', becomes: kept },
  { given: `${table}; insert into t values (1, 1)`, statement: 'truncate t', becomes: kept },
  { given: table, statement: 'with w as (insert into t values (1, 1) returning a) select a from w', becomes: left },
  { given: table, statement: 'with w as (update t set a = id * 10 returning a) select a from w', becomes: tried },
  { given: table, statement: `do $body$ begin perform 1; end $body$`, becomes: tried },
];
