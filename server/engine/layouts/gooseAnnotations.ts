/**
 * goose's annotations: which lines are some, and what they say.
 *
 * Facts from pressly/goose v3.27.3, internal/sqlparser/parser.go. White space is Unicode's there, and a line ends at LF
 * with the CR before it.
 */
import type { TextRange } from '../base/text';

export type Annotation =
  | 'Up'
  | 'Down'
  | 'StatementBegin'
  | 'StatementEnd'
  | 'NO TRANSACTION'
  | 'ENVSUB ON'
  | 'ENVSUB OFF';

export interface Line {
  /** Without the line break. */
  readonly range: TextRange;
  readonly text: string;
  /** Without white space around it. */
  readonly trimmed: string;
}

export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start);
    const next = feed < 0 ? text.length : feed;
    const end = text[next - 1] === '\r' && next > start ? next - 1 : next;
    const line = text.slice(start, end);
    lines.push({ range: { start, end }, text: line, trimmed: trimmed(line) });
    start = next + 1;
  }
  return lines;
}

/** A comment line that speaks of goose, as an annotation or as one that goose cannot read. */
export const isAnnotation = ({ text, trimmed }: Line): boolean => trimmed.startsWith('--') && text.includes('+goose');

/** True when goose would see an up section in it. */
export const hasUp = (text: string): boolean => linesOf(text).some((it) => isAnnotation(it) && read(it) === 'Up');

export type Unreadable = 'indented' | 'several' | 'empty' | 'unknown';

/** @param line an annotation */
export function read({ text }: Line): Annotation | Unreadable {
  if (/^[ \t]/.test(text)) return 'indented';
  const rest = text.replaceAll('--', '').replace('+goose', '');
  if (rest.includes('+goose')) return 'several';
  const words = trimmed(rest);
  if (words === '') return 'empty';
  return annotations.find((it) => new RegExp(`^${it}$`, 'iu').test(words)) ?? 'unknown';
}

const annotations = [
  'Up',
  'Down',
  'StatementBegin',
  'StatementEnd',
  'NO TRANSACTION',
  'ENVSUB ON',
  'ENVSUB OFF',
] as const satisfies readonly Annotation[];

export const isUnreadable = (it: Annotation | Unreadable): it is Unreadable =>
  it === 'indented' || it === 'several' || it === 'empty' || it === 'unknown';

/** Whether goose ends a statement behind this line: its last word before a comment ends with a semicolon. */
export function endsStatement(line: string): boolean {
  let last = '';
  for (const word of line.split(spaces)) {
    if (word.startsWith('--')) break;
    if (word !== '') last = word;
  }
  return last.endsWith(';');
}

/** Go's unicode.IsSpace; JavaScript's `\s` has the byte order mark and lacks U+0085. */
const space = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const spaces = new RegExp(`${space}+`);
const leading = new RegExp(`^${space}+`);
const blank = new RegExp(space);

export const trimmed = (text: string): string => trimmedAtEnd(text.replace(leading, ''));

/** An expression for it would begin anew at each blank of a long run. */
export function trimmedAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && blank.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
