/** Restorable copies of a target: taken, listed, put back, thrown away. */
import { Fault } from '../base/fault';
import type { RestoreResult, Snapshot, SnapshotResult } from '../project';
import { takeCopy } from './copy';
import { takeDump } from './dumpFile';
import { restoreEmbedded, takeEmbedded } from './embedded';
import { recordsOf } from './list';
import { withMaintenance } from './maintenance';
import { type SnapshotRecord, snapshotOf } from './record';
import { unregister } from './registry';
import type { SnapshotOrder } from './request';
import { restoreOnServer } from './restore';
import { dropDatabase } from './statements';
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
 * @throws {Fault} as Database.open
 */
export async function listSnapshots(target: SnapshotTarget, storage: string): Promise<readonly Snapshot[]> {
  const records = await recordsOf(target, storage);
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
  const snapshot = await named(target, id, around.storage);
  const done =
    target.kind === 'embedded'
      ? ({ kind: 'restored', kept: await restoreEmbedded(target, snapshot, order.version, around) } as const)
      : await restoreOnServer(target, { ...order, snapshot }, around);
  if (done.kind === 'busy') return done;
  const kept = snapshotOf(done.kept, target.database.label);
  return { kind: 'restored', kept, ms: performance.now() - began };
}

/** @throws {Fault} `no-such-snapshot`, `no-right`, `busy` when somebody is connected to it */
export async function dropSnapshot(target: SnapshotTarget, id: string, storage: string): Promise<void> {
  const { kind } = await named(target, id, storage);
  if (kind === 'copy' && target.kind === 'server')
    await withMaintenance(target, ({ worker }) => dropDatabase(worker, id));
  unregister(storage, id);
}

async function named(target: SnapshotTarget, id: string, storage: string): Promise<SnapshotRecord> {
  const record = (await recordsOf(target, storage)).find((it) => it.id === id);
  if (!record) throw new Fault('no-such-snapshot', `${id} of ${target.database.label}.`);
  return record;
}
