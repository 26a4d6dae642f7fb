/**
 * How Liquibase cuts SQL into statements: by words and symbols, without knowing `$$`.
 *
 * Facts from liquibase/liquibase (2026-08): util/grammar/SimpleSqlGrammar.jj, util/StringUtil.java
 * (processMultiLineSQL, isDelimiter, mergeTokens).
 */
import { type Finder, finderIn } from '../base/sorted';
import type { TextRange } from '../base/text';

export interface Splitting {
  readonly split: boolean;
  /** Undefined for `;`, and for `go` or `/` at the start of a line. */
  readonly delimiter: string | undefined;
}

interface Token extends TextRange {
  readonly text: string;
  readonly kind: 'blank' | 'comment' | 'other';
}

/** Comments as Liquibase sees them, in order. */
export const commentsIn = (sql: string): readonly TextRange[] => tokensIn(sql).filter(({ kind }) => kind === 'comment');

/** What goes to the database together; never empty, without blanks around. */
export function statementsByLiquibase(sql: string, { split, delimiter }: Splitting): TextRange[] {
  const tokens = merged(tokensIn(sql), delimiter);
  const isDelimiter = delimiterTest(delimiter);
  const found: TextRange[] = [];
  let open: TextRange | undefined;
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    depth += depthOf(tokens, at, depth);
    if (depth === 0 && split && isDelimiter(token.text, tokens[at - 1]?.text)) {
      if (open) found.push(open);
      open = undefined;
    } else if (token.kind !== 'blank') open = { start: open?.start ?? token.start, end: token.end };
  }
  return open ? [...found, open] : found;
}

/** Within BEGIN and END nothing is cut; that of a transaction is no such BEGIN. */
function depthOf(tokens: readonly Token[], at: number, depth: number): number {
  const word = tokens[at]?.text.toLowerCase();
  if (word !== 'begin' && word !== 'end') return 0;
  const next =
    tokens
      .slice(at + 1, at + 8)
      .find(({ kind }) => kind !== 'blank')
      ?.text.toLowerCase() ?? '';
  if (['transaction', 'trans', 'tran'].includes(next)) return 0;
  if (word === 'end') return depth > 0 ? -1 : 0;
  return ['dialog', 'conversation', 'distributed'].includes(next) ? 0 : 1;
}

/** @returns whether a piece is one, of which what stands before it may be a part */
function delimiterTest(delimiter: string | undefined): (piece: string, before: string | undefined) => boolean {
  const pattern = delimiter === undefined || delimiter.length < 2 ? undefined : patternOf(delimiter);
  return (piece, before) => {
    const isLineStart = before === undefined || before.endsWith('\n');
    const lower = piece.toLowerCase();
    if (delimiter === undefined) return piece === ';' || ((lower === 'go' || piece === '/') && isLineStart);
    if (delimiter === '/' && !isLineStart) return false;
    if (lower === delimiter.toLowerCase()) return true;
    return pattern?.test(`${before ?? 'null'}${piece}`.toLowerCase()) === true;
  };
}

/** Longer delimiters are regular expressions to Liquibase. */
function patternOf(delimiter: string): RegExp | undefined {
  try {
    return new RegExp(`^[\\s\n\r]*${delimiter.toLowerCase()}$`);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Tokens that make a longer delimiter together are one. */
function merged(tokens: readonly Token[], delimiter: string | undefined): readonly Token[] {
  if (delimiter === undefined || delimiter.length < 2) return tokens;
  const found: Token[] = [];
  let waiting: Token[] = [];
  for (const token of tokens) {
    const text = [...waiting, token].map((it) => it.text).join('');
    if (delimiter === text && waiting.length > 0) {
      found.push({ text, kind: 'other', start: waiting[0]?.start ?? token.start, end: token.end });
      waiting = [];
    } else if (delimiter.startsWith(text)) waiting.push(token);
    else {
      found.push(...waiting, token);
      waiting = [];
    }
  }
  return [...found, ...waiting];
}

function tokensIn(sql: string): Token[] {
  const tokens: Token[] = [];
  const next = finderIn(sql);
  for (let start = 0; start < sql.length; ) {
    let [end, kind]: [number, Token['kind']] = [start + 1, 'other'];
    for (const [endOf, of] of rules) {
      const found = endOf(sql, start, next);
      // The longest counts; of equal ones the first.
      if (found > end || (found === end && of !== 'other')) [end, kind] = [found, of];
    }
    tokens.push({ start, end, text: sql.slice(start, end), kind });
    start = end;
  }
  return tokens;
}

/** Where what begins at an offset ends; the offset itself when it does not begin there. */
type Rule = (sql: string, at: number, next: Finder) => number;

const matching =
  (pattern: RegExp): Rule =>
  (sql, at) => {
    pattern.lastIndex = at;
    return pattern.test(sql) ? pattern.lastIndex : at;
  };

const word = matching(/[\p{L}$_@#][\p{L}\p{N}$_@#]*/uy);
const dot = matching(/[\r\n ]*\.[\r\n ]*/y);
const text = `(?:'(?:''|\\\\[^]|[^\\\\'])*(?:'|\\\\')|"(?:""|\\\\[^]|[^\\\\"])*(?:"|\\\\"))`;

const comment: Rule = (sql, at, next) => {
  const end = sql.startsWith('/*', at) ? next('*/', at + 2) : Infinity;
  return end === Infinity ? at : end + 2;
};

/** Names with dots between are one. */
const dotted: Rule = (sql, at, next) => {
  let end = at;
  for (let part = at; ; ) {
    const partEnd = Math.max(word(sql, part, next), quoted(sql, part, next));
    if (partEnd === part) return end;
    end = partEnd;
    part = dot(sql, end, next);
    if (part === end) return end;
  }
};

/** A name in `""`, ` `` ` or `[]`; it ends on its line. */
const quoted: Rule = (sql, at, next) => {
  const closing = closings[sql.charAt(at)];
  if (closing === undefined) return at;
  const isBracket = closing === ']';
  const first = sql.charAt(at + 1);
  if (isBracket ? /^[0-9,\]]?$/.test(first) : first === closing) return at;
  // Behind a bracket the first sign may be a line's end.
  const from = at + (isBracket ? 2 : 1);
  const end = next(closing, from);
  return end < Math.min(next('\n', from), next('\r', from)) ? end + 1 : at;
};

const closings: Readonly<Record<string, string>> = { '"': '"', '`': '`', '[': ']' };

const rules: readonly (readonly [Rule, Token['kind']])[] = [
  [matching(/[ \t\n\r\u0085\u00a0\u1680\u180e\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+/y), 'blank'],
  [matching(/--[^\r\n]*/y), 'comment'],
  [comment, 'comment'],
  [matching(/\d*\.?\d+(?:e[+-]?\d+)?/iy), 'other'],
  [dotted, 'other'],
  [matching(new RegExp(`(?:rb|_utf8|[uenrb])?${text}`, 'iy')), 'other'],
];
