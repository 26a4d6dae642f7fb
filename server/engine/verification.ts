/** What is asked and answered when down scripts are verified, and what is said of any way there and back. */
import type { TextRange } from './base/text';
import type { ObjectChange } from './changes';
import type { Refusal } from './database/session';

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

/**
 * What has become of a schema and its rows after a migration went there and back.
 *
 * - `fails`: a statement of the down script is refused
 * - `impossible`: there is no down script, and no way back that we could find
 * - `missing`: there is no down script
 * - `untried`: nothing can be said, because the way there could not be gone
 */
export type Verdict = {
  /** With rows that were made up for tables that have none it is refused there. */
  readonly withRows?: Failure;
} & (
  | RoundTripVerdict
  | { readonly kind: 'fails'; readonly at: Failure }
  | { readonly kind: 'impossible'; readonly why: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'untried'; readonly why: string }
);

/**
 * Where every statement ran.
 *
 * - `exact`: all is as it was before, but for the order of columns
 * - `loses`: the schema is, but not all rows, values or places of sequences
 * - `different`: the schema is another one
 */
export type RoundTripVerdict =
  | { readonly kind: 'exact' }
  | { readonly kind: 'loses'; readonly losses: readonly DataLoss[] }
  | { readonly kind: 'different'; readonly differences: readonly ObjectChange[]; readonly losses: readonly DataLoss[] };

export type VerdictKind = Verdict['kind'];

/** The one judgement of all that goes there and back. */
export function verdictOn(differences: readonly ObjectChange[], losses: readonly DataLoss[]): RoundTripVerdict {
  if (differences.length > 0) return { kind: 'different', differences, losses };
  return losses.length > 0 ? { kind: 'loses', losses } : { kind: 'exact' };
}

/** Whether the schema is as it was. */
export const leadsBack = ({ kind }: Verdict): boolean => kind === 'exact' || kind === 'loses';

export type DataLoss = RowLoss | SequenceLoss;

/** Rows of a table, or values of one of its columns, that are not what they were. */
export interface RowLoss {
  /** `app.orders` */
  readonly table: string;
  /** Left out where whole rows are meant. */
  readonly column?: string;
  /** How many rows there were, or values that are not null. */
  readonly before: number;
  /**
   * How many there are; undefined where there is no such table or column any more. As many as before: they are others, or,
   * where there were none, what would have held them was made anew.
   */
  readonly after: number | undefined;
}

/** It would give values again that it has given. */
export interface SequenceLoss {
  /** `app.orders_id_seq` */
  readonly sequence: string;
  /** The last value that was taken, as text: it may be too large for JSON. */
  readonly before: string;
  /** The one that comes next. */
  readonly after: string;
}

export interface Failure {
  readonly path: string;
  readonly range: TextRange;
  readonly statement: string;
  readonly refusal: Pick<Refusal, 'message' | 'sqlState' | 'detail' | 'hint'>;
}

/** A way back that was found by comparing the schemas, and tried. */
export interface WayBack {
  /** Statements without semicolons, in their order. */
  readonly statements: readonly string[];
  /** Whether Postgres takes all of them in one transaction. */
  readonly inOneTransaction: boolean;
  /** What it leads to; `exact` or `loses` where it is of use. */
  readonly verdict: Verdict;
  /** Tables and columns that it throws away, which the migration has made: `app.orders.note`. */
  readonly drops: readonly string[];
}

/** A way back that was found and tried. */
export interface Suggestion extends WayBack {
  /** The file as it would be, in the tool's own form, and tried as the tool would run it. */
  readonly file?: { readonly path: string; readonly text: string };
  /** Why there is no such file, as whole sentences; left out where it was tried, and does not lead back. */
  readonly noFile?: string;
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

/** `app.orders.note: 3 of 5 values gone`. */
export const lossInWords = (loss: DataLoss): string =>
  'sequence' in loss
    ? `${loss.sequence}: begins again at ${loss.after}, was at ${loss.before}`
    : lossOfRowsInWords(loss);

function lossOfRowsInWords({ table, column, before, after }: RowLoss): string {
  const [name, holder, what] =
    column === undefined ? [table, 'table', 'row'] : [`${table}.${column}`, 'column', 'value'];
  const some = (count: number): string => `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
  if (after === undefined) return `${name}: ${some(before)} gone with the ${holder}`;
  if (after > before) return `${name}: ${some(after - before)} more than before`;
  if (after < before && after > 0)
    return `${name}: ${(before - after).toLocaleString('en-US')} of ${some(before)} gone`;
  if (after < before) return `${name}: ${some(before)} gone`;
  if (before === 0) return `${name}: ${what}s would be gone`;
  return `${name}: ${column === undefined ? 'the same values in other rows' : 'other values than before'}`;
}

/** What keeps a pipeline from going on, unless somebody allows it. */
export const isBad = (kind: VerdictKind, allowed: ReadonlySet<VerdictKind>): boolean =>
  kind !== 'exact' && !allowed.has(kind);
