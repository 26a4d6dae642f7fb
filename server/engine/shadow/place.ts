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
  /**
   * A new shadow that holds the base and nothing else. The former shadow of this place is gone then.
   *
   * @throws {Fault} `no-right` without CREATEDB, `disk-full`, `connection-lost`, `shadow-lost`
   */
  fresh(base: Base, signal: AbortSignal): Promise<Shadow>;
  /** Gives back everything. */
  close(): Promise<void>;
}

/** A disposable database. What its session commits stays until the next `fresh`. */
export interface Shadow {
  readonly session: Session;
  /** Runs `use` on a copy of what is committed, and throws the copy away. */
  withCopy<T>(use: (copy: Session) => Promise<T>): Promise<T>;
  /** pg_dump --schema-only of what is committed. */
  dump(signal: AbortSignal): Promise<string>;
}
