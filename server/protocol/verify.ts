/** Messages about down scripts: whether they lead back, and how they could. */
import { type Range, RequestType } from 'vscode-languageserver-protocol';
import type { FaultData } from './messages';
import type { VerdictSummary } from './verdicts';

/** Client → server: run migrations up and down again on a shadow. Answers for each migration, oldest first. */
export const VerifyRequest = new RequestType<VerifyParams, readonly VerifiedItem[], FaultData>('rehearsal/verify');

export interface VerifyParams {
  readonly folder: string;
  /** A file of the migration; all pending ones when left out. */
  readonly uri?: string;
}

export interface VerifiedItem extends VerdictSummary {
  /** Of the up file. */
  readonly uri: string;
  readonly version: string;
  readonly title: string;
  readonly ms: number;
  /** The statement that is refused, of one that fails. */
  readonly at?: { readonly uri: string; readonly range: Range };
  /** The objects that differ, as they were and as they are, of one that is different. */
  readonly before?: string;
  readonly after?: string;
  /** The same object by object, as lines: what is missing behind `-`, what is left behind after `+`. */
  readonly diff?: string;
}

/** Client → server: find the statements that lead back from a migration. Nothing is written. */
export const WayBackRequest = new RequestType<WayBackParams, WayBackResult, FaultData>('rehearsal/wayBack');

export interface WayBackParams {
  readonly folder: string;
  /** A file of the migration. */
  readonly uri: string;
}

export type WayBackResult =
  /** Its down script leads back as it is; or nothing can be said of it. */
  | { readonly kind: 'unneeded'; readonly verdict: VerdictSummary }
  | { readonly kind: 'none'; readonly verdict: VerdictSummary }
  | {
      readonly kind: 'found';
      readonly sql: string;
      /** What it leads to. */
      readonly verdict: VerdictSummary;
      /** Tables and columns that it throws away. */
      readonly drops: readonly string[];
      /** The whole file, as it would be; left out where there is none. */
      readonly file?: { readonly uri: string; readonly text: string };
      /** Why there is none, where that is known. */
      readonly noFile?: string;
    };
