/**
 * How one window reaches one server, whatever number of projects have their targets there: it puts one question at a
 * time and keeps one connection, the sentry's, which goes while rows are copied. With the session of a shadow, where
 * that lives on the same server, they are three. What changes a target has it for itself.
 */
import { Queue } from '../base/queue';
import { Neighbours } from './neighbours';
import { Sentry } from './sentry';
import type { Target } from './target';

/** What all projects of the window share that have their targets on one server. */
class ServerAccess {
  readonly questions = new Queue();
  readonly copies = new Queue();

  /** @param sentry undefined for the embedded engine */
  constructor(readonly sentry: Sentry | undefined) {}
}

/** That of one project. */
export class Access {
  /** @param neighbours all projects that have the same target, this one too */
  constructor(
    private readonly server: ServerAccess,
    readonly neighbours: Neighbours,
    /** Called once. What nobody uses any more ends. */
    readonly release: () => Promise<void>,
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
    return this.server.questions.run(ask, signal);
  }

  /**
   * Reads so much of a target that no question could wait for it, on one connection, in the place of the sentry's; after
   * what was begun before.
   *
   * @throws the reason of the signal when it comes before its turn
   */
  copy<T>(read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.server.copies.run(() => this.withoutSentry(read), signal);
  }

  async withoutSentry<T>(work: () => Promise<T>): Promise<T> {
    return this.sentry ? this.sentry.withdrawn(work) : work();
  }
}

export class Accesses {
  /** By server and login. */
  private readonly servers = new Shared<ServerAccess>();
  /** By the name of the target. */
  private readonly neighbours = new Shared<Neighbours>();

  /** To be released. */
  of(target: Target): Access {
    const { id } = target.info;
    const key = serverKeyOf(target) ?? id;
    const server = this.servers.take(key, () => new ServerAccess(sentryOf(target)));
    const neighbours = this.neighbours.take(id, () => new Neighbours());
    return new Access(server, neighbours, async () => {
      this.neighbours.give(id);
      if (this.servers.give(key)) await server.sentry?.end();
    });
  }
}

const sentryOf = (target: Target): Sentry | undefined =>
  target.kind === 'server' && target.parameters ? new Sentry(target.sibling('postgres')) : undefined;

/**
 * What else a URL says of the session is nothing to the server. Holds a password: it never leaves this file.
 *
 * @returns undefined for the embedded engine, and for settings that cannot be read
 */
function serverKeyOf({ parameters }: Target): string | undefined {
  if (!parameters) return undefined;
  const { hosts, user, tls, targetSession } = parameters;
  return JSON.stringify({ hosts, user, tls, targetSession });
}

/** Values that are there for as long as somebody uses them. */
class Shared<Value> {
  private readonly used = new Map<string, { readonly value: Value; users: number }>();

  take(key: string, make: () => Value): Value {
    const it = this.used.get(key) ?? { value: make(), users: 0 };
    it.users++;
    this.used.set(key, it);
    return it.value;
  }

  /** @returns whether that was the last user */
  give(key: string): boolean {
    const it = this.used.get(key);
    if (!it || --it.users > 0) return false;
    return this.used.delete(key);
  }
}
