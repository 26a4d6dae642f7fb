/** Changes of the target by its migrations: consent, a snapshot first, then up or down. */
import { applyMigrations, revertMigrations } from '../apply/apply';
import type { Job } from '../apply/job';
import { checkDown, checkHistory, planDown, planUp } from '../apply/plan';
import { Fault } from '../base/fault';
import type { ApplyRequest, ApplyResult, Consent, Progress, RevertRequest } from '../project';
import { takeSnapshot } from '../snapshots/snapshots';
import type { Live } from './live';
import { demandConsent } from './target';
import { around, type Ground } from './ground';
import { look } from './look';

/** Who is told of it and may stop it. */
export interface Asker {
  readonly progress: (step: Progress) => void;
  readonly signal: AbortSignal;
}

/** Alone only. */
export async function apply(ground: Ground, request: ApplyRequest, asker: Asker): Promise<ApplyResult> {
  const { live, migrations } = await look(ground, asker.signal);
  const pending = migrations.filter(({ state }) => state === 'pending').map(({ migration }) => migration.version);
  const versions = versionsOf(request.which, pending);
  if (versions.length === 0) return { kind: 'nothing' };
  // Before the snapshot, and once more when it is taken.
  planUp(jobOf(ground, asker), versions);
  const reason = `before applying ${namedBriefly(versions)}`;
  return change(ground, live, { ...request, reason }, asker, (job) => applyMigrations(job, versions));
}

/** Alone only. */
export async function revert(ground: Ground, request: RevertRequest, asker: Asker): Promise<ApplyResult> {
  const { live } = await look(ground, asker.signal);
  const { versions } = request;
  if (versions.length === 0) return { kind: 'nothing' };
  // Before the snapshot, and once more under the lock.
  checkDown(ground, versions, live.history);
  planDown(jobOf(ground, asker), versions);
  const reason = `before reverting ${namedBriefly(versions)}`;
  return change(ground, live, { ...request, reason }, asker, (job) => revertMigrations(job, versions));
}

interface Change extends Consent {
  readonly snapshot: boolean;
  /** For the list of snapshots. */
  readonly reason: string;
}

/** Takes a snapshot first when it is wished; then changes the target; then looks at it anew. */
async function change(
  ground: Ground,
  live: Live,
  wishes: Change,
  asker: Asker,
  work: (job: Job) => Promise<ApplyResult>,
): Promise<ApplyResult> {
  const { bench } = ground;
  demandConsent(bench.target, wishes.confirmedName);
  // Before the snapshot: it would only keep what the tool refuses to go on from.
  checkHistory(ground, live.history);
  const snapshot = wishes.snapshot ? await snapshotFirst(ground, live, wishes, asker) : undefined;
  if (snapshot?.kind === 'busy') return snapshot;
  try {
    const result = await work(jobOf(ground, asker));
    return snapshot && result.kind !== 'nothing' && result.kind !== 'busy'
      ? { ...result, snapshot: snapshot.snapshot.id }
      : result;
  } finally {
    bench.refresh();
  }
}

function snapshotFirst(ground: Ground, live: Live, { reason, disconnect }: Change, { progress, signal }: Asker) {
  const { target } = ground.bench;
  progress({ message: `Taking a snapshot of ${target.info.label}`, cancellable: true });
  return takeSnapshot(target, { reason, version: live.history.versions.at(-1), disconnect }, around(ground, signal));
}

function jobOf({ bench, folder, world }: Ground, { progress, signal }: Asker): Job {
  const { storage, now, disk } = world;
  const { database } = bench.target;
  const read: Job['read'] = (path) => disk.read(path);
  return { database, history: bench.history, folder, read, storage, now, progress, signal };
}

/** A few by name, many by their number and ends. */
const namedBriefly = (versions: readonly string[]): string =>
  versions.length <= 3
    ? versions.join(', ')
    : `${versions.length} migrations, ${versions[0] ?? ''} to ${versions.at(-1) ?? ''}`;

/** @throws {Fault} `not-pending` */
function versionsOf(which: ApplyRequest['which'], pending: readonly string[]): readonly string[] {
  if (which === 'all') return pending;
  const version = 'only' in which ? which.only : which.upTo;
  const index = pending.indexOf(version);
  if (index < 0)
    throw new Fault(
      'not-pending',
      pending.length === 0 ? `${version}; none is.` : `${version}; the pending ones are ${pending.join(', ')}.`,
    );
  return 'only' in which ? [version] : pending.slice(0, index + 1);
}
