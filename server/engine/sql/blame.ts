/**
 * Which words of a statement are to blame? Turns what Postgres says about a refusal into an exact range.
 *
 * Where Postgres gives a position, that token is it, also inside function bodies and DO blocks. Most refusals of DDL
 * have none; then it is the first name of the message that the statement spells. Nothing here depends on the
 * language of the messages. Position fields: Postgres documentation, "Error and Notice Message Fields".
 */
import { offsetOfCharacter, shifted, type TextRange } from '../base/text';
import { isStringToken, readString } from './strings';
import { foldedName, nameParts, type Token, tokenAt, tokensOf } from './tokens';

/** The fields of a refusal that say where it hurts. */
export interface Blame {
  readonly sqlState: string;
  readonly message: string;
  readonly detail?: string;
  readonly character?: number;
  readonly internalCharacter?: number;
  readonly internalQuery?: string;
  readonly where?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly table?: string;
}

/**
 * @param sql the text that was sent, one statement
 * @param names names that the statement speaks of, folded; for messages that quote none (`cannot drop table users …`)
 * @returns range in `sql`; all of it when nothing more exact can be said
 */
export function blamedRange(sql: string, blame: Blame, names: ReadonlySet<string> = new Set()): TextRange {
  return (
    atPosition(sql, blame) ??
    inBody(sql, blame) ??
    (isAboutValue(blame) ? atValue(sql, blame) : undefined) ??
    atNewColumn(sql, blame) ??
    atName(sql, namesToBlame(blame, names)) ??
    atValue(sql, blame) ?? { start: 0, end: sql.length }
  );
}

function atPosition(sql: string, { character, sqlState, message }: Blame): TextRange | undefined {
  if (character === undefined) return undefined;
  const offset = offsetOfCharacter(sql, character);
  const range = tokenOrLast(sql, offset, sqlState !== syntaxError);
  if (sqlState !== missingColumn || !range) return range;
  // Of a key it gives the word PRIMARY, UNIQUE, FOREIGN…: the column stands behind that.
  const quoted = quotedIn(message);
  if (quoted.includes(nameParts(sql.slice(range.start, range.end)).at(-1) ?? '')) return range;
  const column = atName(sql.slice(range.end), quoted);
  return column ? shifted(column, range.end) : range;
}

const syntaxError = '42601';
const missingColumn = '42703';

const noValue = '23502';

/** A column that is dropped and added under the same name: rows have no value in the new one. */
function atNewColumn(sql: string, { sqlState, column }: Blame): TextRange | undefined {
  if (sqlState !== noValue || column === undefined) return undefined;
  const tokens = tokensOf(sql).filter(({ kind }) => kind !== 'comment');
  const isAfter = (at: number, ...words: readonly string[]): boolean =>
    words.every((word, i) => tokens[at - words.length + i]?.text.toLowerCase() === word);
  const found = tokens.find(
    ({ kind, text }, at) =>
      (kind === 'word' || kind === 'quotedIdentifier') &&
      foldedName(text) === column &&
      (isAfter(at, 'add') || isAfter(at, 'add', 'column') || isAfter(at, 'add', 'column', 'if', 'not', 'exists')),
  );
  return found?.range;
}

/** Class 22, data exceptions (Postgres documentation, appendix A). */
const isAboutValue = ({ sqlState }: Blame): boolean => sqlState.startsWith('22');

/** A string of the statement that is quoted: `invalid input syntax for type integer: "x"`, `Token "x" is invalid.` */
function atValue(sql: string, { message, detail = '' }: Blame): TextRange | undefined {
  const quoted = [...quotedIn(message), ...quotedIn(detail)];
  if (quoted.length === 0) return undefined;
  return tokensOf(sql).find(({ kind, text }) => kind === 'string' && quoted.includes(readString(text).text))?.range;
}

/** The token there; inside a string the token of the code that the string holds; at the end of input the last one. */
function tokenOrLast(sql: string, offset: number, dotted: boolean): TextRange | undefined {
  const range = tokenAt(sql, offset, { dotted });
  if (!range) return lastToken(sql);
  const text = sql.slice(range.start, range.end);
  if (offset === range.start || !isStringToken(tokensOf(text)[0]?.kind ?? '')) return range;
  const value = readString(text);
  const inner = tokenOrLast(value.text, indexAt(value, offset - range.start), dotted);
  return inner && outside(inner, value, range.start);
}

function lastToken(sql: string): TextRange | undefined {
  return tokensOf(sql).findLast(({ kind }) => kind !== 'comment')?.range;
}

type StringValue = ReturnType<typeof readString>;

/** The index in the value whose character is written at that offset of the token. */
function indexAt(value: StringValue, offset: number): number {
  let [low, high] = [0, value.text.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value.offsetOf(middle) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

const outside = (range: TextRange, value: StringValue, tokenStart: number): TextRange => ({
  start: tokenStart + value.offsetOf(range.start),
  end: tokenStart + value.offsetOf(range.end),
});

/** What a DO block or a function body ran when it was refused: the SQL that Postgres quotes, else the line it names. */
function inBody(sql: string, blame: Blame): TextRange | undefined {
  return isDoBlock(sql) ? rangeInBody(sql, blame) : foundInBody(sql, (body) => queryIn(body, blame));
}

/**
 * Where in the body of a function it was refused.
 *
 * @param definition the statement that made the function
 * @param blame its `where` is the one level of the call stack that is about this function
 */
export function rangeInBody(definition: string, blame: Blame): TextRange | undefined {
  const line = lineNamed(blame.where);
  return foundInBody(definition, (body) => queryIn(body, blame) ?? (line ? lineOf(body, line) : undefined));
}

function foundInBody(sql: string, find: (body: string) => TextRange | undefined): TextRange | undefined {
  for (const token of bodiesOf(sql)) {
    const value = readString(token.text);
    const inner = find(value.text);
    if (inner) return outside(inner, value, token.range.start);
  }
  return undefined;
}

const bodiesOf = (sql: string): Token[] =>
  tokensOf(sql)
    .filter(({ kind, text }) => isStringToken(kind) && text.length > 8)
    .sort((a, b) => b.text.length - a.text.length);

const isDoBlock = (sql: string): boolean =>
  tokensOf(sql.slice(0, 200))
    .find(({ kind }) => kind !== 'comment')
    ?.text.toLowerCase() === 'do';

/** PL/pgSQL's context says `… line 5 at SQL statement` in whatever language; innermost first, lines from 1. */
function lineNamed(where: string | undefined): number | undefined {
  const number = /inline_code_block\D*(\d+)/.exec(where ?? '')?.[1] ?? /\)\D*?(\d+)/.exec(where ?? '')?.[1];
  return number === undefined ? undefined : Number(number);
}

function queryIn(body: string, blame: Blame): TextRange | undefined {
  const { internalQuery, internalCharacter, sqlState } = blame;
  const line = lineNamed(blame.where);
  if (internalQuery === undefined) return undefined;
  const from = line === undefined ? 0 : (lineOf(body, line)?.start ?? 0);
  const found = [body.indexOf(internalQuery, from), body.indexOf(internalQuery)].find((it) => it >= 0);
  if (found === undefined) return lineWithWord(body, from, internalQuery, internalCharacter);
  if (internalCharacter === undefined) return { start: found, end: found + internalQuery.length };
  const range = tokenOrLast(
    internalQuery,
    offsetOfCharacter(internalQuery, internalCharacter),
    sqlState !== syntaxError,
  );
  return range && shifted(range, found);
}

/** PL/pgSQL takes `INTO target` out of what it runs, so the query may not stand in the body as it is: look for the word. */
function lineWithWord(body: string, from: number, query: string, character: number | undefined): TextRange | undefined {
  if (character === undefined) return undefined;
  const range = tokenAt(query, offsetOfCharacter(query, character), { dotted: true });
  if (!range) return undefined;
  const word = query.slice(range.start, range.end);
  return tokensOf(body).find((token) => token.range.start >= from && body.startsWith(word, token.range.start))
    ? firstFrom(body, word, from)
    : undefined;
}

function firstFrom(body: string, word: string, from: number): TextRange | undefined {
  const token = tokensOf(body).find(({ range }) => range.start >= from && body.startsWith(word, range.start));
  return token && { start: token.range.start, end: token.range.start + word.length };
}

function lineOf(body: string, line: number): TextRange | undefined {
  const lines = body.split('\n');
  const text = lines[line - 1];
  if (text === undefined || text.trim() === '') return undefined;
  const start =
    lines.slice(0, line - 1).reduce((sum, it) => sum + it.length + 1, 0) + (text.length - text.trimStart().length);
  return { start, end: start + text.trim().length };
}

/** A name in the statement, dotted or not, with each way it can be meant. */
function atName(sql: string, wanted: readonly string[]): TextRange | undefined {
  const written = namesIn(sql);
  for (const name of wanted) {
    const whole = written.find(({ parts }) => parts.join('.') === name || parts.at(-1) === name);
    if (whole) return whole.range;
    const part = written.map((it) => partOf(it, name)).find((it) => it !== undefined);
    if (part) return part;
  }
  return undefined;
}

/** One part of a dotted name, or its first parts: `app.users` in `app.users.email`. */
function partOf({ parts, pieces }: WrittenName, name: string): TextRange | undefined {
  const last = parts.findIndex((part, i) => part === name || parts.slice(0, i + 1).join('.') === name);
  const [first, end] = [parts[last] === name ? pieces[last] : pieces[0], pieces[last]];
  return first && end && { start: first.range.start, end: end.range.end };
}

interface WrittenName {
  readonly range: TextRange;
  readonly parts: readonly string[];
  readonly pieces: readonly Token[];
}

function namesIn(sql: string): WrittenName[] {
  const tokens = tokensOf(sql).filter(({ kind }) => kind !== 'comment');
  const names: WrittenName[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const pieces: Token[] = [];
    for (
      let token = tokens[i];
      token && (token.kind === 'word' || token.kind === 'quotedIdentifier');
      token = tokens[i]
    ) {
      pieces.push(token);
      if (tokens[i + 1]?.text !== '.') break;
      i += 2;
    }
    const [first, last] = [pieces[0], pieces.at(-1)];
    if (first && last)
      names.push({
        range: { start: first.range.start, end: last.range.end },
        parts: pieces.map(({ text }) => foldedName(text)),
        pieces,
      });
  }
  return names;
}

/** In the order in which they are likely to be meant. Messages about dependents do not quote the object that is to go. */
function namesToBlame(blame: Blame, names: ReadonlySet<string>): string[] {
  const quoted = [...quotedIn(blame.message).map(extensionNamed), ...fieldsOf(blame), ...quotedIn(blame.detail ?? '')];
  const spoken = wordsOf(blame.message).flatMap((word) => {
    const last = word.slice(word.lastIndexOf('.') + 1);
    return names.has(last) ? [word, last] : [];
  });
  return blame.sqlState === dependentObjects ? [...spoken, ...quoted] : [...quoted, ...spoken];
}

const dependentObjects = '2BP01';

/** Before 15 all that is said of an extension that is not there is the path of its control file. */
const extensionNamed = (quoted: string): string => /([^/\\]+)\.control$/.exec(quoted)?.[1] ?? quoted;

/** Names as the server's messages quote them, in any of its languages. */
export const quotedIn = (message: string): string[] =>
  [...message.matchAll(/["«„“]([^"»“”]+)["»“”]/g)].map(([, name = '']) => name.trim());

const fieldsOf = ({ column, constraint, table }: Blame): string[] =>
  [column, constraint, table].filter((it) => it !== undefined);

/** A dotted name is one word. */
const wordsOf = (message: string): string[] =>
  [...message.matchAll(/[\p{L}\p{N}_$]+(?:\.[\p{L}\p{N}_$]+)*/gu)].map(([word]) => word);
