/** Reads of ours on a database that others work with: nothing is written, and nobody waits for us or we for them. */
import { DatabaseError } from 'pg';
import { Fault } from '../base/fault';
import type { Session } from './session';

export interface ReadLimits {
  /** Longest time of one query, in milliseconds. */
  readonly statementMs: number;
  /** Longest wait for a lock: whoever wants a stronger one on the same table queues up behind us for as long. */
  readonly lockMs: number;
}

/** For what is read of the target before a check can begin; where more waits for it, less will do. */
export const usualReadLimits: ReadLimits = { statementMs: 20_000, lockMs: 1_000 };

/**
 * Runs `work` in a transaction that may only read. The limits end with it: a pooler may hand the connection on to
 * somebody else, who must not inherit them.
 *
 * @throws {Fault} `busy` when the lock of somebody else was in the way; whatever `work` throws
 */
export async function inReadOnlyTransaction<T>(
  session: Session,
  limits: ReadLimits,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(session, limits, work);
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    const holders = await holdersOf(session, limits, keptFrom.reading);
    const who = holders.length > 0 ? holders.join('; ') : 'another session has a lock on what has to be read';
    throw new Fault('busy', `${who}.`, error);
  }
}

async function inTransaction<T>(
  session: Session,
  { statementMs, lockMs }: ReadLimits,
  work: () => Promise<T>,
): Promise<T> {
  await session.run(
    `begin transaction isolation level read committed, read only;
     set local statement_timeout = ${statementMs}; set local lock_timeout = ${lockMs}`,
  );
  try {
    return await work();
  } finally {
    if (!session.lost) await session.run('rollback');
  }
}

/** `lock_not_available` is the answer to a lock_timeout, too (PostgreSQL documentation, appendix A). */
export const isLockTimeout = (error: unknown): boolean =>
  error instanceof Fault && error.cause instanceof DatabaseError && error.cause.code === '55P03';

/** The modes in which somebody has a table when nobody else can read it, or write to it. */
export const keptFrom = {
  reading: ['AccessExclusiveLock'],
  writing: ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'],
} as const;

/** Some of those who have tables in such a mode, for people: `session 4711 (psql, user shop) has locked public.orders`. */
export async function holdersOf(
  session: Session,
  limits: ReadLimits,
  modes: readonly string[],
): Promise<readonly string[]> {
  const query = () =>
    session.rows<{ pid: number; who: string; names: string }>(
      `select l.pid, pg_catalog.concat_ws(', ', nullif(a.application_name, ''), 'user ' || a.usename) as who,
              pg_catalog.string_agg(n.nspname || '.' || c.relname, ', ' order by c.oid) as names
         from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         left join pg_catalog.pg_stat_activity a on a.pid = l.pid
        where l.granted and l.mode = any ($1::text[]) and l.pid <> pg_catalog.pg_backend_pid()
          and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
          and c.relkind in ('r', 'p', 'v', 'm', 'f')
        group by l.pid, a.application_name, a.usename order by l.pid limit 3`,
      [modes],
    );
  try {
    const rows = await inTransaction(session, limits, query);
    return rows.map(({ pid, who, names }) => `session ${pid}${who === '' ? '' : ` (${who})`} has locked ${names}`);
  } catch (error) {
    // Perhaps it is a catalog that is locked; then nobody can be named.
    if (error instanceof Fault) return [];
    throw error;
  }
}
