/** A statement as somebody would write it by hand: quoted evenly, on lines of its own where it is long, without a semicolon. */
import { tokensOf } from '../sql/tokens';
import { evenlyQuoted, type Keywords } from './evenQuotes';

/** @param sql as pg-delta or pg_dump has it */
export function wellWritten(sql: string, keywords: Keywords): string {
  const text = evenlyQuoted(sql.trim().replace(/;$/, ''), keywords);
  if (/^CREATE (?:UNLOGGED )?TABLE (?:(?! PARTITION OF )[^(])*\((?!\))/.test(text)) return onLines(text);
  return text.replace(/^(CREATE (?:MATERIALIZED )?VIEW (?:"(?:[^"]|"")*"|[^"])+? AS) {2}/, '$1\n ');
}

/** Each column and constraint of a new table on a line, as pg_dump writes them. */
function onLines(sql: string): string {
  let [made, at, depth] = ['', 0, 0];
  const breakAt = (end: number, indent: string): void => {
    made += `${sql.slice(at, end).trimStart()}\n${indent}`;
    at = end;
  };
  for (const { text, range } of tokensOf(sql)) {
    if (text === '(' && ++depth === 1) breakAt(range.end, '    ');
    else if (text === ',' && depth === 1) breakAt(range.end, '    ');
    else if (text === ')' && --depth === 0) {
      breakAt(range.start, '');
      break;
    }
  }
  return made + sql.slice(at);
}
