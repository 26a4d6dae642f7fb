/** Where a statement is marked as a whole. */
import type { TextRange } from '../base/text';

/** The first line of a statement: enough to see which one is meant. */
export function headOf({ text, range }: { readonly text: string; readonly range: TextRange }): TextRange {
  const lineEnd = text.search(/\r|\n/);
  return { start: range.start, end: lineEnd < 0 ? range.end : range.start + lineEnd };
}
