/** What is asked of a snapshot, and what becomes of it. */
import type { SnapshotRecord } from './record';

export interface SnapshotOrder {
  /** For people: why it is taken. */
  readonly reason: string;
  /** Newest applied version just now. */
  readonly version: string | undefined;
  /** The user agreed to end other sessions. */
  readonly disconnect: boolean;
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
}

export type Restored =
  | { readonly kind: 'restored'; readonly kept: SnapshotRecord }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };
