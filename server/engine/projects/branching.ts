/** A database for each branch of git: which one the target is, and which one it is to be. */
import { type Branches, branchesIn, checkedOut, defaultBranch, likeliestOrigins, worktreeOf } from '../base/branches';
import { Fault } from '../base/fault';
import type { BranchDatabases, BranchRequest, BranchResult, Snapshot } from '../project';
import { type BranchRecord, branchesOf, exchangeBranches } from '../snapshots/branchCopies';
import { snapshotOf } from '../snapshots/record';
import type { ServerTarget } from '../snapshots/target';
import { demandConsent, demandWritable } from './consent';
import { around, type Ground } from './ground';
import { handOn, heritageBeside, leaveBeside } from './inheriting';
import { liveNow, recover } from './look';

export async function branches(ground: Ground, signal: AbortSignal): Promise<BranchDatabases> {
  const { path } = ground.folder;
  const target = serverOf(ground);
  const there = await branchesThere(ground, signal);
  await recover(ground, signal);
  const { mark, copies } = await found(ground, target, signal);
  const branch = await checkedOut(path, signal);
  const current = mark?.branch;
  const elsewhere = current === undefined || current === branch ? undefined : await worktreeOf(path, current, signal);
  const usual = await defaultBranch(path, there, signal);
  return {
    branch,
    current,
    fits: fitOf({ branch, current, usual, copies, there }),
    defaultBranch: usual,
    copies: copies.map((it) => ({
      id: it.id,
      branch: there.now(it.branch) ?? it.branch,
      bytes: it.bytes,
      used: it.taken,
      gone: there.now(it.branch) === undefined,
    })),
    elsewhere,
  };
}

interface Known {
  /** Checked out. */
  readonly branch: string | undefined;
  /** Whose the target is, as it says itself, or the user does. */
  readonly current: string | undefined;
  /** The default branch. */
  readonly usual: string | undefined;
  readonly copies: readonly BranchRecord[];
  readonly there: Branches;
}

function fitOf({ branch, current, usual, copies, there }: Known): BranchDatabases['fits'] {
  if (branch === undefined) return 'detached';
  if (current === undefined) {
    const isOnly = [...there.names].every((it) => it === branch);
    return isOnly || branch === usual || copies.some((it) => isOf(branch, it, there)) ? 'unknown' : 'unclear';
  }
  if (current === branch) return 'same';
  return there.now(current) === branch ? 'renamed' : 'other';
}

const isOf = (branch: string, copy: BranchRecord, there: Branches): boolean =>
  copy.branch === branch || there.now(copy.branch) === branch;

/** Alone only. */
export async function switchBranch(
  ground: Ground,
  { branch: wanted, was, disconnect, confirmedName }: BranchRequest,
  signal: AbortSignal,
): Promise<BranchResult> {
  const { bench, folder } = ground;
  demandWritable(bench.target);
  const target = serverOf(ground);
  demandConsent(bench.target, confirmedName);
  const there = await branchesThere(ground, signal);
  const live = await liveNow(ground, signal);
  const version = live.history.versions.at(-1);
  const began = performance.now();
  const { mark, copies } = await found(ground, target, signal);
  const current = await checkedOut(folder.path, signal);
  const branch = branchWanted(wanted, { current, there, copies });
  if (mark === undefined) {
    const usual = await defaultBranch(folder.path, there, signal);
    const known = { branch: current, current: was, usual, copies, there };
    if (was === undefined) demandOwner(bench.target.info.label, branch, known);
    else demandFree(was, known);
  }
  const owners = [mark?.branch ?? was, ...copies.map((it) => it.branch)].filter((it) => it !== undefined);
  const formerly = owners.filter((it) => it !== branch && there.now(it) === branch);
  const candidates = [...new Set(owners.flatMap((it) => there.now(it) ?? []))];
  const likeliest = await likeliestOrigins(folder.path, branch, candidates, signal);
  const origins = likeliest.flatMap((name) => owners.filter((it) => there.now(it) === name));
  try {
    const order = { branch, formerly, was, origins, version, disconnect };
    const done = await exchangeBranches(target, order, around(ground, signal));
    if (done.kind === 'busy') return done;
    if (done.kind !== 'switched') return { kind: done.kind, branch };
    const { kept, copiedFrom } = done;
    const ms = performance.now() - began;
    if (copiedFrom === undefined) leaveBeside(ground, kept.id, live.remembered.heritage());
    else {
      const origin = copies.find((it) => it.branch === copiedFrom);
      await handOn(ground, live, kept.id, origin ? heritageBeside(ground, origin.id) : 'ofBefore', signal);
    }
    const from = copiedFrom === undefined ? {} : { copiedFrom };
    return { kind: 'switched', branch, kept: snapshotOf(kept, bench.target.info.label), ...from, ms };
  } finally {
    bench.refresh();
  }
}

/**
 * A target that says nothing is taken for that of the branch only where it can hardly be another's: the mark stays, and
 * what the right one had would be lost among what came later.
 *
 * @throws {Fault} `branch-unclear`
 */
function demandOwner(label: string, branch: string, known: Known): void {
  if (known.copies.some((it) => isOf(branch, it, known.there))) return;
  if (branch === known.branch && fitOf(known) === 'unknown') return;
  const command = `rehearsal branch switch ${branch === known.branch ? '' : `${branch} `}--was`;
  const [first = branch, ...others] = new Set([known.usual, known.branch, branch].filter((it) => it !== undefined));
  const also = others.map((it) => `, --was ${it} if it is that of ${it}`).join('');
  throw new Fault('branch-unclear', `${command} ${first} if ${label} is that of ${first}${also}.`);
}

/** @throws {Fault} `no-such-branch`; `branch-unclear` where the branch has another database */
function demandFree(was: string, { branch, copies, there }: Known): void {
  if (was !== branch && !there.names.has(was)) throw new Fault('no-such-branch', `git has no branch ${was}.`);
  if (!copies.some((it) => isOf(was, it, there))) return;
  const way = `rehearsal branch delete ${was} throws that away`;
  throw new Fault('branch-unclear', `one is kept for ${was} already; ${way}.`);
}

/** @throws {Fault} `no-branch-database` */
function serverOf({ bench: { target } }: Ground): ServerTarget {
  const { label, environment } = target.info;
  if (target.kind === 'embedded')
    throw new Fault('no-branch-database', `${label} is the embedded Postgres, which has one for each folder.`);
  if (environment && environment.role !== 'development')
    throw new Fault('no-branch-database', `${label} is for ${environment.role}, and not for development.`);
  return target;
}

/** @throws {Fault} `no-branch-database` */
async function branchesThere({ folder }: Ground, signal: AbortSignal): Promise<Branches> {
  const there = await branchesIn(folder.path, signal);
  if (!there) throw new Fault('no-branch-database', `git knows no repository at ${folder.path}.`);
  return there;
}

/** Says of databases of branches that git has deleted them; nothing where there is no git to be asked. */
export async function withGone(
  { folder }: Ground,
  listed: readonly Snapshot[],
  signal: AbortSignal,
): Promise<readonly Snapshot[]> {
  try {
    const there = await branchesIn(folder.path, signal);
    const isGone = (branch: string | undefined) => there && branch !== undefined && there.now(branch) === undefined;
    return listed.map((it) => (isGone(it.branch) ? { ...it, branchGone: true } : it));
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'no-git') return listed;
    throw cause;
  }
}

function found(
  { bench, world: { storage } }: Ground,
  target: ServerTarget,
  signal: AbortSignal,
): ReturnType<typeof branchesOf> {
  return bench.patiently(() => bench.question(() => branchesOf(target, { storage, signal }), signal));
}

/** @throws {Fault} `no-such-branch` */
function branchWanted(
  wanted: string | undefined,
  { current, there, copies }: Pick<Known, 'current' | 'there' | 'copies'>,
): string {
  const branch = wanted ?? current;
  if (branch === undefined) throw new Fault('no-such-branch', 'HEAD is detached, so none is checked out.');
  if (branch !== current && !there.names.has(branch) && !copies.some((it) => it.branch === branch))
    throw new Fault('no-such-branch', `neither git nor the server has anything of ${branch}.`);
  return branch;
}
