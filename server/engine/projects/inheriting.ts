/**
 * A copy of a database inherits what is remembered of the migrations that were applied to it. Beside a snapshot lies what
 * there is to inherit, for whoever restores it.
 */
import { Fault } from '../base/fault';
import { isObject, jsonIn } from '../base/json';
import type { Heritage } from '../history/appliedMemory';
import { leaveNote, noteOf } from '../snapshots/registry';
import type { Ground } from './ground';
import type { LiveDatabase } from './live';
import { liveNow } from './look';

/** @param id of a snapshot with the contents that it is the heritage of */
export function leaveBeside({ world: { storage, log } }: Ground, id: string, heritage: Heritage): void {
  try {
    leaveNote(storage, id, JSON.stringify(heritage));
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    log(`what was applied to the snapshot ${id} is not remembered: ${cause.message}`);
  }
}

/** Nothing where none was left on this machine, as of a colleague's snapshot, or where it was damaged. */
export function heritageBeside({ world: { storage } }: Ground, id: string): Heritage {
  const note = noteOf(storage, id);
  const value = note === undefined ? undefined : jsonIn(note);
  return isHeritage(value) ? value : {};
}

const isHeritage = (value: unknown): value is Heritage =>
  isObject(value) && Object.values(value).every((it) => typeof it === 'string');

/**
 * To be called when the target has other contents, and what it was is a snapshot. Without it the next look remembers what
 * it finds in the folder, so what is against it is only logged.
 *
 * @param before the target as it was until now
 * @param kept id of the snapshot
 * @param heritage `ofBefore` where the contents were made of those before; of what is unknown nothing, so that the next
 *   look learns it from the files
 */
export async function handOn(
  ground: Ground,
  before: LiveDatabase,
  kept: string,
  heritage: Heritage | 'ofBefore',
  signal: AbortSignal,
): Promise<void> {
  const { bench, world } = ground;
  const former = before.remembered.heritage();
  leaveBeside(ground, kept, former);
  // What was done is told, however it ended; who has cancelled it waits for nothing else.
  if (signal.aborted) return;
  bench.refresh();
  try {
    // A server's target is another database now; the embedded one is the same, with other contents.
    const { remembered } = bench.target.kind === 'embedded' ? before : await liveNow(ground, signal);
    remembered.inherit(heritage === 'ofBefore' ? former : heritage);
  } catch (cause) {
    if (signal.aborted) return;
    if (!(cause instanceof Fault)) throw cause;
    world.log(`what was applied to ${bench.target.info.label} is not remembered: ${cause.message}`);
  }
}
