/** What is asked and answered when down scripts are verified. */
import type { RowLoss, Verdict, VerdictKind, WayBack } from './rehearsal/roundTrip/verdict';

export type { Failure, RowLoss, Verdict, VerdictKind, WayBack } from './rehearsal/roundTrip/verdict';
export { leadsBack } from './rehearsal/roundTrip/verdict';

export interface VerifyRequest {
  /** Those of all migrations, of the pending ones, or some by the paths of their files. */
  readonly which: 'all' | 'pending' | readonly string[];
  /** Whether a way back is looked for where there is none that leads back. */
  readonly suggests: boolean;
  /** Nobody waits for it: it gives way, and begins again. */
  readonly inPassing?: true;
}

export interface Verified {
  readonly version: string;
  readonly title: string;
  /** Tried upon the live schema; else behind all before it, from nothing. */
  readonly pending: boolean;
  /** Of the up file, absolute. */
  readonly path: string;
  /** Of the down file, where there is one. */
  readonly downPath?: string;
  readonly verdict: Verdict;
  readonly suggestion?: Suggestion;
  /** `private PostgreSQL 16.4, schema of shop_dev@localhost:5432`. */
  readonly rehearsedOn: string;
  readonly ms: number;
}

/** A way back that was found and tried. */
export interface Suggestion extends WayBack {
  /** The file as it would be, in the tool's own form, and tried as the tool would run it; left out where it has none. */
  readonly file?: { readonly path: string; readonly text: string };
}

/** In every list, lens and answer, for people. */
export const verdictWords: Readonly<Record<VerdictKind, string>> = {
  exact: 'exact',
  loses: 'exact schema but loses data',
  different: 'not exact',
  fails: 'fails',
  impossible: 'impossible',
  missing: 'missing',
  untried: 'not tried',
};

/** `app.orders.note: 3 values gone`. */
export function lossInWords({ kind, name, how, count }: RowLoss): string {
  const what = kind === 'table' ? 'row' : 'value';
  return `${name}: ${count === undefined ? `its ${what}s are` : `${count} ${what}${count === 1 ? '' : 's'}`} ${how}`;
}

/** What keeps a pipeline from going on, unless somebody allows it. */
export const isBad = (kind: VerdictKind, allowed: ReadonlySet<VerdictKind>): boolean =>
  kind !== 'exact' && !allowed.has(kind);
