/**
 * A statement as a line of lower-case words, for telling by its first words what it is.
 *
 * Works on every text, so that it also serves statements that the parser cannot read and code in function bodies.
 */
import { isStringToken, readString } from './strings';
import { foldedName, type Token } from './tokens';

export interface Words {
  /** Tokens separated by single blanks: words in lower case, quoted names in quotes, strings as `'…'` (see `said`). */
  readonly all: string;
  /** The same without what stands in parentheses. */
  readonly flat: string;
}

/** What comes later does not tell what a statement is; but it may come behind a parenthesis of any length. */
const mostCharacters = 1000;

/** @param tokens of one statement; comments are left out */
export function wordsOf(tokens: Iterable<Token>): Words {
  const all: string[] = [];
  const flat: string[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (flat.length >= mostCharacters) break;
    if (token.kind === 'comment') continue;
    const word = wordOf(token);
    if (word === ')') depth = Math.max(0, depth - 1);
    if (all.length < mostCharacters) all.push(word);
    if (depth === 0 && word !== '(' && word !== ')') flat.push(word);
    if (word === '(') depth++;
  }
  return { all: all.join(' '), flat: flat.join(' ') };
}

function wordOf({ kind, text }: Token): string {
  if (kind === 'quotedIdentifier') return `"${foldedName(text).replace(/\s/g, '_')}"`;
  if (isStringToken(kind)) return said(text);
  return text.toLowerCase();
}

/** Only a string that is one word is shown; what stands in others must not be taken for words of the statement. */
function said(token: string): string {
  if (token.length > 100) return `''`;
  const { text } = readString(token);
  return /^\w*$/.test(text) ? `'${text.toLowerCase()}'` : `''`;
}
