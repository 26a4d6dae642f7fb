/** What is worth a mark about bodies: warnings, because Postgres takes the statement, and refuses when a body is called. */
import type { TextRange } from '../../base/text';
import type { Refusal } from '../../database/session';
import type { Finding } from '../../project';
import { blamedRange } from '../../sql/blame';
import { inFile } from '../../sql/places';
import { bodiesIn } from '../../sql/plpgsql/bodyText';
import type { Statement } from '../../sql/statement';
import { headOf } from '../../sql/head';
import type { PlacedOutcome } from '../outcome';
import type { BodyProblem, BrokenRoutine } from './problem';

const wrongBody = { severity: 'warning', code: 'body-refused' } as const;
const breaksRoutine = { severity: 'warning', code: 'breaks-function' } as const;

/** Of the findings that are made here, which only a second look makes. */
export const bodyCodes: ReadonlySet<string> = new Set([wrongBody.code, breaksRoutine.code]);

/** @param problem with its range in the file */
export const bodyFinding = ({ range, refusal }: BodyProblem): Finding => ({
  ...wrongBody,
  range,
  sqlState: refusal.sqlState,
  message: refusal.message,
  ...said(refusal),
});

/**
 * Whether a body may miss only what a statement would have made that did not run: refused, or not rehearsed here. Then
 * that is to be mended, not the body. What an extension brings is not known, nor what a statement makes that is no SQL.
 *
 * @param earlier outcomes of all statements up to the state that the body was checked in
 */
export function missesUnmade({ refusal: { message } }: BodyProblem, earlier: readonly PlacedOutcome[]): boolean {
  const words = new Set(message.split(/[^\p{L}\p{N}_$]+/u));
  return earlier.some(
    ({ kind, shape }) =>
      kind !== 'ran' &&
      (shape.node === 'unreadable' || shape.makes.some((it) => it.kind === 'extension' || words.has(it.name))),
  );
}

/**
 * @param statement the one that breaks the routine
 * @param earlier outcomes before it, of earlier scripts too, oldest first: one of them may have made the routine
 */
export function breakFinding(
  statement: Statement,
  { signature, body, problem: { range, refusal } }: BrokenRoutine,
  earlier: readonly PlacedOutcome[],
): Finding {
  const definition = earlier.findLast(
    ({ kind, shape, statement: { text } }) =>
      kind === 'ran' && shape.node === 'CreateFunctionStmt' && bodiesIn(text).some((it) => it.text === body),
  );
  const related = definition && [
    { path: definition.path, range: inBody(definition.statement, body, range), message: `${signature} needs it here.` },
  ];
  return {
    ...breaksRoutine,
    range: breaking(statement, refusal),
    sqlState: refusal.sqlState,
    message: `This breaks ${signature}: ${refusal.message}`,
    ...said(refusal),
    ...(related ? { related } : {}),
  };
}

const said = ({ detail, hint }: Refusal): Pick<Finding, 'detail' | 'hint'> => ({
  ...(detail === undefined ? {} : { detail }),
  ...(hint === undefined ? {} : { hint }),
});

function inBody(statement: Statement, body: string, range: TextRange): TextRange {
  const written = bodiesIn(statement.text).find((it) => it.text === body);
  if (!written) return statement.range;
  return inFile({ start: written.offsetOf(range.start), end: written.offsetOf(range.end) }, statement);
}

/** The name that the body misses, where the statement spells it. */
function breaking(statement: Statement, { sqlState, message }: Refusal): TextRange {
  const { start, end } = blamedRange(statement.text, { sqlState, message });
  if (end - start === statement.text.length) return headOf(statement);
  return inFile({ start, end }, statement);
}
