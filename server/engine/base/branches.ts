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

/**
 * Those of this repository that have a commit.
 *
 * @returns undefined where git knows no repository
 * @throws {Fault} `no-git`
 */
export async function branchesIn(folder: string, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
  const listed = await git(folder, ['for-each-ref', '--format=%(refname)', heads], signal);
  return listed === undefined ? undefined : new Set(linesOf(listed).map((it) => it.slice(heads.length)));
}

/** What the branch was called before it was renamed, newest first, as far as its reflog tells. @throws {Fault} `no-git` */
export async function formerNames(folder: string, branch: string, signal: AbortSignal): Promise<readonly string[]> {
  // To look at signatures would run what the repository names.
  const args = ['log', '--walk-reflogs', '--format=%gs', '--no-show-signature', `${heads}${branch}`, '--'];
  return linesOf(await git(folder, args, signal)).flatMap(
    (line) => /^Branch: renamed refs\/heads\/(\S+) to /.exec(line)?.[1] ?? [],
  );
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
