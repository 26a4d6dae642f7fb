/** What a statement did where it stood when it ran, told of the same statement where it stands now. */
import { shifted, type TextRange } from '../base/text';
import { movedOffset } from '../sql/normalForm';
import { inFile, inText } from '../sql/places';
import type { Statement } from '../sql/statement';
import type { Outcome } from './outcome';
import type { Step } from './run';
import type { Known, Seen, Verdict } from './state';

/** @param step of the same normal form as the one that is known */
export function placed({ outcome, rowsStart }: Known, step: Step): Outcome {
  const { statement, shape } = step;
  const was = outcome.statement;
  if (outcome.kind !== 'refused') return { ...outcome, statement, shape };
  if (was === statement) return outcome;
  const { range } = outcome;
  if (rowsStart !== undefined && step.rowsStart !== undefined && range.start >= rowsStart)
    return { ...outcome, statement, shape, range: shifted(range, step.rowsStart - rowsStart) };
  const before = { start: inText(range.start, was), end: inText(range.end, was) };
  return { ...outcome, statement, shape, range: inFile(movedRange(before, was.text, statement.text), statement) };
}

/** What a look at the statement itself has shown. */
export type Noted = Partial<Pick<Seen, 'facts' | 'observation'>>;

/** @param verdict of a statement of the same normal form */
export function judged(outcome: Outcome, { facts, observation }: Noted, verdict: Verdict | undefined): Outcome {
  if (outcome.kind === 'refused') return facts ? { ...outcome, facts } : outcome;
  if (outcome.kind === 'skipped' && verdict) return { ...outcome, bodies: bodiesOf(outcome.statement, verdict) };
  if (outcome.kind !== 'ran' || !(facts || observation || verdict)) return outcome;
  const bodies = verdict ? bodiesOf(outcome.statement, verdict) : [];
  return { ...outcome, facts, observation, bodies, breaks: verdict?.breaks ?? [] };
}

const bodiesOf = (statement: Statement, verdict: Verdict) =>
  verdict.bodies.map((it) => ({
    ...it,
    range: inFile(movedRange(it.range, verdict.text, statement.text), statement),
  }));

/** The end stays with the last character, wherever the next token has gone. */
function movedRange({ start, end }: TextRange, from: string, to: string): TextRange {
  const place = (offset: number): number => movedOffset(offset, from, to);
  return { start: place(start), end: end > start ? place(end - 1) + 1 : place(end) };
}
