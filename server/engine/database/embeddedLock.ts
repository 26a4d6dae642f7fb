/** One writer for each embedded database: a lock file beside it that says who it is. */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sha256 } from '../base/digest';
import { isAlive } from '../base/process';
import { Fault } from '../base/fault';
import { jsonIn } from '../base/json';
import { fileFault, guarded, isMissing, makeFolder, unfinishedSuffix } from '../base/durable';
import { systemCode } from '../base/systemError';

interface Holder {
  readonly pid: number;
  /** When that process started, so that a number used again is noticed; undefined where the system does not tell. */
  readonly started: string | undefined;
  /** ISO 8601. */
  readonly since: string;
  /** No two holders write the same. */
  readonly nonce: string;
}

/** What this process has written into each lock file that it holds. */
const held = new Map<string, string>();

/**
 * @returns the release of the lock
 * @throws {Fault} `locked` naming the process that holds it, `not-writable`, `disk-full`
 */
export function lockFile(path: string): () => void {
  guarded(path, () => makeFolder(dirname(path)));
  const release = acquire(`${path}.lock`, path);
  sweep(path);
  return release;
}

/** @param path for people */
function acquire(lock: string, path: string): () => void {
  const holder: Holder = {
    pid: process.pid,
    started: startOf(process.pid),
    since: new Date().toISOString(),
    nonce: randomUUID(),
  };
  const ours = JSON.stringify(holder);
  while (!create(lock, ours)) {
    const theirs = contentOf(lock);
    if (theirs === undefined) continue;
    const other = holderIn(theirs);
    if (other && isWorking(other, lock))
      throw new Fault('locked', `process ${other.pid} has ${path} open since ${other.since}.`);
    removeDead(lock, theirs, path);
  }
  held.set(lock, ours);
  return () => {
    if (held.get(lock) !== ours) return;
    held.delete(lock);
    if (contentOf(lock) === ours) rmSync(lock, { force: true });
  };
}

/** What writers left behind that were killed while they wrote; an hour is longer than any writing takes. */
function sweep(path: string): void {
  const [folder, name] = [dirname(path), basename(path)];
  for (const it of readdirSync(folder)) {
    if (!it.startsWith(`${name}.`) || !it.endsWith(unfinishedSuffix)) continue;
    const left = statSync(join(folder, it), { throwIfNoEntry: false });
    if (left && Date.now() - left.mtimeMs > 3_600_000) rmSync(join(folder, it), { force: true });
  }
}

/** A link to a file that is written already: whoever sees the lock sees who holds it. */
function create(lock: string, content: string): boolean {
  const beside = `${lock}.${randomUUID()}${unfinishedSuffix}`;
  try {
    writeFileSync(beside, content, { flag: 'wx', mode: 0o600 });
    linkSync(beside, lock);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw fileFault(lock, error);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** @returns undefined when it is gone */
function contentOf(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileFault(lock, error);
  }
}

/** @returns undefined when the machine went down before all of it had reached the disk */
const holderIn = (content: string): Holder | undefined => jsonIn(content) as Holder | undefined;

function isWorking({ pid, started }: Holder, lock: string): boolean {
  if (pid === process.pid) return held.has(lock);
  return isAlive(pid) && startOf(pid) === started;
}

/**
 * Two of us may find the same dead holder, and the slower one must not remove what the quicker one has put there since.
 * So a dead holder's lock is removed only under a lock of its own, named by its content. While that one is held nobody
 * else removes the dead lock: what is read under it is still so when it is removed.
 *
 * @throws {Fault} `locked` when another process is doing it just now
 */
function removeDead(lock: string, dead: string, path: string): void {
  const name = sha256(dead).slice(0, 16);
  const release = acquire(`${lock}.${name}${unfinishedSuffix}`, path);
  try {
    if (contentOf(lock) === dead) rmSync(lock, { force: true });
  } finally {
    release();
  }
}

/** Linux tells when a process started (proc(5), field 22 of `stat`, behind the name in parentheses). */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.split(' ')[20];
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
}
