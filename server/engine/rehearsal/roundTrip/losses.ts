/** What rows and values are not what they were? */
import type { ColumnContents, TableContents } from './contents';
import type { RowLoss } from './verdict';

/** Of tables and columns that are there again; what is not there any more is a difference of the schemas. */
export function lossesBetween(before: readonly TableContents[], after: readonly TableContents[]): RowLoss[] {
  const now = new Map(after.map((it) => [it.name, it]));
  return before.flatMap((was) => {
    const is = now.get(was.name);
    return is
      ? lossesOf(was, is)
      : [{ kind: 'table' as const, name: was.name, how: 'gone' as const, ...counted(was.rows) }];
  });
}

function lossesOf(was: TableContents, is: TableContents): RowLoss[] {
  if (was.oid !== is.oid && !isSame(was, is))
    return [{ kind: 'table', name: was.name, how: 'gone', ...counted(was.rows) }];
  // Without rows nobody sees whether they would have come back; a table that was made anew had none to give.
  if (was.oid !== is.oid && was.rows === 0) return [{ kind: 'table', name: was.name, how: 'gone' }];
  if (was.rows !== is.rows)
    return [{ kind: 'table', name: was.name, how: 'changed', ...counted(Math.abs(was.rows - is.rows)) }];
  return was.columns.flatMap((column) => {
    const other = is.columns.find(({ name }) => name === column.name);
    return lossOfColumn(`${was.name}.${column.name}`, column, other, was) ?? [];
  });
}

function lossOfColumn(
  name: string,
  was: ColumnContents,
  is: ColumnContents | undefined,
  { rows }: TableContents,
): RowLoss | undefined {
  if (is?.digest === was.digest && is.values === was.values && (is.number === was.number || rows > 0)) return undefined;
  const isOther = is?.number !== was.number;
  return { kind: 'column', name, how: isOther ? 'gone' : 'changed', ...counted(was.values) };
}

const isSame = (was: TableContents, is: TableContents): boolean =>
  was.rows === is.rows &&
  was.columns.every(({ name, digest }) => is.columns.some((it) => it.name === name && it.digest === digest));

const counted = (count: number): Pick<RowLoss, 'count'> => (count === 0 ? {} : { count });
