/** Snapshots of the target that are asked for by themselves: take one, bring one back. */
import type {
  Consent,
  RestoreRequest,
  RestoreResult,
  Snapshot,
  SnapshotDifference,
  SnapshotForecast,
  SnapshotMark,
  SnapshotRequest,
  SnapshotResult,
} from '../project';
import { forecast } from '../snapshots/forecast';
import type { SnapshotOrder } from '../snapshots/request';
import {
  compareNamed,
  dropSnapshot,
  listSnapshots,
  markNamed,
  restoreSnapshot,
  takeSnapshot,
} from '../snapshots/snapshots';
import { withGone } from './branching';
import { knownTables } from './keepingRows';
import { demandConsent, demandWritable } from './consent';
import { around, type Ground } from './ground';
import { handOn, heritageBeside, leaveBeside } from './inheriting';
import { liveNow, recover } from './look';
import { dropOld } from './retaining';

export async function snapshots(ground: Ground, signal = new AbortController().signal): Promise<readonly Snapshot[]> {
  const { bench } = ground;
  await recover(ground, signal);
  const list = () => listSnapshots(bench.target, around(ground, signal));
  const listed = await bench.patiently(() => bench.question(list, signal));
  return listed.some(({ branch }) => branch !== undefined) ? withGone(ground, listed, signal) : listed;
}

/** In turn only. */
export async function deleteSnapshot(
  ground: Ground,
  id: string,
  { confirmedName }: Pick<Consent, 'confirmedName'>,
  signal: AbortSignal,
): Promise<void> {
  const { target } = ground.bench;
  demandConsent(target, confirmedName);
  await recover(ground, signal);
  await dropSnapshot(target, id, around(ground, signal));
}

/** In turn only. */
export async function markOneSnapshot(
  ground: Ground,
  id: string,
  mark: SnapshotMark,
  { confirmedName }: Pick<Consent, 'confirmedName'>,
  signal: AbortSignal,
): Promise<Snapshot> {
  const { target } = ground.bench;
  demandConsent(target, confirmedName);
  await recover(ground, signal);
  return markNamed(target, id, mark, around(ground, signal));
}

/** In turn only. */
export async function compare(
  ground: Ground,
  id: string,
  other: string | undefined,
  signal: AbortSignal,
): Promise<SnapshotDifference> {
  await recover(ground, signal);
  return compareNamed(ground.bench.target, id, other, around(ground, signal));
}

export function snapshotForecast(
  { bench, world: { storage } }: Ground,
  form: SnapshotRequest['form'],
  signal: AbortSignal,
): Promise<SnapshotForecast> {
  const ask = () => forecast(bench.target, form, { storage, signal });
  return bench.patiently(() => bench.question(ask, signal));
}

/** Alone only. */
export async function snapshot(
  ground: Ground,
  { reason, disconnect, form }: SnapshotRequest,
  signal: AbortSignal,
): Promise<SnapshotResult> {
  demandWritable(ground.bench.target);
  const live = await liveNow(ground, signal);
  const version = live.history.versions.at(-1);
  const order = { reason, version, disconnect, ...(form ? { form } : {}), ...packing(ground) };
  const result = await takeSnapshot(ground.bench.target, order, around(ground, signal));
  if (result.kind === 'busy') return result;
  leaveBeside(ground, result.snapshot.id, live.remembered.heritage());
  await dropOld(ground, signal);
  return result;
}

/** Alone only. */
export async function restore(
  ground: Ground,
  id: string,
  { disconnect, confirmedName, carry }: RestoreRequest,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const { bench } = ground;
  demandConsent(bench.target, confirmedName);
  const live = await liveNow(ground, signal);
  const version = live.history.versions.at(-1);
  // The snapshot may be used up by it, and that goes with it.
  const heritage = heritageBeside(ground, id);
  const carried = carry === undefined ? {} : { carry: { tables: carry, known: await knownTables(ground, id, signal) } };
  try {
    const order = { version, disconnect, ...carried };
    const result = await restoreSnapshot(bench.target, id, order, around(ground, signal));
    if (result.kind === 'busy') return result;
    await handOn(ground, live, result.kept.id, heritage, signal);
    await dropOld(ground, signal);
    return result;
  } finally {
    bench.refresh();
  }
}

/** How a dump file is written. */
export const packing = ({ options }: Ground): Pick<SnapshotOrder, 'packed'> =>
  options.snapshots?.packed === 'gzip' ? { packed: 'gzip' } : {};
