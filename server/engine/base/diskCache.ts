/** What can be made again at any time, kept on the disk between two starts. What was used longest ago goes first. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, makeFolder, unfinishedSuffix } from './durable';

/** As a whole, or piece by piece. */
export type Content = Uint8Array | string | Iterable<Uint8Array>;

export interface DiskCache {
  has(key: string): boolean;
  /** Undefined when it was never put there, has been thrown away, or cannot be read. */
  read(key: string): Promise<Buffer | undefined>;
  /** Is there whole or not at all, also when two processes put the same. A full or closed disk keeps nothing. */
  put(key: string, content: Content): Promise<void>;
  /** For one that has turned out to be of no use. */
  remove(key: string): Promise<void>;
}

/**
 * @param folder of its own, absolute; made when it is needed
 * @param mostBytes of all entries together
 */
export function diskCache(folder: string, mostBytes: number, log: (line: string) => void): DiskCache {
  /** Nothing that goes wrong with a cache is more than a loss of time. */
  async function trying<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      log(`${folder}: ${String(error)}`);
      return undefined;
    }
  }
  const has = (key: string): boolean => existsSync(join(folder, key));
  return {
    has,
    async read(key) {
      const path = join(folder, key);
      return trying(async () => {
        const content = await unlessGone(readFile(path));
        const now = new Date();
        if (content) await unlessGone(utimes(path, now, now));
        return content;
      });
    },
    async put(key, content) {
      const beside = join(folder, `${key}.${randomBytes(4).toString('hex')}${unfinishedSuffix}`);
      await trying(async () => {
        makeFolder(folder);
        try {
          await writeWhole(beside, content);
          await rename(beside, join(folder, key));
        } catch (error) {
          await rm(beside, { force: true });
          throw error;
        }
        await throwAwayOldest(folder, mostBytes);
      });
    },
    async remove(key) {
      await trying(() => rm(join(folder, key), { force: true }));
    },
  };
}

/** After a loss of power a name must not lead to half of it. */
async function writeWhole(path: string, content: Content): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** An unfinished one that is so old was left by a process that is gone, in milliseconds. */
const abandonedMs = 60 * 60_000;

async function throwAwayOldest(folder: string, mostBytes: number): Promise<void> {
  const entries = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      const found = await unlessGone(stat(path));
      return found && { path, mtimeMs: found.mtimeMs, size: found.size, isUnfinished: name.endsWith(unfinishedSuffix) };
    }),
  );
  let left = mostBytes;
  const there = entries.filter((it) => it !== undefined);
  for (const { path, mtimeMs, size, isUnfinished } of there.toSorted((a, b) => b.mtimeMs - a.mtimeMs)) {
    if (isUnfinished && Date.now() - mtimeMs < abandonedMs) continue;
    left -= size;
    if (left < 0 || isUnfinished) await rm(path, { force: true });
  }
}

/** @returns undefined for what another process has renamed or thrown away meanwhile */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
}
