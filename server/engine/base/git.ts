/** Asks git by commands that neither change anything nor run what the repository names; and what it keeps of a file. */
import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { Fault } from './fault';

export interface Revision {
  /** Abbreviated. */
  readonly commit: string;
  readonly text: string;
}

/** So many commits that changed one file are looked at. */
const mostCommits = 500;
/** In milliseconds, each command. */
const patienceMs = 10_000;
const mostBytes = 64 * 1024 * 1024;

/**
 * The text that a file had in its commits, of all branches, newest first, each different from the one before.
 *
 * @param path absolute
 * @returns nothing where the file is in no repository
 * @throws {Fault} `no-git` when git cannot be run
 */
export async function* revisionsOf(path: string, signal: AbortSignal): AsyncGenerator<Revision> {
  const folder = dirname(path);
  const name = `./${basename(path)}`;
  const listed = await git(folder, ['rev-list', '--all', `--max-count=${mostCommits}`, '--', name], signal);
  let former: string | undefined;
  for (const commit of listed?.split('\n').filter(Boolean) ?? []) {
    const text = await git(folder, ['cat-file', 'blob', `${commit}:${name}`], signal);
    if (text !== undefined && text !== former) yield { commit: commit.slice(0, 10), text };
    former = text;
  }
}

/** @returns undefined when git has no answer: there is no repository, or no such file in that commit */
export function git(folder: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  // What a partial clone lacks is not asked of anybody else: that would run what its configuration names.
  const env = { ...process.env, GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0' };
  const options = { env, signal, timeout: patienceMs, maxBuffer: mostBytes, encoding: 'utf8' } as const;
  return new Promise((resolve, reject) => {
    execFile('git', ['-C', folder, ...args], options, (error, stdout) => {
      if (!error) resolve(stdout);
      else if (signal.aborted) reject(signal.reason as Error);
      else if (error.code === 'ENOENT') reject(new Fault('no-git', `${folder}: ${error.message}.`, error));
      else resolve(undefined);
    });
  });
}
