/** Dump files that are wished for, plain or packed: listed, brought back, and refused when they are not whole. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { packedPath } from '../../server/engine/snapshots/registry';
import { dropSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { isFault } from '../support/faults';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const order = { reason: 'by hand', version: '7', disconnect: false, form: 'file' } as const;
const back = { version: undefined, disconnect: false };

for (const major of Object.values(servers)) {
  describe(`packed dump files on PostgreSQL ${major}`, () => {
    it('are smaller, known by their head alone, and brought back', () =>
      withFilled(major, async (place) => {
        const { target, around, sql } = place;
        const [plain, packed] = [await taken(place, undefined), await taken(place, 'gzip')];
        ok(packed.bytes * 5 < plain.bytes);
        equal(packed.reason, 'by hand');
        const path = packedPath(around.storage, packed.id);
        equal(readFileSync(path).length, packed.bytes);
        rmSync(path.replace('.sql.gz', '.json'));
        deepEqual(
          (await listSnapshots(target, around)).map(({ id }) => id),
          [packed.id, plain.id],
        );
        for (const { id } of [packed, plain]) {
          await sql('truncate item');
          equal((await restoreSnapshot(target, id, back, around)).kind, 'restored');
          deepEqual(await sql('select count(*)::int as rows, max(name) as name from item'), [
            { rows: 5_000, name: 'it’s 🛒 \\ fine' },
          ]);
        }
        await dropSnapshot(target, packed.id, around);
        ok(!(await listSnapshots(target, around)).some(({ id }) => id === packed.id));
      }));

    it('are SQL to any tool that reads gzip', () =>
      withFilled(major, async (place) => {
        const { id } = await taken(place, 'gzip');
        const text = gunzipSync(readFileSync(packedPath(place.around.storage, id))).toString();
        match(text, /^-- rehearsal: \{.*\}\n[^]*COPY public\.item[^]*PostgreSQL database dump complete/);
      }));

    it('cut off anywhere, or with a byte changed, are told of before anything is done', () =>
      withFilled(major, async (place) => {
        const { target, around, sql, names } = place;
        const { id } = await taken(place, 'gzip');
        const path = packedPath(around.storage, id);
        const whole = readFileSync(path);
        const head = headLength(whole);
        const changed = Buffer.from(whole);
        changed[whole.length - 200]! ^= 0xff;
        const before = await names();
        await sql('insert into item values (0)');
        for (const damaged of [
          whole.subarray(0, head),
          whole.subarray(0, -1),
          whole.subarray(0, head + 500),
          changed,
        ]) {
          writeFileSync(path, damaged);
          await rejects(restoreSnapshot(target, id, back, around), isFault('damaged'));
        }
        deepEqual(await names(), before);
        deepEqual(await sql('select count(*)::int as rows from item'), [{ rows: 5_001 }]);
        writeFileSync(path, whole);
        equal((await restoreSnapshot(target, id, back, around)).kind, 'restored');
      }));
  });
}

/** Of the first of the two gzips that it is made of: cut there, gunzip alone would find nothing wrong. */
function headLength(whole: Buffer): number {
  for (let length = 20; length < whole.length; length++) {
    try {
      gunzipSync(whole.subarray(0, length));
      return length;
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause)) throw cause;
    }
  }
  throw new Error('it has a head');
}

async function taken({ target, around }: Place, packed: 'gzip' | undefined) {
  const result = await takeSnapshot(target, { ...order, ...(packed ? { packed } : {}) }, around);
  if (result.kind !== 'taken') throw new Error('a dump disturbs nobody');
  return result.snapshot;
}

const withFilled = (major: (typeof servers)[keyof typeof servers], use: (place: Place) => Promise<void>) =>
  withPlace(major, async (place) => {
    await place.sql(`create table item (id int, name text);
      insert into item select n, 'it’s 🛒 \\ fine' from generate_series(1, 5000) as n`);
    await use(place);
  });
