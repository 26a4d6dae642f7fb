/** Files for tests: a double in memory for what only reads texts, a throw-away folder for what needs a real disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Files } from '../../server/engine/world';

export interface MemoryFiles extends Files {
  /** Every text, by absolute path. Tests may change it between two calls. */
  readonly texts: Map<string, string>;
}

/** @param texts by absolute path with `/`; folders are there as soon as a file stands in them */
export function filesOf(texts: Readonly<Record<string, string>> = {}): MemoryFiles {
  const map = new Map(Object.entries(texts));
  return {
    texts: map,
    read: (path) => map.get(path)?.replace(/^\uFEFF/, ''),
    list(folder) {
      const inside = folder.endsWith('/') ? folder : `${folder}/`;
      const below = [...map.keys()].filter((path) => path.startsWith(inside)).map((path) => path.slice(inside.length));
      // A file keeps its name, a deeper path shows its first folder.
      return [...new Set(below.map((path) => path.replace(/\/.*/s, '/')))].toSorted();
    },
    isMarked: (path) => map.get(path)?.startsWith('\uFEFF') ?? false,
    write: (path, text) => void map.set(path, text),
    replace: (path, text) => void map.set(path, text),
  };
}

/** A new empty folder of the real disk, removed when `use` is done. */
export async function withFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-test-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
