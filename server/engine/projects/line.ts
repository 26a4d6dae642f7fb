/** Lets one after the other do what only one at a time may do. */
import { untilAborted } from '../base/untilAborted';

export class Line {
  private last: Promise<unknown> = Promise.resolve();

  /** @throws the reason of the signal when it comes before the turn; whatever `work` throws */
  async take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.last;
    let done = (): void => undefined;
    const mine = new Promise<void>((resolve) => (done = resolve));
    // Who gives up waiting leaves the line, but nobody behind gets before those in front.
    this.last = before.then(() => mine);
    try {
      await untilAborted(before, signal);
      return await work();
    } finally {
      done();
    }
  }
}
