/** What is asked and answered when a target is changed: consent, apply, revert, snapshots. */
import type { Finding, Place } from './finding';

/** What the user agreed to. */
export interface Consent {
  /** Other sessions may be ended. */
  readonly disconnect: boolean;
  /** The target's name as the user confirmed it; needed when the target is not local. */
  readonly confirmedName?: string;
}

export interface ApplyRequest extends Consent {
  /** The version to apply by itself, the version to apply up to, or all pending ones. */
  readonly which: { readonly only: string } | { readonly upTo: string } | 'all';
  /** Take a snapshot first (the default of every face). */
  readonly snapshot: boolean;
}

export interface RevertRequest extends Consent {
  /** Those that the user was asked about, newest first. */
  readonly versions: readonly string[];
  readonly snapshot: boolean;
}

export interface Progress {
  readonly message: string;
  /** 0 to 1, when it can be told. */
  readonly fraction?: number;
  /** False once nothing can be taken back any more by cancelling. */
  readonly cancellable: boolean;
}

export type ApplyResult =
  | { readonly kind: 'done'; readonly migrations: readonly string[]; readonly snapshot?: string; readonly ms: number }
  /** The first error stops. `state` tells exactly how the database stands now. */
  | {
      readonly kind: 'refused';
      readonly migrations: readonly string[];
      readonly snapshot?: string;
      readonly version: string;
      readonly finding: Finding & Place;
      /** Of its file, as it was run: it may be another one by now. */
      readonly text: string;
      readonly state: string;
      /** As `state`, without what the history says now, and what its tool would advise. */
      readonly stands: string;
      readonly left: Left;
    }
  | {
      readonly kind: 'cancelled';
      readonly migrations: readonly string[];
      readonly snapshot?: string;
      readonly state: string;
    }
  /** Somebody else is connected and the snapshot needs the database for itself; ask, then call again with consent. */
  | { readonly kind: 'busy'; readonly sessions: readonly string[] }
  | { readonly kind: 'nothing' };

/**
 * What there is to go back from after a refusal:
 *
 * - `nothing`: the database is as it was before
 * - `mark`: the same but for a mark of the tool, which goes on when that is gone
 * - `changes`: of earlier migrations, or of this one
 */
export type Left = 'nothing' | 'mark' | 'changes';

export interface SnapshotRequest extends Consent {
  readonly reason: string;
  /** `file`: a dump file although a copy may be possible. */
  readonly form?: 'file';
}

export type SnapshotResult =
  | { readonly kind: 'taken'; readonly snapshot: Snapshot; readonly ms: number }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

export type RestoreResult =
  | {
      readonly kind: 'restored';
      readonly kept: Snapshot;
      /** Tables whose rows were carried over. */
      readonly carried: readonly string[];
      readonly ms: number;
    }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

export interface Snapshot {
  readonly id: string;
  /** ISO 8601. */
  readonly taken: string;
  readonly reason: string;
  /** `copy`: a database on the same server; `file`: a dump file; `embedded`: a copy of the embedded database's file. */
  readonly kind: 'copy' | 'file' | 'embedded';
  readonly bytes: number;
  /** Newest applied version when it was taken. */
  readonly version: string | undefined;
  readonly target: string;
  /** What the user calls it. */
  readonly name: string | undefined;
  /** Stays until the user throws it away. */
  readonly pinned: boolean;
  /** Where it is the database of a branch of git, kept while that of another one is the target. */
  readonly branch?: string;
  /** There is no such branch any more. */
  readonly branchGone?: true;
}

/** What is written on a snapshot that is there; what is left out stays as it is. */
export interface SnapshotMark {
  /** Empty: it has none any more. */
  readonly name?: string;
  readonly pinned?: boolean;
}

/** How many snapshots of a target are kept; a limit that is left out is none. Pinned ones stay, and count for none. */
export interface Retention {
  readonly count?: number;
  readonly days?: number;
  /** Of all together. */
  readonly bytes?: number;
}

/** How snapshots are taken and kept where nothing else is said. */
export interface SnapshotSettings {
  readonly retention: Retention;
  /** Of dump files. */
  readonly packed: 'plain' | 'gzip';
}

/** What a snapshot is going to be. */
export interface SnapshotForecast {
  readonly kind: Snapshot['kind'];
  /** Of what is copied; a dump file is about as large as its tables, and a packed one much smaller. */
  readonly bytes: number;
  readonly ms: number;
  /** What is free where it goes; left out where that cannot be known from here. */
  readonly room?: { readonly bytes: number; readonly folder: string };
  /** False when it is known that it is too large. */
  readonly fits: boolean;
}

/** A table that is in a snapshot and in the target, and what it would be to give it its former rows. */
export interface SnapshotTable {
  /** `public.orders`. */
  readonly table: string;
  readonly rowsThen: number;
  readonly rowsNow: number;
  /** Columns that are there no more: their values stay in the snapshot. */
  readonly columnsLost: readonly string[];
  /** Columns that have come since: they get their defaults. */
  readonly columnsNew: readonly string[];
}

/** A table of the target, and what has been written to it since a snapshot. */
export interface TableSince {
  readonly table: string;
  /** Without a primary key its rows are told apart by all of their values, and none is `changed`. */
  readonly keyed: boolean;
  readonly added: number;
  /** The primary key is in both, with other values. */
  readonly changed: number;
  readonly removed: number;
  /** Why its rows cannot be carried over, as a sentence without a full stop; where it was altered they are not compared. */
  readonly obstacle?: string;
  /** Its rows that refer to rows of other tables that the snapshot lacks. */
  readonly lacking: readonly RowsOf[];
  /** Rows of other tables in the snapshot that refer to rows that are gone since. */
  readonly orphaned: readonly RowsOf[];
}

export interface RowsOf {
  readonly table: string;
  readonly rows: number;
}

export interface RestoreRequest extends Consent {
  /** Tables whose rows of now are carried over, or all that can be. */
  readonly carry?: readonly string[] | 'all';
}

export type TablesResult =
  | {
      readonly kind: 'restored';
      readonly tables: readonly string[];
      /** The target as it was before. */
      readonly kept: Snapshot;
      readonly ms: number;
    }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };
/** An object of a schema that is another one, or there at one time only. */
export interface ObjectChange {
  readonly kind: 'added' | 'removed' | 'changed';
  /** As pg_dump calls it: `TABLE`, `INDEX`, `FK CONSTRAINT`. */
  readonly type: string;
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}
