/**
 * Statements that goose tears apart: a line within a body, a string or a comment ends with a semicolon.
 *
 * Each part would be refused by Postgres, with words that hide the reason. So they are put together again, and what
 * goose does is told.
 */
import { lexemeAt } from '../sql/lexer';
import { scan } from '../sql/scan';
import { gooseProblems } from './gooseProblems';
import type { GooseMessage } from './gooseReader';
import type { FileProblem } from './layout';

export interface Mended {
  readonly messages: readonly GooseMessage[];
  readonly problems: readonly FileProblem[];
}

export function mended(messages: readonly GooseMessage[]): Mended {
  const whole: GooseMessage[] = [];
  const problems: FileProblem[] = [];
  // A quote that nothing closes is for Postgres to tell of; it is looked for once.
  let unclosed = false;
  let behind = 0;
  let frame = 0;
  for (const [i, message] of messages.entries()) {
    if (i < behind) continue;
    const isWhole = message.framed || unclosed || !isTorn(sentText(message));
    // A frame is no part of what stands before it.
    while (frame < messages.length && (frame <= i || messages[frame]?.framed !== true)) frame++;
    const count: number = isWhole ? 1 : partsOf(messages, i, frame);
    unclosed ||= count === 0;
    const parts = messages.slice(i, i + Math.max(1, count));
    whole.push({ lines: parts.flatMap(({ lines }) => lines), framed: message.framed });
    const cut = message.lines.at(-1);
    const [start, end] = [parts[0]?.lines[0]?.range.start, parts.at(-1)?.lines.at(-1)?.range.end];
    if (count > 1 && cut && start !== undefined && end !== undefined)
      problems.push(gooseProblems.torn(cut.range, { start, end }));
    behind = i + parts.length;
  }
  return { messages: whole, problems };
}

const sentText = ({ lines }: GooseMessage): string => lines.map(({ text }) => text).join('\n');

/** Stands behind the text: whoever is still open takes it in. */
const sentinel = '\nx';

function isTorn(sql: string): boolean {
  const text = `${sql}${sentinel}`;
  let [last, before] = ['', ''];
  for (let at = 0; at < text.length; ) {
    const { kind, end } = lexemeAt(text, at, text.length);
    if (kind !== 'space' && kind !== 'comment') [before, last] = [last, text.slice(at, end)];
    if (kind === 'comment' && end === text.length) return true;
    at = end;
  }
  if (last !== 'x') return true;
  // BEGIN ATOMIC and the actions of a rule hold semicolons, too.
  if (before !== ';') return false;
  const end = scan(text, { reader: 'server' }).at(-1);
  return end?.kind === 'statement' && end.statement.text !== 'x';
}

/** How many messages from the first one to the end hold its last statement; 0 when it does not end in them. */
function partsOf(messages: readonly GooseMessage[], first: number, end: number): number {
  // As a rule it ends soon, and the rest is long.
  for (let count = few; ; count *= few) {
    const parts = partsAmong(messages.slice(first, Math.min(end, first + count)));
    if (parts > 0 || first + count >= end) return parts;
  }
}

const few = 8;

function partsAmong(messages: readonly GooseMessage[]): number {
  const ends: number[] = [];
  let text = '';
  for (const message of messages) {
    text += `${sentText(message)}\n`;
    ends.push(text.length);
  }
  const [own = 0] = ends;
  const pieces = scan(text, { reader: 'server', until: (start) => start >= own });
  const end = pieces.findLast(({ kind }) => kind === 'statement')?.range.end ?? 0;
  return isTorn(text.slice(0, end)) ? 0 : ends.findIndex((it) => it >= end) + 1;
}
