/** Random migrations, for comparing what chains say that have come to them in different ways. */
import fc from 'fast-check';
import type { LinkText } from './support';

const table = fc.constantFrom('a', 'b', 'c');

/** Statements that depend on each other, on sequences, roles, settings, and on how they are run. */
export const statement = fc.oneof(
  { weight: 6, arbitrary: table.map((it) => `create table ${it} (id serial primary key, n int, b int)`) },
  { weight: 2, arbitrary: table.map((it) => `drop table ${it}`) },
  { weight: 3, arbitrary: table.map((it) => `insert into ${it} (n) values (1), (2)`) },
  { weight: 3, arbitrary: table.map((it) => `alter table ${it} add column x int`) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(table, fc.nat(4))
      .map(
        ([it, n]) =>
          `do $$ begin if (select max(id) from ${it}) is distinct from ${n} then raise 'not ${n}'; end if; end $$`,
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(table, table)
      .map(([it, other]) => `alter table ${it} add foreign key (b) references ${other} deferrable initially deferred`),
  },
  { weight: 2, arbitrary: table.map((it) => `insert into ${it} (b) values (3)`) },
  { weight: 2, arbitrary: table.map((it) => `create index concurrently on ${it} (n)`) },
  { weight: 2, arbitrary: table.map((it) => `alter table ${it} rename column n to m`) },
  {
    weight: 4,
    arbitrary: table.map(
      (it) =>
        `create or replace function f() returns int language plpgsql as $$ begin return (select n from ${it} limit 1); end $$`,
    ),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      `create type mood as enum ('sad')`,
      `alter type mood add value 'ok'`,
      `select 'ok'::mood`,
      'create role worker',
      'drop role worker',
      'set role worker',
      'create schema s',
      'set search_path to s',
      `select setval('a_id_seq', 3, false)`,
      'begin',
      'commit',
      'rollback',
      'savepoint p',
      'rollback to p',
      'prepare q as select 1',
      'create temporary table a (id int)',
      'select pg_advisory_lock(1)',
      `prepare transaction 'x'`,
      'alter table base add column k serial',
      'alter sequence base_id_seq restart 40',
      'truncate base restart identity cascade',
      'insert into base default values',
      'insert into ref values (2)',
      'select lastval()',
      'do $$ begin for i in 1..3 loop insert into base default values; end loop; end $$',
      'insert into held values (1)',
      'insert into base values (1) on conflict do nothing',
      'select 1 / 0',
      'selct',
    ),
  },
);

const statements = fc.array(statement, { minLength: 1, maxLength: 6 });

export const link = fc.record({
  up: statements,
  down: fc.option(statements, { nil: undefined, freq: 3 }),
  mode: fc.constantFrom('transaction' as const, 'transaction' as const, 'statements' as const, 'implicit' as const),
  head: fc.constantFrom('', '-- a comment\n'),
});

export type LinkParts = typeof link extends fc.Arbitrary<infer T> ? T : never;

/** Named by their places, from `m0` on. */
export const textsOf = (links: readonly LinkParts[]): LinkText[] =>
  links.map(({ up, down, ...parts }, i) => ({
    name: `m${i}`,
    ...parts,
    up: textOf(up),
    down: down ? textOf(down) : '',
  }));

const textOf = (parts: readonly string[]): string => `${parts.join(';\n')};`;

/** Below what is edited, with sequences that no rollback takes back. */
export const committed: LinkText = {
  name: 'base',
  up: `create table base (id serial primary key); create table ref (base int references base);
    create table held (base int references base deferrable initially deferred)`,
};
