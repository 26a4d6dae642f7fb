/** Files that are there whole or not at all, also after a crash: written beside, flushed to the disk, then renamed. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  createWriteStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Fault } from './fault';
import { systemCode } from './systemError';

/** Ends the name of a file that is still being written; one that is left over is rubbish. */
export const unfinishedSuffix = '.unfinished';

/**
 * Makes the folder when it is missing. A file that is there keeps who may read it; a new one is closed to others.
 *
 * @throws {Fault} `disk-full`, `not-writable`; then the file is as it was before
 */
export function writeDurably(path: string, content: string | Uint8Array): void {
  replaceDurably(path, (beside) => {
    writeFileSync(beside, content, { flag: 'wx', mode: 0o600 });
    const former = statSync(path, { throwIfNoEntry: false });
    if (former) chmodSync(beside, former.mode & 0o777);
  });
}

/**
 * As writeDurably, piece by piece.
 *
 * @param head what the file begins with; asked for once more when all is written, and of the same length then
 * @throws as writeDurably; whatever the pieces throw
 */
export async function pipeDurably(
  path: string,
  head: () => Uint8Array,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  const beside = besideOf(path);
  try {
    makeFolder(dirname(path));
    await pipeline(behind(head(), pieces), createWriteStream(beside, { flags: 'wx', mode: 0o600 }));
    writeOver(beside, head());
    settle(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw fileFault(path, cause);
  }
}

async function* behind(head: Uint8Array, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* pieces;
}

function writeOver(path: string, beginning: Uint8Array): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, beginning, 0, beginning.length, 0);
  } finally {
    closeSync(file);
  }
}

/** @throws {Fault} `disk-full`, `not-writable`; then `to` is as it was before */
export function copyDurably(from: string, to: string): void {
  replaceDurably(to, (beside) => copyFileSync(from, beside));
}

/**
 * On one disk. Nothing happens where another process has moved it already.
 *
 * @throws {Fault} `disk-full`, `not-writable`
 */
export function moveDurably(from: string, to: string): void {
  guarded(to, () => {
    makeFolder(dirname(to));
    unlessMissing(() => renameSync(from, to));
    flushFolder(dirname(to));
    flushFolder(dirname(from));
  });
}

/** @throws {Fault} `not-writable` */
export function removeDurably(path: string): void {
  guarded(path, () => {
    rmSync(path, { force: true });
    flushFolder(dirname(path));
  });
}

/** Runs file work and turns what the file system refuses into faults. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw fileFault(path, cause);
  }
}

/** What a refusal of the file system means for the user; anything else is given back as it is. */
export function fileFault(path: string, cause: unknown): unknown {
  const code = systemCode(cause);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new Fault('disk-full', `${path} could not be written.`, cause);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return new Fault('not-writable', `${path} (${code}).`, cause);
    case 'ENOENT':
      return new Fault('not-readable', `${path} is not there.`, cause);
    default:
      return cause;
  }
}

/** There is no such file or folder, or not any more: below a file there is nothing. */
export const isMissing = (cause: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '');

/** @returns undefined when it is not there (any more): another process may just throw it away */
export function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
}

function replaceDurably(path: string, writeTo: (beside: string) => void): void {
  const beside = besideOf(path);
  try {
    makeFolder(dirname(path));
    writeTo(beside);
    settle(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw fileFault(path, cause);
  }
}

const besideOf = (path: string): string => `${path}.${randomBytes(4).toString('hex')}${unfinishedSuffix}`;

function settle(beside: string, path: string): void {
  flush(beside);
  renameSync(beside, path);
  flushFolder(dirname(path));
}

/** Closed to others; those above it are made as well. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    // Node says so of a disk that is read-only, too; made by itself, the first one that is missing tells why.
    let missing = path;
    while (!existsSync(dirname(missing))) missing = dirname(missing);
    mkdirSync(missing, { mode: 0o700 });
    throw cause;
  }
}

function flush(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A rename is safe only when the folder has reached the disk. Windows has no such call, and does it by itself. */
export function flushFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
