/** Variables that psql puts into what it sends: `:name`, `:'name'`, `:"name"`, `:{?name}`. */
import { lexemeAt } from './lexer';
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

/**
 * The same text for psql, which then sees no variable in it: whoever runs it may have set one of any name. `\:` is a
 * colon to psql (rule `"\\"[;:]` in its psqlscan.l).
 */
export function withoutVariables(sql: string): string {
  if (!sql.includes(':')) return sql;
  // What is in a string may depend on standard_conforming_strings; a backslash there would be data.
  const certain = new Set(colonsIn(sql, false));
  let [text, at] = ['', 0];
  for (const colon of colonsIn(sql, true)) {
    if (!certain.has(colon) || !/[\w\u0080-\uffff'"{]/.test(sql.charAt(colon + 1))) continue;
    text += `${sql.slice(at, colon)}\\`;
    at = colon;
  }
  return text + sql.slice(at);
}

/** Those that stand for themselves. */
function* colonsIn(sql: string, conforming: boolean): Generator<number> {
  for (let at = 0; at < sql.length; ) {
    const { start, end } = lexemeAt(sql, at, sql.length, conforming);
    if (end === start + 1 && sql.charAt(start) === ':') yield start;
    at = end;
  }
}
