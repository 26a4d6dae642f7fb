/** Session-level advisory locks: how migration tools keep each other out of a database. */
import { Fault } from '../base/fault';
import type { Session } from '../database/session';

/**
 * Takes the locks in the order given, runs `use`, rolls back what it left open, and releases them.
 *
 * @param ids as `pg_advisory_lock(bigint)` takes them
 * @param waitMs for each lock
 * @throws {Fault} `locked` when another session holds one for longer; whatever `use` throws
 */
export async function withAdvisoryLocks<T>(
  session: Session,
  ids: readonly bigint[],
  waitMs: number,
  use: () => Promise<T>,
): Promise<T> {
  const [id, ...others] = ids;
  if (id === undefined) return use();
  const answer = await session.run(`select pg_catalog.pg_advisory_lock(${id})`, { timeoutMs: Math.max(1, waitMs) });
  if (answer.kind === 'refused') {
    // 57014: cut off by our limit; 55P03: by a lock_timeout that the role or the database has.
    if (!['57014', '55P03'].includes(answer.refusal.sqlState))
      throw new Fault('refused', `${answer.refusal.message} (${answer.refusal.sqlState}).`);
    const holder = (await otherHolder(session, id)) ?? 'Another session';
    throw new Fault('locked', `${holder} has held the migration lock for ${waitMs} ms and more.`);
  }
  try {
    return await withAdvisoryLocks(session, others, waitMs, use);
  } finally {
    await release(session, id);
  }
}

/** With the session the server drops its locks. */
async function release(session: Session, id: bigint): Promise<void> {
  if (session.lost) return;
  if (session.transaction !== 'idle') await session.run('rollback');
  await session.run(`select pg_catalog.pg_advisory_unlock(${id})`);
}

/**
 * Who has the lock, if it is not this session.
 *
 * @returns for people: `Session 4711 (dbmate, user shop)`
 */
export async function otherHolder(session: Session, id: bigint): Promise<string | undefined> {
  const [holder] = await session.rows<{ pid: number; user: string | null; application: string | null }>(
    `select l.pid, a.usename::text as user, a.application_name as application
      from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.pid <> pg_catalog.pg_backend_pid()
        and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
        and l.classid::bigint = (($1::bigint >> 32) & 4294967295) and l.objid::bigint = ($1::bigint & 4294967295)`,
    [String(id)],
  );
  if (!holder) return undefined;
  const { pid, user, application } = holder;
  const known = [application, user === null ? '' : `user ${user}`].filter(Boolean).join(', ');
  return `Session ${pid}${known === '' ? '' : ` (${known})`}`;
}
