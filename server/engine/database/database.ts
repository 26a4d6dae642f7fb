/** A database that can be opened, read and copied: one on a server, or the embedded one. */
import type { Session } from './session';

export interface Database {
  /** Stable and without secrets; identifies the database in registries: `postgres://user@host:5432/name`. */
  readonly id: string;
  /** For people, without secrets: `shop_dev@localhost:5432`. */
  readonly label: string;
  readonly name: string;
  /** Loopback address, Unix socket or embedded: nobody else's machine. */
  readonly local: boolean;
  readonly engine: 'server' | 'embedded';
  /** Absolute path of the file that holds it; of the embedded engine only, where something is kept. */
  readonly file?: string;
  /**
   * @param purpose what the embedded engine must know: a `write` session keeps what it did when closed (atomically),
   *   a `read` session throws it away
   * @param signal gives up waiting for a server; once the session is open it has no part in it
   * @throws {Fault} `no-server`, `wrong-server`, `wrong-password`, `no-database`, `no-tls`, `no-right`, `locked`, `disk-full`
   * @throws the reason of the signal
   */
  open(purpose: 'read' | 'write', signal?: AbortSignal): Promise<Session>;
  /**
   * Dumps the schema by pg_dump compiled to WebAssembly, over a connection of our own.
   *
   * @returns SQL text
   */
  dump(signal?: AbortSignal): Promise<string>;
  /**
   * The same with rows, as SQL for psql with COPY, in pieces that end anywhere; on a server. Few of them are in memory
   * at a time.
   */
  dumpWithRows?(signal: AbortSignal): AsyncIterable<Buffer>;
}
