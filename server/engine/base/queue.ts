/** Lets one after the other do what only one at a time may do. */
import { untilAborted } from './untilAborted';

export class Queue {
  /** Settles when the last one in the queue is done; undefined when there is none. */
  private last: Promise<void> | undefined;

  /** @param pause settles when the next one may begin, beside the end of the one before; undefined when at once */
  constructor(private readonly pause: () => Promise<void> | undefined = () => undefined) {}

  /**
   * Whoever comes first begins at once, before this returns, so that the order of calls is that of the work also where
   * one queue leads to another, and what is asked of it right afterwards finds it running.
   *
   * @throws the reason of the signal when it comes before the turn; whatever `work` throws
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const before = this.last;
    let done = (): void => undefined;
    const mine = new Promise<void>((resolve) => (done = resolve));
    // Who gives up waiting leaves the queue, but nobody behind gets before those in front.
    const all = before ? before.then(() => mine) : mine;
    this.last = all;
    const leave = (): void => {
      if (this.last === all) this.last = undefined;
    };
    void all.then(leave);
    try {
      if (before) await untilAborted(before, signal);
      // Nobody is in front any more, so that whoever comes next is first.
      return await this.turn(work).finally(leave);
    } finally {
      done();
    }
  }

  private async turn<T>(work: () => Promise<T>): Promise<T> {
    const pause = this.pause();
    if (pause) await pause;
    return work();
  }
}
