/** Ctrl-C: the first one cancels what runs, cleanly; the second one ends the process at once. */

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** How long what was cancelled may take to end: a server that has gone silent would keep it for ever. */
const graceMs = 3_000;

export interface Cancellation {
  readonly signal: AbortSignal;
  /** Comes some seconds after `signal`. */
  readonly late: AbortSignal;
}

/** Exit codes 128 + number of the signal, as shells report them. */
export function cancelOnSignals(say: (text: string) => void): Cancellation {
  const [cancelled, late] = [new AbortController(), new AbortController()];
  for (const [name, code] of Object.entries(signals)) {
    process.on(name, () => {
      if (cancelled.signal.aborted) process.exit(code);
      say('Cancelling… (once more to end at once)');
      setTimeout(() => late.abort(), graceMs);
      cancelled.abort();
    });
  }
  return { signal: cancelled.signal, late: late.signal };
}
