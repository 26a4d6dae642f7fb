/** The copy on which everything went well takes the target's place; what was the target is kept as a snapshot. */
import { Fault } from '../base/fault';
import type { Journal } from '../base/journal';
import type { Maintenance } from '../snapshots/maintenance';
import { snapshotName } from '../snapshots/names';
import { type DatabaseFacts, factsOf } from '../snapshots/properties';
import { type SnapshotRecord, snapshotOf } from '../snapshots/record';
import { register } from '../snapshots/registry';
import type { SnapshotStep } from '../snapshots/steps';
import { swap } from '../snapshots/swap';
import type { ServerTarget, Surroundings } from '../snapshots/target';
import type { TrialEnd, TrialResult } from '../trials';
import { reasonOf, type TrialOrder } from './order';

export interface Swapping {
  readonly maintenance: Maintenance;
  readonly journal: Journal<SnapshotStep>;
  readonly target: ServerTarget;
  readonly facts: DatabaseFacts;
  readonly around: Surroundings;
  readonly order: TrialOrder;
  /** Of the copy. */
  readonly name: string;
}

/**
 * Nobody is in the target, which is closed; nobody but us was let into the copy, and who is there all the same goes.
 *
 * @throws {Fault} `no-right` and the like: then nothing has changed. `connection-lost`: then the journal tells
 */
export async function becomeTarget({
  maintenance,
  journal,
  target: { database },
  facts,
  around,
  order,
  name,
}: Swapping): Promise<Extract<TrialEnd, { kind: 'swapped' }> | Extract<TrialResult, { kind: 'busy' }>> {
  around.signal.throwIfAborted();
  const copy = await factsOf(maintenance.worker, name);
  if (!copy) throw new Error('the copy is there');
  const now = around.now();
  const kept: SnapshotRecord = {
    rehearsal: 'snapshot',
    id: snapshotName(database.name, now),
    kind: 'copy',
    of: database.id,
    database: database.name,
    taken: now.toISOString(),
    reason: reasonOf(order),
    bytes: facts.bytes,
    version: order.version ?? null,
    comment: facts.comment,
  };
  const exchange = {
    target: { name: database.name, oid: facts.oid },
    replacement: { name, oid: copy.oid },
    used: null,
    kept,
    comment: facts.comment,
    disconnect: true,
  };
  const sessions = await swap(maintenance, exchange, journal, around.signal);
  if (sessions) return { kind: 'busy', sessions };
  try {
    register(around.storage, kept);
  } catch (cause) {
    // It carries its record as a comment as well: a full disk changes nothing.
    if (!(cause instanceof Fault)) throw cause;
    around.log(`the snapshot ${kept.id} is not in the registry: ${cause.message}`);
  }
  return { kind: 'swapped', kept: snapshotOf(kept, database.label) };
}
