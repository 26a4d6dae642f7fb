/** What this room is told about the database it changes, the files, and the world around it. */
import type { Database } from '../database/database';
import type { History } from '../history/history';
import type { MigrationFolder } from '../layouts/migration';
import type { Progress } from '../project';

export interface Job {
  readonly database: Database;
  readonly history: History;
  readonly folder: MigrationFolder;
  /** From the disk, never what is only typed. @returns undefined when there is no such file */
  readonly read: (path: string) => string | undefined;
  /** As Files.isMarked. */
  readonly isMarked: (path: string) => boolean;
  /** Absolute path of our own folder. */
  readonly storage: string;
  readonly now: () => Date;
  readonly progress: (step: Progress) => void;
  /** Cancels for good: what runs is interrupted and, where its mode allows it, taken back. */
  readonly signal: AbortSignal;
  readonly waits?: Waits;
  /** For tools that run their migrations themselves. */
  readonly run?: ToolRun;
}

/**
 * Calls the tool.
 *
 * @param onTold called for each thing that it tells, in order
 * @returns its exit code; undefined when it was ended by a signal
 */
export type ToolRun = (
  question: unknown,
  onTold: (told: unknown) => void,
  signal: AbortSignal,
) => Promise<number | undefined>;

/** What is to be run, as it stands on the disk. */
export type JobFiles = Pick<Job, 'folder' | 'read' | 'isMarked'>;

/** How long others are waited for, in milliseconds; nothing waits for ever. */
export interface Waits {
  /** For somebody else who is migrating. */
  readonly lockMs: number;
  /** For a lock that a statement needs; as Postgres's lock_timeout. A script may set its own. */
  readonly statementLockMs: number;
}

export const usualWaits: Waits = { lockMs: 10_000, statementLockMs: 5_000 };
