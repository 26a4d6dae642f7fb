/** What is asked of a snapshot, and what becomes of it. */
import type { SnapshotRecord } from './record';

export interface SnapshotOrder {
  /** For people: why it is taken. */
  readonly reason: string;
  /** Newest applied version just now. */
  readonly version: string | undefined;
  /** The user agreed to end other sessions. */
  readonly disconnect: boolean;
  /** `file`: a dump file although a copy may be possible. */
  readonly form?: 'file';
  /** How a dump file is written; plain when left out. */
  readonly packed?: 'gzip';
}

export type Taken =
  | { readonly kind: 'taken'; readonly record: SnapshotRecord }
  /** Other sessions are in the way; ask, then order again with `disconnect`. */
  | { readonly kind: 'busy'; readonly sessions: readonly string[] }
  /** The server will not make a copy, whoever is asked; a dump file may still do. */
  | { readonly kind: 'impossible'; readonly because: string };

export interface RestoreOrder {
  readonly snapshot: SnapshotRecord;
  /** Newest applied version just now, for the kept database. */
  readonly version: string | undefined;
  readonly disconnect: boolean;
  /** What of the target's rows is carried over; nothing when left out. */
  readonly carry?: CarryOrder;
}

export interface CarryOrder {
  readonly tables: readonly string[] | 'all';
  readonly known: KnownTables;
}

/** What the files of migrations and the history say of tables. */
export interface KnownTables {
  /** As Postgres calls it, with or without its schema: the tool's own table, whose rows tell what has run. */
  readonly history: string;
  /** Why the migrations since the snapshot have a hand in the rows of a table, as a sentence without a full stop. */
  readonly touched: (table: string) => string | undefined;
}

export type Restored =
  | { readonly kind: 'restored'; readonly kept: SnapshotRecord; readonly carried: readonly string[] }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };
