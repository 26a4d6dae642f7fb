/** A tool's own record of what has been applied to a database. One tool, one file in this room. */
import type { LayoutName, Script } from '../layouts/layout';
import type { Migration } from '../layouts/migration';
import type { Session } from '../database/session';

export interface History {
  readonly layout: LayoutName;
  /** @throws {Fault} when the table cannot be read or is not this tool's */
  read(session: Session): Promise<HistoryState>;
  /**
   * Takes the tool's own lock (waits up to `waitMs`), makes the history table when it is missing, runs `use`, releases.
   *
   * @throws {Fault} `locked` when somebody else holds it for longer
   */
  withLock<T>(session: Session, waitMs: number, use: () => Promise<T>): Promise<T>;
  /**
   * What the tool does around a script, in its order. The caller runs the script between `before` and `after`; when
   * `inTransaction` (script in mode `transaction`) `after` runs in the script's own transaction, before COMMIT.
   * `previous` is the migration below this one in the folder, for tools that record the version to fall back to.
   */
  before(session: Session, step: HistoryStep): Promise<void>;
  after(session: Session, step: HistoryStep): Promise<void>;
}

export interface HistoryStep {
  readonly migration: Migration;
  readonly previous: Migration | undefined;
  readonly script: Script;
  /** Text of the up file, for tools that record a checksum. */
  readonly upText: string;
  readonly ms?: number;
}

export interface HistoryState {
  /** For people and for queries of the user: `public.schema_migrations`. */
  readonly table: string;
  readonly exists: boolean;
  /** Applied versions as the tool records them. golang-migrate has one row: every file up to it counts as applied. */
  readonly applied: (migration: Migration) => AppliedState;
  /** Versions in the table that may have no file here. */
  readonly versions: readonly string[];
  /** Set when the tool refuses to go on until it is repaired (golang-migrate's `dirty`): what to do about it. */
  readonly blocked?: string;
  /** True when an unapplied file below the newest applied one will never be run by the tool (golang-migrate). */
  readonly skipsOlder: boolean;
}

/** `edited`: applied, and the file is not what was applied (only where the history keeps a checksum). */
export type AppliedState = 'applied' | 'pending' | 'skipped';
