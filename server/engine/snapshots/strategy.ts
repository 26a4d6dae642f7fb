/** How a server is told to copy a database, by what was measured of both ways (ENGINES.md 3). */
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';

/**
 * - `wal_log`: page by page through the write-ahead log
 * - `file_copy`: whole files after a checkpoint, at the speed of the disk
 */
export type Strategy = 'wal_log' | 'file_copy';

/** Below this the checkpoint alone costs more than it saves. */
const leastBytes = 64 * 1024 * 1024;

/** Where it is not known how many files there are. */
const surelyLargeBytes = 256 * 1024 * 1024;

/**
 * Copying files saves 1.5 ms for each megabyte, and costs 0.2 ms more for each file, which is flushed by itself: so it
 * pays where an average file is larger than this.
 */
const averageFileBytes = 140_000;

/** @param files undefined where they have not been counted */
export function strategyFor(bytes: number, files?: number): Strategy {
  if (files === undefined) return bytes < surelyLargeBytes ? 'wal_log' : 'file_copy';
  return bytes >= leastBytes && bytes / Math.max(files, 1) > averageFileBytes ? 'file_copy' : 'wal_log';
}

/** About: each relation has a file, a third of them one or two maps beside it, and more for each gigabyte. */
export async function filesIn(session: Session): Promise<number> {
  const [row] = await session.rows<{ relations: number }>(
    `select count(*)::float8 as relations from pg_catalog.pg_class where relkind in ('r', 'i', 't', 'm', 'S')`,
  );
  return Math.round((row?.relations ?? 0) * 1.3);
}

export interface Copied {
  readonly from: string;
  readonly to: string;
  readonly owner: string;
  readonly strategy: Strategy;
}

/** Closed to connections: nobody changes a snapshot, and nobody is in the way when it is restored. */
export function copyStatement(worker: Session, { from, to, owner, strategy }: Copied): string {
  return [
    `create database ${quoteIdentifier(to)} template ${quoteIdentifier(from)}`,
    `owner ${quoteIdentifier(owner)} allow_connections false`,
    // Until 14 there was only one way, that of file_copy.
    ...(worker.server.versionNumber >= 150_000 ? [`strategy ${strategy}`] : []),
  ].join(' ');
}

/**
 * Since 18 the file system may be asked to share the blocks of the copy until one of both is written. Where it cannot,
 * Postgres refuses the copy, or copies in the kernel; the system of the server may not know the word at all.
 *
 * @returns whether the next copy of files is tried so
 */
export async function wishClones(worker: Session, strategy: Strategy): Promise<boolean> {
  if (worker.server.versionNumber < 180_000 || strategy === 'wal_log') return false;
  return (await worker.run(`set file_copy_method = 'clone'`)).kind === 'done';
}
