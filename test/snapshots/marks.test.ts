/** Names and pins of snapshots, and that all of it is read from the server: by another window, another user, after a loss. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../../server/engine/project';
import { listSnapshots, markNamed, restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { isFault } from '../support/faults';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const order = { reason: 'by hand', version: '42', disconnect: false };
const back = { version: undefined, disconnect: false };

async function taken({ target, around }: Place, form?: 'file'): Promise<Snapshot> {
  const result = await takeSnapshot(target, { ...order, ...(form ? { form } : {}) }, around);
  if (result.kind !== 'taken') throw new Error(`busy: ${result.sessions.join(', ')}`);
  return result.snapshot;
}

for (const major of Object.values(servers)) {
  describe(`the marks of snapshots on PostgreSQL ${major}`, () => {
    it('are written, changed and taken away, on copies and on files', () =>
      withPlace(major, async (place) => {
        const { target, around } = place;
        for (const { id } of [await taken(place), await taken(place, 'file')]) {
          const now = async () => (await listSnapshots(target, around)).find((it) => it.id === id);
          deepEqual([(await now())?.name, (await now())?.pinned], [undefined, false]);
          const named = await markNamed(target, id, { name: `  Bob's "best" \\ 🛒 ` }, around);
          equal(named.name, `Bob's "best" \\ 🛒`);
          await markNamed(target, id, { pinned: true }, around);
          deepEqual([(await now())?.name, (await now())?.pinned], [`Bob's "best" \\ 🛒`, true]);
          await markNamed(target, id, { name: '', pinned: false }, around);
          deepEqual([(await now())?.name, (await now())?.pinned], [undefined, false]);
          for (const name of ['two\nlines', 'x'.repeat(201)])
            await rejects(markNamed(target, id, { name }, around), isFault('bad-mark'));
        }
        await rejects(markNamed(target, 'nothing', { pinned: true }, around), isFault('no-such-snapshot'));
      }));

    it('are the same in another window, and after our folder was lost; the copy is then restored', () =>
      withPlace(major, async (place) => {
        const { target, around, sql } = place;
        await sql('create table item (id int)');
        const { id } = await taken(place);
        const elsewhere = { ...around, storage: mkdtempSync(join(tmpdir(), 'rehearsal-test-')) };
        try {
          await markNamed(target, id, { name: 'from the other window' }, elsewhere);
          equal((await listSnapshots(target, around))[0]?.name, 'from the other window');
          await markNamed(target, id, { pinned: true }, around);
          for (const storage of [around.storage, elsewhere.storage]) rmSync(storage, { recursive: true });
          const [found] = await listSnapshots(target, around);
          deepEqual(
            [found?.id, found?.name, found?.pinned, found?.version, found?.reason],
            [id, 'from the other window', true, '42', 'by hand'],
          );
          await sql('drop table item');
          equal((await restoreSnapshot(target, id, back, around)).kind, 'restored');
          deepEqual(await sql('select * from item'), []);
          // A pinned one stays, to be restored again.
          const left = await listSnapshots(target, around);
          ok(left.some((it) => it.id === id && it.pinned));
          equal(left.length, 2);
        } finally {
          rmSync(elsewhere.storage, { recursive: true, force: true });
        }
      }));

    it('are read by another user, who may not change what is not his', () =>
      withPlace(major, async (place) => {
        const { target, around, sql, as } = place;
        const user = `${target.database.name}_user`;
        const { id } = await taken(place);
        await markNamed(target, id, { name: 'mine' }, around);
        const elsewhere = { ...around, storage: join(around.storage, 'elsewhere') };
        await sql(`create role ${user} login password 'secret'`);
        try {
          const other = as(user, 'secret');
          deepEqual(
            (await listSnapshots(other, elsewhere)).map((it) => [it.id, it.name]),
            [[id, 'mine']],
          );
          await rejects(markNamed(other, id, { pinned: true }, elsewhere), isFault('no-right'));
          equal((await listSnapshots(target, around))[0]?.pinned, false);
        } finally {
          await sql(`drop role ${user}`);
        }
      }));
  });
}
