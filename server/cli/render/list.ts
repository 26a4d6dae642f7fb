/** A list under headings, a line for each, in columns. */
import type { Paint } from '../terminal';
import { harmless, padded, widest } from './cells';

/** @param rows with a text for each heading */
export function renderList(headings: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const shown = rows.map((row) => row.map(harmless));
  const widths = headings
    .slice(0, -1)
    .map((heading, column) => widest([heading, ...shown.map((row) => row[column] ?? '')]));
  const line = (row: readonly string[]): string =>
    row.map((text, column) => padded(text, widths[column] ?? 0)).join('  ');
  return [paint('bold', line(headings)), ...shown.map(line)].map((it) => `${it}\n`).join('');
}
