/** Variables that psql puts into what it sends: `:name`, `:'name'`, `:"name"`. */
import { tokensOf } from './tokens';

/**
 * Where the first one stands; undefined when there is none. In brackets `:name` is the end of a slice.
 *
 * @param sql one statement
 */
export function psqlVariableAt(sql: string): number | undefined {
  if (!sql.includes(':')) return undefined;
  const tokens = tokensOf(sql);
  let depth = 0;
  for (const [i, { text, range }] of tokens.entries()) {
    if (text === '[') depth++;
    else if (text === ']') depth--;
    const next = tokens[i + 1];
    if (text !== ':' || !next || next.range.start !== range.end || sql[range.start - 1] === ':') continue;
    if (/^'|^"/.test(next.text) || (next.kind === 'word' && depth === 0)) return range.start;
  }
  return undefined;
}
