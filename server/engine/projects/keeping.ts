/** Snapshots of the target that are asked for by themselves: take one, bring one back. */
import type { Consent, RestoreResult, SnapshotRequest, SnapshotResult } from '../project';
import { restoreSnapshot, takeSnapshot } from '../snapshots/snapshots';
import { demandConsent } from './bench';
import { around, type Ground } from './ground';

/** Alone only. */
export async function snapshot(
  ground: Ground,
  { reason, disconnect }: SnapshotRequest,
  signal: AbortSignal,
): Promise<SnapshotResult> {
  const version = await newestVersion(ground);
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
  const version = await newestVersion(ground);
  try {
    return await restoreSnapshot(bench.target, id, { version, disconnect }, around(ground, signal));
  } finally {
    bench.refresh();
  }
}

const newestVersion = async ({ bench }: Ground): Promise<string | undefined> =>
  (await bench.live()).history.versions.at(-1);
