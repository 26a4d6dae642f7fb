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
}

export type SnapshotResult =
  | { readonly kind: 'taken'; readonly snapshot: Snapshot; readonly ms: number }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

export type RestoreResult =
  | { readonly kind: 'restored'; readonly kept: Snapshot; readonly ms: number }
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
}
