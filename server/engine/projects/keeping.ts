/** Snapshots of the target that are asked for by themselves: take one, bring one back. */
import type { Consent, RestoreResult, Snapshot, SnapshotRequest, SnapshotResult } from '../project';
import { dropSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../snapshots/snapshots';
import { demandConsent, demandWritable } from './consent';
import { around, type Ground } from './ground';
import { liveNow, recover } from './look';

export async function snapshots(ground: Ground, signal = new AbortController().signal): Promise<readonly Snapshot[]> {
  const { bench } = ground;
  await recover(ground, signal);
  const list = () => listSnapshots(bench.target, around(ground, signal));
  return bench.patiently(() => bench.question(list, signal));
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

/** Alone only. */
export async function snapshot(
  ground: Ground,
  { reason, disconnect }: SnapshotRequest,
  signal: AbortSignal,
): Promise<SnapshotResult> {
  demandWritable(ground.bench.target);
  const version = await newestVersion(ground, signal);
  return takeSnapshot(ground.bench.target, { reason, version, disconnect }, around(ground, signal));
}

/** Alone only. */
export async function restore(
  ground: Ground,
  id: string,
  { disconnect, confirmedName }: Consent,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const { bench } = ground;
  demandConsent(bench.target, confirmedName);
  const version = await newestVersion(ground, signal);
  try {
    return await restoreSnapshot(bench.target, id, { version, disconnect }, around(ground, signal));
  } finally {
    bench.refresh();
  }
}

const newestVersion = async (ground: Ground, signal: AbortSignal): Promise<string | undefined> =>
  (await liveNow(ground, signal)).history.versions.at(-1);
