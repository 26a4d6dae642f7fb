/** A statement where it stands in its script, and what it sets out to do. */
import type { TextRange } from '../base/text';

/** One piece of a script. The pieces of a text, put together, are the text. */
export interface Statement {
  /** What is sent to Postgres: from the first to the last token, without the final semicolon. Never empty. */
  readonly text: string;
  /** Where `text` stands. */
  readonly range: TextRange;
  /** How it has to be run. */
  readonly kind: StatementKind;
  /** Rows of `COPY … FROM stdin`, as they stand between the statement and the line `\.`; only for `copyIn`. */
  readonly copyData?: string;
}

/**
 * - `sql`: sent as it is
 * - `copyIn`: `COPY … FROM stdin` followed by its rows in the script, as in a dump
 * - `psql`: a line for psql (`\connect`, `\i file`); Postgres never sees it
 */
export type StatementKind = 'sql' | 'copyIn' | 'psql';

/** What the syntax tree tells about a statement; names are folded as Postgres folds them, unqualified last. */
export interface Shape {
  /** Name of the node in Postgres's grammar, for example `AlterTableStmt`; `unreadable` when libpg_query refuses it. */
  readonly node: string;
  /** What it would bring into being. */
  readonly makes: readonly ObjectName[];
  /** What it would take away (drops and the old names of renames). */
  readonly takes: readonly ObjectName[];
  /** Every name it mentions, for telling whether it depends on something; last parts only. */
  readonly mentions: ReadonlySet<string>;
  /** Starts, ends or marks a transaction. */
  readonly transaction: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollbackTo' | undefined;
  /** Refused by Postgres inside a transaction block (SQLSTATE 25001): CONCURRENTLY, VACUUM, CREATE DATABASE… */
  readonly outsideTransaction: boolean;
  /** What it would reach outside the database it runs in, in words for people; empty when nothing can be seen. */
  readonly reaches: readonly Reach[];
}

export interface ObjectName {
  readonly kind:
    | 'relation'
    | 'column'
    | 'type'
    | 'function'
    | 'schema'
    | 'role'
    | 'index'
    | 'constraint'
    | 'extension'
    | 'other';
  /** Schema when it was written; folded. */
  readonly schema?: string;
  readonly name: string;
}

/**
 * A way out of the database.
 *
 * - `cluster`: roles, databases, tablespaces, subscriptions, server settings: harmless on a private server
 * - `machine`: programs, files of the server, libraries, other servers: never run by a rehearsal
 */
export interface Reach {
  readonly where: 'cluster' | 'machine';
  /** For the finding, for example `starts a program on the database server (COPY … PROGRAM)`. */
  readonly says: string;
}
