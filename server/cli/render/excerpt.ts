/** The line of a file that a finding is about, with the token at fault underlined. */
import { lineIndex, type TextRange } from '../../engine/base/text';
import type { Colour, Paint } from '../terminal';
import { type Cell, cells } from './cells';

export interface ExcerptOptions {
  readonly paint: Paint;
  readonly colour: Colour;
  /** Longest line that may be printed. */
  readonly columns: number;
}

/** No terminal is wider; so much of a line of megabytes is looked at on either side of the token. */
const farthest = 1000;

/** @returns the source line and the underline, with a gutter */
export function excerpt(text: string, range: TextRange, { paint, colour, columns }: ExcerptOptions): readonly string[] {
  const number = String(lineIndex(text)(range.start).line + 1);
  const line = lineAround(text, range.start);
  const token = { start: range.start - line.start, end: Math.min(range.end, line.end) - line.start };
  const shown = aroundToken(cells(text.slice(line.start, line.end)), token, Math.max(20, columns - number.length - 5));
  const [before, marked] = [width(shown, (it) => it.offset < token.start), width(shown, (it) => within(it, token))];
  const gutter = (label: string) => paint('gray', ` ${label.padStart(number.length)} |`);
  return [
    `${gutter(number)} ${shown.map((it) => it.shown).join('')}`.trimEnd(),
    `${gutter('')} ${' '.repeat(before)}${paint(colour, '^'.repeat(Math.max(1, marked)))}`,
  ];
}

/** The line an offset stands in, without its ending, and not more of it than may be of use. */
function lineAround(text: string, offset: number): TextRange {
  const before = text.slice(Math.max(0, offset - farthest), offset);
  const after = text.slice(offset, offset + farthest);
  const start = offset - before.length + Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
  const ending = after.search(/[\r\n]/);
  return { start, end: offset + (ending < 0 ? after.length : ending) };
}

/** So many cells that they fit, with the token among them; `…` stands where something was left out. */
function aroundToken(all: readonly Cell[], token: TextRange, columns: number): readonly Cell[] {
  if (width(all, () => true) <= columns) return all;
  const lead = Math.floor(columns / 4);
  const at = all.findIndex((it) => it.offset >= token.start);
  const from = width(all.slice(0, at), () => true) <= lead * 3 ? 0 : Math.max(0, at - lead);
  const kept: Cell[] = from > 0 ? [{ shown: '…', width: 1, offset: (all[from]?.offset ?? 0) - 1 }] : [];
  let left = columns - kept.length - 1;
  for (const cell of all.slice(from)) {
    left -= cell.width;
    if (left < 0) return [...kept, { shown: '…', width: 1, offset: Number.POSITIVE_INFINITY }];
    kept.push(cell);
  }
  return kept;
}

const within = (cell: Cell, token: TextRange) => token.start <= cell.offset && cell.offset < token.end;

const width = (some: readonly Cell[], counts: (cell: Cell) => boolean) =>
  some.reduce((sum, cell) => sum + (counts(cell) ? cell.width : 0), 0);
