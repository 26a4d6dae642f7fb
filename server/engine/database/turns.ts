/** Lets one call after the other at something that can do one thing at a time. */

export class Turns {
  /** Settles when the last call in the queue is done; undefined when there is none. */
  #last: Promise<void> | undefined;

  /** @param pause settles when the next call may begin, beside the end of the one before; undefined when at once */
  constructor(private readonly pause: () => Promise<void> | undefined = () => undefined) {}

  /** The first call begins at once, so that what is asked of it right afterwards finds it running. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const turn = before || this.pause() ? this.#after(before, work) : work();
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#last = settled;
    try {
      return await turn;
    } finally {
      if (this.#last === settled) this.#last = undefined;
    }
  }

  async #after<T>(before: Promise<void> | undefined, work: () => Promise<T>): Promise<T> {
    await before;
    await this.pause();
    return work();
  }
}
