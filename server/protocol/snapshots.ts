/** Messages about snapshots: taking and restoring them, names and pins, comparing, and the rows of single tables. */
import { RequestType } from 'vscode-languageserver-protocol';
import type { Consent, FaultData } from './messages';

/** Client → server: the snapshots of a project's target, newest first. */
export const ListSnapshotsRequest = new RequestType<{ readonly folder: string }, readonly SnapshotItem[], FaultData>(
  'rehearsal/listSnapshots',
);
export interface SnapshotItem {
  readonly id: string;
  readonly taken: string;
  readonly reason: string;
  readonly kind: 'copy' | 'file' | 'embedded';
  readonly bytes: number;
  readonly version?: string;
  /** What the user calls it. */
  readonly name?: string;
  /** Stays until the user throws it away. */
  readonly pinned?: true;
  /** Where it is the database of a branch; `branchGone`: there is no such branch any more. */
  readonly branch?: string;
  readonly branchGone?: true;
}

/** Client → server: take a snapshot of the target. */
export const SnapshotRequest = new RequestType<
  Consent & { readonly folder: string; readonly reason: string },
  SnapshotResult,
  FaultData
>('rehearsal/snapshot');
export type SnapshotResult =
  | { readonly kind: 'taken'; readonly snapshot: SnapshotItem; readonly ms: number }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

/** Client → server: throw a snapshot of the target away, for good. */
export const DeleteSnapshotRequest = new RequestType<
  Consent & { readonly folder: string; readonly id: string },
  void,
  FaultData
>('rehearsal/deleteSnapshot');

/**
 * Client → server: put a snapshot in the target's place; the replaced database is kept as a snapshot. `carry`: tables
 * whose rows of now are carried over.
 */
export const RestoreRequest = new RequestType<
  Consent & { readonly folder: string; readonly id: string; readonly carry?: readonly string[] },
  RestoreResult,
  FaultData
>('rehearsal/restore');
export type RestoreResult =
  | { readonly kind: 'restored'; readonly kept: SnapshotItem; readonly ms: number }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

/** Client → server: name a snapshot, or pin it; what is left out stays as it is. */
export const MarkSnapshotRequest = new RequestType<
  Consent & { readonly folder: string; readonly id: string; readonly name?: string; readonly pinned?: boolean },
  SnapshotItem,
  FaultData
>('rehearsal/markSnapshot');

/** Client → server: what a snapshot of the target would be, before one is taken. */
export const SnapshotForecastRequest = new RequestType<{ readonly folder: string }, SnapshotForecast, FaultData>(
  'rehearsal/snapshotForecast',
);
export interface SnapshotForecast {
  readonly kind: SnapshotItem['kind'];
  readonly bytes: number;
  readonly ms: number;
  /** What is free where it goes, where that is known. */
  readonly room?: { readonly bytes: number; readonly folder: string };
  /** False when it is known that it is too large. */
  readonly fits: boolean;
}

/** Client → server: what is other from a snapshot to another one, or to the target now. */
export const CompareSnapshotsRequest = new RequestType<
  { readonly folder: string; readonly id: string; readonly other?: string },
  SnapshotTexts,
  FaultData
>('rehearsal/compareSnapshots');
/** Row counts as comments, then the schema as SQL. */
export interface SnapshotTexts {
  readonly before: string;
  readonly after: string;
}

/** Client → server: the tables of a snapshot whose rows could be restored by themselves. */
export const SnapshotTablesRequest = new RequestType<
  { readonly folder: string; readonly id: string },
  readonly SnapshotTable[],
  FaultData
>('rehearsal/snapshotTables');
export interface SnapshotTable {
  readonly table: string;
  readonly rowsThen: number;
  readonly rowsNow: number;
  /** Columns that are there no more. */
  readonly columnsLost: readonly string[];
  /** Columns that have come since, and get their defaults. */
  readonly columnsNew: readonly string[];
}

/** Client → server: give these tables the rows of a snapshot; the target is kept as a snapshot before. */
export const RestoreTablesRequest = new RequestType<
  Consent & { readonly folder: string; readonly id: string; readonly tables: readonly string[] },
  RestoreTablesResult,
  FaultData
>('rehearsal/restoreTables');
export type RestoreTablesResult =
  | { readonly kind: 'restored'; readonly tables: readonly string[]; readonly kept: SnapshotItem; readonly ms: number }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

/** Client → server: what was written since a snapshot, table by table. */
export const TablesSinceRequest = new RequestType<
  { readonly folder: string; readonly id: string },
  readonly TableSince[],
  FaultData
>('rehearsal/tablesSince');
export interface TableSince {
  readonly table: string;
  /** Without a primary key it is carried over as a whole. */
  readonly keyed: boolean;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Why it cannot be carried over, as a sentence without a full stop. */
  readonly obstacle?: string;
  /** Its rows that refer to rows that the snapshot lacks. */
  readonly lacking: readonly { readonly table: string; readonly rows: number }[];
  /** Rows of the snapshot that refer to its rows that are gone. */
  readonly orphaned: readonly { readonly table: string; readonly rows: number }[];
}
