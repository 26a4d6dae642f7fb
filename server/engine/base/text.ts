/** Text positions. All offsets in the engine count UTF-16 code units, as JavaScript strings and LSP do. */

/** Half-open: `start` is in, `end` is out. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Whether all of one stands in the other. */
export const isWithin = (inner: TextRange, outer: TextRange): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;

export const holds = ({ start, end }: TextRange, offset: number): boolean => start <= offset && offset < end;

interface Placed {
  readonly range: TextRange;
}

/** For sorting: as they stand in the text. */
export const byPlace = (one: Placed, other: Placed): number => one.range.start - other.range.start;

/** Without its end. */
export const firstLine = (text: string): TextRange => ({ start: 0, end: Math.max(0, text.search(/[\r\n]|$/)) });

export const shifted = (range: TextRange, by: number): TextRange => ({ start: range.start + by, end: range.end + by });

/** `text` is to stand in the place of `range`. */
export interface Edit {
  readonly range: TextRange;
  readonly text: string;
}

export const insertion = (at: number, text: string): Edit => ({ range: { start: at, end: at }, text });

/** @param edits in their order; none reaches into another */
export function edited(text: string, edits: readonly Edit[]): string {
  let [result, at] = ['', 0];
  for (const { range, text: instead } of edits) {
    result += text.slice(at, range.start) + instead;
    at = range.end;
  }
  return result + text.slice(at);
}

export interface MarkedText {
  /** Without a byte order mark. */
  readonly text: string;
  /** Whether it has one. */
  readonly isMarked: boolean;
}

/** Whether it begins with a byte order mark. */
export const isMarked = (text: string): boolean => text.startsWith('\uFEFF');

/** As all of the engine reads it. */
export const withoutMark = (text: string): string => (isMarked(text) ? text.slice(1) : text);

/** With its byte order mark, as tools digest it. */
export const wholeText = ({ text, isMarked }: MarkedText): string => (isMarked ? `\uFEFF${text}` : text);

/**
 * Where the n-th character stands, for a counter that sees whole characters.
 *
 * Postgres counts characters from 1; a character beyond U+FFFF is one there and two here.
 */
export function offsetOfCharacter(text: string, nth: number): number {
  let offset = 0;
  for (const character of text) {
    if (--nth < 1) break;
    offset += character.length;
  }
  return offset;
}

/** The same text in memory of its own: V8 lets a piece of a text hold on to the whole (`SlicedString`). */
export const flat = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');

/** Zero-based line, and column in UTF-16 code units. */
export interface LinePosition {
  readonly line: number;
  readonly column: number;
}

/** Turns offsets into lines and columns; built once per text. A line ends at LF, CR LF or a lone CR, as in LSP. */
export function lineIndex(text: string): (offset: number) => LinePosition {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) starts.push(index + end.length);
  return (offset) => {
    const at = Math.max(0, Math.min(offset, text.length));
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: at - (starts[low] ?? 0) };
  };
}
