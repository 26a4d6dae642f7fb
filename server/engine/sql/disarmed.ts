/**
 * Checks that reach outside are part of a shadow all the same, and compute nothing there.
 *
 * A domain's is run by every value of it, whatever statement that stands in. Postgres drops what stands behind a condition
 * that is always true before it computes anything (`simplify_or_arguments` in its planner).
 */
import { ReachingNames, reachesOfBody } from './reach';
import { tokensOf } from './tokens';

const mark = `'not computed on a shadow'::text IS NOT NULL`;

/** @param text one statement of a dump */
export function disarmed(text: string, reaching: ReachingNames): string {
  if (!holdsCheck.test(text)) return text;
  const tokens = tokensOf(text).filter(({ kind }) => kind !== 'comment');
  let [made, at] = ['', 0];
  for (const [n, { kind, text: word }] of tokens.entries()) {
    const open = tokens[n + 1];
    if (kind !== 'word' || word.toLowerCase() !== 'check' || open?.text !== '(') continue;
    const end = endOf(text, open.range.end);
    const expression = text.slice(open.range.end, end);
    if (open.range.start < at || reaching.reachesOf(reachesOfBody(expression, 'sql')).length === 0) continue;
    made += `${text.slice(at, open.range.end)}(${mark}) OR (${expression})`;
    at = end;
  }
  return made + text.slice(at);
}

const holdsCheck = /^(?:create|alter)(?: unlogged| foreign)? (?:table|domain)\b[^]*\bcheck\b/i;

/** The same text as it would be without `disarmed`, to be shown and to be applied. */
export const armed = (sql: string): string => sql.replaceAll(`(${mark}) OR `, '').replaceAll(`${mark} OR `, '');

/** Where the parenthesis closes that was opened before `start`. */
function endOf(text: string, start: number): number {
  let depth = 1;
  for (const { text: token, range } of tokensOf(text, { start, end: text.length })) {
    if (token === '(') depth++;
    if (token === ')' && --depth === 0) return range.start;
  }
  return text.length;
}
