/** A session on the target under the tool's lock. */
import { onSession } from '../database/onSession';
import type { Session } from '../database/session';
import { type Job, usualWaits } from './job';

/** How long a server may take to give up the wait for a lock, in milliseconds; one that has gone silent never does. */
const patienceMs = 1_500;

/**
 * Opens the target, takes the lock, and gives both back.
 *
 * @throws {Fault} `locked` when somebody else is migrating for longer than we wait, or until the signal comes; as
 *   Database.open, which the signal ends as well
 */
export function withLockedTarget<T>(
  {
    database,
    history,
    signal,
    waits = usualWaits,
  }: Pick<Job, 'database' | 'history' | 'waits'> & Partial<Pick<Job, 'signal'>>,
  purpose: 'read' | 'write',
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return onSession(database.open(purpose, signal), async (session) => {
    let late: NodeJS.Timeout | undefined;
    const stopWaiting = (): void => {
      late = setTimeout(() => void session.end(), patienceMs);
      void session.cancel();
    };
    signal?.addEventListener('abort', stopWaiting, { once: true });
    try {
      return await history.withLock(session, waits.lockMs, async () => {
        signal?.removeEventListener('abort', stopWaiting);
        await setLockLimit(session, String(waits.statementLockMs));
        return use(session);
      });
    } finally {
      clearTimeout(late);
      signal?.removeEventListener('abort', stopWaiting);
    }
  });
}

/**
 * Runs what is ours between the scripts of a user, who may have set that a lock is waited for without end.
 *
 * @throws {Fault} `busy` when somebody else had it for too long; whatever `work` throws
 */
export async function withLockLimit(
  session: Session,
  { waits = usualWaits }: Job,
  work: () => Promise<void>,
): Promise<void> {
  const [row] = await session.rows<{ was: string }>(`select pg_catalog.current_setting('lock_timeout') as was`);
  await setLockLimit(session, String(waits.statementLockMs));
  await work();
  // After a failure the transaction takes it back, or nothing follows.
  if (row) await setLockLimit(session, row.was);
}

async function setLockLimit(session: Session, limit: string): Promise<void> {
  await session.rows(`select pg_catalog.set_config('lock_timeout', $1, false)`, [limit]);
}
