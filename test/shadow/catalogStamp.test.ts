/** The stamp of a schema moves with every change of it, and with nothing else. */
import { equal, notEqual } from 'node:assert/strict';
import { Client } from 'pg';
import { nodeSources, readConnection } from '../../server/engine/database/connection';
import { openSession } from '../../server/engine/database/postgres';
import { catalogStamp } from '../../server/engine/shadow/catalogStamp';
import { servers, withDatabase } from '../support/servers';

const changes = [
  'create table t (id int primary key, a text)',
  'alter table t rename column a to b',
  'alter table t alter column b set default 1',
  'alter table t alter column b drop default',
  'create index i on t (b)',
  "create type mood as enum ('sad')",
  "alter type mood add value 'glad'",
  'create function f() returns int language sql return 1',
  'create or replace function f() returns int language sql return 2',
  'create view v as select id from t',
  "comment on table t is 'x'",
  'grant select on t to public',
  'alter table t enable row level security',
  'create policy p on t using (true)',
  'drop policy p on t',
  'create schema s',
  'drop table t cascade',
];
const others = [
  'insert into kept select generate_series(1, 5000)',
  'analyze kept',
  'vacuum kept',
  'delete from kept',
  'create temporary table passing (id serial primary key, a text default 1)',
];

for (const major of Object.values(servers)) {
  it(`the stamp on PostgreSQL ${major} moves with DDL only`, () =>
    withDatabase(major, async (url) => {
      const client = new Client(url);
      await client.connect();
      const session = await openSession(readConnection(url, nodeSources({})));
      try {
        await client.query('create table kept (id int primary key)');
        let last = await catalogStamp(session);
        for (const sql of changes) {
          await client.query(sql);
          const now = await catalogStamp(session);
          notEqual(now, last, sql);
          last = now;
        }
        for (const sql of others) {
          await client.query(sql);
          equal(await catalogStamp(session), last, sql);
        }
      } finally {
        await session.close();
        await client.end();
      }
    }));
}
