/**
 * Rehearsal: what would this script do if its tool ran it now?
 *
 * A script that its tool runs in a transaction is run in one here, with savepoints, and rolled back. A script that
 * commits on its way is really run on a copy.
 */
import type { Session } from '../database/session';
import type { Shadow } from '../shadow/place';
import { commitAll, refusedAtEnd, type Rehearsal } from './commit';
import type { Outcome } from './outcome';
import { type Running, runSteps, type Step, throwIfTrouble } from './run';
import { dependsOnSavepoints, withoutSavepoints } from './savepoints';
import { keepingSequences, type SequenceMemo } from './sequences';

export interface Rehearsed {
  readonly up: readonly Outcome[];
  /** Undefined when the session had ended before it could be tried. */
  readonly after: readonly Outcome[] | undefined;
}

/**
 * Rehearses the scripts of a migration and takes everything back.
 *
 * @param up one script as a rule; some tools allow several in a file, each run by itself
 * @param after what comes behind, on the state they leave: the down scripts
 * @param memo belongs to the state that the shadow is in
 * @throws {Fault} `connection-lost`, `no-right`, `disk-full`
 * @throws the reason of the signal; the shadow is as it was then, too
 */
export async function rehearse(
  shadow: Shadow,
  up: readonly Rehearsal[],
  after: readonly Rehearsal[],
  memo: SequenceMemo,
  running: Running,
): Promise<Rehearsed> {
  const [first, second] = [up[0], after[0]];
  const simple = first && up.length === 1 && after.length <= 1 && !commits(first) && !(second && commits(second));
  if (simple && !(second && changesLaterSessions(shadow, first))) {
    const rehearsed = await takenBack(shadow, first, second, memo, running);
    if (shadow.session.lost || !(needsCopy(first, rehearsed.up) || rehearsed.after?.some(isRefused))) return rehearsed;
  }
  return shadow.withCopy(async (copy) => ({
    up: await commitAll(shadow, copy, up, running),
    after: await commitAll(shadow, copy, after, running),
  }));
}

/**
 * Really runs the scripts on the shadow, so that the next migration finds what they left. What is refused is left out.
 *
 * @param after rehearsed on the state behind them, and taken back
 * @throws the reason of the signal, with the shadow in no known state
 */
export async function advance(
  shadow: Shadow,
  up: readonly Rehearsal[],
  after: readonly Rehearsal[],
  running: Running,
): Promise<Rehearsed> {
  const outcomes = await commitAll(shadow, shadow.session, up, running);
  if (after.length === 0) return { up: outcomes, after: [] };
  if (shadow.session.lost) return { up: outcomes, after: undefined };
  const down = await rehearse(shadow, after, [], {}, running);
  return { up: outcomes, after: down.up };
}

/**
 * Whether it can be run in a transaction together with others: it has no say in where that begins and ends, and what
 * comes behind it finds nothing in its own session that a new connection would have otherwise.
 */
export const isPlain = (rehearsal: Rehearsal): boolean =>
  !commits(rehearsal) &&
  !setsForLater(rehearsal) &&
  rehearsal.steps.every(({ shape }) => shape.transaction === undefined);

/** Whether it commits on its way, or has to run outside a transaction, or does something else there than in one. */
function commits({ mode, steps }: Rehearsal): boolean {
  if (steps.some(({ shape }) => ['begin', 'commit', 'rollback'].includes(shape.transaction ?? ''))) return true;
  if (mode === 'implicit' && steps.some(({ shape }) => shape.node === 'TransactionStmt')) return true;
  return runsAlone({ mode, steps }) && steps.some((it) => it.shape.outsideTransaction || dependsOnTransaction(it));
}

/** Whether the down script, which comes over another connection, finds other settings. */
const changesLaterSessions = ({ session }: Shadow, script: Rehearsal): boolean =>
  session.server.engine === 'server' && setsForLater(script);

const setsForLater = ({ steps }: Rehearsal): boolean =>
  steps.some(({ shape, skip }) => skip === undefined && shape.node === 'AlterDatabaseSetStmt');

/** Whether the tool commits every statement by itself. */
export const runsAlone = ({ mode, steps }: Rehearsal): boolean =>
  mode === 'statements' || (mode === 'implicit' && steps.length === 1);

/** Refused outside of a transaction (25P01), or without effect there, or gone with its end. */
const dependsOnTransaction = ({ statement: { text }, shape: { node } }: Step): boolean =>
  ['LockStmt', 'DeclareCursorStmt', 'TransactionStmt', 'ConstraintsSetStmt'].includes(node) ||
  /^set\s+(?:local|transaction)\b|\bon\s+commit\s+(?:drop|delete)\b/i.test(text);

/** A refusal in one transaction says nothing about a script that its tool commits statement by statement. */
const needsCopy = (script: Rehearsal, outcomes: readonly Outcome[]): boolean =>
  runsAlone(script) && outcomes.some(isRefused);

/**
 * Whether a statement that was refused in a transaction with savepoints may run as its tool runs it. What the grammar
 * refuses, what names objects that are not there, and what breaks the rules of the data, is refused everywhere
 * (SQLSTATE classes 42, 3F, 21 to 23, P0; Postgres documentation, appendix A).
 */
export const isDoubtful = (script: Rehearsal, outcome: Outcome): boolean =>
  outcome.kind === 'refused' &&
  (dependsOnSavepoints(outcome) ||
    (runsAlone(script) && !/^(?:42|3F|21|22|23|2BP01|P0)/.test(outcome.refusal.sqlState)));

const isRefused = ({ kind }: Outcome): boolean => kind === 'refused';

async function takenBack(
  shadow: Shadow,
  up: Rehearsal,
  after: Rehearsal | undefined,
  memo: SequenceMemo,
  running: Running,
): Promise<Rehearsed> {
  const { session } = shadow;
  try {
    return await keepingSequences(shadow, memo, [...up.steps, ...(after?.steps ?? [])], () =>
      inTransaction(session, up, after, running),
    );
  } finally {
    if (!session.lost) await shadow.startOver(session);
  }
}

async function inTransaction(
  session: Session,
  up: Rehearsal,
  after: Rehearsal | undefined,
  running: Running,
): Promise<Rehearsed> {
  await session.run('begin');
  try {
    const first = await settled(session, up, running);
    // The down script comes over another connection.
    if (after && !session.lost) await session.run('reset all; reset role');
    const second = after ? await settled(session, after, running) : [];
    if (session.lost || ![...first, ...second].some(dependsOnSavepoints)) return { up: first, after: second };
    await session.run('rollback');
    return { up: await withoutSavepoints(session, up.steps, first, running), after: second };
  } finally {
    if (!session.lost && session.transaction !== 'idle') await session.run('rollback');
  }
}

/** Runs the steps in the open transaction, then the constraints that wait for its end. */
async function settled(session: Session, { mode, steps }: Rehearsal, running: Running): Promise<Outcome[]> {
  // Where every statement is committed by itself, nothing is deferred.
  if (mode === 'statements' && !session.lost) await session.run('set constraints all immediate');
  const outcomes = await runSteps(session, steps, 'each', running);
  if (session.lost || !outcomes.some(({ kind }) => kind === 'ran')) return outcomes;
  await session.run('savepoint rehearsal_end');
  const answer = await session.run('set constraints all immediate', { timeoutMs: running.statementMs });
  if (answer.kind === 'done') return outcomes;
  throwIfTrouble(answer.refusal, session);
  if (!session.lost) await session.run('rollback to savepoint rehearsal_end');
  return refusedAtEnd(outcomes, answer.refusal);
}
