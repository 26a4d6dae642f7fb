/** For who can go on without a file that is no text or may not be read: somebody else says so. */
import { Fault } from './fault';

/** @returns undefined where `look` throws the fault `not-readable`; every other error goes on */
export function unlessUnreadable<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Fault && error.code === 'not-readable') return undefined;
    throw error;
  }
}
