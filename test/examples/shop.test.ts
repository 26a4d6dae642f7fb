/** The example project: its good migrations apply and lead back, its mistakes fail as its README says. */
import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseError } from 'pg';
import { readBlocks } from '../../server/engine/layouts/dbmateMarkers';
import { statementsOf } from '../../server/engine/sql/scan';
import { withClient } from '../support/client';
import { servers, withDatabase } from '../support/servers';

const shop = join(__dirname, '../../examples/shop/db');
const files = readdirSync(join(shop, 'migrations')).toSorted();
const lastApplied = '20260415100000_reporting.sql';
const applied = files.slice(0, files.indexOf(lastApplied) + 1);
const pending = files.slice(applied.length);

function block(file: string, wanted: 'up' | 'down'): string {
  const text = readFileSync(join(shop, 'migrations', file), 'utf8');
  const { blocks, problems } = readBlocks(text);
  deepEqual(problems, []);
  const range = blocks.find(({ direction }) => direction === wanted)?.range;
  return text.slice(range?.start, range?.end);
}

/** What a person would write instead. */
const mended = (sql: string): string =>
  sql.replace('order_id uuid', 'order_id bigint').replaceAll('craeted_at', 'created_at');

type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;

/** Statement by statement, as it would be rehearsed: those that fail are left out. */
async function failures(query: Query, sql: string): Promise<string[]> {
  const failed: string[] = [];
  await query('begin');
  for (const { text } of statementsOf(sql)) {
    await query('savepoint s');
    try {
      await query(text);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      failed.push(`${error.code}: ${text.split('\n', 1).join('')}`);
      await query('rollback to s');
    }
  }
  await query('rollback');
  return failed;
}

/** Everything a catalog has names for; a down script that forgets something shows here. */
const inventory = `select string_agg(name, E'\\n' order by name) as all from (select pg_describe_object(classid, objid, objsubid) as name from (
  select 'pg_class'::regclass as classid, oid as objid, 0 as objsubid from pg_class where relnamespace >= 16384 or relnamespace = 'public'::regnamespace
  union all select 'pg_proc'::regclass, oid, 0 from pg_proc where oid >= 16384
  union all select 'pg_type'::regclass, oid, 0 from pg_type where oid >= 16384
  union all select 'pg_namespace'::regclass, oid, 0 from pg_namespace where oid >= 16384
  union all select 'pg_class'::regclass, attrelid, attnum from pg_attribute
    where attrelid >= 16384 and attnum > 0 and not attisdropped
  union all select 'pg_constraint'::regclass, oid, 0 from pg_constraint where oid >= 16384
  union all select 'pg_trigger'::regclass, oid, 0 from pg_trigger where not tgisinternal
  union all select 'pg_extension'::regclass, oid, 0 from pg_extension) objects) names`;

describe('examples/shop', () => {
  it('has ten migrations to be applied and four pending', () => {
    deepEqual([applied.length, pending.length], [10, 4]);
  });

  for (const major of Object.values(servers)) {
    it(`fails on Postgres ${major} where its README says, and only there`, () =>
      withDatabase(major, (url) =>
        withClient(url, async (query) => {
          for (const file of applied) await query(block(file, 'up'));
          await query(readFileSync(join(shop, 'seeds.sql'), 'utf8'));
          const [coupons = '', reviews = '', index = '', loyalty = ''] = pending;
          deepEqual(await failures(query, block(coupons, 'up')), [
            '42804: create table coupon_redemptions (',
            '42P01: create index coupon_redemptions_order on coupon_redemptions (order_id)',
            '42P01: create view coupon_usage as',
          ]);
          deepEqual(await failures(query, block(reviews, 'up')), [
            '42703: create index reviews_newest on reviews (product_id, craeted_at desc) where published',
          ]);
          deepEqual(await failures(query, block(loyalty, 'up')), []);
          deepEqual(await failures(query, block(index, 'up')), [
            '25001: create index concurrently orders_by_status on orders (status, placed_at desc)',
          ]);
        }),
      ));

    it(`goes up and all the way down on Postgres ${major} once mended`, () =>
      withDatabase(major, (url) =>
        withClient(url, async (query) => {
          const states: unknown[] = [];
          const look = async (): Promise<unknown> => (await query(inventory))[0]?.['all'];
          for (const file of files) {
            states.push(await look());
            await query(mended(block(file, 'up')));
            if (file === lastApplied) await query(readFileSync(join(shop, 'seeds.sql'), 'utf8'));
          }
          for (const file of files.toReversed()) {
            await query(block(file, 'down'));
            equal(await look(), states.pop(), file);
          }
        }),
      ));

    it(`loads its sample data twice on Postgres ${major}`, () =>
      withDatabase(major, (url) =>
        withClient(url, async (query) => {
          for (const file of applied) await query(block(file, 'up'));
          const seeds = readFileSync(join(shop, 'seeds.sql'), 'utf8');
          const count = async (): Promise<unknown> =>
            query(`select (select count(*) from orders) as orders, (select count(*) from stock_movements) as moves,
              (select sum(on_hand) from stock_levels) as stock, (select sum(revenue) from daily_sales) as revenue,
              (select count(*) from search_products('wool')) as found`);
          await query(seeds);
          const once = await count();
          deepEqual(once, [{ orders: '4', moves: '14', stock: '560', revenue: '481.70', found: '1' }]);
          await query(seeds);
          deepEqual(await count(), once);
        }),
      ));
  }
});
