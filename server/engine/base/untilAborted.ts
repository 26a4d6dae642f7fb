/** Waits no longer than somebody wants; what is waited for goes on. */

/** @throws the reason of the signal when it comes first; whatever `work` throws */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  // Nobody may be left to hear what goes wrong with it.
  work.catch(() => undefined);
  signal?.throwIfAborted();
  const over = new AbortController();
  const aborted = new Promise<never>((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason), { signal: over.signal }),
  );
  try {
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}

/** What an aborted signal makes Node's own functions throw. */
export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
