/** The tokens of a statement with their ranges, and the names that they spell. */
import { holds, type TextRange } from '../base/text';
import { type LexemeKind, lexemeAt } from './lexer';
import { readString } from './strings';

/** `word` is an unquoted identifier or a keyword: which of the two, only the grammar can tell. */
export type TokenKind = Exclude<LexemeKind, 'space'>;

export interface Token {
  readonly kind: TokenKind;
  readonly range: TextRange;
  /** As written. */
  readonly text: string;
}

/** All tokens in order, comments too. */
export const tokensOf = (sql: string, within?: TextRange): Token[] => [...tokensIn(sql, within)];

/** The same one by one, for texts of any length. */
export function* tokensIn(sql: string, within: TextRange = { start: 0, end: sql.length }): Generator<Token> {
  for (let at = within.start; at < within.end; ) {
    const { kind, start, end } = lexemeAt(sql, at, within.end);
    if (kind !== 'space') yield { kind, range: { start, end }, text: sql.slice(start, end) };
    at = end;
  }
}

/**
 * The token that stands at an offset.
 *
 * @param options.dotted a name such as `app.users.id` is one token, whichever of its parts was meant
 * @returns undefined in white space and behind the last token
 */
export function tokenAt(
  sql: string,
  offset: number,
  options: { readonly dotted?: boolean } = {},
): TextRange | undefined {
  const tokens = tokensOf(sql);
  const index = tokens.findIndex(({ range }) => holds(range, offset));
  const token = tokens[index];
  if (!token || !options.dotted || !(isName(token) || token.text === '.')) return token?.range;
  let [first, last] = [index, index];
  while (continuesName(tokens[first - 1], tokens[first])) first--;
  while (continuesName(tokens[last], tokens[last + 1])) last++;
  return { start: tokens[first]?.range.start ?? token.range.start, end: tokens[last]?.range.end ?? token.range.end };
}

/**
 * An identifier as Postgres knows it: without quotes, else in lower case; cut to 63 bytes.
 *
 * Only ASCII letters are folded, as on a server with UTF-8.
 */
export function foldedName(written: string): string {
  const quoted = /"/.test(written);
  return truncatedName(quoted ? readString(written).text : written.replace(/[A-Z]+/g, (part) => part.toLowerCase()));
}

/** The parts of a dotted name, folded: `App."Users"` is `app` and `Users`. */
export function nameParts(written: string): string[] {
  return tokensOf(written)
    .filter(isName)
    .map(({ text }) => foldedName(text));
}

/** What Postgres keeps of a name that is too long: at most 63 bytes of UTF-8, no half characters. */
export function truncatedName(name: string, bytes = 63): string {
  if (name.length * 3 <= bytes || Buffer.byteLength(name) <= bytes) return name;
  let kept = '';
  let length = 0;
  for (const character of name) {
    length += Buffer.byteLength(character);
    if (length > bytes) break;
    kept += character;
  }
  return kept;
}

export const isName = ({ kind }: Token): boolean => kind === 'word' || kind === 'quotedIdentifier';

/** Whether two tokens in a row are a name and a dot, in either order. */
function continuesName(left: Token | undefined, right: Token | undefined): boolean {
  if (!left || !right) return false;
  return (left.text === '.' && isName(right)) || (isName(left) && right.text === '.');
}
