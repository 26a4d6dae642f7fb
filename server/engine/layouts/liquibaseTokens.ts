/**
 * How Liquibase cuts SQL into statements: by words and symbols, without knowing `$$`.
 *
 * Facts from liquibase/liquibase (2026-08): util/grammar/SimpleSqlGrammar.jj, util/StringUtil.java
 * (processMultiLineSQL, isDelimiter, mergeTokens).
 */
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
  const found: TextRange[] = [];
  let open: TextRange | undefined;
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    depth += depthOf(tokens, at, depth);
    if (depth === 0 && split && isDelimiter(token.text, tokens[at - 1]?.text, delimiter)) {
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

function isDelimiter(piece: string, before: string | undefined, delimiter: string | undefined): boolean {
  const isLineStart = before === undefined || before.endsWith('\n');
  const lower = piece.toLowerCase();
  if (delimiter === undefined) return piece === ';' || ((lower === 'go' || piece === '/') && isLineStart);
  if (delimiter === '/' && !isLineStart) return false;
  if (lower === delimiter.toLowerCase()) return true;
  return delimiter.length > 1 && isPattern(delimiter)?.test(`${before ?? 'null'}${piece}`.toLowerCase()) === true;
}

/** Longer delimiters are regular expressions to Liquibase. */
function isPattern(delimiter: string): RegExp | undefined {
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
  for (let start = 0; start < sql.length; ) {
    let [end, kind]: [number, Token['kind']] = [start + 1, 'other'];
    for (const [pattern, of] of patterns) {
      pattern.lastIndex = start;
      const length = pattern.exec(sql)?.[0].length ?? 0;
      // The longest counts; of equal ones the first.
      if (start + length > end || (start + length === end && of !== 'other')) [end, kind] = [start + length, of];
    }
    tokens.push({ start, end, text: sql.slice(start, end), kind });
    start = end;
  }
  return tokens;
}

const word = '[\\p{L}$_@#][\\p{L}\\p{N}$_@#]*';
const quoted = '(?:"[^\\n\\r"]+"|`[^\\n\\r`]+`|\\[[^0-9,\\]][^\\n\\r\\]]*\\])';
const string = `(?:'(?:''|\\\\[^]|[^\\\\'])*(?:'|\\\\')|"(?:""|\\\\[^]|[^\\\\"])*(?:"|\\\\"))`;

const patterns: readonly (readonly [RegExp, Token['kind']])[] = [
  [/[ \t\n\r\u0085\u00a0\u1680\u180e\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+/y, 'blank'],
  [/--[^\r\n]*/y, 'comment'],
  [/\/\*[^*]*\*(?:\*|[^*/][^*]*\*)*\//y, 'comment'],
  [/\d*\.?\d+(?:e[+-]?\d+)?/iy, 'other'],
  [new RegExp(`(?:${word}|${quoted})(?:[\\r\\n ]*\\.[\\r\\n ]*(?:${word}|${quoted}))*`, 'uy'), 'other'],
  [new RegExp(`(?:rb|_utf8|[uenrb])?${string}`, 'iy'), 'other'],
];
