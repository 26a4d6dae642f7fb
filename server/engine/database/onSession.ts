/** A session that is there for one piece of work: opened, used, and closed whatever comes of it. */
import type { Database } from './database';
import { givingUp } from './givingUp';
import type { Session } from './session';

export async function onSession<S extends Pick<Session, 'close'>, T>(
  opening: Promise<S>,
  use: (session: S) => Promise<T>,
): Promise<T> {
  const session = await opening;
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/**
 * The same for work that is only worth while somebody wants it: when the signal comes, nothing is waited for any more.
 *
 * @throws as Database.open; whatever `use` throws; the reason of the signal
 */
export const whileWanted = <T>(
  database: Pick<Database, 'open'>,
  purpose: 'read' | 'write',
  signal: AbortSignal,
  use: (session: Session) => Promise<T>,
): Promise<T> => onSession(database.open(purpose, signal), (session) => givingUp(session, signal, () => use(session)));
