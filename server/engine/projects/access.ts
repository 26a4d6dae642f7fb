/**
 * How one window reaches one server, whatever number of projects have their targets there: it puts one question at a
 * time and keeps one connection. With the session of a shadow, where that lives on the same server, they are three. The
 * first look at a target does not wait its turn, and what changes one has it for itself.
 */
import { untilAborted } from '../base/untilAborted';
import { Sentry } from './sentry';
import type { Target } from './target';

export class Access {
  private last: Promise<unknown> = Promise.resolve();

  /** @param sentry undefined for the embedded engine */
  constructor(readonly sentry: Sentry | undefined) {}

  /**
   * A question to a target, on a connection that ends with it; after those that were put before.
   *
   * @throws the reason of the signal when it comes before its turn
   */
  async question<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.last;
    let done = (): void => undefined;
    const mine = new Promise<void>((resolve) => (done = resolve));
    this.last = before.then(() => mine);
    try {
      await untilAborted(before, signal);
      return await ask();
    } finally {
      done();
    }
  }
}

/** One for each server and login. */
export class Accesses {
  private readonly made = new Map<string, Access>();

  of(target: Target): Access {
    const { parameters } = target;
    if (target.kind !== 'server' || !parameters) return new Access(undefined);
    // Holds a password: it never leaves this file.
    const key = JSON.stringify({ ...parameters, database: '' });
    const access = this.made.get(key) ?? new Access(new Sentry(target.sibling('postgres')));
    this.made.set(key, access);
    return access;
  }

  async close(): Promise<void> {
    await Promise.all([...this.made.values()].map(async ({ sentry }) => sentry?.bar()));
  }
}
