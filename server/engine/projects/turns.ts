/** Who may use the shadows of a bench, and when? One at a time; what nobody waits for gives way, and begins again. */
import { Queue } from '../base/queue';

export class ShadowTurns {
  private readonly queue = new Queue();
  private readonly passing = new Set<AbortController>();
  private readonly idle = new Set<AbortController>();

  /** @param around runs the work of each turn */
  constructor(private readonly around: <T>(work: () => Promise<T>) => Promise<T>) {}

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.queue.run(() => this.around(work));
  }

  /** In turn, as soon as it can be: what is done in passing gives way. */
  soon<T>(work: () => Promise<T>): Promise<T> {
    for (const it of [...this.passing, ...this.idle]) it.abort();
    return this.inTurn(work);
  }

  /**
   * In turn, for what nobody waits for: it ends when something is wanted `soon`, and begins again after that.
   *
   * @param work given a signal that ends it
   */
  inPassing<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (const it of this.idle) it.abort();
    return this.givingWay(this.passing, (ending) => this.inTurn(() => work(ending)), signal);
  }

  /** As `inPassing`, for what can wait until nothing else is wanted: also what is done in passing goes before it. */
  whenIdle<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.givingWay(this.idle, (ending) => this.inTurn(() => work(ending)), signal);
  }

  /** As `inPassing`, for what uses no shadow: others have their turns meanwhile. */
  beside<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.givingWay(
      this.passing,
      async (ending) => {
        await this.queue.run(() => Promise.resolve(), ending);
        return work(ending);
      },
      signal,
    );
  }

  private async givingWay<T>(
    among: Set<AbortController>,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    for (;;) {
      const way = new AbortController();
      among.add(way);
      try {
        return await work(AbortSignal.any([signal, way.signal]));
      } catch (error) {
        if (signal.aborted || !way.signal.aborted) throw error;
      } finally {
        among.delete(way);
      }
    }
  }
}
