/** What a statement did where it stood when it ran, told of the same statement where it stands now. */
import type { TextRange } from '../base/text';
import { movedOffset } from '../sql/normalForm';
import type { Outcome } from './outcome';
import type { Step } from './run';
import type { Known, Seen, Verdict } from './state';

/** @param step of the same normal form as the one that is known */
export function placed({ outcome, rowsStart }: Known, step: Step): Outcome {
  const { statement, shape } = step;
  const was = outcome.statement;
  if (outcome.kind !== 'refused') return { ...outcome, statement, shape };
  if (was === statement) return outcome;
  const place = (offset: number): number => {
    if (rowsStart !== undefined && step.rowsStart !== undefined && offset >= rowsStart)
      return offset - rowsStart + step.rowsStart;
    return movedOffset(offset - was.range.start, was.text, statement.text) + statement.range.start;
  };
  return { ...outcome, statement, shape, range: movedRange(outcome.range, place) };
}

/** What a look at the statement itself has shown. */
export type Noted = Partial<Pick<Seen, 'facts' | 'observation'>>;

/** @param verdict of a statement of the same normal form */
export function judged(outcome: Outcome, { facts, observation }: Noted, verdict: Verdict | undefined): Outcome {
  if (outcome.kind === 'refused') return facts ? { ...outcome, facts } : outcome;
  if (outcome.kind !== 'ran' || !(facts || observation || verdict)) return outcome;
  const { text, range } = outcome.statement;
  const place = (offset: number): number => movedOffset(offset, verdict?.text ?? text, text) + range.start;
  const bodies = (verdict?.bodies ?? []).map((it) => ({ ...it, range: movedRange(it.range, place) }));
  return { ...outcome, facts, observation, bodies, breaks: verdict?.breaks ?? [] };
}

/** The end stays with the last character, wherever the next token has gone. */
const movedRange = ({ start, end }: TextRange, place: (offset: number) => number): TextRange => ({
  start: place(start),
  end: end > start ? place(end - 1) + 1 : place(end),
});
