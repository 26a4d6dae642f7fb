/** Random rows before and after a snapshot, random tables carried over: what stands then is what a plain model says. */
import { deepEqual, equal } from 'node:assert/strict';
import { array, assert, asyncProperty, constantFrom, integer, oneof, record, subarray } from 'fast-check';
import { Fault } from '../../server/engine/base/fault';
import type { TableSince } from '../../server/engine/project';
import {
  dropSnapshot,
  listSnapshots,
  restoreSnapshot,
  tablesWrittenSince,
  takeSnapshot,
} from '../../server/engine/snapshots/snapshots';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const order = { reason: 'by hand', version: undefined, disconnect: false };
const known = { history: 'public.schema_migrations', touched: () => undefined };

/** `child` refers to `parent`; `loose` has no primary key. */
const schema = `
  create table parent (id int primary key, value text);
  create table child (id int primary key, parent int references parent on delete cascade on update cascade, value text);
  create table loose (value text)`;

type Table = 'parent' | 'child' | 'loose';
const tables: readonly Table[] = ['parent', 'child', 'loose'];

const value = constantFrom(`''`, 'null', `E'a\\tb\\\\N'`, `'it''s 🛒'`, `'x'`);
const id = integer({ min: 1, max: 6 });
const write = oneof(
  record({ id, value }).map((it) => `insert into parent values (${it.id}, ${it.value}) on conflict do nothing`),
  record({ id, value, parent: id }).map(
    (it) =>
      `insert into child select ${it.id}, id, ${it.value} from parent where id = ${it.parent} on conflict do nothing`,
  ),
  record({ id, value }).map((it) => `update parent set value = ${it.value} where id = ${it.id}`),
  record({ id, value }).map((it) => `update child set value = ${it.value} where id = ${it.id}`),
  record({ id, to: id }).map(
    (it) =>
      `update parent set id = ${it.to} where id = ${it.id} and not exists (select from parent where id = ${it.to})`,
  ),
  id.map((it) => `delete from parent where id = ${it}`),
  id.map((it) => `delete from child where id = ${it}`),
  value.map((it) => `insert into loose values (${it})`),
  value.map((it) => `delete from loose where value is not distinct from ${it}`),
);
const writes = array(write, { maxLength: 14 });
const picked = oneof(subarray([...tables], { minLength: 1 }), constantFrom('all' as const));

interface Row {
  readonly id: number;
  readonly parent: number;
  readonly text: string;
}
type State = Readonly<Record<Table, readonly Row[]>>;

for (const major of Object.values(servers)) {
  describe(`carrying rows over on PostgreSQL ${major}, against a model`, () => {
    it('picked tables are as now, others as then, and whatever would break a foreign key changes nothing', () =>
      withPlace(major, async (place) => {
        const { sql, target, around } = place;
        await sql(schema);
        await assert(
          asyncProperty(writes, writes, picked, async (before, after, choice) => {
            await sql('truncate parent, child, loose');
            for (const it of before) await sql(it);
            const then = await stateOf(place);
            const taken = await takeSnapshot(target, order, around);
            if (taken.kind !== 'taken') throw new Error('nobody was there');
            for (const it of after) await sql(it);
            const now = await stateOf(place);

            const told = await tablesWrittenSince(target, taken.snapshot.id, () => known, around);
            deepEqual(told.map(countsOf), modelCounts(then, now));
            const chosen = choice === 'all' ? told.map(({ table }) => table.replace('public.', '') as Table) : choice;
            const mixed: State = {
              parent: chosen.includes('parent') ? now.parent : then.parent,
              child: chosen.includes('child') ? now.child : then.child,
              loose: chosen.includes('loose') ? now.loose : then.loose,
            };
            const carry = { tables: choice, known };
            const outcome = await restoreSnapshot(target, taken.snapshot.id, { ...order, carry }, around).then(
              ({ kind }) => kind,
              (cause: unknown) => (cause instanceof Fault ? cause.code : Promise.reject(cause)),
            );
            const isWhole = mixed.child.every((it) => mixed.parent.some((parent) => parent.id === it.parent));
            equal(outcome, isWhole ? 'restored' : 'rows-refused');
            deepEqual(await stateOf(place), isWhole ? mixed : now);
            for (const it of await listSnapshots(target, around)) await dropSnapshot(target, it.id, around);
          }),
          { numRuns: 8 },
        );
      }));
  });
}

async function stateOf({ sql }: Place): Promise<State> {
  const [row] = await sql<State>(`select
    (select coalesce(json_agg(json_build_object('id', id, 'parent', 0, 'text', value) order by id), '[]') from parent) as parent,
    (select coalesce(json_agg(json_build_object('id', id, 'parent', parent, 'text', value) order by id), '[]') from child) as child,
    (select coalesce(json_agg(json_build_object('id', 0, 'parent', 0, 'text', value) order by value collate "C"), '[]') from loose) as loose`);
  if (!row) throw new Error('a query without a table has one row');
  return row;
}

const countsOf = ({ table, added, changed, removed, keyed }: TableSince) => ({ table, added, changed, removed, keyed });

/** Rows that are equal are taken out in pairs; of what is left, those of one key have changed. */
function modelCounts(then: State, now: State): readonly ReturnType<typeof countsOf>[] {
  return ['child', 'loose', 'parent'].flatMap((name) => {
    const table = name as Table;
    const left = [...then[table]];
    const come = now[table].filter((row) => {
      const at = left.findIndex((it) => JSON.stringify(it) === JSON.stringify(row));
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    const keyed = table !== 'loose';
    const changed = keyed ? come.filter((row) => left.some((it) => it.id === row.id)).length : 0;
    const counts = { added: come.length - changed, changed, removed: left.length - changed };
    return come.length + left.length === 0 ? [] : [{ table: `public.${table}`, ...counts, keyed }];
  });
}
