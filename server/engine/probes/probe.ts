/** A question to the rows of the target: which of them would make Postgres refuse a statement? */
import { createHash } from 'node:crypto';
import type { TextRange } from '../base/text';

export interface Probe {
  /** What of the statement is to blame, in the file. */
  readonly range: TextRange;
  /** The table whose rows are at fault. */
  readonly table: string;
  readonly constraint?: string;
  /** How Postgres would refuse the statement. A conversion may be refused in several ways: then Postgres says which. */
  readonly sqlState: string;
  /** In Postgres's own words. */
  readonly refusal: string;
  /** What is wrong, behind the number of rows: `rows of orders have no email`. */
  readonly says: { readonly one: string; readonly many: string };
  /** What unqualified names in the question mean. */
  readonly searchPath: string;
  readonly question: Question;
}

/**
 * - `count`: `countSql` gives one number, at most a little more than `mostCounted`; `rowsSql` the rows, at most `mostShown`
 * - `convert`: Postgres itself has to try each row. `planSql` is only explained; `tryAll` fails when there is a bad row;
 *   `countEach` and `findEach` leave their answer in the settings `rehearsal.count` and `rehearsal.places`
 */
export type Question =
  | {
      readonly kind: 'count';
      readonly countSql: string;
      readonly rowsSql: string;
      /** Asked when the query itself fails, as Postgres would fail when it looks at the rows. */
      readonly ifItFails: Conversion | undefined;
    }
  | Conversion;

export interface Conversion {
  readonly kind: 'convert';
  readonly planSql: string;
  readonly tryAll: string;
  readonly countEach: string;
  readonly findEach: string;
  readonly rowsSql: string;
}

/** Rows are counted up to this number; beyond it is said that there are more. */
export const mostCounted = 10_000;
/** At most so many rows are shown. */
export const mostShown = 200;

/** What the rows said. */
export type Answer =
  | { readonly kind: 'none' }
  /** @property count undefined: there are some, and the time did not suffice to count them */
  | { readonly kind: 'some'; readonly count: number | undefined; readonly sqlState: string; readonly refusal: string }
  /** Nobody knows: too slow, not allowed, or not the same on the target. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Wherever the statement stands in its file, the same question has the same name; its answer tells the refusal, too. */
export const idOf = ({ question, searchPath, sqlState, refusal }: Probe): string =>
  createHash('sha256')
    .update(JSON.stringify([question, searchPath, sqlState, refusal]))
    .digest('base64url')
    .slice(0, 24);
