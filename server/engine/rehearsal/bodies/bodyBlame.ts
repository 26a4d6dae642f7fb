/** Which words of a body are to blame for a refusal of one of its pieces? */
import { shifted, type TextRange } from '../../base/text';
import type { Refusal } from '../../database/session';
import { blamedRange, quotedIn } from '../../sql/blame';
import type { Piece } from '../../sql/plpgsql/code';
import { nameParts, tokensOf } from '../../sql/tokens';

/** The token at fault, in the body. */
export function blamedIn(source: string, piece: Piece, refusal: Refusal): TextRange {
  const text = source.slice(piece.range.start, piece.range.end);
  const column = piece.kind === 'rows' && refusal.character === undefined ? columnBlamed(text, refusal) : undefined;
  return shifted(column ?? fieldBlamed(text, refusal) ?? blamedRange(text, refusal), piece.range.start);
}

/** `record "new" has no field "email"` comes without a position. */
function fieldBlamed(text: string, { character, sqlState, message }: Refusal): TextRange | undefined {
  const [record, field] = quotedIn(message);
  if (character !== undefined || record === undefined || field === undefined) return undefined;
  const range = blamedRange(text, { sqlState, message: `"${record}.${field}"` });
  const found = range.end - range.start < text.length || nameParts(text).join('.') === `${record}.${field}`;
  return found ? range : undefined;
}

/** RETURN QUERY names the column that does not fit by its number, in whatever language. */
function columnBlamed(query: string, { detail = '' }: Refusal): TextRange | undefined {
  const column = /(\d+)\D*$/.exec(detail)?.[1];
  const columns = /\(\d+\).*\(\d+\)/.test(detail) ? undefined : outputColumns(query);
  return column === undefined ? undefined : columns?.[Number(column) - 1];
}

/** What stands between SELECT and FROM, cut at commas. */
function outputColumns(query: string): TextRange[] {
  const tokens = tokensOf(query).filter(({ kind }) => kind !== 'comment');
  const columns: TextRange[] = [];
  let start: number | undefined;
  let depth = 0;
  for (const [n, { text, range }] of tokens.entries()) {
    if (n === 0 && text.toLowerCase() !== 'select') return [];
    if (n === 0) continue;
    if (text === '(' || text === '[') depth++;
    if (text === ')' || text === ']') depth--;
    const over = depth === 0 && (text === ',' || text.toLowerCase() === 'from');
    if (text === '*' && depth === 0) return [];
    if (!over) start ??= range.start;
    if (start !== undefined && (over || n === tokens.length - 1)) {
      columns.push({ start, end: over ? (tokens[n - 1]?.range.end ?? range.start) : range.end });
      start = undefined;
    }
    if (over && text !== ',') break;
  }
  return columns;
}
