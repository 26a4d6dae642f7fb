/** A session on the target under the tool's lock. */
import type { Session } from '../database/session';
import { type Job, usualWaits } from './job';

/**
 * Opens the target, takes the lock, and gives both back.
 *
 * @throws {Fault} `locked` when somebody else is migrating for longer than we wait, or until the signal comes; as
 *   Database.open
 */
export async function withLockedTarget<T>(
  {
    database,
    history,
    signal,
    waits = usualWaits,
  }: Pick<Job, 'database' | 'history' | 'waits'> & Partial<Pick<Job, 'signal'>>,
  purpose: 'read' | 'write',
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await database.open(purpose);
  const stopWaiting = (): void => void session.cancel();
  signal?.addEventListener('abort', stopWaiting, { once: true });
  try {
    return await history.withLock(session, waits.lockMs, async () => {
      signal?.removeEventListener('abort', stopWaiting);
      await session.rows(`select set_config('lock_timeout', $1, false)`, [String(waits.statementLockMs)]);
      return use(session);
    });
  } finally {
    signal?.removeEventListener('abort', stopWaiting);
    await session.close();
  }
}
