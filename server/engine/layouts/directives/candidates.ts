/** Which directives may stand where somebody is writing: those that are not there yet and are against nothing. */
import type { TextRange } from '../../base/text';
import { lexemeAt } from '../../sql/lexer';
import type { Directive } from './directive';
import { mayStandOn } from './placing';
import { around, linesIn, type Occurrence, occurrencesIn, occurrencesOn, type TextLine } from './reading';

export interface Candidate {
  readonly directive: Directive;
  /** What is typed of it so far, to be replaced. */
  readonly typed: TextRange;
  /** Whether all that its snippet holds is still missing. */
  readonly whole: boolean;
}

/** @param text without a byte order mark */
export function candidatesAt(directives: readonly Directive[], text: string, offset: number): readonly Candidate[] {
  const lines = linesIn(text);
  const line = lines.findLast(({ start }) => start <= offset);
  if (!line || offset > line.end) return [];
  const found = [
    ...placeholders(directives, line, offset),
    ...options(directives, line, offset),
    ...lineDirectives(directives, lines, line, offset),
  ];
  return found.length === 0 || isInBody(text, line.start, offset) ? [] : found;
}

function placeholders(directives: readonly Directive[], line: TextLine, offset: number): readonly Candidate[] {
  const [typed] = /(?:\$\{[\w:]*|(?<![:\w]):[A-Z_]*)$/i.exec(before(line, offset)) ?? [];
  if (typed === undefined) return [];
  const range = { start: offset - typed.length, end: offset };
  return directives
    .filter(({ place, text }) => place.kind === 'within' && text.toLowerCase().startsWith(typed.toLowerCase()))
    .map((directive) => ({ directive, typed: range, whole: true }));
}

function options(directives: readonly Directive[], line: TextLine, offset: number): readonly Candidate[] {
  const [typed = ''] = /(?<=\s)\S*$/.exec(before(line, offset)) ?? [];
  const names = occurrencesOn(line, directives).map(({ directive }) => directive.name);
  return directives.flatMap((directive) => {
    const { place, name, text } = directive;
    if (place.kind !== 'option' || names.includes(name) || !names.some((it) => place.of.includes(it))) return [];
    const owner = place.behind.exec(line.text)?.[0].length ?? line.text.length;
    const start = offset - typed.length;
    if (start <= line.start + owner || !begins(text, typed)) return [];
    return [{ directive, typed: { start, end: offset }, whole: true }];
  });
}

function lineDirectives(
  directives: readonly Directive[],
  lines: readonly TextLine[],
  line: TextLine,
  offset: number,
): readonly Candidate[] {
  const typed = typedOf(line, offset);
  if (!typed) return [];
  const elsewhere = occurrencesIn(lines, directives).filter((it) => it.line.index !== line.index);
  const neighbours = around(elsewhere, line.index);
  return directives.flatMap((directive) => {
    const { place, text } = directive;
    if (typed.isBehind ? place.kind !== 'behind' : place.kind === 'within' || place.kind === 'option') return [];
    if (!isBegun(text, typed.text) || !isNew(directive, elsewhere)) return [];
    const reachable = mayStandOn(directive, lines, line.index) || (place.kind === 'header' && isInHeader(lines, line));
    if (!reachable || directive.fits?.(neighbours) === false) return [];
    const range = { start: typed.isBehind ? offset - typed.text.length : line.start, end: offset };
    return [{ directive, typed: range, whole: isWhole(directive, directives, neighbours.below) }];
  });
}

interface Typed {
  readonly text: string;
  /** There is SQL before it. */
  readonly isBehind: boolean;
}

/** Undefined where no directive of a line of its own, or behind SQL, is being written. */
function typedOf(line: TextLine, offset: number): Typed | undefined {
  if (line.text.slice(offset - line.start).trim() !== '') return undefined;
  const start = before(line, offset);
  const text = start.trimStart();
  if (/^(?:$|-|[a-z+][\w:+-]{2,}$)/i.test(text)) return { text, isBehind: false };
  const [dashes] = /--[^-]*$/.exec(start) ?? /(?<=;\s*)--?$/.exec(start) ?? [];
  return dashes === undefined ? undefined : { text: dashes, isBehind: true };
}

/** Only letters and digits are measured: `--goose no` begins `-- +goose NO TRANSACTION`. */
const begins = (text: string, typed: string): boolean => lettersOf(text).startsWith(lettersOf(typed));

/** Also by the word behind the tool's name; nothing is left to complete of what stands there already. */
function isBegun(text: string, typed: string): boolean {
  if (typed.trimEnd() === text) return false;
  const rest = text.replace(/^\W*\w+\W*/, '');
  return begins(text, typed) || (/^--.*\w\w/.test(typed) && begins(rest, typed));
}

const lettersOf = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

const isNew = ({ name, single }: Directive, elsewhere: readonly Occurrence[]): boolean =>
  !single || elsewhere.every(({ directive }) => directive.name !== name);

/** The comments at the top may still be without the empty line behind them, which the snippet brings. */
const isInHeader = (lines: readonly TextLine[], { index }: TextLine): boolean =>
  lines.slice(0, index).every(({ text }) => /^(?:--|#)/.test(text));

/** A pair is completed by half where the other half is there. */
function isWhole(
  { name, snippet = '' }: Directive,
  directives: readonly Directive[],
  below: readonly string[],
): boolean {
  const [next] = below;
  const names = occurrencesIn(linesIn(snippet), directives).map(({ directive }) => directive.name);
  return next === undefined || next === name || !names.includes(next);
}

/** Within a function's body, a string or another comment nothing is offered. */
function isInBody(text: string, lineStart: number, offset: number): boolean {
  for (let at = 0; at < lineStart; ) {
    const { kind, end } = lexemeAt(text, at, text.length);
    if (kind !== 'space' && end > offset) return true;
    at = end;
  }
  return false;
}

const before = ({ start, text }: TextLine, offset: number): string => text.slice(0, offset - start);
