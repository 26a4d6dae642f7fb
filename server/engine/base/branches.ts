/** What git says of branches: which one is checked out, which there are, and which one another was made from. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { guarded } from './durable';
import { git } from './git';

const heads = 'refs/heads/';

/**
 * Read from the disk, because it is asked again and again.
 *
 * @returns another text whenever another branch or commit may be checked out; undefined where there is no repository
 */
export function headStamp(folder: string): string | undefined {
  const gitFolder = gitFolderOf(folder);
  if (gitFolder === undefined) return undefined;
  const head = join(gitFolder, 'HEAD');
  // Where git keeps all references in tables, the file always says the same.
  const tables = statSync(join(gitFolder, 'reftable', 'tables.list'), { throwIfNoEntry: false });
  return `${guarded(head, () => readFileSync(head, 'utf8'))}${tables?.mtimeMs ?? ''}`;
}

/** A worktree has a file in the place of the folder. */
function gitFolderOf(folder: string): string | undefined {
  const path = join(folder, '.git');
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return dirname(folder) === folder ? undefined : gitFolderOf(dirname(folder));
  if (found.isDirectory()) return path;
  const [, named] = /^gitdir: (.+)$/m.exec(guarded(path, () => readFileSync(path, 'utf8'))) ?? [];
  const elsewhere = named === undefined ? undefined : resolve(folder, named);
  return elsewhere !== undefined && existsSync(elsewhere) ? elsewhere : undefined;
}

/**
 * The branch that is checked out; it need not have a commit.
 *
 * @returns undefined where HEAD is detached, as in the middle of a rebase, or there is no repository
 * @throws {Fault} `no-git`
 */
export async function checkedOut(folder: string, signal: AbortSignal): Promise<string | undefined> {
  const head = (await git(folder, ['symbolic-ref', '--quiet', 'HEAD'], signal))?.trimEnd();
  return head?.startsWith(heads) ? head.slice(heads.length) : undefined;
}

export interface Branches {
  /** Those that have a commit. */
  readonly names: ReadonlySet<string>;
  /** What the branch of this name is called by now; undefined where it is not there any more. */
  now(name: string): string | undefined;
}

/**
 * @returns undefined where git knows no repository
 * @throws {Fault} `no-git`
 */
export async function branchesIn(folder: string, signal: AbortSignal): Promise<Branches | undefined> {
  const listed = await git(folder, ['for-each-ref', '--format=%(refname)', heads], signal);
  if (listed === undefined) return undefined;
  const names = new Set(linesOf(listed).map((it) => it.slice(heads.length)));
  const renames = await renamesIn(folder, signal);
  return {
    names,
    now(name) {
      const passed = new Set<string>();
      let found: string | undefined = name;
      while (found !== undefined && !names.has(found) && !passed.has(found)) {
        passed.add(found);
        found = renames.get(found);
      }
      return found !== undefined && names.has(found) ? found : undefined;
    },
  };
}

/**
 * The branch that the others are made from: that of `origin`, else `main` or `master`, where there is one of them.
 *
 * @throws {Fault} `no-git`
 */
export async function defaultBranch(
  folder: string,
  { names }: Branches,
  signal: AbortSignal,
): Promise<string | undefined> {
  const origin = 'refs/remotes/origin/';
  const head = (await git(folder, ['symbolic-ref', '--quiet', `${origin}HEAD`], signal))?.trimEnd();
  const named = head?.startsWith(origin) ? [head.slice(origin.length)] : [];
  return [...named, 'main', 'master'].find((it) => names.has(it));
}

/** What branches were called before they were renamed, and then, as far as reflogs tell. */
async function renamesIn(folder: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const renamed = ['log', '--walk-reflogs', '--branches', '--grep-reflog=^Branch: renamed ', '--format=%gs'];
  // To look at signatures would run what the repository names.
  const lines = linesOf(await git(folder, [...renamed, '--no-show-signature', '--'], signal));
  const found = lines.flatMap((line) => {
    const [, from, to] = /^Branch: renamed refs\/heads\/(\S+) to refs\/heads\/(\S+)$/.exec(line) ?? [];
    return from === undefined || to === undefined ? [] : [[from, to] as const];
  });
  // The newest stand first, and count.
  return new Map(found.toReversed());
}

/** The folder of another worktree that has this branch checked out. @throws {Fault} `no-git` */
export async function worktreeOf(folder: string, branch: string, signal: AbortSignal): Promise<string | undefined> {
  const listed = (await git(folder, ['worktree', 'list', '--porcelain'], signal)) ?? '';
  const of = listed.split('\n\n').find((it) => linesOf(it).includes(`branch ${heads}${branch}`));
  return of && /^worktree (.+)$/m.exec(of)?.[1];
}

/**
 * These branches, first the one that `branch` was most likely made from: it lacks fewest of the commits of `branch`, and
 * then has fewest of its own. Those that are not there, or have no commit in common with it, are left out.
 *
 * @throws {Fault} `no-git`
 */
export async function likeliestOrigins(
  folder: string,
  branch: string,
  candidates: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: { readonly name: string; readonly own: number; readonly lacking: number }[] = [];
  for (const name of candidates) {
    const ends = [`${heads}${name}`, `${heads}${branch}`] as const;
    if ((await git(folder, ['merge-base', ...ends], signal)) === undefined) continue;
    const counted = await git(folder, ['rev-list', '--left-right', '--count', `${ends[0]}...${ends[1]}`, '--'], signal);
    const [own = 0, lacking = 0] = (counted ?? '').split('\t').map(Number);
    found.push({ name, own, lacking });
  }
  return found.toSorted((a, b) => a.lacking - b.lacking || a.own - b.own).map(({ name }) => name);
}

const linesOf = (text = ''): readonly string[] => text.split('\n').filter(Boolean);
