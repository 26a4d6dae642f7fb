/** From a place in what is sent to the place in the file, and back; they differ where a tool has replaced something. */
import { firstBehind } from '../base/sorted';
import type { TextRange } from '../base/text';
import type { Replaced, Statement } from './statement';

type Placed = Pick<Statement, 'range' | 'replaced'>;

/**
 * Of something within a statement, a replaced place stands for all that was put there.
 *
 * @param range in the statement's text
 */
export const inFile = (range: TextRange, statement: Placed): TextRange => placesOf(statement)(range);

/** As inFile, for many ranges of one statement. */
export function placesOf({ range: { start: first }, replaced = [] }: Placed): (range: TextRange) => TextRange {
  let gained = -first;
  const stretches = replaced.map(({ range: place, text }) => {
    const start = place.start + gained;
    gained += text.length - (place.end - place.start);
    return { place, start, end: start + text.length };
  });
  /** The place in the file of one character that is sent. */
  const placeOf = (offset: number): TextRange => {
    const before = stretches[firstBehind(stretches, ({ start }) => start > offset) - 1];
    if (before && offset < before.end) return before.place;
    const at = before ? before.place.end + offset - before.end : first + offset;
    return { start: at, end: at + 1 };
  };
  return (range) => {
    const { start } = placeOf(range.start);
    return { start, end: range.end > range.start ? placeOf(range.end - 1).end : start };
  };
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
