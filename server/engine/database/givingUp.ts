/** Work on a session that is only worth while somebody wants it: a server that has gone silent would keep it for ever. */
import type { Session } from './session';

/**
 * Runs work that changes nothing, or nothing that the next start would not put right. When the signal comes, the
 * session ends at once. What changes more is interrupted politely instead, by `cancel`, and then takes itself back.
 *
 * @throws the reason of the signal; whatever `work` throws
 */
export async function givingUp<T>(
  session: Session,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const end = (): void => void session.end();
  signal?.addEventListener('abort', end, { once: true });
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    // What was cut off failed, but not for a reason of its own.
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
