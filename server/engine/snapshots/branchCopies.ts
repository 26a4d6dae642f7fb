/**
 * A database for each branch: that of the branch which is checked out bears the name of the target, those of the others
 * are kept as snapshots. They change places by renames, as in a restore.
 */
import { Fault } from '../base/fault';
import { givingUp } from '../database/givingUp';
import { onSession } from '../database/onSession';
import { type BranchMark, branchMarkIn, ownComment, textOfMark } from './branchMark';
import { copyDatabase } from './copy';
import { type Exchange, withExchange } from './exchange';
import { recordsOf } from './list';
import { openBeside } from './maintenance';
import { snapshotName } from './names';
import { carryOver, type DatabaseFacts, factsOf } from './properties';
import type { SnapshotRecord } from './record';
import { registerIfPossible, unregister } from './registry';
import { commentStatement, must } from './statements';
import { withNewDatabase } from './steps';
import { filesOf } from './strategy';
import { recordOfReplaced, swap } from './swap';
import type { ServerTarget, Surroundings } from './target';

/** A snapshot that is the database of a branch. */
export type BranchRecord = SnapshotRecord & { readonly branch: string };

export interface BranchOrder {
  /** Whose database the target is to be. */
  readonly branch: string;
  /** What it was called before: a database of one of these is its own. */
  readonly formerly: readonly string[];
  /** Whose the target is, where it does not say so itself. */
  readonly was: string | undefined;
  /** Branches whose databases a new one is copied from, best first; that of the target where there is none of them. */
  readonly origins: readonly string[];
  /** Newest applied version just now. */
  readonly version: string | undefined;
  /** The user agreed to end other sessions. */
  readonly disconnect: boolean;
}

export type Exchanged =
  /** `marked`: it is told by the target from now on whose it is; nothing else was to be done. */
  | { readonly kind: 'same' | 'marked' }
  | {
      readonly kind: 'switched';
      /** What the target was until now. */
      readonly kept: SnapshotRecord;
      /** Whose database a new one was copied from; undefined where there was one. */
      readonly copiedFrom: string | undefined;
    }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

/**
 * @returns whose database the target is, and those that are kept for other branches, the one that was used last first
 * @throws as Database.open
 */
export async function branchesOf(
  target: ServerTarget,
  { storage, signal }: Pick<Surroundings, 'storage' | 'signal'>,
): Promise<{ readonly mark: BranchMark | undefined; readonly copies: readonly BranchRecord[] }> {
  const facts = await onSession(openBeside(target, signal), (session) =>
    givingUp(session, signal, () => factsOf(session, target.database.name)),
  );
  return { mark: branchMarkIn(facts?.comment), copies: await copiesOf(target, storage, signal) };
}

const copiesOf = async (...of: Parameters<typeof recordsOf>): Promise<readonly BranchRecord[]> =>
  (await recordsOf(...of)).filter((it): it is BranchRecord => it.kind === 'copy' && it.branch !== undefined);

/**
 * Makes the target the database of a branch, and keeps what it was as that of the other one. It is before or after,
 * whatever happens on the way.
 *
 * @throws {Fault} `no-branch-database` where the server makes none; `no-right`, and as `withExchange`
 */
export function exchangeBranches(target: ServerTarget, order: BranchOrder, around: Surroundings): Promise<Exchanged> {
  return withExchange(target, around, (it) => exchange({ ...it, target, order, around }));
}

interface Exchanging extends Exchange {
  readonly target: ServerTarget;
  readonly order: BranchOrder;
  readonly around: Surroundings;
}

async function exchange(work: Exchanging): Promise<Exchanged> {
  const { maintenance, target, facts, order, around } = work;
  const { branch, formerly, was } = order;
  const copies = await copiesOf(target, around.storage, around.signal);
  const isOwn = (name: string): boolean => name === branch || formerly.includes(name);
  const own = copies.find((it) => isOwn(it.branch));
  const mark = branchMarkIn(facts.comment);
  // Where nobody knows whose it is, it is that of the branch, unless that has another one.
  const owner = mark?.branch ?? was ?? (own ? undefined : branch);
  if (mark?.branch === branch) return { kind: 'same' };
  if (owner !== undefined && isOwn(owner)) {
    await must(
      maintenance.worker,
      commentStatement(target.database.name, textOfMark(branch, ownComment(facts.comment))),
    );
    return { kind: 'marked' };
  }
  return own ? useCopy(work, owner, own) : useNew(work, owner, originOf(work, owner, copies));
}

interface Origin {
  readonly branch: string | undefined;
  /** Undefined for the target. */
  readonly copy?: BranchRecord;
}

function originOf({ order }: Exchanging, owner: string | undefined, copies: readonly BranchRecord[]): Origin {
  for (const branch of order.origins) {
    if (branch === owner) break;
    const copy = copies.find((it) => it.branch === branch);
    if (copy) return { branch, copy };
  }
  return { branch: owner };
}

async function useCopy(work: Exchanging, owner: string | undefined, { id, comment }: BranchRecord): Promise<Exchanged> {
  const { maintenance, around } = work;
  const copy = await factsOf(maintenance.worker, id);
  if (!copy) throw new Fault('no-such-snapshot', `the database ${id} is not on the server any more.`);
  const done = await takePlace(work, owner, { name: id, oid: copy.oid, used: id, comment });
  if (done.kind === 'busy') return done;
  unregister(around.storage, id);
  return { ...done, copiedFrom: undefined };
}

async function useNew(work: Exchanging, owner: string | undefined, origin: Origin): Promise<Exchanged> {
  const { maintenance, journal, target, order, around } = work;
  const { worker } = maintenance;
  const name = snapshotName(`${target.database.name}_${order.branch}`, around.now());
  return withNewDatabase({ worker, journal }, name, async () => {
    const like = await copied(work, origin, name);
    if ('kind' in like) return like;
    for (const setting of await carryOver(worker, like, name)) around.log(`the new database lacks ${setting}`);
    const made = await factsOf(worker, name);
    if (!made) throw new Error('a database that was just made is there');
    const comment = origin.copy ? origin.copy.comment : ownComment(like.comment);
    const done = await takePlace(work, owner, { name, oid: made.oid, used: null, comment });
    return done.kind === 'busy' ? done : { ...done, copiedFrom: origin.branch };
  });
}

/** @returns what it is a copy of; the sessions in the way */
async function copied(
  work: Exchanging,
  { copy }: Origin,
  to: string,
): Promise<DatabaseFacts | Extract<Exchanged, { kind: 'busy' }>> {
  const { maintenance, target, facts, around } = work;
  const from = copy?.id ?? target.database.name;
  const of = copy ? await factsOf(maintenance.worker, from) : facts;
  if (!of) throw new Fault('no-such-snapshot', `the database ${from} is not on the server any more.`);
  const files = copy ? undefined : await filesOf(target.database, of.bytes, around.signal);
  const notMade = await copyDatabase(maintenance, { from, of, to, files }, work);
  if (!notMade) return of;
  if (notMade.kind === 'busy') return notMade;
  throw new Fault('no-branch-database', `the server makes no copy of ${from}: ${notMade.because}.`);
}

interface Successor {
  readonly name: string;
  readonly oid: number;
  /** The snapshot that is used up, when it is one. */
  readonly used: string | null;
  /** Its own. */
  readonly comment: string | null;
}

async function takePlace(
  { maintenance, journal, target, facts, order, around }: Exchanging,
  owner: string | undefined,
  { name, oid, used, comment }: Successor,
): Promise<{ readonly kind: 'switched'; readonly kept: SnapshotRecord } | Extract<Exchanged, { kind: 'busy' }>> {
  const { branch, version, disconnect } = order;
  const kept = keptFor(owner, target, facts, { branch, version }, around);
  const exchanged = {
    target: { name: target.database.name, oid: facts.oid },
    replacement: { name, oid },
    used,
    kept,
    comment: textOfMark(branch, comment),
    disconnect,
  };
  const sessions = await swap(maintenance, exchanged, journal, around.signal);
  if (sessions) return { kind: 'busy', sessions };
  registerIfPossible(around, kept);
  return { kind: 'switched', kept };
}

/** It stays until the user throws it away, also where it is not known whose it is. */
function keptFor(
  owner: string | undefined,
  target: ServerTarget,
  facts: DatabaseFacts,
  { branch, version }: Pick<BranchOrder, 'branch' | 'version'>,
  around: Surroundings,
): SnapshotRecord {
  const reason = owner === undefined ? `before it became the database of ${branch}` : `the database of ${owner}`;
  const record = recordOfReplaced(target, facts, { reason, version }, around);
  if (owner === undefined) return { ...record, pinned: true };
  const id = snapshotName(`${target.database.name}_${owner}`, around.now());
  return { ...record, id, pinned: true, branch: owner };
}
