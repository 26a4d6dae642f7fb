/** How one migration tool names, orders, splits and wraps its files. One tool, one file in this room; no database here. */
import type { TextRange } from '../base/text';
import type { Replaced } from '../sql/statement';

export type LayoutName = 'golang-migrate' | 'dbmate' | 'goose' | 'numbered';

export interface Layout {
  readonly name: LayoutName;
  /** For people: `golang-migrate`, `dbmate`, `plain numbered files`. */
  readonly label: string;
  /** Variables that name the tool's database, beside `DATABASE_URL` and before it. */
  readonly databaseVariables?: readonly string[];
  /**
   * The same tool as it is told to be by the URL of its database or the environment; left out where these say nothing
   * about files.
   *
   * @param extra parameters of the URL that are none of Postgres's
   */
  readonly configured?: (
    extra: Readonly<Record<string, string>>,
    environment: Readonly<Record<string, string | undefined>>,
  ) => Layout;
  /** @returns why the files of this folder are this tool's, for people; undefined when they are not */
  recognise(folder: FolderContents): string | undefined;
  /** @returns undefined when the file is none of this tool's (it is ignored then, as the tool does) */
  readName(fileName: string): MigrationName | undefined;
  /** Cuts the text of one file into its scripts, in the order they stand. Never throws. */
  read(fileName: string, text: string): MigrationFile;
  /**
   * The files of a new migration, its number above all existing ones and written as they are.
   *
   * @param existing names of the folder's migrations, in any order
   */
  skeleton(title: string, existing: readonly MigrationName[], now: Date): Skeleton;
}

export interface Skeleton {
  /** Names and first contents. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Where to write, an offset in the first file. */
  readonly cursor: number;
}

/** One folder, not those below it. */
export interface FolderContents {
  /** Absolute. */
  readonly path: string;
  /** Sorted; names of folders end with `/`. */
  readonly names: readonly string[];
  /**
   * @param name relative to the folder; `../Cargo.toml` is one level up
   * @returns undefined when there is no such file
   */
  read(name: string): string | undefined;
}

export interface MigrationName {
  /** As the tool records it: `20240101120000`, `42`. */
  readonly version: string;
  /** The number as it stands in the file name: `000042`. */
  readonly digits: string;
  /** Orders the migrations of a folder when compared with `<`. Equal for an up and a down file of one migration. */
  readonly order: string;
  readonly title: string;
  /** `both` when one file holds both directions. */
  readonly direction: 'up' | 'down' | 'both';
}

export interface MigrationFile {
  readonly scripts: readonly Script[];
  /** What the tool would refuse about the file itself: markers missing, misplaced, unknown. */
  readonly problems: readonly FileProblem[];
  /** Why nobody but the tool itself can run it: then there are no scripts. */
  readonly outside?: string;
}

/** A finding about the file as its tool reads it; `code` equals a slug such as `dbmate-missing-up`. */
export interface FileProblem {
  readonly range: TextRange;
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  /** The only direction in which the tool meets it; left out when it meets it in both. */
  readonly direction?: Script['direction'];
}

/** SQL text that runs as one unit. */
export interface Script {
  readonly direction: 'up' | 'down';
  /** Where its SQL stands in the file. */
  readonly range: TextRange;
  readonly mode: TransactionMode;
  /** Where the tool cuts it by a rule of its own, each piece a message; left out where statements end as psql has it. */
  readonly pieces?: readonly Piece[];
  /** The longest time one message may take; then the tool gives up. */
  readonly messageMs?: number;
}

/** A message, in whose statements nothing is left out or added but what is replaced. */
export interface Piece extends TextRange {
  readonly replaced?: readonly Replaced[];
}

/**
 * How the tool runs a script.
 *
 * - `transaction`: BEGIN, script, history row, COMMIT
 * - `implicit`: the whole script in one simple-protocol message; several statements are one implicit transaction
 * - `statements`: each statement by itself, committed at once (psql's way); each message, where it is in pieces
 */
export type TransactionMode = 'transaction' | 'implicit' | 'statements';
