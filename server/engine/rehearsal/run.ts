/**
 * Runs the statements of a script on a session, one after the other, and tells what each did.
 *
 * A refused statement is undone to its savepoint and the next one is tried, so that a file shows all its errors.
 */
import { shifted } from '../base/text';
import type { Answer, Session } from '../database/session';
import { blamedRange } from '../sql/blame';
import type { Shape, Statement } from '../sql/statement';
import type { Outcome, SkipReason } from './outcome';

/** A statement with what is known of it before it runs. */
export interface Step {
  readonly statement: Statement;
  readonly shape: Shape;
  /** Set when it must not be run. */
  readonly skip: SkipReason | undefined;
}

export interface RunLimits {
  /** Longest time one statement may take, in milliseconds. */
  readonly statementMs: number;
}

/**
 * @param savepoints off: an open transaction ends with its first refusal, as without us; the rest is not tried
 * @returns one outcome per step, in their order; fewer when `savepoints` is off and one was refused
 * @throws {Fault} `connection-lost`
 * @throws whatever reason `signal` was aborted with, between two statements
 */
export async function runSteps(
  session: Session,
  steps: readonly Step[],
  savepoints: boolean,
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    signal.throwIfAborted();
    const outcome = await runStep(session, step, savepoints, limits);
    outcomes.push(outcome);
    if (outcome.kind === 'refused' && session.transaction === 'failed') break;
  }
  return outcomes;
}

const savepoint = 'rehearsal_savepoint';

async function runStep(
  session: Session,
  { statement, shape, skip }: Step,
  savepoints: boolean,
  limits: RunLimits,
): Promise<Outcome> {
  if (skip) return { kind: 'skipped', statement, shape, reason: skip };
  if (session.lost) return { kind: 'skipped', statement, shape, reason: { kind: 'engineEnded' } };
  // Ours would be in the way of a savepoint or a commit of the script's own.
  const guarded = savepoints && session.transaction === 'open' && shape.transaction === undefined;
  if (guarded) await session.run(`savepoint ${savepoint}`);
  const begun = performance.now();
  const answer = await session.run(statement.text, {
    timeoutMs: limits.statementMs,
    ...(statement.copyData === undefined ? {} : { copyData: statement.copyData }),
  });
  const ms = performance.now() - begun;
  if (guarded && !session.lost) await takeBack(session, answer);
  return outcomeOf(answer, statement, shape, ms);
}

async function takeBack(session: Session, answer: Answer): Promise<void> {
  if (answer.kind === 'done') await session.run(`release savepoint ${savepoint}`);
  else await session.run(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`);
}

function outcomeOf(answer: Answer, statement: Statement, shape: Shape, ms: number): Outcome {
  if (answer.kind === 'done') return { kind: 'ran', statement, shape, ms, notices: answer.notices };
  const { refusal } = answer;
  const range = shifted(blamedRange(statement.text, refusal, namesOf(shape)), statement.range.start);
  return { kind: 'refused', statement, shape, refusal, range, ms };
}

/** Every name that the statement speaks of. */
export function namesOf(shape: Shape): ReadonlySet<string> {
  return new Set([...shape.mentions, ...shape.makes.map(({ name }) => name), ...shape.takes.map(({ name }) => name)]);
}
