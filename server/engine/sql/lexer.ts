/**
 * Cuts SQL into lexemes as Postgres's own lexer does (`src/backend/parser/scan.l`), one at a time.
 *
 * Never fails: what is open (a quote, a comment) runs to the limit, what is no SQL is one character of punctuation.
 * Each function looks at a character a bounded number of times, so that the whole text takes linear time.
 */

/** `word` is an unquoted identifier or a keyword; `punctuation` also holds whatever belongs nowhere else. */
export type LexemeKind =
  | 'space'
  | 'comment'
  | 'word'
  | 'quotedIdentifier'
  | 'string'
  | 'dollarString'
  | 'number'
  | 'param'
  | 'operator'
  | 'punctuation';

export interface Lexeme {
  readonly kind: LexemeKind;
  readonly start: number;
  readonly end: number;
}

/**
 * The lexeme that begins at an offset. A string with its continuations on later lines is one lexeme.
 *
 * @param limit end of the text to look at; must be beyond `at`
 * @param conforming `standard_conforming_strings`: when off, a backslash escapes in plain strings too
 */
export function lexemeAt(sql: string, at: number, limit: number, conforming = true): Lexeme {
  const lexeme = (kind: LexemeKind, end: number): Lexeme => ({ kind, start: at, end: Math.min(end, limit) });
  const first = sql.charCodeAt(at);
  switch (classOf(first, at)) {
    case SPACE:
      return lexeme('space', endOfSpace(sql, at, limit));
    case WORD: {
      const quote = openingQuote(sql, at, first);
      if (quote < 0 || quote >= limit) return lexeme('word', endOfWord(sql, at, limit));
      if (sql.charCodeAt(quote) === DOUBLE_QUOTE) return lexeme('quotedIdentifier', endOfIdentifier(sql, quote, limit));
      return lexeme('string', endOfString(sql, quote, limit, backslashEscapes(first, conforming)));
    }
    case DIGIT:
      return lexeme('number', endOfMatch(NUMBER, sql, at));
    case QUOTE:
      if (first === DOUBLE_QUOTE) return lexeme('quotedIdentifier', endOfIdentifier(sql, at, limit));
      return lexeme('string', endOfString(sql, at, limit, !conforming));
    case DOLLAR: {
      const opening = endOfMatch(DOLLAR_TAG, sql, at);
      if (opening > at && opening <= limit) return lexeme('dollarString', endOfDollarString(sql, at, opening, limit));
      const param = endOfMatch(PARAM, sql, at);
      return param > at ? lexeme('param', param) : lexeme('punctuation', at + 1);
    }
    case OPERATOR: {
      if (sql.startsWith('--', at)) return lexeme('comment', endOfLine(sql, at, limit));
      if (sql.startsWith('/*', at)) return lexeme('comment', endOfBlockComment(sql, at, limit));
      return lexeme('operator', endOfOperator(sql, at, limit));
    }
    default: {
      const number = first === DOT ? endOfMatch(NUMBER, sql, at) : at;
      if (number > at) return lexeme('number', number);
      return lexeme('punctuation', at + (opensPair(sql, at, first) ? 2 : 1));
    }
  }
}

/** Where the line ends that holds `at`, before its line feed or carriage return. */
export function endOfLine(sql: string, at: number, limit: number): number {
  while (at < limit && sql.charCodeAt(at) !== LINE_FEED && sql.charCodeAt(at) !== CARRIAGE_RETURN) at++;
  return at;
}

/** Steps over white space and comments. */
export function skipBlank(sql: string, at: number, limit: number): number {
  while (at < limit) {
    const { kind, end } = lexemeAt(sql, at, limit);
    if (kind !== 'space' && kind !== 'comment') break;
    at = end;
  }
  return at;
}

/**
 * Where a string goes on after its closing quote: white space with a line break, line comments, another quote.
 *
 * @returns offset of the next opening quote; -1 when the string is over
 */
export function continuation(sql: string, at: number, limit: number): number {
  let broken = false;
  while (at < limit) {
    const code = sql.charCodeAt(at);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) broken = true;
    if (classes[code] === SPACE) at++;
    else if (sql.startsWith('--', at)) at = endOfLine(sql, at, limit);
    else return broken && code === SINGLE_QUOTE ? at : -1;
  }
  return -1;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const DOUBLE_QUOTE = 34;
const AMPERSAND = 38;
const SINGLE_QUOTE = 39;
const DOT = 46;
const COLON = 58;
const EQUALS = 61;
const UPPER_U = 85;
const BACKSLASH = 92;
const LOWER_U = 117;
const BYTE_ORDER_MARK = 0xfeff;

const OTHER = 0;
const SPACE = 1;
const WORD = 2;
const DIGIT = 3;
const QUOTE = 4;
const DOLLAR = 5;
const OPERATOR = 6;

const NUMBER =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const PARAM = /\$\d+/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const classes = new Uint8Array(128);
for (const [kind, characters] of [
  [SPACE, ' \t\n\r\f\v'],
  [WORD, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_'],
  [DIGIT, '0123456789'],
  [QUOTE, `'"`],
  [DOLLAR, '$'],
  [OPERATOR, '~!@#^&|`?+-*/%<>='],
] as const) {
  for (const character of characters) classes[character.charCodeAt(0)] = kind;
}

/** Whatever is not ASCII is a letter to Postgres, be it a space in Unicode. */
function classOf(code: number, at: number): number {
  if (code < 128) return classes[code] ?? OTHER;
  return code === BYTE_ORDER_MARK && at === 0 ? SPACE : WORD;
}

function endOfSpace(sql: string, at: number, limit: number): number {
  do at++;
  while (at < limit && classOf(sql.charCodeAt(at), at) === SPACE);
  return at;
}

function endOfWord(sql: string, at: number, limit: number): number {
  for (at++; at < limit; at++) {
    const code = sql.charCodeAt(at);
    const kind = code < 128 ? classes[code] : WORD;
    if (kind !== WORD && kind !== DIGIT && kind !== DOLLAR) break;
  }
  return at;
}

/** Offset of the quote in E'', B'', X'', N'', U&'' and U&""; -1 when a plain word begins here. */
function openingQuote(sql: string, at: number, first: number): number {
  const second = sql.charCodeAt(at + 1);
  if (second === SINGLE_QUOTE) return 'eEbBxXnN'.includes(String.fromCharCode(first)) ? at + 1 : -1;
  if (second !== AMPERSAND || (first !== UPPER_U && first !== LOWER_U)) return -1;
  const third = sql.charCodeAt(at + 2);
  return third === SINGLE_QUOTE || third === DOUBLE_QUOTE ? at + 2 : -1;
}

function backslashEscapes(prefix: number, conforming: boolean): boolean {
  switch (String.fromCharCode(prefix).toLowerCase()) {
    case 'e':
      return true;
    case 'n':
      return !conforming;
    default:
      return false;
  }
}

/** @param at the opening quote */
function endOfString(sql: string, at: number, limit: number, backslash: boolean): number {
  for (;;) {
    const end = backslash ? endOfEscaped(sql, at, limit) : endOfQuoted(sql, at, limit, "'");
    const next = end < limit ? continuation(sql, end, limit) : -1;
    if (next < 0) return end;
    at = next;
  }
}

function endOfEscaped(sql: string, at: number, limit: number): number {
  for (at++; at < limit; at++) {
    const code = sql.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === SINGLE_QUOTE && sql.charCodeAt(++at) !== SINGLE_QUOTE) return at;
  }
  return limit;
}

const endOfIdentifier = (sql: string, at: number, limit: number): number => endOfQuoted(sql, at, limit, '"');

function endOfQuoted(sql: string, at: number, limit: number, quote: string): number {
  for (;;) {
    at = sql.indexOf(quote, at + 1);
    if (at < 0 || at >= limit) return limit;
    if (sql[++at] !== quote) return at;
  }
}

function endOfDollarString(sql: string, at: number, opening: number, limit: number): number {
  const tag = sql.slice(at, opening);
  const closing = sql.indexOf(tag, opening);
  return closing < 0 ? limit : closing + tag.length;
}

function endOfBlockComment(sql: string, at: number, limit: number): number {
  let depth = 1;
  const edge = /\/\*|\*\//g;
  edge.lastIndex = at + 2;
  while (depth > 0) {
    const found = edge.exec(sql);
    if (!found || edge.lastIndex > limit) return limit;
    depth += found[0] === '/*' ? 1 : -1;
  }
  return edge.lastIndex;
}

/** Postgres refuses longer ones; without a bound, a long run of signs would be looked at again for each of them. */
const MAX_OPERATOR = 63;

/** A comment ends an operator; a final sign belongs to what follows unless the operator could be no standard one. */
function endOfOperator(sql: string, start: number, limit: number): number {
  const longest = Math.min(limit, start + MAX_OPERATOR);
  let end = start + 1;
  while (
    end < longest &&
    classes[sql.charCodeAt(end)] === OPERATOR &&
    !sql.startsWith('--', end) &&
    !sql.startsWith('/*', end)
  ) {
    end++;
  }
  if (end === longest || end === start + 1 || /[~!@#^&|`?%]/.test(sql.slice(start, end))) return end;
  while (end > start + 1 && '+-'.includes(sql[end - 1] ?? ' ')) end--;
  return end;
}

/** `::`, `:=` and `..` */
function opensPair(sql: string, at: number, first: number): boolean {
  if (first !== COLON && first !== DOT) return false;
  const second = sql.charCodeAt(at + 1);
  return second === first || (first === COLON && second === EQUALS);
}

function endOfMatch(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}
