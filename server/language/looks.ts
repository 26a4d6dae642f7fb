/** Spaces out the looks at the targets: each wish is followed by a look, however many wishes there are. */

/** Shortest time between two looks for one project, in milliseconds. */
const BETWEEN_MS = 2_000;

export interface Looks {
  /** At once, or as soon as the last look is long enough ago. */
  soon(folder: string): void;
  /** Forgets what is wished. */
  cancel(): void;
}

/** @param look must not throw */
export function spacedLooks(look: (folder: string) => void): Looks {
  const begun = new Map<string, number>();
  const waiting = new Map<string, NodeJS.Timeout>();

  function begin(folder: string): void {
    waiting.delete(folder);
    begun.set(folder, performance.now());
    look(folder);
  }

  return {
    soon(folder) {
      if (waiting.has(folder)) return;
      const pauseMs = (begun.get(folder) ?? -Infinity) + BETWEEN_MS - performance.now();
      waiting.set(folder, setTimeout(() => begin(folder), Math.max(0, pauseMs)).unref());
    },
    cancel() {
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
