/** One writer for each embedded database: a lock file beside it that says who it is. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAlive } from '../base/process';
import { Fault } from '../base/fault';
import { fileFault, guarded, unfinishedSuffix } from '../base/durable';

interface Holder {
  readonly pid: number;
  /** When that process started, so that a number used again is noticed; undefined where the system does not tell. */
  readonly started: string | undefined;
  /** ISO 8601. */
  readonly since: string;
}

/** Lock files of this process. */
const held = new Set<string>();

/**
 * @returns the release of the lock
 * @throws {Fault} `locked` naming the process that holds it, `not-writable`, `disk-full`
 */
export function lockFile(path: string): () => void {
  const lock = `${path}.lock`;
  guarded(path, () => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
  while (!create(lock)) {
    const holder = readHolder(lock);
    if (holder && isWorking(holder, lock))
      throw new Fault('locked', `process ${holder.pid} has ${path} open since ${holder.since}.`);
    takeAway(lock, holder);
  }
  held.add(lock);
  sweep(path);
  return () => {
    if (held.delete(lock)) rmSync(lock, { force: true });
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

function create(lock: string): boolean {
  const holder: Holder = { pid: process.pid, started: startOf(process.pid), since: new Date().toISOString() };
  try {
    const file = openSync(lock, 'wx', 0o600);
    try {
      writeFileSync(file, JSON.stringify(holder));
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw fileFault(lock, error);
  }
}

/** @returns undefined when it is gone, or was cut off before it was written */
function readHolder(lock: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as Holder;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw fileFault(lock, error);
  }
}

function isWorking({ pid, started }: Holder, lock: string): boolean {
  if (pid === process.pid) return held.has(lock);
  return isAlive(pid) && startOf(pid) === started;
}

/** The lock of a dead process is moved aside, for two of us may come at once: only one can move it. */
function takeAway(lock: string, dead: Holder | undefined): void {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw fileFault(lock, error);
  }
  const moved = readHolder(aside);
  // Somebody was quicker, and what was moved is the lock of a living process: give it back.
  if (moved && moved.pid !== dead?.pid && isWorking(moved, lock)) renameSync(aside, lock);
  else rmSync(aside, { force: true });
}

/** Linux tells when a process started (proc(5), field 22 of `stat`, behind the name in parentheses). */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.split(' ')[20];
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
