/** What is asked and answered when pending migrations are tried out on a copy of the target that has its rows. */
import type { TextRange } from './base/text';
import type { ApplyRequest, Consent, ObjectChange, Snapshot } from './changes';
import type { Finding, Place } from './finding';
import { type RoundTripVerdict, type RowLoss, type VerdictKind, verdictWords } from './verification';

export interface TrialRequest extends Consent {
  readonly which: ApplyRequest['which'];
  readonly from: TrialSource;
  readonly afterwards: Afterwards;
}

/**
 * Where the copy comes from.
 *
 * - `copy`: a copy on the server, for which nobody may be connected to the target
 * - `dump`: read while others go on with their work, and loaded into a new database
 * - `auto`: `copy`, and `dump` where somebody is connected or the server refuses a copy
 */
export type TrialSource = 'auto' | 'copy' | 'dump' | { readonly snapshot: string };

/**
 * What becomes of the copy when all is over.
 *
 * - `swap`: it becomes the target, which nobody can write to from before it is copied until then
 */
export type Afterwards = 'drop' | 'keep' | 'swap';

export type TrialResult =
  | { readonly kind: 'tried'; readonly report: TrialReport }
  /** `report` holds what was done before. Nothing of the target has changed. */
  | {
      readonly kind: 'refused';
      readonly report: TrialReport;
      readonly version: string;
      readonly pass: TrialPass['pass'];
      readonly finding: Finding & Place;
      /** Of its file, as it was run. */
      readonly text: string;
      /** What of the script stood on the copy then. */
      readonly state: string;
      /** Left out where it was not refused for rows, or nobody could tell in time. */
      readonly rows?: readonly RefusingRows[];
    }
  | { readonly kind: 'cancelled'; readonly state: string }
  /** Somebody else is connected and has to go first; ask, then call again with consent. */
  | { readonly kind: 'busy'; readonly sessions: readonly string[] }
  | { readonly kind: 'nothing' };

/** Rows of the copy that a statement was refused for. */
export interface RefusingRows {
  /** With their number: `2 rows of orders have no email`. */
  readonly says: string;
  /** Gives them, as they are just before the statement; left out where Postgres has to try each row. */
  readonly query?: string;
}

/** What a query stands behind, for people. */
export const rowsInWords = ({ says, query }: RefusingRows): string =>
  query === undefined ? `${says}.` : `${says}. Just before this statement they are found by`;

export interface TrialReport {
  /** Of the target. */
  readonly target: string;
  /** For people: `PostgreSQL 16.4`. */
  readonly server: string;
  readonly copied: TrialCopied;
  readonly passes: readonly TrialPass[];
  /** What going up makes of the schema, as far as it came. */
  readonly changes: readonly ObjectChange[];
  /** What going up takes away of the rows, however far down scripts bring it back. */
  readonly lost: readonly RowLoss[];
  readonly roundTrip: RoundTrip;
  readonly end: TrialEnd;
  readonly ms: number;
}

export interface TrialCopied {
  /** `file`: of an embedded database. */
  readonly how: 'copy' | 'dump' | 'snapshot' | 'file';
  readonly snapshot?: string;
  readonly ms: number;
  readonly bytes: number;
  /** What the target has and the copy lacks, for people. */
  readonly lacks: readonly string[];
  /** Sessions that were ended for it. */
  readonly ended: readonly string[];
}

export interface TrialPass {
  readonly pass: 'up' | 'down' | 'upAgain';
  /** In the order in which they ran. */
  readonly migrations: readonly TriedMigration[];
  readonly ms: number;
}

export interface TriedMigration {
  readonly version: string;
  readonly title: string;
  /** Absolute path of the script's file. */
  readonly path: string;
  /** Run by its tool itself, whose sessions were not looked into: locks are those that the grammar tells. */
  readonly byTool?: true;
  readonly ms: number;
  readonly statements: readonly TriedStatement[];
}

export interface TriedStatement {
  /** In its file; of several that are sent as one message all of them. */
  readonly range: TextRange;
  readonly sql: string;
  readonly ms: number;
  /** As its command tag counts them. */
  readonly rows: number | null;
  /** The strongest on each table, without mere reading; they last to the end of its transaction. */
  readonly locks: readonly { readonly mode: string; readonly object: string }[];
  /** Of tables and indexes that were there before: written anew, or emptied; empty also where nobody has looked. */
  readonly rewrites: readonly string[];
}

/** Of the newest migrations, as many as have down scripts. */
export type RoundTrip =
  | {
      readonly kind: 'tried';
      /** Newest first. */
      readonly versions: readonly string[];
      /** What is another after down than it was before up. */
      readonly verdict: RoundTripVerdict;
      /** What is another when they have been applied again; empty as it should be. */
      readonly again: readonly ObjectChange[];
      /** Why it goes no farther down; left out when all were reverted. */
      readonly stopped?: string;
    }
  | { readonly kind: 'impossible'; readonly because: string }
  /** Something was refused before. */
  | { readonly kind: 'unfinished' };

/** The same verdicts as of down scripts that are verified. */
export const verdictOfTrip = ({ verdict, again }: Extract<RoundTrip, { readonly kind: 'tried' }>): VerdictKind =>
  again.length > 0 ? 'different' : verdict.kind;

/** For the end of a trial in which nothing was refused. */
export function trialInWords({ roundTrip }: Pick<TrialReport, 'roundTrip'>): string {
  switch (roundTrip.kind) {
    case 'unfinished':
      return 'Not all was run.';
    case 'impossible':
      return `All ran. There is no way down: ${roundTrip.because}`;
    case 'tried': {
      const only = roundTrip.stopped === undefined ? '' : ` Farther down there is no way: ${roundTrip.stopped}`;
      return `All ran. Down: ${verdictWords[verdictOfTrip(roundTrip)]}.${only}`;
    }
  }
}

export type TrialEnd =
  | { readonly kind: 'dropped' }
  | { readonly kind: 'kept'; readonly name: string }
  /** `kept` is what was the target. */
  | { readonly kind: 'swapped'; readonly kept: Snapshot };

/** A copy that was kept after its trial, or that nobody has finished. */
export interface KeptTrial {
  /** Its name as a database. */
  readonly name: string;
  /** ISO 8601. */
  readonly begun: string;
  readonly bytes: number;
  readonly versions: readonly string[];
  /** False when its trial is going on, or was cut off. */
  readonly finished: boolean;
}

/** How psql is called for a copy; the password goes nowhere but into its environment. */
export interface PsqlCall {
  readonly words: readonly string[];
  /** The same for a shell. */
  readonly line: string;
  readonly environment: Readonly<Record<string, string>>;
}
