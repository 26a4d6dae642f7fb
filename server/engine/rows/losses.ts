/** What rows, values and places of sequences are not what they were, between two looks at a database? */
import type { DataLoss, RowLoss, SequenceLoss } from '../verification';
import type { ColumnContents, Contents, TableContents } from './contents';
import type { SequencePlace } from './sequences';

type Held = Pick<Contents, 'tables' | 'sequences'>;

/**
 * After a way there and back: tables, columns and sequences that are there again by their names. A table or column that
 * was made anew has lost what it held, also where nobody has seen a row of it.
 */
export const lossesThereAndBack = (before: Held, after: Held): DataLoss[] => [
  ...rowsThereAndBack(before.tables, after.tables),
  ...placesThereAndBack(before.sequences, after.sequences),
];

/** That more was taken than before is no loss: no way back gives it back. */
function placesThereAndBack(before: readonly SequencePlace[], after: readonly SequencePlace[]): SequenceLoss[] {
  const now = new Map(after.map((it) => [it.name, it]));
  return before.flatMap((was) => {
    const is = now.get(was.name);
    if (!is || (was.increment > 0n ? is.next >= was.next : is.next <= was.next)) return [];
    return [{ sequence: was.name, before: `${was.last ?? was.next}`, after: `${is.next}` }];
  });
}

function rowsThereAndBack(before: readonly TableContents[], after: readonly TableContents[]): RowLoss[] {
  const now = new Map(after.map((it) => [it.name, it]));
  return before.flatMap((was) => {
    const is = now.get(was.name);
    if (!is) return gone(was);
    if (was.oid !== is.oid && was.rows === 0) return [{ table: was.name, before: 0, after: is.rows }];
    const columns = new Map(is.columns.map((it) => [it.name, it]));
    const losses = [
      ...(was.rows === is.rows ? [] : [{ table: was.name, before: was.rows, after: is.rows }]),
      ...was.columns.flatMap((column) => lossOfColumn(was, column, is, columns.get(column.name))),
    ];
    return losses.length === 0 && isMixed(was, is) ? [{ table: was.name, before: was.rows, after: is.rows }] : losses;
  });
}

/**
 * After a way there alone: a table or column that has got another name or type is the same one, and that values are
 * others is what was wanted.
 */
export function lossesThere(before: readonly TableContents[], after: readonly TableContents[]): RowLoss[] {
  const now = new Map(after.map((it) => [it.oid, it]));
  return before.flatMap((was) => {
    const is = now.get(was.oid);
    if (!is) return gone(was);
    const columns = new Map(is.columns.map((it) => [it.number, it]));
    return [
      ...(was.rows > is.rows ? [{ table: was.name, before: was.rows, after: is.rows }] : []),
      ...was.columns.flatMap((column) => {
        const other = columns.get(column.number);
        return other === undefined || isShort(was, column, is, other) ? lost(was, column, other) : [];
      }),
    ];
  });
}

const gone = ({ name, rows }: TableContents): RowLoss[] =>
  rows === 0 ? [] : [{ table: name, before: rows, after: undefined }];

const lost = ({ name }: TableContents, was: ColumnContents, is: ColumnContents | undefined): RowLoss[] =>
  is === undefined && was.values === 0
    ? []
    : [{ table: name, column: was.name, before: was.values, after: is?.values }];

function lossOfColumn(
  was: TableContents,
  column: ColumnContents,
  is: TableContents,
  other: ColumnContents | undefined,
): RowLoss[] {
  // A column without rows tells nothing of what it would have lost, unless it is another one.
  const isSame = other?.digest === column.digest && (was.rows > 0 || other.number === column.number);
  const isLost = other === undefined || (was.rows === is.rows ? !isSame : isShort(was, column, is, other));
  return isLost ? lost(was, column, other) : [];
}

/** More values are missing than rows. */
const isShort = (was: TableContents, column: ColumnContents, is: TableContents, other: ColumnContents): boolean =>
  column.values - other.values > Math.max(0, was.rows - is.rows);

/** The same values, in other rows than before; a column that has come or gone tells nothing of those. */
const isMixed = (was: TableContents, is: TableContents): boolean =>
  was.digest !== is.digest && was.columns.length === is.columns.length;
