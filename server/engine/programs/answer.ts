/** What our scripts in Python and Ruby tell of a project, line by line as JSON (server/programs/). */

/** Numbers of lines count from 1, both in. */
export interface Lines {
  readonly from: number;
  readonly to: number;
}

export interface Operation extends Partial<Lines> {
  /** As the tool calls it: `AddField`. */
  readonly title: string;
  /** Why nothing of it is rehearsed: a whole sentence. */
  readonly note?: string;
}

export interface ToldStatement {
  /** Its operation, counted from 0; null where it is none's. */
  readonly operation: number | null;
  readonly sql: string;
  /** Sent outside of the migration's transaction: what came before it is committed first (Alembic's autocommit_block). */
  readonly alone?: true;
  /** The first of a new transaction: what came before it was committed. */
  readonly begins?: true;
}

export interface ToldMigration {
  /** As the tool records it, and people name it. */
  readonly version: string;
  readonly title: string;
  /** Absolute path of its file. */
  readonly path: string;
  readonly inTransaction: boolean;
  /** Versions that it stands for: where all of them are recorded, it is applied. */
  readonly replaces?: readonly string[];
  /** Versions that could not have been recorded without it. */
  readonly before?: readonly string[];
  readonly operations: readonly Operation[];
  /** Why its SQL cannot be told; then there is none. */
  readonly untold?: string;
  readonly up?: readonly ToldStatement[];
  readonly down?: readonly ToldStatement[];
  /** Why it has no way back. */
  readonly irreversible?: string;
  /** Why its SQL backwards cannot be told though it has a way back. */
  readonly untoldDown?: string;
}

export interface ToldDatabase {
  /** As libpq names its parts. */
  readonly connection: Readonly<Record<string, string>>;
  /** For people. */
  readonly source: string;
}

export interface ToldProject {
  /** With its version: `Django 4.2.1`. */
  readonly tool: string;
  readonly database?: ToldDatabase;
  /** Where it can be told to connect as well. */
  readonly others?: readonly ToldDatabase[];
  /** Where it keeps its history, where that can be configured; without a schema it is found by search_path. */
  readonly historyTable?: { readonly schema?: string; readonly name: string };
  /** Its database is of another kind: `sqlite`. */
  readonly otherServer?: string;
  /** Why the tool would refuse to go on with the project as a whole. */
  readonly problems: readonly string[];
  /** In the order in which the tool runs them. */
  readonly migrations: readonly ToldMigration[];
}

export type Answer = ToldProject | { readonly trouble: string };

/** What is told while the tool migrates. */
export type ToolEvent =
  /** Of its session, once it was seen that it is on the target. */
  | { readonly backend: number }
  | { readonly begins: string }
  | { readonly done: string }
  /** A statement on a copy, where one is tried out: without its values. */
  | { readonly ran: string; readonly ms: number; readonly rows: number | null }
  | ({
      readonly refused: string;
      readonly message: string;
      readonly sqlState?: string;
      readonly detail?: string;
      readonly hint?: string;
    } & Partial<Lines>)
  /** Its configuration leads to another database, which has this name. */
  | { readonly elsewhere: string }
  /** To run this version alone, the tool would run these. */
  | { readonly otherPlan: readonly string[]; readonly version: string }
  | { readonly trouble: string };
