/** Messages about a database for each branch. */
import { NotificationType, RequestType } from 'vscode-languageserver-protocol';
import type { Consent, FaultData } from './messages';
import type { SnapshotItem } from './snapshots';

/** Server → client: another branch is checked out than the one whose database the target is; where the user wants to know. */
export const BranchMoved = new NotificationType<BranchMovement>('rehearsal/branchMoved');
export interface BranchMovement extends BranchState {
  readonly folder: string;
  readonly branch: string;
}

/** Client → server: which branch is checked out, and whose database the target is. */
export const BranchRequest = new RequestType<{ readonly folder: string }, BranchState, FaultData>('rehearsal/branch');
export interface BranchState {
  /** Left out where HEAD is detached. */
  readonly branch?: string;
  /** Left out where the target says nothing of it. */
  readonly current?: string;
  /**
   * `renamed`, and `unknown` where there is no `own`: the target stays as it is, and only says whose it is. `unclear`:
   * the user has to say first whose it is.
   */
  readonly fits: 'same' | 'renamed' | 'other' | 'unknown' | 'unclear' | 'detached';
  /** The branch that the others are made from; for `unclear`, where git tells. */
  readonly defaultBranch?: string;
  /** The database that is kept for `branch`. */
  readonly own?: { readonly bytes: number; readonly used: string };
  /** Folder of another worktree, where `current` is checked out. */
  readonly elsewhere?: string;
}

/** Client → server: make the target the database of a branch, and keep what it was. */
export const SwitchBranchRequest = new RequestType<SwitchBranchParams, SwitchBranchResult, FaultData>(
  'rehearsal/switchBranch',
);
export interface SwitchBranchParams extends Consent {
  readonly folder: string;
  /** The one that the user was asked about: by now another one may be checked out. */
  readonly branch: string;
  /** Whose the target is, where it says nothing of it. */
  readonly was?: string;
}
export type SwitchBranchResult =
  | { readonly kind: 'same' | 'marked'; readonly branch: string }
  | {
      readonly kind: 'switched';
      readonly branch: string;
      readonly kept: SnapshotItem;
      /** Whose database a new one was copied from; left out where there was one. */
      readonly copiedFrom?: string;
      readonly ms: number;
    }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };
