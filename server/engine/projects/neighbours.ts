/**
 * The projects of a window whose migrations are for the same target. Each works with it in the background as well; while
 * one of them changes it, all the others stand back.
 */
import { Line } from './line';

export interface Neighbour {
  /** Has nothing of its own connected to the target, and begins nothing that would be, until `work` has ended. */
  standBack<T>(work: () => Promise<T>): Promise<T>;
}

export class Neighbours {
  private readonly members = new Set<Neighbour>();
  private readonly changes = new Line();

  join(it: Neighbour): void {
    this.members.add(it);
  }

  leave(it: Neighbour): void {
    this.members.delete(it);
  }

  /** One at a time, so that no two wait for each other. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.changes.take(() =>
      [...this.members].reduce<() => Promise<T>>((inner, it) => () => it.standBack(inner), work)(),
    );
  }
}
