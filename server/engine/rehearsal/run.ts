/**
 * Runs the statements of a script on a session, one after the other, and tells what each did.
 *
 * A refused statement is undone to its savepoint and the next one is tried, so that a file shows all its errors.
 */
import { Fault } from '../base/fault';
import type { TextRange } from '../base/text';
import { aside } from '../database/aside';
import { interruptible } from '../database/interruptible';
import type { Answer, Done, Notice, Refusal, RunOptions, Session } from '../database/session';
import { blamedRange } from '../sql/blame';
import { inFile } from '../sql/places';
import type { Shape, Statement } from '../sql/statement';
import { sortNotices } from './observation/reports';
import type { Outcome, SkipReason } from './outcome';

/** A statement with what is known of it before it runs. */
export interface Step {
  readonly statement: Statement;
  readonly shape: Shape;
  /** Set when it must not be run. */
  readonly skip: SkipReason | undefined;
  /** Where its rows begin in the file, when it has some (`COPY … FROM stdin`). */
  readonly rowsStart: number | undefined;
  /** When its tool would give up on it, in milliseconds. */
  readonly givenUpMs?: number;
  /** Which message of the script it goes with, where that holds other statements too: they are one transaction. */
  readonly message?: number;
}

export interface RunLimits {
  /** Longest time one statement may take, in milliseconds. */
  readonly statementMs: number;
  /** Looks at every statement while it runs; undefined where nobody has the time. */
  readonly watch?: Watch;
}

/** What a run keeps to. */
export interface Running extends RunLimits {
  readonly signal: AbortSignal;
}

/** What it does on the session it takes back itself. */
export interface Watch {
  /** @returns what it asks behind the statement, as RunOptions.behind; undefined when nothing */
  before(session: Session, step: Step): Promise<string | undefined>;
  /**
   * Only of a statement that has run, while its effects are there.
   *
   * @param answer to the statement, and to what was asked behind it
   */
  after(session: Session, step: Step, answer: Done): Promise<void>;
  /** Of a statement that must not be run, in the state in which it would be. */
  left(session: Session, step: Step): Promise<void>;
  /** Of a statement that was refused, in the state just before it; not where a transaction has ended with it. */
  refused(session: Session, step: Step, refusal: Refusal): Promise<void>;
}

/** How a statement stands among others. */
export interface Standing {
  /** Statements of ours that go before it in the same packet. */
  readonly ahead?: readonly string[];
  /** Stands just before it; undefined when none does. */
  readonly savepoint?: string | undefined;
}

/**
 * - `each`: one before every statement
 * - `none`: an open transaction ends with its first refusal, as without us; the rest is not tried
 */
export type Savepoints = 'each' | 'none';

/**
 * @returns one outcome per step, in their order; fewer when a refusal has ended the transaction
 * @throws {Fault} `connection-lost` between two statements; `disk-full`; as throwIfTrouble
 * @throws whatever reason the signal was aborted with; on a server what runs then is cancelled
 */
export async function runSteps(
  session: Session,
  steps: readonly Step[],
  savepoints: Savepoints,
  running: Running,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    running.signal.throwIfAborted();
    const outcome = await runStep(session, step, savepoints, running);
    // What was cut off by us says nothing about the statement.
    running.signal.throwIfAborted();
    outcomes.push(outcome);
    if (outcome.kind === 'refused' && session.transaction === 'failed') break;
  }
  return outcomes;
}

const savepoint = 'rehearsal_savepoint';

async function runStep(session: Session, step: Step, savepoints: Savepoints, running: Running): Promise<Outcome> {
  const guarded =
    savepoints === 'each' &&
    step.skip === undefined &&
    !session.lost &&
    session.transaction === 'open' &&
    !endsTransaction(step.shape);
  if (guarded) await session.run(`savepoint ${savepoint}`);
  const outcome = await tryStep(session, step, running, guarded ? { savepoint } : {});
  if (guarded && !session.lost) await takeBack(session, step.shape, outcome);
  return outcome;
}

/**
 * Runs one statement as it is, and tells what it did.
 *
 * @throws {Fault} `disk-full`; as throwIfTrouble
 */
export async function tryStep(
  session: Session,
  step: Step,
  running: Running,
  { ahead = [], savepoint }: Standing = {},
): Promise<Outcome> {
  const { statement, shape, skip } = step;
  if (skip && (session.lost || !isRead(step))) return { kind: 'skipped', statement, shape, reason: skip };
  if (skip) return readOnly(session, step, skip, running, ahead);
  if (session.lost) return { kind: 'skipped', statement, shape, reason: { kind: 'sessionEnded' } };
  const { watch, statementMs, signal } = running;
  if (watch) for (const sql of ahead) await session.run(sql);
  const behind = await watch?.before(session, step);
  const begun = performance.now();
  const timeoutMs = Math.min(statementMs, step.givenUpMs ?? Infinity);
  const answer = await sent(
    session,
    statement,
    { timeoutMs, ahead: watch ? [] : ahead, ...(behind && { behind }) },
    signal,
  );
  const ms = performance.now() - begun - (answer instanceof Fault ? 0 : (answer.behind?.ms ?? 0));
  if (answer instanceof Fault) return { kind: 'ended', statement, shape, message: reasonOf(answer) };
  if (answer.kind === 'refused') throwIfTrouble(answer.refusal, session);
  if (watch && !session.lost) await watched(watch, session, step, answer, savepoint);
  return outcomeOf(answer, step, ms);
}

/** Whether a statement that must not be run is for Postgres all the same, which can tell whether it understands it. */
export const isRead = ({ skip }: Step): boolean => skip?.kind === 'reaches' && !skip.unread;

/** What Postgres cannot read, or does not find, it will refuse when the migration is applied. */
async function readOnly(
  session: Session,
  step: Step,
  reason: SkipReason,
  { watch }: RunLimits,
  ahead: readonly string[],
): Promise<Outcome> {
  const { statement, shape } = step;
  for (const sql of ahead) await session.run(sql);
  const refusal = await aside(session, async () => session.parse?.(statement.text));
  // Without a place it is about the message: several statements cannot be parsed together.
  if (refusal?.character === undefined) {
    await watch?.left(session, step);
    return { kind: 'skipped', statement, shape, reason };
  }
  throwIfTrouble(refusal, session);
  return outcomeOf({ kind: 'refused', refusal, completed: 0, notices: [] }, step, 0);
}

async function watched(
  watch: Watch,
  session: Session,
  step: Step,
  answer: Answer,
  savepoint: string | undefined,
): Promise<void> {
  if (answer.kind === 'done') return watch.after(session, step, answer);
  if (session.transaction === 'failed') {
    if (savepoint === undefined) return;
    await session.run(`rollback to savepoint ${savepoint}`);
  }
  await watch.refused(session, step, answer.refusal);
}

/**
 * @returns the answer, or how the connection ended
 * @throws {Fault} `disk-full` when a server has ended because there was no room for its log
 */
async function sent(
  session: Session,
  { text, copyData }: Statement,
  options: RunOptions,
  signal: AbortSignal,
): Promise<Answer | Fault> {
  try {
    return await cancellable(session, signal, () =>
      session.run(text, copyData === undefined ? options : { ...options, copyData }),
    );
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'connection-lost') throw error;
    const { cause } = error;
    if (cause instanceof Error && 'code' in cause && cause.code === diskFull)
      throw new Fault('disk-full', `${cause.message} (${session.server.label}).`, error);
    return error;
  }
}

/** SQLSTATE of `No space left on device`. */
const diskFull = '53100';

/**
 * Trouble of the server is not the statement's fault (Postgres documentation, appendix A: 53 insufficient resources,
 * 57P0x the server ends, 58 system errors). 58P01 and 58P02 are a file that the statement names.
 *
 * @throws {Fault} `disk-full`; `connection-lost` when a new shadow may help
 */
export function throwIfTrouble({ sqlState, message }: Refusal, { server }: Session): void {
  if (sqlState === diskFull) throw new Fault('disk-full', `${message} (${server.label}).`);
  if (/^(?:53|57P0|580)/.test(sqlState)) throw new Fault('connection-lost', `${message} (${server.label}).`);
}

/** The server's last words, where there were some. */
const reasonOf = ({ cause, detail }: Fault): string => (cause instanceof Error ? cause.message : detail);

export const endsTransaction = ({ transaction }: Shape): boolean =>
  transaction === 'commit' || transaction === 'rollback';

/** To interrupt the embedded engine is to end it, which takes longer than to wait for most statements. */
async function cancellable<T>(session: Session, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (session.server.engine === 'embedded') return work();
  return interruptible(session, signal, work);
}

/** A savepoint of the script's own stands upon ours, or has ended it: then there is nothing to release. */
async function takeBack(session: Session, { transaction }: Shape, { kind }: Outcome): Promise<void> {
  if (kind === 'refused') await session.run(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`);
  else if (transaction === undefined || transaction === 'begin') await session.run(`release savepoint ${savepoint}`);
}

function outcomeOf(answer: Answer, { statement, shape, rowsStart }: Step, ms: number): Outcome {
  if (answer.kind === 'done') return { kind: 'ran', statement, shape, ms, ...saidIn(answer) };
  const { refusal } = answer;
  const range =
    rowBlamed(statement, rowsStart, refusal) ?? inFile(blamedRange(statement.text, refusal, namesOf(shape)), statement);
  return { kind: 'refused', statement, shape, refusal, range, ms };
}

/** Notices of the statement itself, and rows as its command tag counts them. */
function saidIn({ notices: all, commands }: Done): { readonly notices: readonly Notice[]; readonly rows?: number } {
  const { notices } = sortNotices(all);
  const rows = commands.at(-1)?.rows ?? undefined;
  return rows === undefined ? { notices } : { notices, rows };
}

/** `COPY t, line 3, column n: "x"` is the context of what is wrong with a row; in whatever language, its line comes first. */
function rowBlamed(
  { copyData = '' }: Statement,
  rowsStart: number | undefined,
  { where = '' }: Refusal,
): TextRange | undefined {
  const line = /^COPY .*?, \S+ (\d+)/m.exec(where)?.[1];
  if (rowsStart === undefined || line === undefined) return undefined;
  const lines = copyData.split('\n');
  const text = lines[Number(line) - 1]?.replace(/\r$/, '');
  if (text === undefined) return undefined;
  const start = rowsStart + lines.slice(0, Number(line) - 1).reduce((sum, it) => sum + it.length + 1, 0);
  const value = /: "(.*)"$/m.exec(where)?.[1] ?? '';
  const at = value === '' ? -1 : text.indexOf(value);
  return at < 0 ? { start, end: start + text.length } : { start: start + at, end: start + at + value.length };
}

/** Every name that the statement speaks of. */
export function namesOf(shape: Shape): ReadonlySet<string> {
  return new Set([...shape.mentions, ...shape.makes.map(({ name }) => name), ...shape.takes.map(({ name }) => name)]);
}
