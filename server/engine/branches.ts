/** What is asked and answered about a database for each branch. */
import type { Consent, Snapshot } from './changes';

export interface BranchDatabases {
  /** Checked out; undefined where HEAD is detached. */
  readonly branch: string | undefined;
  /** Whose database the target is; undefined where nobody has said so yet. */
  readonly current: string | undefined;
  /**
   * What that is to the branch which is checked out:
   *
   * - `renamed`: it is the branch's, under its former name
   * - `unknown`: the target says nothing, and becomes the branch's without being exchanged, unless that has another one
   * - `unclear`: the target says nothing, and may be that of another branch: somebody has to say whose it is
   * - `detached`: there is none
   */
  readonly fits: 'same' | 'renamed' | 'other' | 'unknown' | 'unclear' | 'detached';
  /** The branch that the others are made from, as far as git tells. */
  readonly defaultBranch: string | undefined;
  /** The one that was used last first. */
  readonly copies: readonly BranchCopy[];
  /** Folder of another worktree, where `current` is checked out. */
  readonly elsewhere: string | undefined;
}

/** A database that is kept for a branch while another one has the name of the target. */
export interface BranchCopy {
  /** As of a snapshot; the name of the database. */
  readonly id: string;
  readonly branch: string;
  readonly bytes: number;
  /** ISO 8601: when it was the target last. */
  readonly used: string;
  /** There is no such branch any more. */
  readonly gone: boolean;
}

export interface BranchRequest extends Consent {
  /** Left out: the one that is checked out. */
  readonly branch?: string;
  /** Whose database the target is, for where it says nothing of it. */
  readonly was?: string;
}

export type BranchResult =
  /** `marked`: it says from now on whose it is; nothing else was to be done. */
  | { readonly kind: 'same' | 'marked'; readonly branch: string }
  | {
      readonly kind: 'switched';
      readonly branch: string;
      /** What the target was before. */
      readonly kept: Snapshot;
      /** Whose database a new one was copied from; left out where there was one. */
      readonly copiedFrom?: string;
      readonly ms: number;
    }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

/** Of a project. */
export interface BranchProject {
  /** @throws {Fault} `no-branch-database` where there can be none; `no-git` */
  branches(signal: AbortSignal): Promise<BranchDatabases>;
  /**
   * Makes the target the database of a branch, and keeps what it was as that of the other one; one that is not there yet
   * is copied from that of the branch that it was made from.
   *
   * @throws {Fault} as `branches`; `no-such-branch`; `branch-unclear` where it is not known whose the target is; as
   * `restore`
   */
  switchBranch(request: BranchRequest, signal: AbortSignal): Promise<BranchResult>;
}
