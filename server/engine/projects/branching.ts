/** A database for each branch of git: which one the target is, and which one it is to be. */
import { type Branches, branchesIn, checkedOut, likeliestOrigins, worktreeOf } from '../base/branches';
import { Fault } from '../base/fault';
import type { BranchDatabases, BranchRequest, BranchResult, Snapshot } from '../project';
import { type BranchRecord, branchesOf, exchangeBranches } from '../snapshots/branchCopies';
import { snapshotOf } from '../snapshots/record';
import type { ServerTarget } from '../snapshots/target';
import { demandConsent, demandWritable } from './consent';
import { around, type Ground } from './ground';
import { liveNow, recover } from './look';
import { forgetApplied } from './states';

export async function branches(ground: Ground, signal: AbortSignal): Promise<BranchDatabases> {
  const { path } = ground.folder;
  const target = serverOf(ground);
  const there = await branchesThere(ground, signal);
  await recover(ground, signal);
  const { mark, copies } = await found(ground, target, signal);
  const branch = await checkedOut(path, signal);
  const current = mark?.branch;
  const elsewhere = current === undefined || current === branch ? undefined : await worktreeOf(path, current, signal);
  return {
    branch,
    current,
    fits: fitOf(branch, current, there),
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

function fitOf(branch: string | undefined, current: string | undefined, there: Branches): BranchDatabases['fits'] {
  if (branch === undefined) return 'detached';
  if (current === undefined) return 'unknown';
  if (current === branch) return 'same';
  return there.now(current) === branch ? 'renamed' : 'other';
}

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
  const version = (await liveNow(ground, signal)).history.versions.at(-1);
  const began = performance.now();
  const { mark, copies } = await found(ground, target, signal);
  const branch = await branchWanted(ground, wanted, { there, copies }, signal);
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
    // What is applied to the other database may have had other texts: they are taken down anew.
    forgetApplied(ground);
    const { kept, copiedFrom } = done;
    const ms = performance.now() - began;
    const from = copiedFrom === undefined ? {} : { copiedFrom };
    return { kind: 'switched', branch, kept: snapshotOf(kept, bench.target.info.label), ...from, ms };
  } finally {
    bench.refresh();
  }
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
async function branchWanted(
  { folder }: Ground,
  wanted: string | undefined,
  { there, copies }: { readonly there: Branches; readonly copies: readonly BranchRecord[] },
  signal: AbortSignal,
): Promise<string> {
  const current = await checkedOut(folder.path, signal);
  const branch = wanted ?? current;
  if (branch === undefined) throw new Fault('no-such-branch', 'HEAD is detached, so none is checked out.');
  if (branch !== current && !there.names.has(branch) && !copies.some((it) => it.branch === branch))
    throw new Fault('no-such-branch', `neither git nor the server has anything of ${branch}.`);
  return branch;
}
