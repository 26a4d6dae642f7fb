/** Does what we say of a mutant agree with what Postgres says? */
import type { TextRange } from '../../../server/engine/base/text';
import type { FileCheck, Finding } from '../../../server/engine/project';
import { tokenAt } from '../../../server/engine/sql/tokens';
import type { Verdict } from './truth';

export interface Comparison {
  readonly refused: boolean;
  /** An error anywhere in the script. */
  readonly detected: boolean;
  /** An error on the statement that Postgres refuses. */
  readonly onStatement: boolean;
  /** That error marks the words that are wrong and no more; undefined when no words are more to blame than others. */
  readonly exact: boolean | undefined;
  /** Errors where Postgres has none, for a script that it accepts. */
  readonly falseAlarms: readonly Finding[];
  /** Errors on other statements of a script that it refuses; without the mistake they would run. */
  readonly elsewhere: readonly Finding[];
}

/**
 * @param text of the mutant
 * @param within where its scripts stand in the file
 * @param wrong the words that were made wrong
 */
export function compare(
  text: string,
  within: readonly TextRange[],
  wrong: TextRange | undefined,
  verdict: Verdict,
  check: FileCheck,
): Comparison {
  const errors = check.findings.filter(
    ({ severity, range }) => severity === 'error' && within.some((it) => isIn(range, it)),
  );
  if (verdict.kind === 'accepted')
    return {
      refused: false,
      detected: false,
      onStatement: false,
      exact: undefined,
      falseAlarms: errors,
      elsewhere: [],
    };
  const { statement, refusal } = verdict;
  const here = errors.filter(({ range }) => !statement || isIn(range, statement.range));
  // What cannot be read is wrong where Postgres stops reading.
  const known = refusal.sqlState !== '42601' && statement && wrong && isIn(wrong, statement.range);
  const blamed = known ? wrong : placed(text, refusal.character);
  return {
    refused: true,
    detected: errors.length > 0,
    onStatement: here.length > 0,
    exact: blamed && here.some(({ range }) => isExact(text, range, blamed)),
    falseAlarms: [],
    elsewhere: errors.filter((it) => !here.includes(it)),
  };
}

const isIn = (inner: TextRange, outer: TextRange): boolean => outer.start <= inner.start && inner.end <= outer.end;

/** Where Postgres points to; a semicolon says that something is missing before it. */
function placed(text: string, offset: number | undefined): TextRange | undefined {
  if (offset === undefined) return undefined;
  const at = /^\s*(?:;|$)/.test(text.slice(offset)) ? Math.max(0, text.slice(0, offset).trimEnd().length - 1) : offset;
  const token = tokenAt(text, at);
  return token && (token.start === at || at !== offset) ? token : { start: at, end: at + 1 };
}

/** A dotted name counts as one word: which of its parts is missing cannot always be said. */
function isExact(text: string, range: TextRange, { start, end }: TextRange): boolean {
  const left = /[\w."$]*$/.exec(text.slice(0, start))?.[0].length ?? 0;
  const right = /^[\w."$]*/.exec(text.slice(end))?.[0].length ?? 0;
  return isIn(range, { start: start - left, end: end + right }) && range.start <= end && start <= range.end;
}
