/**
 * Rehearsal: what would this script do if its tool ran it now?
 *
 * A script that its tool runs in a transaction is run in one here, with savepoints, and rolled back. A script that
 * commits on its way is really run on a copy. Where savepoints change what Postgres says (ENGINES.md 2: enum values
 * added and used, COPY … FREEZE, SET TRANSACTION), the answer is the one without.
 */
import type { Session } from '../database/session';
import type { TransactionMode } from '../layouts/layout';
import type { Shadow } from '../shadow/place';
import type { Outcome } from './outcome';
import { type RunLimits, runSteps, type Step } from './run';

export interface Rehearsal {
  readonly mode: TransactionMode;
  readonly steps: readonly Step[];
}

/**
 * Rehearses the scripts of a migration and takes everything back.
 *
 * @param up one script as a rule; some tools allow several in a file, each run by itself
 * @param after what comes behind, on the state they leave: the down scripts
 * @throws {Fault} `connection-lost`, `no-right`, `disk-full`
 */
export async function rehearse(
  shadow: Shadow,
  up: readonly Rehearsal[],
  after: readonly Rehearsal[],
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Rehearsed> {
  const [first, second] = [up[0], after[0]];
  const simple = first && up.length === 1 && after.length <= 1 && !commits(first) && !(second && commits(second));
  if (simple) {
    const rehearsed = await inTransaction(shadow.session, first, second, limits, signal);
    if (shadow.session.lost || !(needsCopy(first, rehearsed.up) || rehearsed.after.some(isRefused))) return rehearsed;
  }
  return shadow.withCopy((copy) => reallyRun(copy, up, after, limits, signal));
}

export interface Rehearsed {
  readonly up: readonly Outcome[];
  readonly after: readonly Outcome[];
}

/**
 * Really runs the scripts on the shadow, so that the next migration finds what they left. What is refused is left out.
 *
 * @param after rehearsed on the state behind them, and taken back
 */
export async function advance(
  shadow: Shadow,
  up: readonly Rehearsal[],
  after: readonly Rehearsal[],
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Rehearsed> {
  const outcomes = await commitAll(shadow.session, up, limits, signal);
  if (after.length === 0 || shadow.session.lost) return { up: outcomes, after: [] };
  const down = await rehearse(shadow, after, [], limits, signal);
  return { up: outcomes, after: down.up };
}

/** Whether it commits on its way, or has to run outside a transaction. */
function commits({ mode, steps }: Rehearsal): boolean {
  if (steps.some(({ shape }) => ['begin', 'commit', 'rollback'].includes(shape.transaction ?? ''))) return true;
  const alone = mode === 'statements' || (mode === 'implicit' && steps.length === 1);
  return alone && steps.some(({ shape }) => shape.outsideTransaction);
}

/** A refusal in one transaction says nothing about a script that its tool commits statement by statement. */
const needsCopy = ({ mode }: Rehearsal, outcomes: readonly Outcome[]): boolean =>
  mode === 'statements' && outcomes.some(isRefused);

const isRefused = ({ kind }: Outcome): boolean => kind === 'refused';

async function inTransaction(
  session: Session,
  up: Rehearsal,
  after: Rehearsal | undefined,
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Rehearsed> {
  await session.run('begin');
  try {
    const first = await settled(session, up, limits, signal);
    const second = after ? await settled(session, after, limits, signal) : [];
    if (![...first, ...second].some(dependsOnSavepoints)) return { up: first, after: second };
    await session.run('rollback');
    const plain = await withoutSavepoints(session, up, first, limits, signal);
    return { up: plain, after: second };
  } finally {
    if (!session.lost && session.transaction !== 'idle') await session.run('rollback');
  }
}

/** Runs the steps in the open transaction, then the constraints that wait for its end. */
async function settled(
  session: Session,
  { steps }: Rehearsal,
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes = await runSteps(session, steps, true, limits, signal);
  const last = outcomes.findLast(({ kind }) => kind === 'ran');
  if (session.lost || last?.kind !== 'ran') return outcomes;
  await session.run('savepoint rehearsal_end');
  const answer = await session.run('set constraints all immediate', { timeoutMs: limits.statementMs });
  if (session.lost || answer.kind === 'done') return outcomes;
  await session.run('rollback to savepoint rehearsal_end');
  return outcomes.map((it) => (it === last ? refusedAtEnd(last, answer.refusal) : it));
}

type Ran = Extract<Outcome, { kind: 'ran' }>;
type RefusedOutcome = Extract<Outcome, { kind: 'refused' }>;

/** A deferred constraint is checked at the end: the last statement stands for it. */
const refusedAtEnd = ({ statement, shape, ms }: Ran, refusal: RefusedOutcome['refusal']): RefusedOutcome => ({
  kind: 'refused',
  statement,
  shape,
  refusal,
  range: statement.range,
  ms,
});

/**
 * 55P04: a new enum value is used; 25001: SET TRANSACTION in a subtransaction; 55000: COPY … FREEZE; 55006: events of
 * the same transaction are pending.
 */
const dependsOnSavepoints = (outcome: Outcome): boolean =>
  outcome.kind === 'refused' && ['55P04', '25001', '55000', '0A000'].includes(outcome.refusal.sqlState);

/**
 * The same script in one plain transaction. It ends with its first refusal; then it is tried again without the
 * statement that was refused, until all that is left runs.
 */
async function withoutSavepoints(
  session: Session,
  { steps }: Rehearsal,
  known: readonly Outcome[],
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes = [...known];
  const left = new Set(steps.keys());
  for (const [i, outcome] of known.entries())
    if (outcome.kind === 'refused' && !dependsOnSavepoints(outcome)) left.delete(i);
  for (;;) {
    const indices = [...left];
    await session.run('begin');
    const tried = await runSteps(
      session,
      indices.map((i) => steps[i]).filter((it) => it !== undefined),
      false,
      limits,
      signal,
    );
    if (session.lost) return outcomes;
    await session.run('rollback');
    for (const [n, outcome] of tried.entries()) outcomes[indices[n] ?? n] = outcome;
    const refused = tried.at(-1);
    if (refused?.kind !== 'refused') return outcomes;
    left.delete(indices[tried.length - 1] ?? -1);
  }
}

/** Runs scripts as their tool would, commits included. */
async function reallyRun(
  session: Session,
  up: readonly Rehearsal[],
  after: readonly Rehearsal[],
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Rehearsed> {
  const first = await commitAll(session, up, limits, signal);
  return { up: first, after: await commitAll(session, after, limits, signal) };
}

async function commitAll(
  session: Session,
  rehearsals: readonly Rehearsal[],
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const rehearsal of rehearsals) {
    outcomes.push(...(await commit(session, rehearsal, limits, signal)));
    await forgetSettings(session);
  }
  return outcomes;
}

async function commit(
  session: Session,
  rehearsal: Rehearsal,
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const { mode, steps } = rehearsal;
  const block = mode === 'transaction' || (mode === 'implicit' && steps.length > 1);
  if (!block) return ended(session, await runSteps(session, steps, true, limits, signal), limits);
  const outcomes: Outcome[] = [];
  await session.run('begin');
  for (const run of implicitBlocks(mode, steps)) {
    // In a message of several statements, what follows a COMMIT is one implicit transaction again.
    if (mode === 'implicit' && !session.lost && session.transaction === 'idle') await session.run('begin');
    outcomes.push(...(await inBlock(session, run, limits, signal)));
  }
  return ended(session, outcomes, limits);
}

/** Cut behind each statement that ends a transaction; BEGIN in an implicit block only makes it an explicit one. */
function implicitBlocks(mode: TransactionMode, steps: readonly Step[]): Step[][] {
  const blocks: Step[][] = [[]];
  for (const step of steps) {
    blocks.at(-1)?.push(step);
    if (mode === 'implicit' && ['commit', 'rollback'].includes(step.shape.transaction ?? '')) blocks.push([]);
  }
  return blocks.filter(({ length }) => length > 0);
}

/** As long as nothing depends on savepoints they are used; else the block is run again without, on the same state. */
async function inBlock(
  session: Session,
  steps: readonly Step[],
  limits: RunLimits,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes = await runSteps(session, steps, true, limits, signal);
  if (session.transaction !== 'open' || !outcomes.some(dependsOnSavepoints)) return outcomes;
  await session.run('rollback');
  const plain = await withoutSavepoints(session, { mode: 'transaction', steps }, outcomes, limits, signal);
  await session.run('begin');
  await runSteps(
    session,
    steps.filter((_, i) => plain[i]?.kind === 'ran'),
    false,
    limits,
    signal,
  );
  return plain;
}

async function ended(session: Session, outcomes: Outcome[], limits: RunLimits): Promise<Outcome[]> {
  if (session.lost || session.transaction === 'idle') return outcomes;
  const answer = await session.run('commit', { timeoutMs: limits.statementMs });
  const last = outcomes.findLast(({ kind }) => kind === 'ran');
  if (answer.kind === 'done' || last?.kind !== 'ran') return outcomes;
  return outcomes.map((it) => (it === last ? refusedAtEnd(last, answer.refusal) : it));
}

/** What a script SETs for its session is not the next script's. */
async function forgetSettings(session: Session): Promise<void> {
  if (session.lost) return;
  if (session.transaction !== 'idle') await session.run('rollback');
  await session.run('reset all; reset role');
}
