/** How a server is told to copy a database, by what was measured of both ways (ENGINES.md 3). */
import type { Database } from '../database/database';
import { interruptible } from '../database/interruptible';
import { whileWanted } from '../database/onSession';
import { quoteIdentifier } from '../database/quote';
import type { Answer, Session } from '../database/session';
import { must, refusedFault } from './statements';
import type { Surroundings } from './target';

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

/**
 * Small ones go one way, whatever they are made of: nothing is asked of them then.
 *
 * @returns about how many there are: each relation has a file, a third of them one or two maps beside it
 */
export async function filesOf(database: Database, bytes: number, signal: AbortSignal): Promise<number | undefined> {
  if (strategyFor(bytes, 1) === 'wal_log') return undefined;
  return whileWanted(database, 'read', signal, async (session) => {
    const [row] = await session.rows<{ relations: number }>(
      `select count(*)::float8 as relations from pg_catalog.pg_class where relkind in ('r', 'i', 't', 'm', 'S')`,
    );
    return Math.round((row?.relations ?? 0) * 1.3);
  });
}

export interface CopyWish {
  readonly from: string;
  readonly to: string;
  readonly owner: string;
  readonly bytes: number;
  /** See filesOf. */
  readonly files: number | undefined;
}

/**
 * By the fastest way that the server has. Since 18 the file system may be asked to share the blocks of the copy until one
 * of both is written; where it cannot, Postgres refuses the copy, which is then made without, or copies in the kernel.
 *
 * @param run a statement, to its end
 */
export async function copyFastest<Answered extends Answer | { readonly kind: 'busy' }>(
  worker: Session,
  wish: CopyWish,
  run: (sql: string) => Promise<Answered>,
  log: (line: string) => void,
): Promise<Answered> {
  const strategy = strategyFor(wish.bytes, wish.files);
  const sql = copyStatement(worker, wish, strategy);
  const cloned = await wishClones(worker, strategy);
  const done = await run(sql);
  if (!cloned || done.kind !== 'refused') return done;
  log(`the server's file system clones no files: ${done.refusal.message}`);
  await must(worker, 'reset file_copy_method');
  return run(sql);
}

/**
 * The same of a database that nobody is in.
 *
 * @throws {Fault} as `must`; the reason of the signal
 */
export async function copyClosed(
  worker: Session,
  wish: CopyWish,
  { signal, log }: Pick<Surroundings, 'signal' | 'log'>,
): Promise<void> {
  const run = async (sql: string): Promise<Answer> => {
    const answer = await interruptible(worker, signal, () => worker.run(sql));
    if (answer.kind === 'refused') signal.throwIfAborted();
    return answer;
  };
  const done = await copyFastest(worker, wish, run, log);
  if (done.kind === 'refused') throw refusedFault(done);
}

/** Closed to connections: nobody changes a snapshot, and nobody is in the way when it is restored. */
function copyStatement(worker: Session, { from, to, owner }: CopyWish, strategy: Strategy): string {
  return [
    `create database ${quoteIdentifier(to)} template ${quoteIdentifier(from)}`,
    `owner ${quoteIdentifier(owner)} allow_connections false`,
    // Until 14 there was only one way, that of file_copy.
    ...(worker.server.versionNumber >= 150_000 ? [`strategy ${strategy}`] : []),
  ].join(' ');
}

/** The system of the server may not know the word at all. @returns whether the next copy of files is tried so */
async function wishClones(worker: Session, strategy: Strategy): Promise<boolean> {
  if (worker.server.versionNumber < 180_000 || strategy === 'wal_log') return false;
  return (await worker.run(`set file_copy_method = 'clone'`)).kind === 'done';
}
