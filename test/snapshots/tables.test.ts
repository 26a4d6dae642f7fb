/** Chosen tables get the rows that a snapshot has of them: foreign keys, triggers, sequences, columns, and the way back. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import type { Snapshot } from '../../server/engine/project';
import {
  listSnapshots,
  restoreSnapshot,
  restoreTablesOf,
  tablesNamedIn,
  takeSnapshot,
} from '../../server/engine/snapshots/snapshots';
import type { SnapshotOrder } from '../../server/engine/snapshots/request';
import { isFault } from '../support/faults';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const order = { reason: 'by hand', version: '7', disconnect: false };
const history = 'schema_migrations';

async function taken({ target, around }: Place, more: Partial<SnapshotOrder> = {}): Promise<Snapshot> {
  const result = await takeSnapshot(target, { ...order, ...more }, around);
  if (result.kind !== 'taken') throw new Error(`busy: ${result.sessions.join(', ')}`);
  return result.snapshot;
}

const restored = ({ target, around }: Place, id: string, ...tables: string[]) =>
  restoreTablesOf(target, id, { tables, history, version: '8', disconnect: false }, around);

/** Customers and orders in a circle that no order of tables would satisfy, a trigger, a sequence, a table of the tool. */
const shop = `
  create table customer (id int generated always as identity primary key, name text, favourite int);
  create table orders (id serial primary key, customer int not null references customer on delete cascade, note text);
  alter table customer add constraint likes foreign key (favourite) references orders;
  comment on constraint likes on customer is 'what she likes';
  create table log (at text);
  create table schema_migrations (version text);
  create function shout() returns trigger language plpgsql as $$ begin
    insert into public.log values (tg_op); new.note := upper(new.note); return new; end $$;
  create trigger shouts before insert or update on orders for each row execute function shout();
  alter table orders enable always trigger shouts;
  insert into customer (name) values ('Ada'), ('Bob');
  insert into orders (customer, note) values (1, 'first'), (2, 'it''s \\ 🛒');
  update customer set favourite = id;
  truncate log`;

for (const major of Object.values(servers)) {
  describe(`rows of chosen tables on PostgreSQL ${major}`, () => {
    it('come back through circles of foreign keys, with nothing set off, and can be taken back', () =>
      withPlace(major, async (place) => {
        const { sql, target, around } = place;
        await sql(shop);
        const before = await everything(place);
        const snapshot = await taken(place);
        await sql(`delete from customer where id = 2; insert into customer (name) values ('Eve');
          insert into orders (customer, note) values (3, 'new'); truncate log; insert into log values ('mine')`);
        const now = await everything(place);

        deepEqual(await tablesNamedIn(target, snapshot.id, history, around), [
          { table: 'public.customer', rowsThen: 2, rowsNow: 2, columnsLost: [], columnsNew: [] },
          { table: 'public.log', rowsThen: 0, rowsNow: 1, columnsLost: [], columnsNew: [] },
          { table: 'public.orders', rowsThen: 2, rowsNow: 2, columnsLost: [], columnsNew: [] },
        ]);
        const done = await restored(place, snapshot.id, 'customer', 'public.orders');
        if (done.kind !== 'restored') throw new Error('nobody was there');
        deepEqual(done.tables, ['public.customer', 'public.orders']);
        const after = await everything(place);
        deepEqual(after, { ...before, log: [{ at: 'mine' }] });
        // The next numbers are those behind what was given out since.
        deepEqual(await sql(`insert into customer (name) values ('Kim') returning id`), [{ id: 4 }]);
        deepEqual(await sql(`insert into orders (customer, note) values (1, 'loud') returning id, note`), [
          { id: 4, note: 'LOUD' },
        ]);

        await restoreSnapshot(target, done.kept.id, { version: undefined, disconnect: false }, around);
        deepEqual(await everything(place), now);
        deepEqual(
          (await listSnapshots(target, around)).map(({ reason }) => reason),
          ['before a restore', 'by hand'],
        );
      }));

    it('what a constraint refuses changes nothing, and leaves no snapshot', () =>
      withPlace(major, async (place) => {
        const { sql, target, around } = place;
        await sql(shop);
        const snapshot = await taken(place);
        await sql(`insert into customer (name) values ('Eve'); insert into orders (customer, note) values (3, 'new')`);
        const now = await everything(place);
        await rejects(restored(place, snapshot.id, 'customer'), (fault) => {
          match(String(fault), /violates foreign key constraint "orders_customer_fkey" \(23503\)/);
          return isFault('rows-refused')(fault);
        });
        await rejects(restored(place, snapshot.id, 'schema_migrations'), isFault('no-such-table'));
        await rejects(restored(place, snapshot.id, 'customers'), isFault('no-such-table'));
        deepEqual(await everything(place), now);
        deepEqual(
          (await listSnapshots(target, around)).map(({ id }) => id),
          [snapshot.id],
        );
        const [admits] = await sql(`select datallowconn from pg_database where datname = '${snapshot.id}'`);
        deepEqual(admits, { datallowconn: false });
      }));

    it('columns that both have are filled, others get their defaults; also from a packed dump file, into partitions', () =>
      withPlace(major, async (place) => {
        const { sql, target, around } = place;
        await sql(`create table event (id int primary key, lost text, kept text, at date);
          insert into event values (1, 'x', 'tab\there \\N', '2026-01-01'), (2, 'y', null, '2027-01-01')`);
        const snapshot = await taken(place, { form: 'file', packed: 'gzip' });
        equal(snapshot.kind, 'file');
        await sql(`drop table event; create table event (at date, id int, kept text, more int default 7,
            twice int generated always as (id * 2) stored) partition by range (at);
          create table event_26 partition of event for values from ('2026-01-01') to ('2027-01-01');
          create table event_more partition of event default; insert into event_more values ('2030-01-01', 9)`);
        deepEqual(await tablesNamedIn(target, snapshot.id, history, around), [
          { table: 'public.event', rowsThen: 2, rowsNow: 1, columnsLost: ['lost'], columnsNew: ['more'] },
        ]);
        equal((await restored(place, snapshot.id, 'event')).kind, 'restored');
        deepEqual(await sql('select tableoid::regclass::text as part, id, kept, more, twice from event order by id'), [
          { part: 'event_26', id: 1, kept: 'tab\there \\N', more: 7, twice: 2 },
          { part: 'event_more', id: 2, kept: null, more: 7, twice: 4 },
        ]);
      }));
  });
}

/** Rows, and whatever guards them. */
async function everything({ sql }: Place): Promise<Readonly<Record<string, readonly object[]>>> {
  return {
    customer: await sql('select * from customer order by id'),
    orders: await sql('select * from orders order by id'),
    log: await sql('select * from log'),
    guards: await sql(`select conname, pg_get_constraintdef(oid) as definition, obj_description(oid) as comment
      from pg_constraint where connamespace = 'public'::regnamespace and contype = 'f'
      union all select tgname, tgenabled::text, null from pg_trigger where not tgisinternal order by 1`),
  };
}
