/**
 * Which rows of a trial's copy Postgres has refused a statement for: the questions that a rehearsal puts to the target,
 * put to the copy as it was just before the statement.
 */
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { whileWanted } from '../database/onSession';
import type { Session } from '../database/session';
import type { Finding } from '../finding';
import { probeAside } from '../probes/ask';
import { factsWithoutRows } from '../probes/factsWithoutRows';
import { countInWords } from '../probes/finding';
import type { Answer, Probe } from '../probes/probe';
import { probesOnCopy } from '../probes/probesOf';
import { shapeOf } from '../sql/parse';
import type { Statement } from '../sql/statement';
import type { RefusingRows } from '../trials';
import type { RefusedOnCopy } from './watching';

/** Longest time for what comes before the statement, and then for the questions, in milliseconds. */
const longestMs = 10_000;

/**
 * @returns none where it was not refused for rows, or nobody can tell in that time
 * @throws the reason of the signal
 */
export async function refusingRows(
  copy: Pick<Database, 'open'>,
  refused: RefusedOnCopy,
  { sqlState }: Pick<Finding, 'sqlState'>,
  signal: AbortSignal,
): Promise<readonly RefusingRows[]> {
  try {
    const asked = await whileWanted(copy, 'read', signal, (session) => askedOn(session, refused));
    return asked.flatMap(({ probe, answer }) => {
      if (answer?.kind !== 'some' || answer.sqlState !== sqlState) return [];
      const { question, says } = probe;
      // What cannot be computed for some row is found by trying.
      const query = question.kind === 'count' && probe.sqlState === sqlState ? question.rowsSql : undefined;
      return [{ says: countInWords(says, answer), ...(query !== undefined && { query }) }];
    });
  } catch (cause) {
    // The refusal itself is told all the same.
    if (signal.aborted || !(cause instanceof Fault)) throw cause;
    return [];
  }
}

interface Asked {
  readonly probe: Probe;
  readonly answer: Answer | undefined;
}

async function askedOn(session: Session, refused: RefusedOnCopy): Promise<Asked[]> {
  const { undone, searchPath, role } = refused;
  await session.rows(
    `select pg_catalog.set_config('search_path', $1, false), pg_catalog.set_config('role', $2, false)`,
    [searchPath, role],
  );
  await session.run('begin');
  try {
    return (await doneAgain(session, undone)) ? await askedBefore(session, refused) : [];
  } finally {
    if (!session.lost) await session.run('rollback');
  }
}

async function askedBefore(session: Session, { statement }: RefusedOnCopy): Promise<Asked[]> {
  const shape = shapeOf(statement.text);
  const facts = await factsWithoutRows(session, { statement, shape }, longestMs);
  const probes = probesOnCopy({ kind: 'ran', statement, shape, facts });
  const answers = await probeAside(session, probes, longestMs);
  return probes.map((probe, i) => ({ probe, answer: answers[i] }));
}

async function doneAgain(session: Session, statements: readonly Statement[]): Promise<boolean> {
  const until = performance.now() + longestMs;
  for (const { text, copyData } of statements) {
    const timeoutMs = Math.max(1, until - performance.now());
    const answer = await session.run(text, { timeoutMs, ...(copyData !== undefined && { copyData }) });
    if (answer.kind === 'refused') return false;
  }
  return true;
}
