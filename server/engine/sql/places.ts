/** From a place in what is sent to the place in the file, and back; they differ where a tool has replaced something. */
import type { TextRange } from '../base/text';
import type { Replaced, Statement } from './statement';

type Placed = Pick<Statement, 'range' | 'replaced'>;

/**
 * Of something within a statement, a replaced place stands for all that was put there.
 *
 * @param range in the statement's text
 */
export function inFile(range: TextRange, statement: Placed): TextRange {
  const start = fileOffset(range.start, statement).start;
  return { start, end: range.end > range.start ? fileOffset(range.end - 1, statement).end : start };
}

/**
 * The other way round.
 *
 * @param offset in the file
 */
export function inText(offset: number, { range, replaced = [] }: Placed): number {
  let sent = offset - range.start;
  for (const { range: place, text } of replaced) {
    if (place.start >= offset) break;
    const passed = Math.min(offset, place.end) - place.start;
    sent += (place.end <= offset ? text.length : Math.min(passed, text.length)) - passed;
  }
  return sent;
}

/** Of the whole or a part of the file, what is sent. */
export function sentOf(text: string, { start, end }: TextRange, replaced: readonly Replaced[] = []): string {
  let [sent, at] = ['', start];
  for (const { range, text: instead } of replaced) {
    sent += text.slice(at, range.start) + instead;
    at = range.end;
  }
  return sent + text.slice(at, end);
}

/** The place in the file of one character that is sent. */
function fileOffset(offset: number, { range, replaced = [] }: Placed): TextRange {
  let [at, sent] = [range.start, 0];
  for (const { range: place, text } of replaced) {
    const plain = place.start - at;
    if (offset < sent + plain) break;
    if (offset < sent + plain + text.length) return place;
    [at, sent] = [place.end, sent + plain + text.length];
  }
  return { start: at + offset - sent, end: at + offset - sent + 1 };
}
