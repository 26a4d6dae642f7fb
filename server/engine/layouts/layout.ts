/** How one migration tool names, orders, splits and wraps its files. One tool, one file in this room; no database here. */
import type { Edit, TextRange } from '../base/text';
import type { ToldProject } from '../programs/answer';
import type { Language } from '../programs/interpreter';
import type { Replaced } from '../sql/statement';
import type { ToolDirectives } from './directives/directive';

export type LayoutName =
  | 'golang-migrate'
  | 'dbmate'
  | 'goose'
  | 'flyway'
  | 'graphile-migrate'
  | 'diesel'
  | 'prisma'
  | 'drizzle'
  | 'supabase'
  | 'atlas'
  | 'sqlx'
  | 'node-pg-migrate'
  | 'liquibase'
  | 'sqitch'
  | 'django'
  | 'alembic'
  | 'rails'
  | 'numbered';

export interface Layout {
  readonly name: LayoutName;
  /** For people: `golang-migrate`, `dbmate`, `plain numbered files`. */
  readonly label: string;
  /** What tells each of its files from those of others, wherever it lies; left out where nothing in it does. */
  readonly sign?: FileSign;
  /** What it is told by comments and placeholders in its files. */
  readonly directives: ToolDirectives;
  /** Variables that name the tool's database, beside `DATABASE_URL` and before it. */
  readonly databaseVariables?: readonly string[];
  /** Those that files of the project name for it, before all others: `url = env("PG_URL")` in Prisma's schema. */
  readonly namedVariables?: (folder: FolderContents) => readonly string[];
  /** The one that its configuration names itself, where no variable does; left out where there is none. */
  readonly namedDatabase?: (folder: FolderContents) => NamedDatabase | undefined;
  /** The one that variables name in a form of the tool's own, before all others. */
  readonly databaseIn?: (environment: ToolSettings['environment'], folder: FolderContents) => NamedDatabase | undefined;
  /**
   * The schema that its sessions have for their whole search_path, and that is made when it is missing; undefined, or left
   * out, where the tool takes the session as it comes.
   *
   * @param extra as ToolSettings.extra
   */
  readonly schemaOf?: (extra: ToolSettings['extra']) => string | undefined;
  /** The schema that it puts before all others of search_path, and those that it makes before, where they are missing. */
  readonly putsFirst?: { readonly schema: string; readonly makes: readonly string[] };
  /** Where the tool is configured, relative to the folder of migrations: `../flyway.toml`. */
  readonly configurationFiles?: readonly string[];
  /** The same tool as it is told to be; left out where nothing is said about its files. Never throws. */
  readonly configured?: (settings: ToolSettings) => Layout;
  /**
   * All that is pending is run in one transaction, and so is what is reverted together: when one is refused, none stands.
   * Its history does everything in `before` and `after` then. Where some of the scripts are in another mode than
   * `transaction`, each runs by itself, and they are not applied beside others.
   */
  readonly oneTransaction?: true;
  /** Left out where Postgres gets all that is written, and refuses what only psql knows. */
  readonly psql?: ReadByPsql;
  /** Whose databases its migrations are for; left out where those of any will do. */
  readonly platform?: Platform;
  /** What it does with a version that stands twice: a whole sentence. */
  readonly twice: string;
  /** The same for us, where nobody can tell what it runs as where it refuses; left out where it runs both. */
  readonly onTwice?: 'refusesFolder' | 'refusesVersion' | 'runsFirst';
  /** It takes nothing back: no file of it says how. */
  readonly onlyUp?: true;
  /**
   * Statements, without semicolons, as they stand in a down script; left out where they stand as psql has them.
   */
  readonly writesDown?: (statements: readonly string[]) => string;
  /**
   * A file of it with these statements, without semicolons, as its way back; left out where a line, or a file of its own,
   * begins that.
   */
  readonly withDown?: (text: string, statements: readonly string[]) => DownEdit;
  /**
   * Its files are programs: what they do to a database is asked from the tool, and the tool runs them. Then `read` knows
   * no scripts. Left out for tools of SQL files.
   */
  readonly program?: ToolProgram;
  /**
   * What becomes of a file with a byte order mark, as a whole sentence; where it is not the same for all, by the name that
   * `readName` takes. Left out, or undefined, where the tool drops the mark.
   */
  readonly onByteOrderMark?: string | ((fileName: string) => string | undefined);
  /** @returns why the files of this folder are this tool's, for people; undefined when they are not */
  recognise(folder: FolderContents): string | undefined;
  /**
   * The files of a folder, and what is wrong with it as a whole; left out where the names of the files directly in it
   * tell all. What is said twice is found for all layouts alike.
   */
  readonly collect?: (folder: FolderContents) => Collected;
  /**
   * The names of what is in the folder besides: it may be a whole repository, with other folders of migrations below.
   * Left out where nothing of others lies in a folder of the tool.
   */
  readonly othersBelow?: (folder: FolderContents) => readonly string[];
  /**
   * @param fileName relative to the folder, with `/` between: `committed/000001.sql`
   * @returns undefined when the file is none of this tool's (it is ignored then, as the tool does)
   */
  readName(fileName: string): MigrationName | undefined;
  /**
   * Cuts the text of one file into its scripts, in the order they stand. Never throws.
   *
   * @param fileName as `readName` takes it
   * @param text without a byte order mark
   * @param beside reads what else says how this file is run, such as diesel's `metadata.toml`
   */
  read(fileName: string, text: string, beside?: FolderContents['read']): MigrationFile;
  /**
   * The files of a new migration, its number above all existing ones and written as they are.
   *
   * @param existing names of the folder's migrations, in any order
   * @param folder as it is before; left out for a folder that is still to be made
   */
  skeleton(title: string, existing: readonly MigrationName[], now: Date, folder?: FolderContents): Skeleton;
}

/** How a tool is asked about its migrations, and told to run them: by a script of ours in its own language. */
export interface ToolProgram {
  readonly language: Language;
  /** Name of the script in server/programs/. */
  readonly script: string;
  /** Its files, as an editor tells them: the language, and a glob pattern of their paths. */
  readonly documents: { readonly language: string; readonly pattern: string };
  /** Globs of what else decides, for who watches files. */
  readonly watched: readonly string[];
  /** Where the tool is called, relative to the folder of migrations. */
  readonly calledIn: string;
  /** Names of what its answer depends on, relative to the folder: it is asked anew when one of these is another. */
  readonly sources: (folder: FolderContents) => readonly string[];
}

/** The whole file; or why it has no place for a way back, as whole sentences. */
export type DownEdit = { readonly text: string } | { readonly because: string };

export interface FileSign {
  readonly of: 'name' | 'text';
  isIn(nameOrText: string): boolean;
  /** Of the file, as a sentence part: `has a line "-- migrate:up" of dbmate`. */
  readonly says: string;
}

/**
 * Whether psql reads its files, takes lines such as `\set` for itself and fills in variables such as `:name`. Where it
 * does so `perhaps`, people may have written them for it: only its lines are told from SQL then, not its variables.
 */
export type ReadByPsql = 'surely' | 'perhaps';

/** What the databases of a platform have before the first migration, and a plain Postgres has not. */
export interface Platform {
  readonly roles: ReadonlySet<string>;
  readonly schemas: ReadonlySet<string>;
  /** Which databases have them, and how to get one, in whole sentences. */
  readonly advice: string;
}

export interface NamedDatabase {
  /** A URL of Postgres, or pairs as libpq has them; perhaps with a password. */
  readonly connection: string;
  /** For people: `target dev in sqitch.conf`. */
  readonly source: string;
}

/** What tells a tool how it is used in a project. */
export interface ToolSettings {
  /** Parameters of the target's URL that are none of Postgres's. */
  readonly extra: Readonly<Record<string, string>>;
  /** Settings of Postgres in that URL: `search_path`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of the process, over what `.env` beside the migrations says. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Who is logged in at the target, and where; undefined for a target that is not known. */
  readonly user?: string | undefined;
  readonly database?: string | undefined;
  /** Where the tool itself says that it keeps its history (ToldProject.historyTable). */
  readonly historyTable?: ToldProject['historyTable'] | undefined;
  /** Of the folder of migrations, absolute: a file that configures several says which is which. */
  readonly path: string;
  /** As FolderContents.read. */
  readonly read: FolderContents['read'];
  /** As FolderContents.list. */
  readonly list: FolderContents['list'];
}

export interface Skeleton {
  /** Names as `readName` takes them, and first contents. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Where to write, an offset in the first file. */
  readonly cursor: number;
  /** Name of a file of `lists`, where the tool has but one to write in: it is opened then, and `cursor` is one in it. */
  readonly opens?: string;
  /** Files that are there already and list the migrations, as they are to be then: `meta/_journal.json`. */
  readonly lists?: readonly { readonly name: string; readonly text: string }[];
}

/** One folder. */
export interface FolderContents {
  /** Absolute. */
  readonly path: string;
  /** Of what is directly in it; sorted; names of folders end with `/`. */
  readonly names: readonly string[];
  /**
   * @param name relative to the folder; `../Cargo.toml` is one level up; or absolute
   * @returns undefined when there is no such file
   */
  read(name: string): string | undefined;
  /**
   * @param name of a folder, relative
   * @returns names as in `names`; empty when there is no such folder
   */
  list(name: string): readonly string[];
}

export interface Collected {
  readonly files: readonly FoundFile[];
  readonly problems: readonly FolderProblem[];
}

/** A file that its layout knows by name. */
export interface FoundFile {
  /** Relative to the folder, with `/` between. */
  readonly fileName: string;
  readonly name: MigrationName;
}

/** Trouble of a folder as a whole, told at a file of it. */
export interface FolderProblem {
  /** Relative to the folder. */
  readonly fileName: string;
  readonly message: string;
  /** The version that stands twice; left out for other trouble. */
  readonly version?: string;
  /** What its tool does not run for it: the whole folder, or this version; left out where it runs all. */
  readonly stops?: 'folder' | 'version';
}

export interface MigrationName {
  /** As the tool records it: `20240101120000`, `42`. */
  readonly version: string;
  /** What the tool records in the place of the version, where that is something else: sqitch's `change_id`. */
  readonly id?: string;
  /** The number as it stands in the file name: `000042`. */
  readonly digits: string;
  /** Orders the migrations of a folder when compared with `<`. Equal for an up and a down file of one migration. */
  readonly order: string;
  readonly title: string;
  /** `both` when one file holds both directions; `verify` when it says whether the way up has come to what it should. */
  readonly direction: 'up' | 'down' | 'both' | 'verify';
  /** What the tool records of where the file stands; left out where it records nothing of it. */
  readonly recordedAs?: string;
  /** Versions that it has come in the place of: where all of them are recorded, it is applied. */
  readonly replaces?: readonly string[];
  /** It does what all before it do, where none of them was run: then it is run in their place (Atlas). */
  readonly isCheckpoint?: true;
  /** Version of the last checkpoint, for those before it. */
  readonly heldBy?: string;
  /** Versions that are recorded in its place: where one of them is, it is applied (Alembic). */
  readonly recordedBy?: readonly string[];
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
  readonly severity: 'error' | 'warning' | 'information';
  readonly code: string;
  readonly message: string;
  /** The only direction in which the tool meets it; left out when it meets it in both. */
  readonly direction?: Script['direction'];
  /** Best first. */
  readonly fixes?: readonly Fix[];
}

/** What would mend it. */
export interface Fix {
  /** As a command: `Put "-- migrate:down" below`. */
  readonly title: string;
  readonly edits: readonly Edit[];
  /** Of another file that it edits, relative to the one that the finding is in: `atlas.sum`; left out for that one. */
  readonly path?: string;
}

/** SQL text that runs as one unit. */
export interface Script {
  readonly direction: 'up' | 'down';
  /** Where its SQL stands in the file. */
  readonly range: TextRange;
  readonly mode: TransactionMode;
  /** Where the tool cuts it by a rule of its own, each piece a message; left out where statements end as psql has it. */
  readonly pieces?: readonly Piece[];
  /** What of the file it is, where the tool records parts of files: Liquibase's changesets. */
  readonly part?: string;
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
