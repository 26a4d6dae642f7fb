/** The rules of locks against real servers: each statement alone in a transaction, compared with pg_locks. */
import { deepEqual } from 'node:assert/strict';
import type { Client } from 'pg';
import { type LockMode, modeOf, strengthOf } from '../../server/engine/sql/lockModes';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import type { NeededLock } from '../../server/engine/sql/statement';
import { servers, withDatabase } from '../support/servers';
import { withConnection } from '../support/client';

const schema = `
  create schema app;
  create table app.users (id int primary key, name text not null, age int, kind text);
  alter table app.users add constraint users_age_check check (age > 0) not valid;
  create table orders (id int primary key, user_id int, placed date, note text, total numeric);
  alter table orders add constraint orders_user foreign key (user_id) references app.users not valid;
  create index orders_placed on orders (placed);
  create unique index orders_note on orders (note);
  create view open_orders as select id, placed from orders;
  create materialized view daily as select placed, count(*) as n from orders group by 1;
  create unique index daily_key on daily (placed);
  create sequence numbers;
  create function nothing() returns trigger language plpgsql as 'begin return new; end';
  create trigger touch before update on orders for each row execute function nothing();
  create policy mine on orders using (true);
  create rule quiet as on delete to orders where false do also nothing;
  create table events (id int, at date) partition by range (at);
  create table events_1 partition of events for values from ('2026-01-01') to ('2027-01-01');
  create table events_2 (id int, at date);
  create table parent (id int);
  create table heir () inherits (parent);
  create table other (id int);
  create publication news for table other;
  create statistics known on id, note from orders;
`;

/** Every subcommand of ALTER TABLE and every kind of statement that names a relation which is there. */
const statements = `
  alter table orders add column extra int
  alter table orders add column of_user int references app.users
  alter table orders drop column note
  alter table orders alter column note set default 'x'
  alter table orders alter column note drop default
  alter table orders alter column note set not null
  alter table app.users alter column name drop not null
  alter table orders alter column note type varchar(20)
  alter table orders alter column note set statistics 10
  alter table orders alter column note set (n_distinct = 5)
  alter table orders alter column note reset (n_distinct)
  alter table orders alter column note set storage external
  alter table orders alter column note set compression pglz
  alter table app.users alter column id add generated always as identity
  alter table orders add constraint extra check (total > 0)
  alter table orders add constraint extra check (total > 0) not valid
  alter table orders add constraint extra unique (placed)
  alter table orders add constraint extra unique using index orders_note
  alter table orders add constraint extra foreign key (user_id) references app.users (id) not valid
  alter table orders add constraint extra exclude using btree (placed with =)
  alter table orders alter constraint orders_user deferrable
  alter table orders validate constraint orders_user
  alter table app.users validate constraint users_age_check
  alter table app.users drop constraint users_age_check
  alter table orders rename column note to remark
  alter table orders rename constraint orders_user to users_orders
  alter table orders rename to bills
  alter table orders set schema app
  alter table orders owner to current_user
  alter table orders cluster on orders_placed
  alter table orders set without cluster
  alter table orders set unlogged
  alter table orders set access method heap
  alter table orders set tablespace pg_default
  alter table orders set (fillfactor = 70)
  alter table orders set (autovacuum_enabled = false)
  alter table orders set (user_catalog_table = true)
  alter table orders reset (fillfactor)
  alter table orders enable trigger touch
  alter table orders disable trigger user
  alter table orders enable always trigger touch
  alter table orders disable rule quiet
  alter table orders replica identity full
  alter table orders enable row level security
  alter table orders force row level security
  alter table orders alter column total type numeric(12, 2), alter column note set statistics 5
  alter table events attach partition events_2 for values from ('2027-01-01') to ('2028-01-01')
  alter table events detach partition events_1
  alter table other inherit parent
  alter table heir no inherit parent
  alter index orders_placed rename to placed_of_orders
  alter index orders_placed set (fillfactor = 50)
  alter view open_orders set (security_barrier = true)
  alter view open_orders rename to orders_open
  alter materialized view daily rename column n to number
  alter sequence numbers restart
  alter sequence numbers owned by orders.id
  alter trigger touch on orders rename to touched
  alter policy mine on orders rename to ours
  alter policy mine on orders using (false)
  alter rule quiet on orders rename to silent
  alter publication news add table orders
  create index on orders (total)
  create statistics extra on placed, total from orders
  create trigger again before update on orders for each row execute function nothing()
  create rule loud as on insert to orders do also notify x
  create policy yours on orders using (user_id in (select id from app.users))
  create table bills (id int references orders)
  create table bills (id int, constraint extra foreign key (id) references orders)
  create table bills (like orders)
  create table bills () inherits (parent)
  create table events_3 partition of events for values from ('2029-01-01') to ('2030-01-01')
  create table bills as select * from orders
  create view all_orders as select u.name from orders join app.users u on u.id = user_id
  create or replace view open_orders as select id, placed from orders
  create publication more for table orders
  comment on table orders is 'x'
  comment on column orders.note is 'x'
  comment on constraint orders_user on orders is 'x'
  comment on trigger touch on orders is 'x'
  comment on index orders_placed is 'x'
  comment on view open_orders is 'x'
  comment on sequence numbers is 'x'
  drop table other
  drop view open_orders
  drop materialized view daily
  drop index orders_placed
  drop sequence numbers
  drop trigger touch on orders
  drop policy mine on orders
  drop rule quiet on orders
  truncate orders
  lock table orders
  lock table orders in share mode
  lock table app.users in row share mode
  cluster orders using orders_placed
  reindex table orders
  reindex index orders_placed
  refresh materialized view daily
  refresh materialized view concurrently daily
  analyze orders
  insert into orders (id) values (1)
  insert into orders (id) select id from app.users
  update orders set total = 1
  update orders o set total = 1 from app.users u where u.id = o.user_id
  delete from orders
  delete from orders using app.users u where u.id = user_id
  select * from orders
  select * from orders for update
  select * from orders o join app.users u on u.id = o.user_id for update of o
  with orders as (select 1) select * from orders, app.users
  with gone as (delete from orders returning id) select * from gone
  merge into parent o using app.users u on u.id = o.id when matched then delete
  copy orders to '/dev/null'
  alter table orders add column extra text not null default 'x' check (extra <> '')
  alter table orders alter column note set not null, alter column total set default 0
  create table bills (id serial primary key, of_order int unique references orders)
  create function extra() returns int language plpgsql as 'begin return (select count(*) from orders); end'
  alter table orders add column of_note text generated always as (upper(note)) stored
  alter table orders add column later timestamptz default clock_timestamp()
  alter table app.users add column code text unique
  alter table orders add unique (total)
  alter table parent add column extra int
  alter table only parent alter column id set default 1
  alter table parent alter column id set default 1
  alter table parent alter column id set statistics 5
  alter table parent set (fillfactor = 50)
  alter table parent rename column id to number
  alter table parent rename to ancestor
  alter table parent enable row level security
  alter table parent add constraint extra check (id > 0)
  alter table events alter column id set not null
  alter table events add column extra int
  alter table events rename to happenings
  create index on parent (id)
  create index on events (id)
  create trigger again before update on events for each row execute function nothing()
  create trigger again after update on events execute function nothing()
  create trigger again before update on parent for each row execute function nothing()
  create view more as select events.at from events, parent
  lock table parent in share mode
  lock table events
  drop view if exists open_orders
  create domain code as text check (value <> '')
  create type stage as enum ('new')
  create type pair as (a int, b text)
  create sequence more_numbers
  alter table orders add column state text not null default 'new'
  alter table orders add column state varchar(9) not null default 'new'::varchar
  alter table orders add column state text not null default null::text
  alter table parent add column state int not null default 5
  alter table events add column state int not null default 5
  alter table parent add constraint extra check (id > 0) not valid
  alter table events add constraint extra check (id > 0) not valid
  alter table parent alter column id set storage plain
  alter table parent reset (fillfactor)
  create schema more
  explain select * from orders
`
  .trim()
  .split('\n')
  .map((it) => it.trim());

const since15 = /^merge | set access method /;

for (const major of [servers.oldest, servers.newest]) {
  describe(`rules of locks and PostgreSQL ${major}`, () => {
    it('agree on the strongest lock on every relation that a statement names', async () => {
      await loadParser();
      await withDatabase(major, (url) =>
        withConnection(url, async (client) => {
          await client.query(schema);
          const differences: string[] = [];
          for (const sql of statements.filter((it) => major >= 15 || !since15.test(it))) {
            const taken = await takenBy(client, sql);
            const { foreseen, node } = shapeOf(sql);
            // The table of an index that is dropped is known by the observer.
            const all = foreseen !== 'nothing' && node !== 'DropStmt';
            const [server, rules] = [lines(taken.locks, sql, all), lines(ruled(sql, taken.locks), sql, all)];
            if (server !== rules) differences.push(`${sql}: ${server}; by the rules: ${rules}`);
            if (foreseen === 'all' && taken.touched.length > 0)
              differences.push(`${sql} touches ${taken.touched.join()}`);
          }
          deepEqual(differences, []);
        }),
      );
    });
  });
}

type Locks = ReadonlyMap<string, LockMode>;

/** What was counted of a relation, and its file, as one text. */
const counted = (oid: string): string =>
  `concat_ws(' ', ${['numscans', 'tuples_inserted', 'tuples_updated', 'tuples_deleted'].map((it) => `pg_stat_get_xact_${it}(${oid})`).join()})`;

/**
 * Strongest lock for each relation that was there before, by `schema.name`; without the indexes of a table written anew.
 * And which of them it has read or written, rows or files.
 */
async function takenBy(
  client: Client,
  sql: string,
): Promise<{ readonly locks: Locks; readonly touched: readonly string[] }> {
  await client.query('begin');
  await client.query(
    `create temp table was on commit drop as select oid, oid::regclass::text as name, relfilenode as file, ${counted('oid')} as counts from pg_class`,
  );
  await client.query(sql);
  const { rows } = await client.query<{ name: string; mode: string }>(`
    select w.name, l.mode from pg_locks l join was w on w.oid = l.relation left join pg_class c on c.oid = w.oid
     where l.pid = pg_backend_pid() and l.relation >= 16384
       and (c.relfilenode is null or c.relfilenode = w.file or c.relkind not in ('i', 't'))
       and w.name !~ '^pg_toast'`);
  const touched = await client.query<{ name: string }>(`
    select w.name from was w join pg_class c on c.oid = w.oid
     where w.oid >= 16384 and c.relkind in ('r', 'm') and (c.relfilenode <> w.file or ${counted('c.oid')} <> w.counts)`);
  await client.query('rollback');
  const found = new Map<string, LockMode>();
  for (const { name, mode } of rows) stronger(found, name, modeNamed(mode));
  return { locks: found, touched: touched.rows.map(({ name }) => name) };
}

/** `ShareUpdateExclusiveLock` → `SHARE UPDATE EXCLUSIVE`. */
const modeNamed = (mode: string): LockMode =>
  modeOf([...Array(8).keys()].map((it) => it + 1).find((it) => modeOf(it) === modeText(mode)) ?? 0);

const modeText = (mode: string): string =>
  mode
    .replace(/Lock$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();

/** New relations have no lock that matters, so that only those that the server knew are compared. */
function ruled(sql: string, taken: Locks): Locks {
  const found = new Map<string, LockMode>();
  for (const { schema, name, mode, extent } of shapeOf(sql).locks) {
    const full = schema === undefined || schema === 'public' ? name : `${schema}.${name}`;
    if (taken.has(full)) stronger(found, full, mode);
    for (const it of below(name, extent)) stronger(found, it, mode);
  }
  return found;
}

/** As the observer knows it from the catalogs. */
function below(name: string, extent: NeededLock['extent']): readonly string[] {
  if (extent === 'heirs' && name === 'parent') return ['heir'];
  return extent !== 'only' && name === 'events' ? ['events_1'] : [];
}

function stronger(found: Map<string, LockMode>, name: string, mode: LockMode): void {
  const former = found.get(name);
  if (!former || strengthOf(former) < strengthOf(mode)) found.set(name, mode);
}

/** Where not all are foreseen, those that the statement names; the others only the server can tell. */
const lines = (locks: Locks, sql: string, all: boolean): string =>
  [...locks]
    .filter(([name]) => all || new RegExp(`(?<!\\w)${name}(?!\\w)`).test(sql))
    .map(([name, mode]) => `${name} ${mode}`)
    .toSorted()
    .join(', ');
