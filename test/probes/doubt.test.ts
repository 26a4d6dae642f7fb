/** Behind a statement that was refused, rows are asked wherever it could not have written any. */
import { deepEqual } from 'node:assert/strict';
import { loadParser } from '../../server/engine/sql/parse';
import { demand } from '../shadow/support';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { probesIn, rehearsed } from './support';

const schema = [
  'create table orders (id int primary key, email text)',
  'create table items (id int, "order" int references orders on delete cascade, n int)',
  'create table audit (id int)',
  'create table notes (id int)',
  `create function touch() returns trigger language plpgsql as 'begin update orders set email = 1; return new; end'`,
  'create trigger touching after insert on audit for each row execute function touch()',
];

const questions = 'alter table orders alter email set not null; alter table items alter n set not null';

/** What was refused, and the tables that are asked about behind it. */
const cases: readonly (readonly [name: string, refused: string, asked: readonly string[]])[] = [
  ['a row for another table', 'insert into notes (nope) values (1)', ['orders', 'items']],
  ['a row for one of them', 'insert into items (nope) values (1)', ['orders']],
  ['rows that others go with', 'delete from orders where nope', []],
  ['a row that a trigger sees', 'insert into audit (nope) values (1)', []],
  ['a row for a table that is not there', 'insert into nots values (1)', []],
  ['a function that is not there', 'select mend()', []],
  [
    'a row for a table that was refused itself',
    'create table fresh (id nope); insert into fresh values (1)',
    ['orders', 'items'],
  ],
  [
    'the same behind a trigger that was refused',
    `create table fresh (id nope);
     create trigger t after insert on fresh for each row execute function touch();
     insert into fresh values (1)`,
    [],
  ],
  ['a new name', 'alter table notes rename to audit', ['orders', 'items']],
  ['a table of a query', 'create table copied as select nope from orders', ['orders', 'items']],
  ['half an ALTER TABLE', 'alter table notes add colum x int', ['orders', 'items']],
  [
    'half a CREATE TABLE and a row for it',
    'create table fresh (id int; insert into fresh values (1)',
    ['orders', 'items'],
  ],
  ['an ALTER TABLE without its semicolon', `alter table notes add x int update orders set email = ''`, []],
  ['what nobody can read', 'alters table notes', []],
];

describe('doubt about rows', () => {
  before(loadParser);

  for (const [name, refused, asked] of cases)
    it(`${name} leaves ${asked.join(' and ') || 'nothing'} to be asked`, () =>
      withDatabase(servers.newest, (url) =>
        withSession(url, async (shadow) => {
          await demand(shadow, ...schema);
          const probes = probesIn(await rehearsed(shadow, `${refused}; ${questions}`));
          deepEqual(
            probes.flat().map(({ table }) => table),
            asked,
          );
        }),
      ));
});
