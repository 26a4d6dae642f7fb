/** Tables and their rows, as a restore tells of them before anything is done. */
import type { SnapshotTable, TableSince } from '../../engine/project';
import type { Paint } from '../terminal';
import { harmless, padded, widest } from './cells';
import { some } from './words';

/** What was written since a snapshot, table by table. */
export function renderTablesSince(tables: readonly TableSince[], paint: Paint): string {
  if (tables.length === 0) return 'No rows have been written since the snapshot.\n';
  return columns(
    tables.map((it) => [harmless(it.table), sinceOf(it)]),
    paint,
  );
}

function sinceOf({ keyed, added, changed, removed, obstacle, lacking, orphaned }: TableSince): string {
  const counts = [
    ...(added > 0 ? [`${added} new`] : []),
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(removed > 0 ? [`${removed} deleted`] : []),
  ].join(', ');
  if (obstacle !== undefined) return `not carried over: ${obstacle}${counts === '' ? '' : ` (${counts})`}`;
  return [
    counts,
    ...(keyed ? [] : ['no primary key: as a whole only']),
    ...lacking.map(
      ({ table, rows }) => `${some(rows, 'row')} refer to rows of ${harmless(table)} that the snapshot lacks`,
    ),
    ...orphaned.map(
      ({ table, rows }) => `${some(rows, 'row')} of ${harmless(table)} in the snapshot refer to deleted ones`,
    ),
  ].join('; ');
}

/** What a restore of single tables would do. */
export function renderTables(tables: readonly SnapshotTable[], paint: Paint): string {
  if (tables.length === 0) return 'There is no table that is in both.\n';
  return columns(
    tables.map(({ table, rowsThen, rowsNow, columnsLost, columnsNew }) => [
      harmless(table),
      [
        `${some(rowsThen, 'row')} in the place of ${rowsNow}`,
        ...(columnsLost.length > 0
          ? [`without ${columnsLost.map(harmless).join(', ')}, which the table has no more`]
          : []),
        ...(columnsNew.length > 0 ? [`with the defaults of ${columnsNew.map(harmless).join(', ')}`] : []),
      ].join('; '),
    ]),
    paint,
  );
}

function columns(rows: readonly (readonly [string, string])[], paint: Paint): string {
  const width = widest(rows.map(([table]) => table));
  return rows.map(([table, says]) => `${paint('bold', padded(table, width))}  ${says}\n`).join('');
}
