/** Rows written since a snapshot are carried over when it is restored: told table by table, all or nothing, undone by one more restore. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import type { Snapshot, TableSince } from '../../server/engine/project';
import {
  listSnapshots,
  markNamed,
  restoreSnapshot,
  tablesWrittenSince,
  takeSnapshot,
} from '../../server/engine/snapshots/snapshots';
import type { KnownTables, SnapshotOrder } from '../../server/engine/snapshots/request';
import { isFault } from '../support/faults';
import { until } from '../support/killable';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const order = { reason: 'by hand', version: '7', disconnect: false };

export const known: KnownTables = {
  history: 'public.schema_migrations',
  touched: (table) => (table === 'public.price' ? 'migration 8 has a hand in its rows' : undefined),
};

async function taken({ target, around }: Place, more: Partial<SnapshotOrder> = {}): Promise<Snapshot> {
  const result = await takeSnapshot(target, { ...order, ...more }, around);
  if (result.kind !== 'taken') throw new Error(`busy: ${result.sessions.join(', ')}`);
  return result.snapshot;
}

const carried = ({ target, around }: Place, id: string, tables: readonly string[] | 'all', disconnect = false) =>
  restoreSnapshot(target, id, { version: '8', disconnect, carry: { tables, known } }, around);

const since = ({ target, around }: Place, id: string) => tablesWrittenSince(target, id, () => known, around);

const brief = ({ table, added, changed, removed, obstacle, lacking, orphaned }: TableSince) =>
  obstacle === undefined
    ? `${table} +${added} ~${changed} -${removed}${told('lacks', lacking)}${told('orphans', orphaned)}`
    : `${table}: ${obstacle}`;

const told = (word: string, rows: TableSince['lacking']): string =>
  rows.map((it) => ` ${word} ${it.rows} of ${it.table}`).join('');

const shop = `
  create table customer (id serial primary key, name text);
  create table orders (id serial primary key, customer int references customer on delete cascade, note text);
  create table note (text text);
  create table quiet (id int primary key);
  create table price (id int primary key);
  create table schema_migrations (version text);
  insert into customer (name) values ('Ada'), ('Bob'), ('Cid');
  insert into orders (customer, note) values (1, 'one'), (2, 'two'), (3, 'three');
  insert into note values ('a'), ('a'), ('b');
  insert into schema_migrations values ('7')`;

/** What migration 8 does, and what people do then. */
const later = `
  alter table customer add email text; create table coupon (id int); insert into price values (1);
  insert into schema_migrations values ('8');
  insert into customer (name) values ('Dan'); delete from orders where id = 1; update orders set note = 'TWO' where id = 2;
  insert into orders (customer, note) values (1, 'four'), (4, 'five'); insert into note values ('a'), ('c')`;

for (const major of Object.values(servers)) {
  describe(`carrying rows over on PostgreSQL ${major}`, () => {
    it('what was written is told table by table, and why a table cannot be', () =>
      withPlace(major, async (place) => {
        await place.sql(shop);
        const { id } = await taken(place);
        await place.sql(later);
        deepEqual((await since(place, id)).map(brief), [
          'public.coupon: it was made after the snapshot',
          'public.customer: it has been altered since the snapshot',
          'public.note +2 ~0 -0',
          'public.orders +2 ~1 -1 lacks 1 of public.customer',
          'public.price: migration 8 has a hand in its rows',
        ]);
      }));

    it('the tables that are picked have their rows of now, the others those of the snapshot; it can be undone', () =>
      withPlace(major, async (place) => {
        const { sql, target, around } = place;
        await sql(shop);
        for (const form of [undefined, 'file'] as const) {
          const { id } = await taken(place, form ? { form } : {});
          await sql(later);
          await sql('delete from orders where customer = 4');
          const now = await rows(place);
          const done = await carried(place, id, ['orders']);
          if (done.kind !== 'restored') throw new Error(`busy: ${done.sessions.join('; ')}`);
          deepEqual(done.carried, ['public.orders']);
          const [found] = await rows(place);
          deepEqual(found, {
            customer: '1:Ada 2:Bob 3:Cid',
            orders: '2:2:TWO 3:3:three 4:1:four',
            notes: 'a a b',
            versions: '7',
          });
          // The next number is behind the one that was given out and is gone.
          deepEqual(await sql('select last_value::int as value from orders_id_seq'), [{ value: 5 }]);
          ok(
            (await listSnapshots(target, around)).some((it) => it.id === id),
            'it can be restored once more',
          );

          await restoreSnapshot(target, done.kept.id, { version: undefined, disconnect: false }, around);
          deepEqual(await rows(place), now);
          await restoreSnapshot(target, id, { version: undefined, disconnect: false }, around);
        }
      }));

    it('all that can be: what has changed and is not held back', () =>
      withPlace(major, async (place) => {
        await place.sql(shop);
        const { id } = await taken(place);
        await place.sql(later);
        await place.sql('delete from orders where customer = 4');
        const done = await carried(place, id, 'all');
        if (done.kind !== 'restored') throw new Error('nobody was there');
        deepEqual(done.carried, ['public.note', 'public.orders']);
        equal((await rows(place))[0]?.notes, 'a a a b c');
        deepEqual((await since(place, id)).map(brief), ['public.note +2 ~0 -0', 'public.orders +1 ~1 -1']);
      }));

    it('what a constraint or a reason forbids changes nothing at all', () =>
      withPlace(major, async (place) => {
        const { sql, target, around, names } = place;
        await sql(shop);
        const { id } = await taken(place);
        await markNamed(target, id, { pinned: true }, around);
        await sql(later);
        const [now, databases] = [await rows(place), await names()];
        await rejects(carried(place, id, 'all'), (fault) => {
          match(String(fault), /violates foreign key constraint "orders_customer_fkey"/);
          return isFault('rows-refused')(fault);
        });
        await rejects(carried(place, id, ['note', 'price']), /public\.price: migration 8 has a hand in its rows\./);
        await rejects(carried(place, id, ['customer']), isFault('rows-refused'));
        await rejects(carried(place, id, ['schema_migrations']), isFault('no-such-table'));
        deepEqual(await rows(place), now);
        deepEqual(await names(), databases);
        deepEqual(await sql('select datallowconn from pg_database where datname = current_database()'), [
          { datallowconn: true },
        ]);
      }));

    it('who is connected is asked for, and a writer of the last moment is not lost', () =>
      withPlace(major, async (place) => {
        const { sql, connect } = place;
        await sql(shop);
        const { id } = await taken(place);
        const app = await connect('the shop');
        equal((await carried(place, id, ['note'])).kind, 'busy');
        await app.query('begin');
        await app.query(`insert into note values ('late')`);
        const restoring = carried(place, id, ['note'], true);
        const waits = async () =>
          (await sql(`select from pg_locks where not granted and mode = 'ShareLock'`)).length > 0 ? true : undefined;
        await until(waits);
        await app.query('commit');
        const done = await restoring;
        equal(done.kind, 'restored');
        equal((await rows(place))[0]?.notes, 'a a b late');
        await rejects(app.query('select 1'));
      }));

    it('an application that writes all the time loses nothing of what was committed', () =>
      withPlace(major, async (place) => {
        const { sql, connect } = place;
        await sql('create table counted (number int primary key)');
        const { id } = await taken(place);
        const over = new AbortController();
        const committed: number[] = [];
        const writing = (async () => {
          let last = 0;
          while (!over.signal.aborted) {
            try {
              const app = await connect('the shop');
              while (!over.signal.aborted) {
                const number = ++last;
                await app.query('insert into counted values ($1)', [number]);
                committed.push(number);
              }
            } catch (cause) {
              // It is sent away, and shut out for a moment.
              if (!(cause instanceof Error)) throw cause;
            }
          }
        })();
        await until(async () => (committed.length > 20 ? true : undefined));
        const done = await carried(place, id, ['counted'], true);
        equal(done.kind, 'restored');
        const before = committed.length;
        await until(async () => (committed.length > before + 20 ? true : undefined));
        over.abort();
        await writing;
        const there = new Set(
          (await sql<{ number: number }>('select number from counted')).map(({ number }) => number),
        );
        deepEqual(
          committed.filter((it) => !there.has(it)),
          [],
        );
      }));
  });
}

const rows = ({ sql }: Place) =>
  sql<Readonly<Record<'customer' | 'orders' | 'notes' | 'versions', string>>>(`select
    (select string_agg(id || ':' || name, ' ' order by id) from customer) as customer,
    (select string_agg(id || ':' || customer || ':' || note, ' ' order by id) from orders) as orders,
    (select string_agg(text, ' ' order by text) from note) as notes,
    (select string_agg(version, ' ' order by version) from schema_migrations) as versions`);
