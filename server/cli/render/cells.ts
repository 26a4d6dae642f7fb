/** Text as a terminal shows it: cells wide, and nothing that a terminal would obey. */
import stringWidth from 'string-width';

/** One user-perceived character of a line. */
export interface Cell {
  /** What is printed. */
  readonly shown: string;
  /** Columns it takes. */
  readonly width: number;
  /** Offset of its first UTF-16 code unit in the line. */
  readonly offset: number;
}

const tabStop = 4;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @param line without its line ending */
export function cells(line: string): readonly Cell[] {
  const found: Cell[] = [];
  let column = 0;
  for (const { segment, index } of graphemes.segment(line)) {
    const shown = segment === '\t' ? ' '.repeat(tabStop - (column % tabStop)) : harmless(segment);
    const width = segment === '\t' ? shown.length : stringWidth(shown);
    found.push({ shown, width, offset: index });
    column += width;
  }
  return found;
}

/**
 * Control characters and marks that turn the direction of writing are shown as �, line feeds stay: SQL and the server's
 * messages come from others, and must not steer the terminal.
 */
export function harmless(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(/(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** The text with spaces behind it, so that what follows begins at the same column. */
export const padded = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - stringWidth(text)));

export const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((it) => stringWidth(it)));
