/** What has become of a schema and its rows after a migration went there and back. */
import type { Refusal } from '../../database/session';
import type { TextRange } from '../../base/text';
import type { ObjectChange } from '../../changes';

/**
 * - `exact`: all is as it was before
 * - `loses`: the schema is, but not all rows or values
 * - `different`: the schema is another one
 * - `fails`: a statement of the down script is refused
 * - `impossible`: there is no down script, and no way back that we could find
 * - `missing`: there is no down script
 * - `untried`: nothing can be said, because the way there could not be gone
 */
export type Verdict = {
  /** With rows that were made up for tables that have none it is refused there. */
  readonly withRows?: Failure;
} & (
  | { readonly kind: 'exact' }
  | { readonly kind: 'loses'; readonly losses: readonly RowLoss[] }
  | { readonly kind: 'different'; readonly differences: readonly ObjectChange[]; readonly losses: readonly RowLoss[] }
  | { readonly kind: 'fails'; readonly at: Failure }
  | { readonly kind: 'impossible'; readonly why: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'untried'; readonly why: string }
);

export type VerdictKind = Verdict['kind'];

/** Rows of a table, or values of a column, that are not what they were. */
export interface RowLoss {
  readonly kind: 'table' | 'column';
  /** `app.orders`, `app.orders.note`. */
  readonly name: string;
  /**
   * - `gone`: the table or column is another one, made anew; its rows or values went with the old one
   * - `changed`: the same one, with other rows or values
   */
  readonly how: 'gone' | 'changed';
  /** How many there were, or are missing; undefined where the shadow had none to count. */
  readonly count?: number;
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

/** Whether the schema is as it was. */
export const leadsBack = ({ kind }: Verdict): boolean => kind === 'exact' || kind === 'loses';
