/** The statements of a script, cut as its tool sends them. */
import { firstBehind } from '../base/sorted';
import { shifted, type TextRange } from '../base/text';
import { lexemeAt } from '../sql/lexer';
import { placesOf, sentOf } from '../sql/places';
import { scan, statementsAmong, statementsOf } from '../sql/scan';
import type { Replaced, Statement } from '../sql/statement';
import type { Piece, Script } from './layout';

type Stretch = Pick<Script, 'range' | 'pieces'>;

/** Statements that go to Postgres together. */
export type Message = readonly Statement[];

interface Cut {
  readonly text: string;
  readonly statements: readonly Statement[];
  /** Undefined where the tool does not cut the script itself. */
  readonly messages: readonly Message[] | undefined;
}

/** Several ask about each script of a long history. */
const known = new WeakMap<Stretch, Cut>();

/** @param text the whole file; ranges are those of it */
export const statementsIn = (text: string, script: Stretch): readonly Statement[] => cutOf(text, script).statements;

/** The messages that the tool cuts a script into; undefined where it leaves that to others. */
export const messagesIn = (text: string, script: Stretch): readonly Message[] | undefined =>
  cutOf(text, script).messages;

function cutOf(text: string, script: Stretch): Cut {
  const former = known.get(script);
  if (former?.text === text) return former;
  const { range, pieces } = script;
  const messages = pieces?.map((piece) => messageOf(text, piece)).filter((it) => it.length > 0);
  const cut = { text, statements: messages?.flat() ?? statementsOf(text, range), messages };
  known.set(script, cut);
  return cut;
}

/** All that Postgres finds something in, torn or not. */
function messageOf(text: string, piece: Piece): Message {
  const { start, replaced } = piece;
  if (!replaced) return found(text, piece);
  const sent = sentOf(text, piece, replaced);
  const inFile = placesOf({ range: piece, replaced });
  const stretches = stretchesOf(start, replaced);
  return found(sent, { start: 0, end: sent.length }).map((it) => {
    const own = replacedWithin(it.range, stretches);
    return { ...it, range: inFile(it.range), ...(own.length > 0 ? { replaced: own } : {}) };
  });
}

function found(sql: string, within: TextRange): Statement[] {
  const pieces = scan(sql, { within, reader: 'server' });
  const statements = statementsAmong(pieces);
  const last = pieces.at(-1);
  const open = last?.kind === 'blank' ? openComment(sql, last.range) : undefined;
  if (!open) return statements;
  // Without a semicolon before it, it is part of the last statement.
  const before = pieces.at(-2);
  const goesOn = before?.kind === 'statement' && before.range.end === before.statement.range.end;
  const range = { start: goesOn ? before.range.start : open.start, end: open.end };
  const whole: Statement = { text: sql.slice(range.start, range.end), range, kind: 'sql' };
  return [...(goesOn ? statements.slice(0, -1) : statements), whole];
}

/** A block comment that does not end: Postgres refuses it. */
function openComment(sql: string, { start, end }: TextRange): TextRange | undefined {
  for (let at = start; at < end; ) {
    const { end: next } = lexemeAt(sql, at, end);
    const lexeme = sql.slice(at, next);
    if (lexeme.startsWith('/*') && !lexeme.endsWith('*/')) return { start: at, end: at + lexeme.trimEnd().length };
    at = next;
  }
  return undefined;
}

interface SentPlace extends Replaced {
  /** In the message as it is sent. */
  readonly sent: TextRange;
}

/** @param start of the message in the file */
function stretchesOf(start: number, replaced: readonly Replaced[]): readonly SentPlace[] {
  let gained = -start;
  return replaced.map(({ range, text }) => {
    const sent = shifted({ start: range.start, end: range.start + text.length }, gained);
    gained += text.length - (range.end - range.start);
    return { range, text, sent };
  });
}

/**
 * Those of a statement, of one at its edge the part that belongs to it.
 *
 * @param within in the message as it is sent
 */
function replacedWithin(within: TextRange, stretches: readonly SentPlace[]): Replaced[] {
  const first = firstBehind(stretches, ({ sent }) => sent.end >= within.start);
  const behind = firstBehind(stretches, ({ sent }) => sent.start >= within.end);
  return stretches.slice(first, behind).flatMap(({ range, text, sent }) => {
    if (sent.end === within.start && text.length > 0) return [];
    if (sent.start < within.start && text.length === 0) return [];
    return [{ range, text: text.slice(Math.max(0, within.start - sent.start), within.end - sent.start) }];
  });
}
