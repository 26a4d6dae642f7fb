/** The copy on which everything went well takes the target's place; what was the target is kept as a snapshot. */
import type { Exchange } from '../snapshots/exchange';
import { factsOf } from '../snapshots/properties';
import { snapshotOf } from '../snapshots/record';
import { registerIfPossible } from '../snapshots/registry';
import { recordOfReplaced, swap } from '../snapshots/swap';
import type { ServerTarget, Surroundings } from '../snapshots/target';
import type { TrialEnd, TrialResult } from '../trials';
import { reasonOf, type TrialOrder } from './order';

export interface Swapping extends Exchange {
  readonly target: ServerTarget;
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
  target,
  facts,
  around,
  order,
  name,
}: Swapping): Promise<Extract<TrialEnd, { kind: 'swapped' }> | Extract<TrialResult, { kind: 'busy' }>> {
  around.signal.throwIfAborted();
  const copy = await factsOf(maintenance.worker, name);
  if (!copy) throw new Error('the copy is there');
  const kept = recordOfReplaced(target, facts, { reason: reasonOf(order), version: order.version }, around);
  const exchange = {
    target: { name: target.database.name, oid: facts.oid },
    replacement: { name, oid: copy.oid },
    used: null,
    kept,
    comment: facts.comment,
    disconnect: true,
  };
  const sessions = await swap(maintenance, exchange, journal, around.signal);
  if (sessions) return { kind: 'busy', sessions };
  registerIfPossible(around, kept);
  return { kind: 'swapped', kept: snapshotOf(kept, target.database.label) };
}
