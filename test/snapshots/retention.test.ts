/** Which snapshots are thrown away by count, age and size, and which never are; and what is foretold of the next one. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { array, assert, boolean, integer, option, property, record as recordOf } from 'fast-check';
import { beyond, dropOutdated, outdated } from '../../server/engine/snapshots/retention';
import { forecast } from '../../server/engine/snapshots/forecast';
import { unregister } from '../../server/engine/snapshots/registry';
import type { SnapshotRecord } from '../../server/engine/snapshots/record';
import { dropSnapshot, listSnapshots, markNamed, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const now = new Date('2026-06-01T00:00:00Z');
const dayMs = 24 * 3_600_000;

const record = (id: string, age: number, bytes = 10): SnapshotRecord => ({
  rehearsal: 'snapshot',
  id,
  kind: 'copy',
  of: 'postgres://me@localhost:5432/shop',
  database: 'shop',
  taken: new Date(now.getTime() - age * dayMs).toISOString(),
  reason: 'by hand',
  bytes,
  version: null,
  comment: null,
});

const ids = (found: ReturnType<typeof beyond>) => found.map(({ record: { id } }) => id);

describe('what is kept of snapshots', () => {
  const newest = record('newest', 0);
  const older = [record('a', 1), record('b', 5), record('c', 30, 100), record('d', 31)];

  it('is everything where no limit is given', () => deepEqual(beyond(older, {}, { now, newest }), []));

  it('is as many as are wished, the newest among them', () => {
    deepEqual(ids(beyond(older, { count: 2 }, { now, newest })), ['b', 'c', 'd']);
    deepEqual(ids(beyond(older, { count: 0 }, { now, newest })), ['a', 'b', 'c', 'd']);
  });

  it('is what is young enough, and what there is room for', () => {
    deepEqual(ids(beyond(older, { days: 30 }, { now, newest })), ['d']);
    deepEqual(ids(beyond(older, { bytes: 45 }, { now, newest })), ['c']);
    deepEqual(
      beyond(older, { count: 4, days: 20, bytes: 25 }, { now, newest }).map(({ because }) => because),
      [
        'all together take no more than 0 MB',
        'none is kept for more than 20 days',
        'none is kept for more than 20 days',
      ],
    );
  });

  it('never is more than a limit allows, and what goes would have broken it', () =>
    assert(
      property(
        array(recordOf({ age: integer({ min: 0, max: 60 }), bytes: integer({ min: 0, max: 100 }) }), { maxLength: 12 }),
        option(integer({ min: 0, max: 8 }), { nil: undefined }),
        option(integer({ min: 0, max: 60 }), { nil: undefined }),
        option(integer({ min: 0, max: 500 }), { nil: undefined }),
        boolean(),
        (drawn, count, days, bytes, pinned) => {
          const first: SnapshotRecord = { ...newest, ...(pinned ? { pinned: true } : {}) };
          const all = drawn.toSorted((x, y) => x.age - y.age).map((it, i) => record(String(i), it.age, it.bytes));
          const limits = {
            ...(count === undefined ? {} : { count }),
            ...(days === undefined ? {} : { days }),
            ...(bytes === undefined ? {} : { bytes }),
          };
          const gone = new Set(ids(beyond(all, limits, { now, newest: first })));
          const kept = all.filter(({ id }) => !gone.has(id));
          const own = pinned ? [] : [first];
          if (count !== undefined) ok(kept.length <= Math.max(0, count - own.length));
          if (bytes !== undefined && kept.length > 0)
            ok([...own, ...kept].reduce((sum, it) => sum + it.bytes, 0) <= bytes);
          if (days !== undefined) ok(kept.every((it) => now.getTime() - Date.parse(it.taken) <= days * dayMs));
          if (count === undefined && days === undefined && bytes === undefined) equal(gone.size, 0);
        },
      ),
    ));
});

for (const major of Object.values(servers)) {
  describe(`old snapshots on PostgreSQL ${major}`, () => {
    it('go, but not pinned ones, those in use, and those of somebody else', () =>
      withPlace(major, async (place) => {
        const { target, around, logged, sql, connect } = place;
        const [foreign, used, pinned, old, last] = [
          await taken(place),
          await taken(place),
          await taken(place),
          await taken(place),
          await taken(place),
        ];
        unregister(around.storage, foreign);
        await sql(`alter database ${used} allow_connections true`, 'postgres');
        const reader = await connect('reader', used);
        await markNamed(target, pinned, { pinned: true }, around);

        const found = await outdated(target, { count: 1 }, around);
        deepEqual(new Set(ids(found)), new Set([used, old]));
        const gone = await dropOutdated(found, (id) => dropSnapshot(target, id, around), around);
        deepEqual(ids(gone), [old]);
        ok(
          logged.some((it) =>
            it.includes(`${used} is kept although no more than 1 are kept: ${used} is used by reader`),
          ),
        );
        deepEqual(
          (await listSnapshots(target, around)).map(({ id }) => id),
          [last, pinned, used, foreign],
        );
        await reader.end();
      }));

    it('the next one is foretold by its size, by the time of the last one, and by the room there is', () =>
      withPlace(major, async (place) => {
        const { target, around, sql } = place;
        const before = await forecast(target, undefined, around);
        const [size] = await sql<{ size: number }>(
          `select pg_database_size('${target.database.name}')::float8 as size`,
          'postgres',
        );
        deepEqual([before.kind, before.bytes, before.fits], ['copy', size?.size, true]);
        ok((before.room?.bytes ?? 0) > 0);
        await taken(place);
        const after = await forecast(target, undefined, around);
        const [last] = await listSnapshots(target, around);
        ok(last && after.ms > 0);
        const file = await forecast(target, 'file', around);
        deepEqual([file.kind, file.room?.folder], ['file', around.storage]);
      }));
  });
}

async function taken({ target, around }: Place): Promise<string> {
  const result = await takeSnapshot(target, { reason: 'by hand', version: undefined, disconnect: false }, around);
  if (result.kind !== 'taken') throw new Error('nobody was there');
  return result.snapshot.id;
}
