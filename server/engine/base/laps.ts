/** Where does the time of a piece of work go? */

/**
 * The time is always spent in exactly one room, the one that was entered last: nothing is counted twice, and the laps
 * add up to the whole.
 */
export class Laps<Room extends string> {
  private readonly begun = performance.now();
  private readonly spent = new Map<Room, number>();
  private since = this.begun;

  constructor(private room: Room) {}

  enter(room: Room): void {
    const now = performance.now();
    this.spent.set(this.room, (this.spent.get(this.room) ?? 0) + now - this.since);
    this.since = now;
    this.room = room;
  }

  /** Milliseconds by room since this was asked last, in the order in which the rooms were entered first. */
  take(): Partial<Record<Room, number>> {
    this.enter(this.room);
    const taken: Partial<Record<Room, number>> = {};
    for (const [room, ms] of this.spent) taken[room] = ms;
    this.spent.clear();
    return taken;
  }

  /** Milliseconds since the beginning. */
  get whole(): number {
    return performance.now() - this.begun;
  }
}
