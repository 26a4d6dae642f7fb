/** What this room is told about the database it changes, the files, and the world around it. */
import type { TextRange } from '../base/text';
import type { Database } from '../database/database';
import type { Done, Session } from '../database/session';
import type { History } from '../history/history';
import type { Migration, MigrationFolder } from '../layouts/migration';
import type { Progress } from '../project';
import type { Statement } from '../sql/statement';

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
  readonly onlooker?: Onlooker;
}

/** Looks on while scripts are run. */
export interface Onlooker {
  /** Before the first statement of each script, outside of its own transaction. */
  begins(session: Session, file: OnlookedFile): Promise<void>;
  /** Behind each statement that was carried out; what is asked of the session then must not fail. */
  ran(session: Session, ran: RanStatements): Promise<void>;
  /** When Postgres has refused a statement, and what was not committed is taken back; as for `ran`. */
  refused(session: Session, refused: RefusedStatement): Promise<void>;
  /** What a tool has run by itself, as far as it came, once it has ended. */
  ranByTool(migrations: readonly RanByTool[]): void;
}

export interface RanByTool extends OnlookedFile {
  readonly ms: number;
  /** As the tool has sent them; where the file does not say it in these words, at its beginning. */
  readonly statements: readonly {
    readonly range: TextRange;
    readonly sql: string;
    readonly ms: number;
    readonly rows: number | null;
  }[];
}

export interface OnlookedFile {
  readonly migration: Migration;
  readonly path: string;
}

export interface RanStatements {
  /** One, or all of a script that is sent as one message. */
  readonly statements: readonly Statement[];
  readonly answer: Done;
  readonly ms: number;
}

export interface RefusedStatement {
  readonly statement: Statement;
  /** What its script had done before it and is taken back with it, in order. */
  readonly undone: readonly Statement[];
}

/**
 * Calls the tool; for a trial, so that it works on the copy that the question names.
 *
 * @param onTold called for each thing that it tells, in order
 * @returns its exit code; undefined when it was ended by a signal
 */
export type ToolRun = (
  question: object,
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
