/** Puts a snapshot in the place of its target on a server; the replaced database is kept as a snapshot of its own. */
import { Fault } from '../base/fault';
import type { Journal } from '../base/journal';
import { onSession } from '../database/onSession';
import { loadDump, readDump } from './dumpFile';
import { createTwin, reopenTwin } from './freshDatabase';
import { mayMakeDatabases, restoreInPlace } from './inPlace';
import { type Maintenance, withMaintenance } from './maintenance';
import { snapshotName } from './names';
import { type DatabaseFacts, carryOver, factsOf } from './properties';
import { beforeRestore, type SnapshotRecord } from './record';
import { register, unregister } from './registry';
import { othersStaying } from './sessions';
import { dropDatabase } from './statements';
import type { Restored, RestoreOrder } from './request';
import { type SnapshotStep, journalled } from './steps';
import { swap } from './swap';
import type { ServerTarget, Surroundings } from './target';

/**
 * A copy takes the target's place itself and is used up by it; from a dump file a new database is made, or the target's
 * contents are exchanged where none can be made.
 *
 * @throws {Fault} `no-right`, `locked`, `no-such-snapshot`, `disk-full`, `connection-lost`
 */
export async function restoreOnServer(
  target: ServerTarget,
  order: RestoreOrder,
  around: Surroundings,
): Promise<Restored> {
  if (order.snapshot.kind === 'file' && !(await mayMakeDatabases(target, around.signal)))
    return restoreInPlace(target, order, around);
  return withMaintenance(target, around.signal, (maintenance) =>
    journalled(target, around, async (journal) => {
      const { worker } = maintenance;
      const facts = await factsOf(worker, target.database.name);
      if (!facts) throw new Fault('no-database', `${target.database.label}.`);
      const work = { maintenance, target, order, around, journal, facts };
      try {
        return await (order.snapshot.kind === 'copy' ? fromCopy(work) : fromFile(work));
      } catch (cause) {
        // What was begun has been undone; only when the connection is lost nobody knows, and the journal has to stay.
        if (!worker.lost) journal.close();
        throw cause;
      }
    }),
  );
}

interface Restoring {
  readonly maintenance: Maintenance;
  readonly target: ServerTarget;
  readonly order: RestoreOrder;
  readonly around: Surroundings;
  readonly journal: Journal<SnapshotStep>;
  readonly facts: DatabaseFacts;
}

async function fromCopy(work: Restoring): Promise<Restored> {
  const { id, comment } = work.order.snapshot;
  const copy = await factsOf(work.maintenance.worker, id);
  if (!copy) throw new Fault('no-such-snapshot', `the database ${id} is not on the server any more.`);
  return trade(work, { name: id, oid: copy.oid }, id, comment);
}

async function fromFile(work: Restoring): Promise<Restored> {
  const { maintenance, target, order, around, journal, facts } = work;
  const { worker, watcher } = maintenance;
  const others = order.disconnect ? [] : await othersStaying(watcher, [facts.oid]);
  if (others.length > 0) return { kind: 'busy', sessions: others.map(({ says }) => says) };
  const text = readDump(around.storage, order.snapshot.id);
  const name = snapshotName(target.database.name, around.now());
  journal.note({ step: 'load', name });
  try {
    await createTwin(worker, target.database.name, name);
    await fill(target, name, text, around.signal);
    for (const setting of await carryOver(worker, facts, name)) around.log(`the restored database lacks ${setting}`);
    if (facts.rights === null) await reopenTwin(worker, name);
    const made = await factsOf(worker, name);
    if (!made) throw new Error('a database that was just made is there');
    return await trade(work, { name, oid: made.oid }, null, facts.comment);
  } finally {
    // Renamed by now, unless something was in the way.
    if (!worker.lost) await dropDatabase(worker, name, 'force');
  }
}

const fill = (target: ServerTarget, name: string, text: string, signal: AbortSignal): Promise<void> =>
  onSession(target.sibling(name).open('write', signal), (session) => loadDump(session, text, signal));

async function trade(
  { maintenance, target, order, around, journal, facts }: Restoring,
  replacement: { readonly name: string; readonly oid: number },
  used: string | null,
  comment: string | null,
): Promise<Restored> {
  const { database } = target;
  const now = around.now();
  const kept: SnapshotRecord = {
    rehearsal: 'snapshot',
    id: snapshotName(database.name, now),
    kind: 'copy',
    of: database.id,
    database: database.name,
    taken: now.toISOString(),
    reason: beforeRestore,
    bytes: facts.bytes,
    version: order.version ?? null,
    comment: facts.comment,
  };
  const { disconnect } = order;
  const swapped = { target: { name: database.name, oid: facts.oid }, replacement, used, kept, comment, disconnect };
  const sessions = await swap(maintenance, swapped, journal, around.signal);
  if (sessions) return { kind: 'busy', sessions };
  registerIfPossible(around, kept);
  if (used !== null) unregister(around.storage, used);
  return { kind: 'restored', kept };
}

/** The database is restored by now, and the kept one carries its record as a comment: a full disk changes nothing. */
function registerIfPossible({ storage, log }: Surroundings, kept: SnapshotRecord): void {
  try {
    register(storage, kept);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    log(`the snapshot ${kept.id} is not in the registry: ${cause.message}`);
  }
}
