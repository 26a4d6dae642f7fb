/** Where shadows live: something that can give databases in a wished state and take them back. */
import type { Session } from '../database/session';
import type { Base } from './base';

export interface ShadowPlace {
  readonly kind: 'private' | 'same-server' | 'url' | 'embedded';
  /** For people: `private PostgreSQL 16.4`, `shadow database on localhost:5432 (PostgreSQL 16.4)`. */
  readonly label: string;
  /** `16.4`. */
  readonly serverVersion: string;
  /** Others live on this server: what reaches outside a database must not be run. */
  readonly shared: boolean;
  /** What images of its shadows depend on beside their bases; undefined where shadows have none. */
  readonly imagesOf?: string;
  /**
   * A new shadow that holds the base and nothing else. The former shadow of this place is gone then.
   *
   * @param image to begin with instead; of a shadow with this base
   * @throws {Fault} `no-right`, `disk-full`, `no-shadow`, `no-server`, `connection-lost`; `not-readable` of an image
   *   that is of no use
   */
  fresh(base: Base, signal: AbortSignal, image?: Image): Promise<Shadow>;
  /**
   * Keeps on the disk what it takes to begin with this base at the next start, beside what runs; a matter of seconds.
   * Undefined where there is nothing to gain.
   *
   * @throws as `fresh`
   */
  readonly keep?: (base: Base, signal: AbortSignal) => Promise<void>;
  /** Gives back everything, also when the server has gone. */
  close(): Promise<void>;
}

/** What was committed on a shadow of an earlier process. */
export interface Image {
  /** Of other content, another one. */
  readonly key: string;
  /** Not called while the place still has it. @throws {Fault} `not-readable` when it has gone */
  read(): Promise<Uint8Array>;
}

/**
 * A disposable database. What its session commits stays until the next `fresh`.
 *
 * Where nobody else lives, its session and those of copies are in a database that is named as the target's.
 */
export interface Shadow {
  readonly session: Session;
  /**
   * Makes a session of this shadow, or of a copy of it, what one is that is opened now: settings, role, temporary
   * tables, locks and all else that a session holds. Not in a transaction.
   */
  startOver(session: Session): Promise<void>;
  /** The same as far as it goes in the middle of a transaction, whose savepoints stay. */
  startScript(session: Session): Promise<void>;
  /**
   * Runs `use` on a copy of what is committed, and throws the copy away; nothing outside of it is changed either.
   *
   * @param use is given pg_dump --schema-only of what is committed on the copy, as it is then
   */
  withCopy<T>(use: (copy: Session, dump: (signal: AbortSignal) => Promise<string>) => Promise<T>): Promise<T>;
  /** What is committed, in one piece; not in a transaction. Undefined where that would not be all that it holds. */
  image?(): Promise<Uint8Array | undefined>;
  /** pg_dump --schema-only of what is committed. */
  dump(signal: AbortSignal): Promise<string>;
}
