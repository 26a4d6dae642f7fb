/** While nobody asks for anything, what the next start can use is put on the disk. */

/** A pause as long as this is more than one between two thoughts, in milliseconds. */
const pauseMs = 3_000;

/** Work that ends soon after its signal. */
type Keep = (signal: AbortSignal) => Promise<void>;

export class NextStart {
  private waiting: NodeJS.Timeout | undefined;
  private keeping: Promise<void> = Promise.resolve();
  private readonly ending = new AbortController();
  private current = new AbortController();

  constructor(private readonly log: (line: string) => void) {}

  /** After a pause, which begins anew whenever this is called. */
  soon(keep: Keep): void {
    this.wait();
    if (this.ending.signal.aborted) return;
    this.waiting = setTimeout(() => {
      this.keeping = this.keeping.then(() => this.now(keep));
    }, pauseMs).unref();
  }

  /** There is no pause now. */
  wait(): void {
    clearTimeout(this.waiting);
  }

  /** What is being made is thrown away, now or soon; it is made after the next pause. */
  stop(): void {
    this.wait();
    this.current.abort();
    this.current = new AbortController();
  }

  /** Nothing is made any more. */
  async end(): Promise<void> {
    this.wait();
    this.ending.abort();
    await this.keeping;
  }

  private async now(keep: Keep): Promise<void> {
    const signal = AbortSignal.any([this.ending.signal, this.current.signal]);
    try {
      if (!signal.aborted) await keep(signal);
    } catch (error) {
      // The next start takes longer then.
      if (!signal.aborted) this.log(`nothing was kept for the next start: ${String(error)}`);
    }
  }
}
