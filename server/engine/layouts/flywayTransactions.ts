/**
 * Which statements Flyway runs without a transaction, by the words that it begins with.
 *
 * Facts from flyway/flyway 13.0.0: PostgreSQLParser.java, internal/parser/Parser.java (readToken, getNextStatement).
 */
import { tokensOf } from '../sql/tokens';

const patterns = [
  /^(?:CREATE|DROP) (?:DATABASE|TABLESPACE|SUBSCRIPTION)$/,
  /^ALTER SYSTEM$/,
  /^(?:CREATE|DROP)(?: UNIQUE)? INDEX CONCURRENTLY$/,
  /^REINDEX(?: VERBOSE)? (?:SCHEMA|DATABASE|SYSTEM)$/,
  /^VACUUM$/,
  /^DISCARD ALL$/,
];

/** No pattern has more. */
const mostWords = 4;

/** @param sql one statement */
export function isNonTransactional(sql: string): boolean {
  const words = wordsOf(sql);
  return words.some((_, at) => patterns.some((pattern) => pattern.test(words.slice(0, at + 1).join(' '))));
}

/** The first ones outside parentheses. A name with a dot, a digit or quotes is passed over. */
function wordsOf(sql: string): string[] {
  const words: string[] = [];
  let depth = 0;
  const tokens = tokensOf(sql).filter(({ kind }) => kind !== 'comment');
  for (const [at, { kind, text }] of tokens.entries()) {
    if (words.length === mostWords) break;
    if (text === '(') depth++;
    else if (text === ')') depth--;
    else if (depth === 0 && kind === 'word' && /^[\p{L}_]+$/u.test(text) && !isDotted(tokens[at - 1], tokens[at + 1]))
      words.push(text.toUpperCase());
  }
  return words;
}

const isDotted = (...beside: readonly ({ readonly text: string } | undefined)[]): boolean =>
  beside.some((it) => it?.text === '.');
