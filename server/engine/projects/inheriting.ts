/**
 * A copy of a database inherits what is remembered of the migrations that were applied to it. Beside a snapshot lies what
 * there is to inherit, for whoever restores it.
 */
import { Fault } from '../base/fault';
import { fieldsOf, jsonIn } from '../base/json';
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

/** @returns undefined where nothing was left on this machine */
export function heritageBeside({ world: { storage } }: Ground, id: string): Heritage | undefined {
  const note = noteOf(storage, id);
  const value = note === undefined ? undefined : jsonIn(note);
  return isHeritage(value) ? value : undefined;
}

const isHeritage = (value: unknown): value is Heritage =>
  value instanceof Object && [...fieldsOf(value).values()].every((it) => typeof it === 'string');

/**
 * To be called when the target has other contents, and what it was is a snapshot. Without it the next look remembers what
 * it finds in the folder, so what is against it is only logged.
 *
 * @param before the target as it was until now
 * @param kept id of the snapshot
 * @param heritage undefined where the contents were made of those before
 */
export async function handOn(
  ground: Ground,
  before: LiveDatabase,
  kept: string,
  heritage: Heritage | undefined,
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
    remembered.inherit(heritage ?? former);
  } catch (cause) {
    if (signal.aborted) return;
    if (!(cause instanceof Fault)) throw cause;
    world.log(`what was applied to ${bench.target.info.label} is not remembered: ${cause.message}`);
  }
}
