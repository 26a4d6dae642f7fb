/**
 * The projects of a window whose migrations are for the same target. Each works with it in the background as well; while
 * one of them changes it, all the others stand back.
 */
import { Queue } from '../base/queue';

export interface Neighbour {
  /** Has nothing of its own connected to the target, and begins nothing that would be, until `work` has ended. */
  standBack<T>(work: () => Promise<T>): Promise<T>;
}

export class Neighbours {
  private readonly members = new Set<Neighbour>();
  private readonly changes = new Queue();
  /** Settles when it has ended; undefined when none is under way. */
  private running: Promise<unknown> | undefined;

  /**
   * Whoever joins while the target is changed stands back until that has ended.
   *
   * @returns when it may begin
   * @throws whatever its `standBack` throws
   */
  async join(it: Neighbour): Promise<void> {
    this.members.add(it);
    const { running } = this;
    if (running) await it.standBack(() => Promise.allSettled([running]));
  }

  leave(it: Neighbour): void {
    this.members.delete(it);
  }

  /**
   * All of them stand back, first the one that asks for it: what is asked of that one from now on comes after. One at a
   * time, so that no two wait for each other.
   */
  alone<T>(asking: Neighbour, work: () => Promise<T>): Promise<T> {
    return this.changes.run(async () => {
      const others = [...this.members].filter((it) => it !== asking);
      const running = asking.standBack(others.reduce<() => Promise<T>>((inner, it) => () => it.standBack(inner), work));
      this.running = running;
      try {
        return await running;
      } finally {
        this.running = undefined;
      }
    });
  }
}
