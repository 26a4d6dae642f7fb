/** Where the directives of a tool stand in a text, as the tool finds them: it knows nothing of SQL around them. */
import type { TextRange } from '../../base/text';
import type { Around, Directive } from './directive';

/** A line without its line break. */
export interface TextLine extends TextRange {
  /** From 0. */
  readonly index: number;
  readonly text: string;
  /** Where the next line begins; the end of the text behind the last one. */
  readonly next: number;
}

export interface Occurrence {
  readonly directive: Directive;
  readonly range: TextRange;
  readonly line: TextLine;
}

/** At least one, which may be empty. */
export function linesIn(text: string): readonly TextLine[] {
  const lines: TextLine[] = [];
  for (let start = 0; ; ) {
    const feed = text.indexOf('\n', start);
    const stop = feed < 0 ? text.length : feed;
    const end = stop > start && text[stop - 1] === '\r' ? stop - 1 : stop;
    const next = feed < 0 ? text.length : feed + 1;
    lines.push({ index: lines.length, start, end, next, text: text.slice(start, end) });
    if (feed < 0) return lines;
    start = next;
  }
}

/** In the order they stand; a directive before its options. */
export const occurrencesIn = (lines: readonly TextLine[], directives: readonly Directive[]): readonly Occurrence[] =>
  lines.flatMap((line) => occurrencesOn(line, directives));

export function occurrencesOn(line: TextLine, directives: readonly Directive[]): readonly Occurrence[] {
  if (!mayHold.test(line.text)) return none;
  const own: Occurrence[] = [];
  for (const directive of directives) if (directive.place.kind !== 'option') find(directive, line, own);
  if (own.length === 0) return none;
  for (const directive of directives) {
    const { place } = directive;
    if (place.kind === 'option' && own.some((it) => place.of.includes(it.directive.name))) find(directive, line, own);
  }
  return own;
}

const none: readonly Occurrence[] = [];

/** A comment or the beginning of a placeholder: most lines hold neither. */
const mayHold = /--|\$\{|:[A-Z]/;

function find(directive: Directive, line: TextLine, found: Occurrence[]): void {
  const { pattern, place } = directive;
  const behind = place.kind === 'option' ? (place.behind.exec(line.text)?.[0].length ?? 0) : 0;
  const matches = pattern.global ? line.text.slice(behind).matchAll(pattern) : [pattern.exec(line.text)];
  for (const match of matches) {
    if (!match) continue;
    const start = line.start + behind + match.index;
    found.push({ directive, line, range: { start, end: start + match[0].length } });
  }
}

/** @param index of the line that is neither above nor below */
export function around(occurrences: readonly Occurrence[], index: number): Around {
  const whole = occurrences.filter(({ directive: { place } }) => place.kind !== 'option' && place.kind !== 'within');
  const names = (of: (line: number) => boolean): string[] =>
    whole.filter(({ line }) => of(line.index)).map(({ directive }) => directive.name);
  return { above: names((it) => it < index), below: names((it) => it > index) };
}
