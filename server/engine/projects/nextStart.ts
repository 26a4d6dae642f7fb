/** While nobody asks for anything, a shadow is made ready for the next start. */
import type { Base } from '../shadow/base';
import type { ShadowPlace } from '../shadow/place';

/** A pause as long as this is more than one between two thoughts, in milliseconds. */
const pauseMs = 5_000;

export class NextStart {
  private waiting: NodeJS.Timeout | undefined;
  private keeping: Promise<void> = Promise.resolve();
  private readonly ending = new AbortController();

  constructor(private readonly log: (line: string) => void) {}

  /** After a pause, unless there is no pause. */
  soon(place: ShadowPlace, base: Base): void {
    this.cancel();
    const { keep } = place;
    if (keep && !this.ending.signal.aborted)
      this.waiting = setTimeout(() => {
        this.keeping = this.keeping.then(() => this.now(keep, base));
      }, pauseMs).unref();
  }

  cancel(): void {
    clearTimeout(this.waiting);
  }

  /** What is being made is thrown away. */
  async end(): Promise<void> {
    this.cancel();
    this.ending.abort();
    await this.keeping;
  }

  private async now(keep: NonNullable<ShadowPlace['keep']>, base: Base): Promise<void> {
    const { signal } = this.ending;
    try {
      if (!signal.aborted) await keep(base, signal);
    } catch (error) {
      // The next start takes longer then.
      if (!signal.aborted) this.log(`shadow: nothing was kept for the next start: ${String(error)}`);
    }
  }
}
