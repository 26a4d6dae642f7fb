/**
 * How one window reaches one server, whatever number of projects have their targets there: it puts one question at a
 * time and keeps one connection, the sentry's, which goes while rows are copied. With the session of a shadow, where
 * that lives on the same server, they are three. What changes a target has it for itself.
 */
import { Line } from './line';
import { Neighbours } from './neighbours';
import { Sentry } from './sentry';
import type { Target } from './target';

/** What all projects of the window share that have their targets on one server. */
class ServerAccess {
  readonly questions = new Line();
  readonly copies = new Line();

  /** @param sentry undefined for the embedded engine */
  constructor(readonly sentry: Sentry | undefined) {}
}

/** That of one project. */
export class Access {
  /** @param neighbours all projects that have the same target, this one too */
  constructor(
    private readonly server: ServerAccess,
    readonly neighbours: Neighbours,
  ) {}

  get sentry(): Sentry | undefined {
    return this.server.sentry;
  }

  /**
   * A question to a target, on a connection that ends with it; after those that were put before.
   *
   * @throws the reason of the signal when it comes before its turn
   */
  question<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.server.questions.take(ask, signal);
  }

  /**
   * Reads so much of a target that no question could wait for it, on one connection, in the place of the sentry's; after
   * what was begun before.
   *
   * @throws the reason of the signal when it comes before its turn
   */
  copy<T>(read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.server.copies.take(() => this.withoutSentry(read), signal);
  }

  async withoutSentry<T>(work: () => Promise<T>): Promise<T> {
    return this.sentry ? this.sentry.withdrawn(work) : work();
  }
}

export class Accesses {
  /** By server and login. */
  private readonly servers = new Map<string, ServerAccess>();
  /** By the name of the target. */
  private readonly neighbours = new Map<string, Neighbours>();

  of(target: Target): Access {
    const { id } = target.info;
    const neighbours = this.neighbours.get(id) ?? new Neighbours();
    this.neighbours.set(id, neighbours);
    return new Access(this.serverOf(target), neighbours);
  }

  async close(): Promise<void> {
    await Promise.all([...this.servers.values()].map(async ({ sentry }) => sentry?.end()));
  }

  private serverOf(target: Target): ServerAccess {
    const { parameters } = target;
    if (target.kind !== 'server' || !parameters) return new ServerAccess(undefined);
    // Holds a password: it never leaves this file.
    const key = JSON.stringify({ ...parameters, database: '' });
    const server = this.servers.get(key) ?? new ServerAccess(new Sentry(target.sibling('postgres')));
    this.servers.set(key, server);
    return server;
  }
}
