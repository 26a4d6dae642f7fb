/** What this room is told about the database it copies, and about the world around it. */
import type { Database } from '../database/database';

export type SnapshotTarget = ServerTarget | EmbeddedTarget;

export interface ServerTarget {
  readonly kind: 'server';
  readonly database: Database;
  /** The same server and login, another database. */
  readonly sibling: (name: string) => Database;
}

export interface EmbeddedTarget {
  readonly kind: 'embedded';
  readonly database: Database;
  /** Absolute path of the file that holds it. */
  readonly path: string;
  /** The same engine, another file. */
  readonly atFile: (path: string) => Database;
}

export interface Surroundings {
  /** Absolute path of our own folder. */
  readonly storage: string;
  readonly now: () => Date;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}
