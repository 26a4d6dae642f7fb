/** Which query has the rows that a statement gives, without doing what the statement does? */
import { type Token, tokensOf } from '../tokens';

/**
 * A SELECT with the columns of a query or of a RETURNING list, to be read without any rows.
 *
 * @returns undefined where reading it would change something, or its columns cannot be told from the text
 */
export function rowsOf(statement: string): string | undefined {
  const tokens = tokensOf(statement).filter(({ kind }) => kind !== 'comment');
  const words = tokens.map(({ kind, text }) => (kind === 'word' ? text.toLowerCase() : text));
  switch (words[0]) {
    case 'select':
    case 'values':
    case 'table':
    case '(':
      return statement;
    case 'with':
      return words.some((word, n) => changes(word, words[n - 1])) ? undefined : statement;
    case 'insert':
      return returned(statement, tokens, words, words.indexOf('into') + 1);
    case 'update':
      return words.includes('from') ? undefined : returned(statement, tokens, words, 1);
    case 'delete':
      return words.includes('using') ? undefined : returned(statement, tokens, words, words.indexOf('from') + 1);
    default:
      return undefined;
  }
}

/** `FOR UPDATE` and `FOR NO KEY UPDATE` lock only. */
const changes = (word: string, before: string | undefined): boolean =>
  word === 'insert' ||
  word === 'delete' ||
  word === 'merge' ||
  (word === 'update' && before !== 'for' && before !== 'key');

/** @param at where the name of the table begins, perhaps behind ONLY */
function returned(
  statement: string,
  tokens: readonly Token[],
  words: readonly string[],
  at: number,
): string | undefined {
  const list = tokens[words.lastIndexOf('returning') + 1];
  if (!words.includes('returning') || !list) return undefined;
  const from = words[at] === 'only' ? at + 1 : at;
  let last = from;
  while (words[last + 1] === '.') last += 2;
  const alias = words[last + 1] === 'as' ? tokens[last + 2] : aliasAt(tokens[last + 1]);
  const name = statement.slice(tokens[from]?.range.start, tokens[last]?.range.end);
  return `select ${statement.slice(list.range.start)} from ${name}${alias ? ` as ${alias.text}` : ''}`;
}

const aliasAt = (token: Token | undefined): Token | undefined =>
  token && (token.kind === 'quotedIdentifier' || (token.kind === 'word' && !follows.has(token.text.toLowerCase())))
    ? token
    : undefined;

/** What comes behind a table in INSERT, UPDATE and DELETE when it is no alias. */
const follows: ReadonlySet<string> = new Set([
  'set',
  'where',
  'returning',
  'values',
  'select',
  'default',
  'overriding',
  'with',
  'table',
]);
