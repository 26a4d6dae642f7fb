/** Messages about trials: pending migrations that are run on a copy of the target, and the copies that are kept. */
import { RequestType, type Range } from 'vscode-languageserver-protocol';
import type { Consent, FaultData, Selected } from './messages';

/**
 * Client → server: run pending migrations on a copy of the target, up, down and up again. Progress is told as for an
 * apply; cancelled, the copy is dropped.
 */
export const TrialRequest = new RequestType<TrialParams, TrialResult, FaultData>('rehearsal/trial');
export interface TrialParams extends Consent, Selected {
  readonly folder: string;
  /** Where the copy comes from: on the server, read while others go on, whichever of them can be, or a snapshot. */
  readonly from: 'auto' | 'copy' | 'dump' | { readonly snapshot: string };
  /** What becomes of it: `swap` lets it become the target, with writes locked out from the beginning. */
  readonly afterwards: 'drop' | 'keep' | 'swap';
  readonly progress: string;
}

export type TrialResult =
  | {
      readonly kind: 'tried';
      /** One sentence. */
      readonly verdict: string;
      /** Markdown. */
      readonly report: string;
      readonly end: TrialEnd;
    }
  | {
      readonly kind: 'refused';
      readonly report: string;
      readonly end: TrialEnd;
      readonly version: string;
      readonly uri: string;
      readonly range: Range;
      readonly message: string;
      /** How the copy stood. */
      readonly state: string;
    }
  | { readonly kind: 'cancelled'; readonly state: string }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] }
  | { readonly kind: 'nothing' };

export type TrialEnd =
  | { readonly kind: 'dropped' }
  /** By its name as a database. */
  | { readonly kind: 'kept'; readonly name: string }
  /** By the id of the snapshot that the former target is. */
  | { readonly kind: 'swapped'; readonly kept: string };

/** Client → server: the copies of trials that are there, newest first. */
export const ListTrialsRequest = new RequestType<{ readonly folder: string }, readonly TrialItem[], FaultData>(
  'rehearsal/listTrials',
);
export interface TrialItem {
  readonly name: string;
  /** ISO 8601. */
  readonly begun: string;
  readonly bytes: number;
  readonly migrations: number;
  /** False while it is going on, or when it was cut off. */
  readonly finished: boolean;
}

/** Client → server: throw a copy away. */
export const DeleteTrialRequest = new RequestType<
  Consent & { readonly folder: string; readonly name: string },
  void,
  FaultData
>('rehearsal/deleteTrial');

/** Client → server: how psql is called for a copy. The password is for the environment of that process alone. */
export const PsqlRequest = new RequestType<{ readonly folder: string; readonly name: string }, PsqlCall, FaultData>(
  'rehearsal/psql',
);
export interface PsqlCall {
  readonly words: readonly string[];
  /** The same for a shell. */
  readonly line: string;
  readonly environment: Readonly<Record<string, string>>;
}
