/** Where a statement is marked as a whole. */
import type { TextRange } from '../base/text';
import { inFile } from './places';
import type { Statement } from './statement';

/** The first line of a statement: enough to see which one is meant. */
export function headOf(statement: Pick<Statement, 'text' | 'range' | 'replaced'>): TextRange {
  const lineEnd = statement.text.search(/\r|\n/);
  return lineEnd < 0 ? statement.range : inFile({ start: 0, end: lineEnd }, statement);
}
