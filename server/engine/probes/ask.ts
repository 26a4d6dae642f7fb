/**
 * Puts probes to the target: each in a transaction of its own that may only read, for a limited time.
 *
 * Nothing is said of rows unless they were seen: what cannot be asked, or takes too long, is unknown.
 */
import { Fault } from '../base/fault';
import { aside } from '../database/aside';
import type { Database } from '../database/database';
import { givingUp } from '../database/givingUp';
import { whileWanted } from '../database/onSession';
import { quoteLiteral } from '../database/quote';
import type { Answer as Sent, Refusal, Session } from '../database/session';
import type { RowsAtFault } from '../project';
import { type Answer, type Conversion, mostShown, type Probe, type Question } from './probe';

export interface ProbeLimits {
  /** Longest time one probe may take, in milliseconds. */
  readonly probeMs: number;
}

/** Others wait for a lock as long as we do; a reader only waits for who alters the table. */
const lockMs = 200;

/**
 * @returns one answer per probe, in their order
 * @throws {Fault} when the target does not answer
 * @throws the reason of the signal; what runs then is cancelled
 */
export function probe(
  target: Pick<Database, 'open'>,
  probes: readonly Probe[],
  limits: ProbeLimits,
  signal: AbortSignal,
): Promise<Answer[]> {
  return whileWanted(target, 'read', signal, async (session) => {
    const answers: Answer[] = [];
    for (const it of probes) {
      signal.throwIfAborted();
      answers.push(session.lost ? silent : await answerInTime(session, it, limits));
    }
    signal.throwIfAborted();
    return answers;
  });
}

/**
 * As `probe`, on a session whose transaction has changed what is asked about; nothing of it stays there.
 *
 * @param allMs longest time for all of them together, in milliseconds
 * @throws {Fault} `connection-lost`
 */
export async function probeAside(session: Session, probes: readonly Probe[], allMs: number): Promise<Answer[]> {
  const until = performance.now() + allMs;
  const answers: Answer[] = [];
  for (const it of probes) {
    const probeMs = Math.ceil(until - performance.now());
    if (probeMs <= 0) break;
    const first = ['set local transaction_read_only = on', ...settingsFor(it, { probeMs })];
    answers.push((await aside(session, () => answerTo(limited(session, probeMs), it), first)) ?? silent);
  }
  return answers;
}

/**
 * The rows at fault, at most `mostShown`.
 *
 * @throws {Fault} `refused` when they cannot be asked for any more; when the target does not answer
 */
export function rowsAtFault(
  target: Pick<Database, 'open'>,
  asked: Probe,
  limits: ProbeLimits,
  signal: AbortSignal,
): Promise<RowsAtFault> {
  const { question, table, says } = asked;
  return whileWanted(target, 'read', signal, (session) =>
    readOnly(session, asked, limits, async (session) => {
      if (question.kind === 'convert') await session.run(question.findEach);
      // As text, so that no number loses digits on its way; without what Postgres knows a row by.
      const found = await session.rows<{ row: readonly Cell[] }>(
        `select (select pg_catalog.json_agg(pg_catalog.json_build_array(key, value))
                   from pg_catalog.json_each_text(pg_catalog.row_to_json(shown))
                  where key not in ('tableoid', 'ctid')) as row from (${question.rowsSql}) as shown`,
      );
      const columns = (found[0]?.row ?? []).map(([name]) => name);
      const rows = found.map(({ row }) => row.map(([, value]) => value));
      return { table, says: says.many, columns, rows, more: rows.length >= mostShown };
    }),
  );
}

type Cell = readonly [column: string, value: string | null];

type Asking = Pick<Session, 'run' | 'rows'>;

/** How much later than Postgres we end a statement ourselves, in milliseconds: a server may not heed its own limit. */
const graceMs = 2_000;

/** Ends the session when a statement does not end: it throws `connection-lost` from then on. */
function limited(session: Session, probeMs: number): Asking {
  const inTime = async <T>(work: () => Promise<T>): Promise<T> => {
    const late = AbortSignal.timeout(probeMs + graceMs);
    try {
      return await givingUp(session, late, work);
    } catch (error) {
      if (late.aborted) throw new Fault('connection-lost', silent.why, error);
      throw error;
    }
  };
  return {
    run: (sql, options) => inTime(() => session.run(sql, options)),
    rows: (sql, values) => inTime(() => session.rows(sql, values)),
  };
}

const silent = { kind: 'unknown', why: 'the database did not answer in time' } as const;

async function answerInTime(session: Session, asked: Probe, limits: ProbeLimits): Promise<Answer> {
  try {
    return await readOnly(session, asked, limits, (it) => answerTo(it, asked));
  } catch (error) {
    if (error instanceof Fault && error.detail === silent.why) return silent;
    throw error;
  }
}

async function readOnly<T>(
  unlimited: Session,
  asked: Probe,
  limits: ProbeLimits,
  ask: (session: Asking) => Promise<T>,
): Promise<T> {
  const session = limited(unlimited, limits.probeMs);
  await session.run(['begin transaction read only', ...settingsFor(asked, limits)].join('; '));
  try {
    return await ask(session);
  } finally {
    if (!unlimited.lost) await session.run('rollback');
  }
}

/** Policies that would hide rows from us make an error of the question, not a wrong answer. */
const settingsFor = ({ searchPath }: Probe, { probeMs }: ProbeLimits): string[] => [
  `set local statement_timeout = ${probeMs}`,
  `set local lock_timeout = ${lockMs}`,
  'set local row_security = off',
  'set local client_min_messages = error',
  `select pg_catalog.set_config('search_path', ${quoteLiteral(searchPath)}, true)`,
];

/** What the planner refuses is not known on the target, or is a constant that is wrong by itself: no matter of rows. */
async function answerTo(session: Asking, asked: Probe): Promise<Answer> {
  const { question } = asked;
  const planned = await session.run(
    `explain (costs off) ${question.kind === 'count' ? question.countSql : question.planSql}`,
  );
  if (planned.kind === 'refused') return unknown(planned.refusal);
  return question.kind === 'count' ? counted(session, asked, question) : converted(session, question);
}

type Count = Exclude<Question, Conversion>;

async function counted(session: Asking, asked: Probe, { countSql, ifItFails }: Count): Promise<Answer> {
  await session.run('savepoint rehearsal_count');
  const sent = await session.run(`select pg_catalog.set_config('rehearsal.count', (${countSql})::text, true)`);
  if (sent.kind === 'done') return answerOf(await countIn(session), asked);
  if (!ifItFails || !isOfRows(sent.refusal)) return unknown(sent.refusal);
  await session.run('rollback to savepoint rehearsal_count');
  return converted(session, ifItFails);
}

async function converted(session: Asking, { tryAll, countEach }: Conversion): Promise<Answer> {
  await session.run('savepoint rehearsal_try');
  const tried = await session.run(tryAll);
  if (tried.kind === 'done') return { kind: 'none' };
  if (!isOfRows(tried.refusal)) return unknown(tried.refusal);
  await session.run('rollback to savepoint rehearsal_try');
  const each: Sent = await session.run(countEach);
  return raised(each.kind === 'done' ? await countIn(session) : undefined, tried.refusal);
}

async function countIn(session: Asking): Promise<number> {
  const [row] = await session.rows<{ count: string }>(`select pg_catalog.current_setting('rehearsal.count') as count`);
  if (!row) throw new Error('a select without FROM has one row');
  return Number(row.count);
}

const answerOf = (count: number, { sqlState, refusal }: Probe): Answer =>
  count === 0 ? { kind: 'none' } : { kind: 'some', count, sqlState, refusal };

/** The message holds a value of the row: it is shown on request only. */
const raised = (count: number | undefined, { sqlState, message }: Refusal): Answer => ({
  kind: 'some',
  count,
  sqlState,
  refusal: message
    .replace(/: ".*$|"[^"]*"/gs, '')
    .replaceAll(/ {2,}/g, ' ')
    .trim(),
});

/** Data exceptions, violated constraints, what functions raise (Postgres documentation, appendix A). */
export const isOfRows = ({ sqlState = '' }: { readonly sqlState?: string }): boolean =>
  /^(?:22|23|P0001)/.test(sqlState);

const unknown = ({ sqlState, message }: Refusal): Answer => ({ kind: 'unknown', why: `${message} (${sqlState})` });
