/** Puts a snapshot in the place of its target on a server; the replaced database is kept as a snapshot of its own. */
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { quoteIdentifier } from '../database/quote';
import { markedAs } from './branchMark';
import { carryInto } from './carry';
import { closeTarget, reopenTarget } from './closing';
import { makeFromDump } from './contents';
import { readDump } from './dumpBytes';
import { type Exchange, withExchange } from './exchange';
import { reopenTwin } from './freshDatabase';
import { mayMakeDatabases, restoreInPlace } from './inPlace';
import { snapshotName } from './names';
import { type DatabaseFacts, carryOver, factsOf } from './properties';
import { beforeRestore } from './record';
import { registerIfPossible, unregister } from './registry';
import type { CarryOrder, Restored, RestoreOrder } from './request';
import { type OtherSession, endSessions, othersIn, othersStaying } from './sessions';
import { admissionStatement, must } from './statements';
import { undoneAfter, withNewDatabase } from './steps';
import { copyClosed } from './strategy';
import { recordOfReplaced, swap } from './swap';
import type { ServerTarget, Surroundings } from './target';

/**
 * A copy takes the target's place itself and is used up by it; from a dump file, from a pinned copy, and where rows are
 * carried over, a new database is made, or the target's contents are exchanged where none can be made.
 *
 * @throws {Fault} `no-right`, `only-reads`, `locked`, `no-such-snapshot`, `disk-full`, `connection-lost`
 */
export async function restoreOnServer(
  target: ServerTarget,
  order: RestoreOrder,
  around: Surroundings,
): Promise<Restored> {
  if (order.snapshot.kind === 'file' && !(await mayMakeDatabases(target, around.signal)))
    return restoreInPlace(target, order, around);
  const make = order.snapshot.kind === 'copy' ? fromCopy : fromFile;
  return withExchange(target, around, (it) => make({ ...it, target, order, around }));
}

interface Restoring extends Exchange {
  readonly target: ServerTarget;
  readonly order: RestoreOrder;
  readonly around: Surroundings;
}

async function fromCopy(work: Restoring): Promise<Restored> {
  const { snapshot, carry } = work.order;
  const { id, comment, pinned } = snapshot;
  const copy = await factsOf(work.maintenance.worker, id);
  if (!copy) throw new Fault('no-such-snapshot', `the database ${id} is not on the server any more.`);
  if (!carry && !pinned) return trade(work, { name: id, oid: copy.oid }, { used: id, comment });
  // The snapshot stays as it is: what is made of it may turn out not to do.
  const make = async (name: string): Promise<void> => {
    const { worker } = work.maintenance;
    const wish = { from: id, to: name, owner: copy.owner, bytes: copy.bytes, files: undefined };
    await copyClosed(worker, wish, work.around);
    await must(worker, `revoke connect on database ${quoteIdentifier(name)} from public`);
    await must(worker, admissionStatement(name, 'all'));
  };
  return throughNew(work, make, copy, comment);
}

async function fromFile(work: Restoring): Promise<Restored> {
  const { maintenance, target, order, around, facts } = work;
  const dump = await readDump(around.storage, order.snapshot.id);
  const make = (name: string) => makeFromDump(maintenance.worker, target, { name, dump }, around.signal);
  return throughNew(work, make, facts, facts.comment);
}

/** @param like has the rights and settings that the new database gets */
async function throughNew(
  work: Restoring,
  make: (name: string) => Promise<void>,
  like: DatabaseFacts,
  comment: string | null,
): Promise<Restored> {
  const { maintenance, target, order, around, journal, facts } = work;
  const { worker, watcher } = maintenance;
  const others = order.disconnect ? [] : await othersStaying(watcher, [facts.oid]);
  if (others.length > 0) return { kind: 'busy', sessions: others.map(({ says }) => says) };
  const name = snapshotName(target.database.name, around.now());
  const takePlace = async (carried: readonly string[]): Promise<Restored> => {
    for (const setting of await carryOver(worker, like, name)) around.log(`the restored database lacks ${setting}`);
    if (like.rights === null) await reopenTwin(worker, name);
    const made = await factsOf(worker, name);
    if (!made) throw new Error('a database that was just made is there');
    const done = await trade(work, { name, oid: made.oid }, { used: null, comment });
    return done.kind === 'restored' ? { ...done, carried } : done;
  };
  const { carry } = order;
  const noting = { worker, journal };
  return withNewDatabase(noting, name, async () => {
    await make(name);
    if (!carry) return takePlace([]);
    const reopen = () => reopenTarget(worker, target, facts.oid);
    return undoneAfter(noting, reopen, async () => {
      const carried = await carryShut(work, target.sibling(name), carry);
      return 'kind' in carried ? carried : takePlace(carried);
    });
  });
}

/** Carries over, and leaves the target shut to everybody, with nobody in it. */
async function carryShut(
  { maintenance, target, order, around, journal, facts }: Restoring,
  made: Database,
  carry: CarryOrder,
): Promise<readonly string[] | Extract<Restored, { kind: 'busy' }>> {
  let left: readonly OtherSession[] = [];
  const carried = await carryInto(target.database, made, carry, around.signal, async (now) => {
    journal.note({ step: 'close', oid: facts.oid });
    await closeTarget(maintenance.worker, target, facts, 'restore', around);
    const [own] = await now.rows<{ pid: number }>('select pg_backend_pid() as pid');
    const others = async () => (await othersIn(maintenance.watcher, [facts.oid])).filter(({ pid }) => pid !== own?.pid);
    left = await others();
    if (!order.disconnect) return;
    await endSessions(maintenance.watcher, left);
    left = await others();
  });
  return left.length === 0 ? carried : { kind: 'busy', sessions: left.map(({ says }) => says) };
}

interface Traded {
  /** The snapshot that is used up, when the replacement is one. */
  readonly used: string | null;
  /** The comment that the new target gets. */
  readonly comment: string | null;
}

async function trade(
  { maintenance, target, order, around, journal, facts }: Restoring,
  replacement: { readonly name: string; readonly oid: number },
  { used, comment }: Traded,
): Promise<Restored> {
  const { name } = target.database;
  const { version, disconnect } = order;
  const kept = recordOfReplaced(target, facts, { reason: beforeRestore, version }, around);
  const named = { target: { name, oid: facts.oid }, replacement };
  const swapped = { ...named, used, kept, comment: markedAs(facts.comment, comment), disconnect };
  const sessions = await swap(maintenance, swapped, journal, around.signal);
  if (sessions) return { kind: 'busy', sessions };
  registerIfPossible(around, kept);
  if (used !== null) unregister(around.storage, used);
  return { kind: 'restored', kept, carried: [] };
}
