/** The statements of a text that was edited: what stands before the edit and behind it is not read again. */
import { shifted, type TextRange } from '../base/text';
import { scan, statementsAmong, statementsOf } from './scan';
import type { Statement } from './statement';

/** A text, the part of it that was cut, and what it was cut into. */
export interface Scanned {
  readonly text: string;
  readonly range: TextRange;
  readonly statements: readonly Statement[];
}

/** As `statementsOf(text, range)`. */
export function rescanned(former: Scanned, text: string, range: TextRange): readonly Statement[] {
  const { statements } = former;
  if (former.range.start !== range.start || !isPlain(former) || mayQuoteOtherwise.test(text))
    return statementsOf(text, range);
  const same = commonStart(former.text, text, Math.min(former.range.end, range.end));
  const first = statements.findLastIndex((it) => it.range.start <= same);
  const moved = range.end - former.range.end;
  const behind = range.end - commonEnd(former, text, range, same);
  const starts = new Map(statements.slice(Math.max(0, first)).map((it, i) => [it.range.start, i + Math.max(0, first)]));
  let next = statements.length;
  const begin = first < 0 ? range.start : (statements[first]?.range.start ?? range.start);
  const pieces = scan(text, {
    within: { start: begin, end: range.end },
    until(start) {
      const known = start >= behind ? starts.get(start - moved) : undefined;
      if (known !== undefined) next = known;
      return known !== undefined;
    },
  });
  const between = statementsAmong(pieces);
  if (!between.every(isSql)) return statementsOf(text, range);
  const rest = statements.slice(next);
  return [
    ...statements.slice(0, Math.max(0, first)),
    ...between,
    ...(moved === 0 ? rest : rest.map((it) => ({ ...it, range: shifted(it.range, moved) }))),
  ];
}

/** Rows and lines for psql change how what follows is read. */
const isSql = ({ kind }: Statement): boolean => kind === 'sql';

const isPlain = ({ text, statements }: Scanned): boolean => statements.every(isSql) && !mayQuoteOtherwise.test(text);

const mayQuoteOtherwise = /standard_conforming_strings/i;

function commonStart(former: string, text: string, limit: number): number {
  let at = 0;
  while (at < limit && former.charCodeAt(at) === text.charCodeAt(at)) at++;
  return at;
}

/** How many characters at the end of the range are the same; none of them among the first `same`. */
function commonEnd(former: Scanned, text: string, range: TextRange, same: number): number {
  const most = Math.min(former.range.end, range.end) - same;
  let length = 0;
  while (
    length < most &&
    former.text.charCodeAt(former.range.end - 1 - length) === text.charCodeAt(range.end - 1 - length)
  )
    length++;
  return length;
}
