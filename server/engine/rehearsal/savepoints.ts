/**
 * Where savepoints change what Postgres says, the answer is the one without (ENGINES.md 2: enum values that are added
 * and used, COPY … FREEZE, SET TRANSACTION).
 */
import type { Session } from '../database/session';
import type { Outcome } from './outcome';
import { type Running, runSteps, type Step } from './run';

/** 55P04: a new enum value is used; 25001: SET TRANSACTION, or pg_export_snapshot, in a subtransaction; COPY … FREEZE. */
export function dependsOnSavepoints(outcome: Outcome): boolean {
  if (outcome.kind !== 'refused') return false;
  const { shape, statement, refusal } = outcome;
  switch (refusal.sqlState) {
    case '55P04':
      return true;
    case '25001':
      return !shape.outsideTransaction;
    case '55000':
    case '0A000':
      return /\bfreeze\b/i.test(statement.text);
    default:
      return false;
  }
}

/**
 * The same statements in one plain transaction, which is left idle. It ends with its first refusal; then it is tried
 * again without the statement that was refused, until all that is left runs.
 *
 * @param known their outcomes with savepoints; a refusal that does not depend on those is believed
 */
export async function withoutSavepoints(
  session: Session,
  steps: readonly Step[],
  known: readonly Outcome[],
  running: Running,
): Promise<Outcome[]> {
  const outcomes = [...known];
  const left = new Set(steps.keys());
  for (const [i, outcome] of known.entries())
    if (outcome.kind === 'refused' && !dependsOnSavepoints(outcome)) left.delete(i);
  for (;;) {
    const indices = [...left];
    await session.run('begin');
    const tried = await runSteps(session, chosen(steps, indices), 'none', running);
    if (session.lost) return outcomes;
    await session.run('rollback');
    for (const [n, outcome] of tried.entries()) outcomes[indices[n] ?? n] = outcome;
    const refused = tried.at(-1);
    if (refused?.kind !== 'refused') return outcomes;
    left.delete(indices[tried.length - 1] ?? -1);
  }
}

const chosen = (steps: readonly Step[], indices: readonly number[]): Step[] =>
  indices.map((i) => steps[i]).filter((it) => it !== undefined);
