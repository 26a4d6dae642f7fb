/** Which snapshots are not kept any longer: asked whenever one has been made by itself or by hand. */
import { Fault } from '../base/fault';
import { dropOutdated, outdated } from '../snapshots/retention';
import { dropSnapshot } from '../snapshots/snapshots';
import { around, type Ground } from './ground';

/**
 * To be called when a snapshot has been made, and what it was made for is done. Whatever is against it is only logged:
 * nobody has asked for it just now.
 */
export async function dropOld(ground: Ground, signal: AbortSignal): Promise<void> {
  const { bench, options, world } = ground;
  // What was done is told, however it ended; who has cancelled it waits for nothing else.
  if (!options.snapshots || signal.aborted) return;
  const { target } = bench;
  const surroundings = around(ground, signal);
  try {
    const found = await outdated(target, options.snapshots.retention, surroundings);
    const gone = await dropOutdated(found, (id) => dropSnapshot(target, id, surroundings), surroundings);
    for (const { record, because } of gone)
      world.tell({
        kind: 'dropped',
        message: `The snapshot of ${target.info.label} of ${record.taken} (${record.reason}) was deleted: ${because}.`,
      });
  } catch (cause) {
    if (signal.aborted) return;
    if (!(cause instanceof Fault)) throw cause;
    world.log(`old snapshots of ${target.info.label} are kept: ${cause.message}`);
  }
}
