/**
 * What was read and written of tables so far, as far as it is known without asking. Plain values.
 *
 * Postgres counts up as long as a transaction lasts, also what was taken back; so what a statement has read is the
 * difference to what was counted before it. That is known from behind the statement before, unless that one may have
 * read tables it was not asked about, or somebody else has used the session since.
 */
import type { Shape } from '../../sql/statement';
import { type Counts, type Held, noCounts } from './held';
import type { Mark } from './mark';
import { mayCall } from './routines';
import { holdsRows, relationAt, type Relations } from './relations';

export interface Counted {
  /** By oid; undefined where only the server knows. */
  readonly tables: ReadonlyMap<number, Counts | undefined>;
  /** Of all others. */
  readonly others: Counts | undefined;
}

export const nothingKnown: Counted = { tables: new Map(), others: undefined };

export const countedOf = ({ tables, others }: Counted, oid: number): Counts | undefined =>
  tables.has(oid) ? tables.get(oid) : others;

/**
 * Which have to be asked about before a statement that touches these tables, undefined for any; `all` for all there are.
 *
 * @param wanted may hold indexes, which nothing is told of
 */
export function unknownOf(
  counted: Counted,
  wanted: readonly number[] | undefined,
  relations: Relations,
): readonly number[] | 'all' {
  const isTable = (oid: number): boolean => {
    const relation = relationAt(relations, oid);
    return relation === undefined || holdsRows(relation);
  };
  if (wanted) return wanted.filter((oid) => isTable(oid) && !countedOf(counted, oid));
  return counted.others ? [...counted.tables].flatMap(([oid, counts]) => (counts ? [] : [oid])) : 'all';
}

/** With the answer: what it does not tell of has none. */
export function withAnswer(
  { tables, others }: Counted,
  asked: readonly number[] | 'all',
  counts: ReadonlyMap<number, Counts>,
): Counted {
  if (asked === 'all') return { tables: counts, others: noCounts };
  return { tables: new Map([...tables, ...asked.map((oid) => [oid, counts.get(oid) ?? noCounts] as const)]), others };
}

/**
 * Behind a statement, of the tables that were asked about with it; what else it may have read is not known any more.
 *
 * @param wanted as in `unknownOf`
 */
export function countedAfter(
  shape: Shape,
  before: Counted,
  wanted: readonly number[] | undefined,
  { locks, counts }: Held,
  { relations, routines }: Mark,
): Counted {
  if (!wanted) {
    // How much of it stays is known when its savepoint is released.
    if (routines.losesCounts || shape.losesCounts) return nothingKnown;
    return { tables: new Map([...before.tables, ...counts]), others: before.others };
  }
  if (mayCall(shape, routines)) return { tables: counts, others: undefined };
  const mayBeRead = [...(locks?.values() ?? [])].flatMap(({ on }) => {
    if (on.kind !== 'relation' || wanted.includes(on.oid)) return [];
    const relation = relationAt(relations, on.oid);
    return relation && holdsRows(relation) ? [[on.oid, undefined] as const] : [];
  });
  if (mayBeRead.length === 0 && counts.size === 0) return before;
  return { tables: new Map([...before.tables, ...mayBeRead, ...counts]), others: before.others };
}
