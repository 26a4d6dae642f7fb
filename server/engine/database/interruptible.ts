/** Work on a session that a signal may cut short. */
import type { Session } from './session';

/**
 * When the signal comes, what the session is running is cancelled (SQLSTATE 57014).
 *
 * @throws the reason of the signal when it came before
 */
export async function interruptible<T>(
  session: Pick<Session, 'cancel'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const interrupt = (): void => void session.cancel();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
