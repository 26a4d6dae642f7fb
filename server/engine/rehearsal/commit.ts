/** Runs scripts for good, as their tool would, commits included; what is refused is left out. */
import type { Session } from '../database/session';
import type { TransactionMode } from '../layouts/layout';
import type { Shadow } from '../shadow/place';
import type { Outcome } from './outcome';
import { endsTransaction, type Running, runSteps, type Step, throwIfTrouble } from './run';
import { dependsOnSavepoints, withoutSavepoints } from './savepoints';

export interface Rehearsal {
  readonly mode: TransactionMode;
  readonly steps: readonly Step[];
}

/**
 * @param session on the shadow or a copy of it; left as if it were just opened
 * @throws {Fault} `connection-lost`
 * @throws the reason of the signal, with scripts half run
 */
export async function commitAll(
  shadow: Pick<Shadow, 'startOver'>,
  session: Session,
  rehearsals: readonly Rehearsal[],
  running: Running,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const rehearsal of rehearsals) {
    outcomes.push(...(await commitScript(session, rehearsal, running)));
    if (session.lost) continue;
    // What the script has left open its tool does not commit either.
    if (session.transaction !== 'idle') await session.run('rollback');
    await shadow.startOver(session);
  }
  return outcomes;
}

async function commitScript(session: Session, rehearsal: Rehearsal, running: Running): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const block of blocksOf(rehearsal)) outcomes.push(...(await commitBlock(session, block, running)));
  return outcomes;
}

/** Statements that stand or fall together, or one that is committed by itself. */
interface Block {
  /**
   * - `tool`: the tool begins the transaction and ends it if the script does not
   * - `protocol`: a message of several statements is one; a BEGIN in it makes it one of the script's own
   * - `script`: it begins with the script's own BEGIN
   * - `nobody`: a statement outside of any transaction
   */
  readonly begunBy: 'tool' | 'protocol' | 'script' | 'nobody';
  readonly steps: readonly Step[];
}

function blocksOf({ mode, steps }: Rehearsal): Block[] {
  const oneMessage = mode === 'implicit' && steps.length > 1;
  const blocks: { readonly begunBy: Block['begunBy']; readonly steps: Step[] }[] = [];
  let open = mode === 'transaction';
  if (open) blocks.push({ begunBy: 'tool', steps: [] });
  for (const [i, step] of steps.entries()) {
    const begins = step.shape.transaction === 'begin';
    const inOneMessage = oneMessage || step.message !== undefined;
    if (mode === 'statements' && steps[i - 1]?.message !== step.message && blocks.at(-1)?.begunBy === 'protocol')
      open = false;
    if (!open) {
      // In a message of several statements, what follows a COMMIT is one implicit transaction again.
      blocks.push({ begunBy: inOneMessage ? 'protocol' : begins ? 'script' : 'nobody', steps: [] });
      open = inOneMessage || begins;
    }
    blocks.at(-1)?.steps.push(step);
    if (endsTransaction(step.shape)) open = false;
  }
  return blocks.filter((it) => it.steps.length > 0);
}

async function commitBlock(session: Session, { begunBy, steps }: Block, running: Running): Promise<Outcome[]> {
  if (begunBy === 'nobody') return runSteps(session, steps, 'each', running);
  const homeless = begunBy === 'protocol' && session.transaction === 'idle' ? homelessSavepoints(steps) : [];
  if (homeless.length > 0) {
    const refused = await runSteps(session, homeless, 'each', running);
    const rest = steps.filter((step) => !homeless.includes(step));
    const others = await commitBlock(session, { begunBy, steps: rest }, running);
    return [...refused, ...others].sort((a, b) => a.statement.range.start - b.statement.range.start);
  }
  const last = steps.at(-1);
  const end = last && endsTransaction(last.shape) ? [last] : [];
  const body = end.length > 0 ? steps.slice(0, -1) : steps;
  if (begunBy !== 'script' && !session.lost && session.transaction === 'idle') await session.run('begin');
  const outcomes = await runBody(session, body, running);
  if (end.length > 0) return [...outcomes, ...(await runSteps(session, end, 'none', running))];
  const isOurs = begunBy === 'tool' || steps.every(({ shape }) => shape.transaction !== 'begin');
  return isOurs ? committed(session, outcomes, running) : outcomes;
}

/**
 * Savepoints in a transaction that only the protocol has begun: Postgres refuses them as it does outside of any (25P01,
 * "SAVEPOINT can only be used in transaction blocks").
 */
function homelessSavepoints(steps: readonly Step[]): readonly Step[] {
  const begin = steps.findIndex(({ shape }) => shape.transaction === 'begin');
  const before = begin < 0 ? steps : steps.slice(0, begin);
  return before.filter(({ shape }) => ['savepoint', 'release', 'rollbackTo'].includes(shape.transaction ?? ''));
}

/** As long as nothing depends on savepoints they are used; else the block is run again without, on the same state. */
async function runBody(session: Session, steps: readonly Step[], running: Running): Promise<Outcome[]> {
  const outcomes = await runSteps(session, steps, 'each', running);
  if (session.lost || session.transaction !== 'open' || !outcomes.some(dependsOnSavepoints)) return outcomes;
  await session.run('rollback');
  const plain = await withoutSavepoints(session, steps, outcomes, running);
  await session.run('begin');
  const good = steps.filter((_, i) => plain[i]?.kind === 'ran');
  await runSteps(session, good, 'none', running);
  return plain;
}

async function committed(session: Session, outcomes: Outcome[], { statementMs }: Running): Promise<Outcome[]> {
  if (session.lost || session.transaction === 'idle') return outcomes;
  const answer = await session.run('commit', { timeoutMs: statementMs });
  if (answer.kind === 'done') return outcomes;
  throwIfTrouble(answer.refusal, session);
  return refusedAtEnd(outcomes, answer.refusal);
}

type RefusedOutcome = Extract<Outcome, { kind: 'refused' }>;

/** A deferred constraint is checked at the end: the last statement that ran stands for it. */
export function refusedAtEnd(outcomes: readonly Outcome[], refusal: RefusedOutcome['refusal']): Outcome[] {
  const last = outcomes.findLast(({ kind }) => kind === 'ran');
  return outcomes.map((it) => {
    if (it !== last || it.kind !== 'ran') return it;
    const { statement, shape, ms } = it;
    return { kind: 'refused', statement, shape, refusal, range: statement.range, ms };
  });
}
