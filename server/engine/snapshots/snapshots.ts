/** Restorable copies of a target: taken, listed, put back, thrown away. */
import { Fault } from '../base/fault';
import type { RestoreResult, Snapshot, SnapshotResult } from '../project';
import { takeCopy } from './copy';
import { dropCopy } from './dropCopy';
import { dropDump, takeDump } from './dumpFile';
import { dropEmbedded, restoreEmbedded, takeEmbedded } from './embedded';
import { recordsOf } from './list';
import { type SnapshotRecord, snapshotOf } from './record';
import type { SnapshotOrder } from './request';
import { restoreOnServer } from './restore';
import type { SnapshotTarget, Surroundings } from './target';

/**
 * A copy on the server; a dump file where that is refused (the reason then says why); a copy of the embedded file.
 *
 * @throws {Fault} `locked`, `disk-full`, `not-writable`, `no-right`, `connection-lost`; the signal's reason when it came.
 *   There is no snapshot then, and the target is as it was.
 */
export async function takeSnapshot(
  target: SnapshotTarget,
  order: SnapshotOrder,
  around: Surroundings,
): Promise<SnapshotResult> {
  const began = performance.now();
  const taken = (record: SnapshotRecord): SnapshotResult => ({
    kind: 'taken',
    snapshot: snapshotOf(record, target.database.label),
    ms: performance.now() - began,
  });
  if (target.kind === 'embedded') return taken(await takeEmbedded(target, order, around));
  const copy = await takeCopy(target, order, around);
  switch (copy.kind) {
    case 'taken':
      return taken(copy.record);
    case 'busy':
      return copy;
    case 'impossible':
      around.log(`no copy of ${target.database.label} on its server: ${copy.because}`);
      return taken(await takeDump(target, order, copy.because, around));
  }
}

/**
 * Newest first.
 *
 * @throws as Database.open
 */
export async function listSnapshots(
  target: SnapshotTarget,
  { storage, signal }: Pick<Surroundings, 'storage' | 'signal'>,
): Promise<readonly Snapshot[]> {
  const records = await recordsOf(target, storage, signal);
  return records.map((record) => snapshotOf(record, target.database.label));
}

/**
 * Puts a snapshot in the target's place; what it replaces is kept as a snapshot. The target is before or after,
 * whatever happens on the way. A copy on the server is used up by it, a file stays.
 *
 * @param order.version newest applied version just now
 * @throws {Fault} `no-such-snapshot`, `no-right`, `busy`, `locked`, `disk-full`, `connection-lost`
 */
export async function restoreSnapshot(
  target: SnapshotTarget,
  id: string,
  order: Omit<SnapshotOrder, 'reason'>,
  around: Surroundings,
): Promise<RestoreResult> {
  const began = performance.now();
  const snapshot = await named(target, id, around);
  const done =
    target.kind === 'embedded'
      ? ({ kind: 'restored', kept: await restoreEmbedded(target, snapshot, order.version, around) } as const)
      : await restoreOnServer(target, { ...order, snapshot }, around);
  if (done.kind === 'busy') return done;
  const kept = snapshotOf(done.kept, target.database.label);
  return { kind: 'restored', kept, ms: performance.now() - began };
}

/**
 * Throws a snapshot away for good.
 *
 * @throws {Fault} `no-such-snapshot`; `busy` when somebody is connected to it, `locked` when work on the target is going
 *   on; `no-right`, `not-writable`. It is whole and listed then. `connection-lost`: the next start puts an end to it.
 */
export async function dropSnapshot(target: SnapshotTarget, id: string, around: Surroundings): Promise<void> {
  const snapshot = await named(target, id, around);
  if (target.kind === 'embedded') await dropEmbedded(target, id, around.storage);
  else if (snapshot.kind === 'copy') await dropCopy(target, snapshot, around);
  else dropDump(target, id, around.storage);
}

async function named(
  target: SnapshotTarget,
  id: string,
  { storage, signal }: Pick<Surroundings, 'storage' | 'signal'>,
): Promise<SnapshotRecord> {
  const record = (await recordsOf(target, storage, signal)).find((it) => it.id === id);
  if (!record) throw new Fault('no-such-snapshot', `${id} of ${target.database.label}.`);
  return record;
}
