/** Does something on a session and takes it back, in a transaction as well as outside of one. */
import type { Session } from '../../database/session';

const savepoint = 'rehearsal_bodies';

/** @returns undefined in a failed transaction and on a lost session, where nothing can be done */
export async function takenBack<T>(session: Session, work: () => Promise<T>): Promise<T | undefined> {
  if (session.lost || session.transaction === 'failed') return undefined;
  const open = session.transaction === 'open';
  await session.run(open ? `savepoint ${savepoint}` : 'begin');
  try {
    return await work();
  } finally {
    if (!session.lost)
      await session.run(open ? `rollback to savepoint ${savepoint}; release savepoint ${savepoint}` : 'rollback');
  }
}
