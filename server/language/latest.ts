/** Keeps at most one check of a project running, and that one for the newest text. */

/** Longest pause before a check, in milliseconds: long enough for a burst of keystrokes, too short to be noticed. */
const longestPauseMs = 150;
/** Who types fast needs about so long for a key: a check that costs less is started at once, for none is run in vain. */
const cheapMs = 100;
/** Who has not typed for so long types no burst: what comes then is started at once. */
const restMs = 500;

export interface Latest {
  /**
   * Ends what is running and runs it again; in a burst of requests after a pause that grows with what the last run cost.
   *
   * @returns when this run, or the newer one that took its place, has ended
   */
  request(pause?: 'pause' | 'at once'): Promise<void>;
  /** Ends what is running. */
  cancel(): void;
  /** One is running that has not answered yet. */
  readonly isWaitedFor: boolean;
}

/**
 * @param run calls `answered` when nobody waits for it any more, whatever it still does then. It must not reject; when
 *   its signal is aborted it ends as soon as it can, and the next one waits for it
 */
export function latest(run: (signal: AbortSignal, answered: () => void) => Promise<void>): Latest {
  let newest = new AbortController();
  let tail = Promise.resolve();
  let lastMs = 0;
  let askedAt = -Infinity;
  let isWaitedFor = false;

  async function runAfter(previous: Promise<void>, { signal }: AbortController, pauseMs: number): Promise<void> {
    await previous;
    await pauseFor(pauseMs, signal);
    if (signal.aborted) return;
    const started = performance.now();
    let isAnswered = false;
    const answered = (): void => {
      if (!isAnswered) lastMs = performance.now() - started;
      isAnswered = true;
      isWaitedFor = false;
    };
    isWaitedFor = true;
    await run(signal, answered);
    isWaitedFor = false;
    if (!signal.aborted) answered();
  }

  return {
    request(pause = 'pause') {
      newest.abort();
      newest = new AbortController();
      const now = performance.now();
      const rested = now - askedAt > restMs;
      askedAt = now;
      tail = runAfter(tail, newest, pause === 'pause' && !rested ? pauseAfter(lastMs) : 0);
      return settled(() => tail);
    },
    cancel() {
      newest.abort();
    },
    get isWaitedFor() {
      return isWaitedFor;
    },
  };
}

/** @param lastMs what the last check cost */
export function pauseAfter(lastMs: number): number {
  return Math.min(longestPauseMs, Math.max(0, lastMs - cheapMs));
}

/** Resolves when nothing newer has been put behind it. */
async function settled(tail: () => Promise<void>): Promise<void> {
  for (let seen: Promise<void> | undefined; seen !== tail(); await seen) seen = tail();
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
