/** The files of the disk, read again only when they are others: a folder may hold thousands, and every keystroke asks. */
import { lstatSync, statSync } from 'node:fs';
import type { Files } from '../world';
import { systemCode } from './systemError';

interface Remembered {
  readonly stamp: string;
  readonly text: string | undefined;
  readonly isMarked: boolean;
}

/** @param files of the disk */
export function rememberedFiles(files: Files): Files {
  const known = new Map<string, Remembered>();
  return {
    ...files,
    read(path) {
      const stamp = stampOf(path);
      const former = known.get(path);
      if (former && stamp !== undefined && former.stamp === stamp) return former.text;
      known.delete(path);
      // Beside every script another file may lie, and as a rule does not.
      if (stamp === undefined && isNowhere(path)) return undefined;
      const text = files.read(path);
      // What has only just been written may be written again within the same tick of the file system's clock.
      if (stamp !== undefined && stampOf(path) === stamp && !isFresh(path))
        known.set(path, { stamp, text, isMarked: files.isMarked(path) });
      return text;
    },
    isMarked: (path) => known.get(path)?.isMarked ?? files.isMarked(path),
  };
}

/** Undefined when there is no such file, or none that can be looked at: who reads it will say why. */
function stampOf(path: string): string | undefined {
  try {
    const file = statSync(path, { throwIfNoEntry: false, bigint: true });
    return file && `${file.mtimeNs} ${file.ctimeNs} ${file.size} ${file.ino}`;
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** Nothing is there, not even a link that leads nowhere, or a file whose name Node cannot write. */
function isNowhere(path: string): boolean {
  if (path.includes('\uFFFD')) return false;
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    if (systemCode(error) !== undefined) return false;
    throw error;
  }
}

/** The clocks of file systems tick every few milliseconds; some old ones every two seconds. */
const tickMs = 2_100;

const isFresh = (path: string): boolean =>
  Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY) < tickMs;
