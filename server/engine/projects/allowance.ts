/** How much of a server's time may be taken for what is done without being asked: a share of it, saved up for a while. */

export class Allowance {
  private saved: number;
  private at: number;

  /**
   * @param share of the time, 0 to 1
   * @param mostMs what can be saved up; all of it is there at the beginning
   * @param now clock in milliseconds
   */
  constructor(
    private readonly share: number,
    private readonly mostMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.saved = mostMs;
    this.at = now();
  }

  /** Milliseconds; below nothing after something that cost more than was there. */
  get left(): number {
    return Math.min(this.mostMs, this.saved + this.share * (this.now() - this.at));
  }

  spend(ms: number): void {
    this.saved = this.left - ms;
    this.at = this.now();
  }
}
