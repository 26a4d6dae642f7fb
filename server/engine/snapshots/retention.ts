/** Old snapshots are thrown away where the user has said how many are kept, for how long, or how large all may be. */
import { Fault } from '../base/fault';
import type { Retention } from '../project';
import { recordsOf } from './list';
import type { SnapshotRecord } from './record';
import { registered } from './registry';
import type { SnapshotTarget, Surroundings } from './target';

/** One that is not kept any more, and by which limit. */
export interface Outdated {
  readonly record: SnapshotRecord;
  /** For people: `more than 10 are kept`. */
  readonly because: string;
}

const dayMs = 24 * 3_600_000;

/**
 * What would go; to be asked after one was taken. Never among them are the newest, pinned ones, and those that are in no
 * list of this machine: they are somebody else's.
 *
 * @throws as recordsOf
 */
export async function outdated(
  target: SnapshotTarget,
  retention: Retention,
  { storage, signal, now }: Pick<Surroundings, 'storage' | 'signal' | 'now'>,
): Promise<readonly Outdated[]> {
  if (Object.values(retention).every((limit) => limit === undefined)) return [];
  const own = new Set(registered(storage).map(({ id }) => id));
  const records = await recordsOf(target, storage, signal);
  return beyond(
    records.filter(({ id, pinned }, index) => index > 0 && pinned === undefined && own.has(id)),
    retention,
    { now: now(), newest: records[0] },
  );
}

/** @param records newest first, without the newest of all and without pinned ones, which count for no limit */
export function beyond(
  records: readonly SnapshotRecord[],
  { count, days, bytes }: Retention,
  { now, newest }: { readonly now: Date; readonly newest: SnapshotRecord | undefined },
): readonly Outdated[] {
  let kept = newest && !newest.pinned ? 1 : 0;
  let size = newest && !newest.pinned ? newest.bytes : 0;
  return records.flatMap((record) => {
    const age = (now.getTime() - Date.parse(record.taken)) / dayMs;
    const because =
      count !== undefined && kept >= count
        ? `no more than ${count} are kept`
        : days !== undefined && age > days
          ? `none is kept for more than ${days} days`
          : bytes !== undefined && size + record.bytes > bytes
            ? `all together take no more than ${Math.round(bytes / 1_000_000)} MB`
            : undefined;
    if (because !== undefined) return { record, because };
    kept++;
    size += record.bytes;
    return [];
  });
}

/**
 * @param drop throws one away
 * @returns those that have gone; one that is in use, or that another role owns, stays and is only logged
 */
export async function dropOutdated(
  found: readonly Outdated[],
  drop: (id: string) => Promise<void>,
  { log, signal }: Pick<Surroundings, 'log' | 'signal'>,
): Promise<readonly Outdated[]> {
  const gone: Outdated[] = [];
  for (const it of found) {
    if (signal.aborted) break;
    try {
      await drop(it.record.id);
      gone.push(it);
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      log(`the snapshot ${it.record.id} is kept although ${it.because}: ${cause.detail}`);
    }
  }
  return gone;
}
