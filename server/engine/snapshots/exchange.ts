/** Work by which another database may take the place of a target: written ahead, and by nobody else meanwhile. */
import { Fault } from '../base/fault';
import type { Journal } from '../base/journal';
import { demandReadWrite } from '../database/onlyReads';
import { type Maintenance, withMaintenance } from './maintenance';
import { type DatabaseFacts, factsOf } from './properties';
import { closedUnlessLost, journalled, type SnapshotStep } from './steps';
import type { ServerTarget, Surroundings } from './target';

export interface Exchange {
  readonly maintenance: Maintenance;
  readonly journal: Journal<SnapshotStep>;
  /** Of the target, before anything is begun. */
  readonly facts: DatabaseFacts;
}

/**
 * @param use has undone on the way whatever it fails with, as long as the server answers
 * @throws {Fault} `only-reads`, `locked`, `no-database`, `disk-full`, `not-writable`, `connection-lost`
 */
export function withExchange<T>(
  target: ServerTarget,
  around: Surroundings,
  use: (it: Exchange) => Promise<T>,
): Promise<T> {
  return withMaintenance(target, around.signal, async (maintenance) => {
    const { worker, server } = maintenance;
    await demandReadWrite(worker);
    return journalled({ target, around, server }, (journal) =>
      closedUnlessLost(worker, journal, async () => {
        const facts = await factsOf(worker, target.database.name);
        if (!facts) throw new Fault('no-database', `${target.database.label}.`);
        return use({ maintenance, journal, facts });
      }),
    );
  });
}
