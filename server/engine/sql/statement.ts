/** A statement where it stands in its script, and what it sets out to do. */
import type { TextRange } from '../base/text';
import type { LockMode } from './lockModes';

/** One piece of a script. The pieces of a text, put together, are the text. */
export interface Statement {
  /** What is sent to Postgres: from the first to the last token, without the final semicolon. Never empty. */
  readonly text: string;
  /** Where `text` stands. */
  readonly range: TextRange;
  /** Where its tool sends something else than what is written there, in order; left out when it is the same. */
  readonly replaced?: readonly Replaced[];
  /** How it has to be run. */
  readonly kind: StatementKind;
  /** Rows of `COPY … FROM stdin`, as they stand between the statement and the line `\.`; only for `copyIn`. */
  readonly copyData?: string;
}

/** A place of the file, and what is sent instead of what stands there. */
export interface Replaced {
  readonly range: TextRange;
  readonly text: string;
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
  /** What it would bring into being. The object that the statement is about comes first, implicit ones after it. */
  readonly makes: readonly ObjectName[];
  /** What it would take away (drops and the old names of renames). */
  readonly takes: readonly ObjectName[];
  /** What it needs on the relations that it names. */
  readonly locks: readonly NeededLock[];
  /**
   * What the grammar alone tells for sure.
   *
   * - `locks`: it locks those relations, what it makes and what it writes anew, and no others
   * - `all`: and it neither reads nor writes rows or files
   */
  readonly foreseen: 'nothing' | 'locks' | 'all';
  /**
   * It empties tables, or a body in it may, or may take back what it has done: what Postgres has counted of them is not
   * what it says right behind it.
   */
  readonly losesCounts: boolean;
  /** Columns, tables and types that will be others than they were, for asking who depends on them. */
  readonly alters: readonly Alteration[];
  /** Every name it mentions, for telling whether it depends on something; last parts only. */
  readonly mentions: ReadonlySet<string>;
  /** Starts, ends or marks a transaction. `PREPARE TRANSACTION` ends it like a commit. */
  readonly transaction: TransactionVerb | undefined;
  /** Refused by Postgres inside a transaction block (SQLSTATE 25001): CONCURRENTLY, VACUUM, CREATE DATABASE… */
  readonly outsideTransaction: boolean;
  /** What it would reach outside the database it runs in, in words for people; empty when nothing can be seen. */
  readonly reaches: readonly Reach[];
  /** What runs with it: functions it calls, relations it reads or writes; last parts of their names. */
  readonly calls: ReadonlySet<string>;
  /** What would reach outside when it is used later: functions, views, foreign tables that this statement makes. */
  readonly defines: readonly ReachingDefinition[];
  /** What those call in turn that this statement makes, whether they reach outside themselves or not. */
  readonly relays: readonly Relay[];
}

export type TransactionVerb = 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollbackTo';

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
  /** The table of a column, constraint, trigger or policy; the type of an attribute or enum value. */
  readonly of?: string;
  /** Of that one, when it was written; folded. */
  readonly ofSchema?: string;
  /** Not written: Postgres makes it along with another object, under a name of its own choice. */
  readonly implicit?: true;
  /** A NOT NULL, which is an object with a name from PostgreSQL 18 on only. */
  readonly notNull?: true;
}

/** A lock that a statement takes by itself, whatever its transaction holds already. */
export interface NeededLock {
  readonly mode: LockMode;
  /** Schema when it was written; folded. */
  readonly schema?: string;
  readonly name: string;
  /** Where else: on its partitions, or on all that inherit from it, partitions included. */
  readonly extent: 'only' | 'partitions' | 'heirs';
}

/**
 * Something that others see by its name or its type.
 *
 * - `renamed`: an object or, with `column`, a column; `name` is the new name, `former` the old one
 * - `retyped`: a column, or a domain or composite type
 * - `added`, `dropped`: a column
 */
export interface Alteration {
  readonly change: 'renamed' | 'retyped' | 'added' | 'dropped';
  readonly kind: 'relation' | 'type' | 'function';
  readonly schema?: string;
  readonly name: string;
  readonly column?: string;
  readonly former?: string;
}

/**
 * A way out of the database.
 *
 * - `cluster`: roles, databases, server settings, other sessions: harmless on a private server
 * - `machine`: programs, files of the server, libraries, other servers: never run by a rehearsal
 */
export interface Reach {
  readonly where: 'cluster' | 'machine';
  /** A verb phrase for the finding, for example `starts a program on the database server (COPY … PROGRAM)`. */
  readonly says: string;
}

export interface ReachingDefinition extends Reach {
  readonly name: string;
}

export interface Relay {
  readonly name: string;
  readonly calls: ReadonlySet<string>;
}
