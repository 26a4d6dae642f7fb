/** A tool's own record of what has been applied to a database. One tool, one file in this room. */
import type { TextRange } from '../base/text';
import type { FolderContents, LayoutName, Script, TransactionMode } from '../layouts/layout';
import type { Migration } from '../layouts/migration';
import type { Refusal, Session } from '../database/session';

export interface History {
  readonly layout: LayoutName;
  /** @throws {Fault} when the table cannot be read or is not this tool's */
  read(session: Session): Promise<HistoryState>;
  /**
   * What `read` says of a database that has just been made.
   *
   * @throws {Fault} as `read`
   */
  ofNothing(): HistoryState;
  /**
   * Takes the tool's own lock (waits up to `waitMs`), makes the history table when it is missing, runs `use`, releases.
   * A transaction that `use` leaves open is rolled back.
   *
   * @throws {Fault} `locked` when somebody else holds it for longer; whatever `use` throws
   */
  withLock<T>(session: Session, waitMs: number, use: () => Promise<T>): Promise<T>;
  /**
   * What the tool does with a script in this database; left out where it runs all of them.
   *
   * @throws {Fault} `refused` where it stops at it
   */
  decides?(session: Session, step: HistoryStep): Promise<Decision>;
  /**
   * What the tool does around a script, in its order. The caller runs the script between `before` and `after`; of a
   * script in mode `transaction` `after` runs in the script's own transaction, before COMMIT.
   * When the script is refused, `after` is not called: golang-migrate's row then stays dirty, as the tool leaves it.
   * A migration without a script in that direction (golang-migrate takes it for an empty one) is recorded all the same.
   * `before` is left out where it is nothing.
   *
   * @throws {Fault} `no-right`, `refused`, `connection-lost`; a step in a transaction must be rolled back then
   */
  before?(session: Session, step: HistoryStep): Promise<void>;
  after(session: Session, step: HistoryStep): Promise<void>;
  /** What the tool writes once the script and `after` are committed; left out where that is nothing. */
  committed?(session: Session, step: HistoryStep): Promise<void>;
  /** What it writes behind each statement that lasts at once; left out where that is nothing. @param done how many of them ran */
  advanced?(session: Session, step: HistoryStep, done: number): Promise<void>;
  /** What it writes when the script was refused, after the rollback where there was one; left out where that is nothing. */
  failed?(session: Session, step: HistoryStep, refusal: StepRefusal): Promise<void>;
  /**
   * Takes back what `before` has written, after a cancel of which nothing stands. Left out for tools that would leave it
   * or write nothing.
   */
  withdraw?(session: Session, step: HistoryStep): Promise<void>;
  /**
   * What takes away the mark of `blocked` after a step of ours: then it is known what has made it. Left out for tools that
   * set none.
   *
   * @param stands whether anything of the script may stand
   */
  unblock?(step: HistoryStep, stands: 'nothing' | 'something'): string;
  /**
   * For scripts that others run without us: a SELECT with one column, `version`, a row of text for each migration that is
   * recorded as applied, as its file has it. What is no such version, or has not come to its end, is something else there.
   * Left out where one query cannot tell, or where what `after` writes depends on what it wrote before.
   *
   * @param versions of the files
   */
  recorded?(session: Session, versions: readonly string[]): Promise<string>;
}

/** To run it; to record it without running it; neither, so that it is asked about again next time. */
export type Decision = 'run' | 'record' | 'leave';

export interface HistoryStep {
  readonly migration: Migration;
  /** The migration below this one in the folder, for tools that record the version they fall back to. */
  readonly previous: Migration | undefined;
  /** `{ direction }` alone when there is no such file. */
  readonly script: Pick<Script, 'direction'>;
  /** Script.part of the script that is run. */
  readonly part?: string;
  /** How its scripts are run; left out where there is none. */
  readonly mode?: TransactionMode;
  /** Text of the up file with its byte order mark, for tools that record a checksum. */
  readonly upText: string;
  /** Texts of the statements that are run, as they are sent; for tools that record them or their number. */
  readonly statements: readonly string[];
  /** Reads another file that the tool records something of, such as `atlas.sum`; as FolderContents.read. */
  readonly read: FolderContents['read'];
  /** How long the script took, in milliseconds, once it has run. */
  readonly ms?: number;
  /** It is recorded and was not run. */
  readonly notRun?: true;
}

export interface StepRefusal extends Refusal {
  /** What is to blame, in the file that was run. */
  readonly range: TextRange;
  /** Statements of the migration before it that last; undefined when that is not known. */
  readonly standing: number | undefined;
  /** Text of the statement that was refused, where it is known. */
  readonly statement: string | undefined;
}

export interface HistoryState {
  /** For people and for queries of the user: `public.schema_migrations`. */
  readonly table: string;
  readonly exists: boolean;
  readonly applied: (migration: Migration) => AppliedState;
  /** Left out where the history keeps no checksum: then ours is asked. */
  readonly edited?: EditedFiles;
  /**
   * Applied, and to be run once more as it is now: Flyway's repeatable migrations. Left out for tools that never do.
   *
   * @param upText as EditedFiles.has
   */
  readonly again?: (migration: Migration, upText: string) => boolean;
  /**
   * Of a migration that is recorded in parts, what has run and what is to be run. Left out where files are recorded.
   *
   * @param upText as EditedFiles.has
   */
  readonly parts?: (migration: Migration, upText: string) => PartStates;
  /** Versions in the table, oldest first; some may have no file here. */
  readonly versions: readonly string[];
  /**
   * What else is recorded as applied and stands in none of these files; left out where `versions` tell that.
   *
   * @returns as people know it: `changes.sql::1::ada`
   */
  readonly missing?: (files: Pick<FolderFiles, 'migrations' | 'upTextOf'>) => readonly string[];
  /** Set when the tool refuses to go on until it is repaired (golang-migrate's `dirty`): what to do about it. */
  readonly blocked?: string;
  /**
   * What the tool's own commands would write to end what it complains of, that or something else: likeliest first. Left
   * out where the tool has no such command.
   */
  readonly repairs?: (files: FolderFiles) => readonly Repair[];
  /** Set where the newest version alone is recorded, and every file below it counts as applied (golang-migrate). */
  readonly recordsNewest?: true;
  /** True when an unapplied file below the newest applied one will never be run by the tool (golang-migrate). */
  readonly skipsOlder: boolean;
  /**
   * Why the tool refuses to apply anything as long as this one is not applied; undefined when it does not. Left out for
   * tools that never do.
   */
  readonly refuses?: (migration: Migration) => string | undefined;
  /** Why one that is `skipped` is rightly so: a whole sentence; left out where it came too late. */
  readonly leaves?: (migration: Migration) => string | undefined;
  /** The version that the tool takes back first; left out where that is the newest one with a file here. */
  readonly revertsFirst?: string;
  /**
   * Of which versions of the table the file may not be missing, so that the tool goes on: `all` (golang-migrate), or those
   * that are not above all files here (Flyway).
   */
  readonly needsFiles: 'all' | 'allButNewest' | 'none';
}

/** Files that are not what was applied. */
export interface EditedFiles {
  /**
   * Applied, and the file is another one by now.
   *
   * @param upText with its byte order mark
   */
  has(migration: Migration, upText: string): boolean;
  /** What the tool does as long as there is one; left out where it does not notice. */
  readonly effect?: {
    /** A whole sentence. */
    readonly says: string;
    /** Whether that is to refuse to apply anything. */
    readonly stops: boolean;
  };
}

/** What a history may have to know of all files of the folder. */
export interface FolderFiles {
  /** Oldest first. */
  readonly migrations: readonly Migration[];
  /** Of its up file, with its byte order mark; undefined where there is none, or it cannot be read. */
  upTextOf(migration: Migration): string | undefined;
  /** As HistoryStep.read. */
  readonly read: FolderContents['read'];
}

/** Changes of the history alone: the schema stays as it is. */
export interface Repair {
  /** As a command, for people: `Record version 41 as applied`. */
  readonly title: string;
  /** When that is right: `Nothing of version 42 stands.` */
  readonly when: string;
  /** What the tool is told for the same: `migrate force 41`. */
  readonly command: string;
  /** In this order, in one transaction. */
  readonly statements: readonly string[];
}

/** For who may have come to any of them: the newest first, and of many not the older ones. */
export const newestFew = (migrations: readonly Migration[]): readonly Migration[] => migrations.slice(-20).toReversed();

/** Names as in Script.part. */
export interface PartStates {
  readonly applied: ReadonlySet<string>;
  /** Never run, or to be run once more. */
  readonly open: ReadonlySet<string>;
  /** Whether there are others, which are not run here. */
  readonly passesOver: boolean;
}

/** Whether there is nothing left to run of it. */
export function isDone({ applied, again, parts }: HistoryState, migration: Migration, upText: string): boolean {
  const inParts = parts?.(migration, upText);
  if (inParts && (inParts.applied.size > 0 || inParts.passesOver)) return inParts.open.size === 0;
  return applied(migration) === 'applied' && !again?.(migration, upText);
}

/** Versions of the table that have no file, and without which the tool refuses to go on. */
export function versionsNeeded(
  { versions, needsFiles }: HistoryState,
  isThere: (version: string) => boolean,
): readonly string[] {
  if (needsFiles === 'none') return [];
  const count = needsFiles === 'all' ? versions.length : versions.findLastIndex(isThere) + 1;
  return versions.slice(0, count).filter((it) => !isThere(it));
}

export type AppliedState = 'applied' | 'pending' | 'skipped';
