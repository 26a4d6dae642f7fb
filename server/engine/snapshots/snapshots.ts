/** Restorable copies of a target: taken, listed, put back, thrown away. */
import { Fault, type FaultCode } from '../base/fault';
import type {
  RestoreResult,
  Snapshot,
  SnapshotDifference,
  SnapshotMark,
  SnapshotResult,
  SnapshotTable,
  TableSince,
  TablesResult,
} from '../project';
import { listTablesSince } from './carry';
import { compareSnapshots } from './compare';
import { takeCopy } from './copy';
import { dropCopy } from './dropCopy';
import { dropDump, takeDump } from './dumpFile';
import { dropEmbedded, restoreEmbedded, takeEmbedded } from './embedded';
import { recordsOf } from './list';
import { markSnapshot } from './marking';
import { type SnapshotRecord, snapshotOf } from './record';
import type { KnownTables, RestoreOrder, SnapshotOrder } from './request';
import { restoreOnServer } from './restore';
import { restoreTables, tablesOfSnapshot, type TablesWish } from './tables';
import type { SnapshotTarget, Surroundings } from './target';

/**
 * A copy on the server; a dump file where that is wished, or refused (the reason then says why); a copy of the embedded
 * file.
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
  if (order.form === 'file') return taken(await takeDump(target, order, undefined, around));
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
 * whatever happens on the way. A copy on the server is used up by it, unless it is pinned or rows are carried over; a
 * file stays.
 *
 * @param order.version newest applied version just now
 * @throws {Fault} `no-such-snapshot`, `no-right`, `busy`, `locked`, `disk-full`, `connection-lost`; of what is carried
 *   over `no-such-table`, `rows-refused`
 */
export async function restoreSnapshot(
  target: SnapshotTarget,
  id: string,
  order: Omit<RestoreOrder, 'snapshot'>,
  around: Surroundings,
): Promise<RestoreResult> {
  const began = performance.now();
  const snapshot = await named(target, id, around);
  const restoring = { ...order, snapshot };
  const done =
    target.kind === 'embedded'
      ? await restoreEmbedded(target, restoring, around)
      : await restoreOnServer(target, restoring, around);
  if (done.kind === 'busy') return done;
  const { carried } = done;
  const kept = snapshotOf(done.kept, target.database.label);
  return { kind: 'restored', kept, carried, ms: performance.now() - began };
}

/**
 * Gives tables the rows that a snapshot has of them. The target is kept as a snapshot before, which goes again when
 * nothing was changed.
 *
 * @param order.tables as people write them
 * @throws {Fault} `no-such-snapshot`; as takeSnapshot and restoreTables
 */
export async function restoreTablesOf(
  target: SnapshotTarget,
  id: string,
  order: Omit<RestoreOrder, 'snapshot' | 'carry'> & Omit<TablesWish, 'kept'>,
  around: Surroundings,
): Promise<TablesResult> {
  const began = performance.now();
  const snapshot = await named(target, id, around);
  const { version, disconnect } = order;
  const reason = `before restoring the rows of ${order.tables.join(', ')}`;
  const taken = await takeSnapshot(target, { reason, version, disconnect }, around);
  if (taken.kind === 'busy') return taken;
  const kept = taken.snapshot;
  try {
    const tables = await restoreTables(target, snapshot, { ...order, kept: kept.id }, around);
    return { kind: 'restored', tables, kept, ms: performance.now() - began };
  } catch (cause) {
    if (cause instanceof Fault && isUndone.has(cause.code)) await dropSnapshot(target, kept.id, around);
    throw cause;
  }
}

/** What restoreTables says when it is sure that nothing was changed. */
const isUndone: ReadonlySet<FaultCode> = new Set(['no-such-table', 'ambiguous', 'rows-refused', 'no-right', 'busy']);

/** @throws {Fault} `no-such-snapshot`; as tablesOfSnapshot */
export const tablesNamedIn = async (
  target: SnapshotTarget,
  id: string,
  history: string,
  around: Surroundings,
): Promise<readonly SnapshotTable[]> => tablesOfSnapshot(target, await named(target, id, around), history, around);

/** @throws {Fault} `no-such-snapshot`; as listTablesSince */
export const tablesWrittenSince = async (
  target: SnapshotTarget,
  id: string,
  known: (snapshot: Snapshot) => KnownTables,
  around: Surroundings,
): Promise<readonly TableSince[]> => {
  const snapshot = await named(target, id, around);
  return listTablesSince(target, snapshot, known(snapshotOf(snapshot, target.database.label)), around);
};

/**
 * Names or pins a snapshot.
 *
 * @throws {Fault} `no-such-snapshot`; as markSnapshot
 */
export async function markNamed(
  target: SnapshotTarget,
  id: string,
  mark: SnapshotMark,
  around: Surroundings,
): Promise<Snapshot> {
  const marked = await markSnapshot(target, await named(target, id, around), mark, around);
  return snapshotOf(marked, target.database.label);
}

/**
 * From a snapshot to the target now, or to another snapshot.
 *
 * @throws {Fault} `no-such-snapshot`; as compareSnapshots
 */
export async function compareNamed(
  target: SnapshotTarget,
  id: string,
  other: string | undefined,
  around: Surroundings,
): Promise<SnapshotDifference> {
  const earlier = await named(target, id, around);
  const later = other === undefined ? undefined : await named(target, other, around);
  return compareSnapshots(target, earlier, later, around);
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

/** @throws {Fault} `no-such-snapshot` */
export async function named(
  target: SnapshotTarget,
  id: string,
  { storage, signal }: Pick<Surroundings, 'storage' | 'signal'>,
): Promise<SnapshotRecord> {
  const record = (await recordsOf(target, storage, signal)).find((it) => it.id === id);
  if (!record) throw new Fault('no-such-snapshot', `${id} of ${target.database.label}.`);
  return record;
}
