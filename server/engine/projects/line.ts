/** Lets one after the other do what only one at a time may do. */
import { untilAborted } from '../base/untilAborted';

export class Line {
  /** Settles when the last one in the line is done; undefined when there is none. */
  private last: Promise<void> | undefined;

  /**
   * Whoever comes first begins at once, before this returns, so that the order of calls is that of the work also where
   * one line leads to another.
   *
   * @throws the reason of the signal when it comes before the turn; whatever `work` throws
   */
  async take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const before = this.last;
    let done = (): void => undefined;
    const mine = new Promise<void>((resolve) => (done = resolve));
    // Who gives up waiting leaves the line, but nobody behind gets before those in front.
    const all = before ? before.then(() => mine) : mine;
    this.last = all;
    void all.then(() => {
      if (this.last === all) this.last = undefined;
    });
    try {
      if (before) await untilAborted(before, signal);
      return await work();
    } finally {
      done();
    }
  }
}
