/** A session on the target under the tool's lock. */
import type { Session } from '../database/session';
import { type Job, usualWaits } from './job';

/**
 * Opens the target, takes the lock, and gives both back.
 *
 * @throws {Fault} `locked` when somebody else is migrating for longer than we wait; as Database.open
 */
export async function withLockedTarget<T>(
  { database, history, waits = usualWaits }: Pick<Job, 'database' | 'history' | 'waits'>,
  purpose: 'read' | 'write',
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await database.open(purpose);
  try {
    return await history.withLock(session, waits.lockMs, async () => {
      await session.rows(`select set_config('lock_timeout', $1, false)`, [String(waits.statementLockMs)]);
      return use(session);
    });
  } finally {
    await session.close();
  }
}
