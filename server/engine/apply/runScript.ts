/** Runs one script as its tool would, and tells exactly how it ended and what of it lasts. */
import { Fault } from '../base/fault';
import { isWithin, type TextRange } from '../base/text';
import { interruptible } from '../database/interruptible';
import type { Done, Refusal, Refused, RunOptions, Session } from '../database/session';
import { blamedRange } from '../sql/blame';
import { inFile, sentOf } from '../sql/places';
import type { Statement } from '../sql/statement';
import { effectsOf, lastingOf, verbOf } from './lasting';
import type { PlannedScript } from './plan';

export type ScriptEnd =
  | { readonly kind: 'ran' }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal;
      /** Of the file. */
      readonly range: TextRange;
      readonly lasting: Lasting;
      /** The tool's record of it could not be written. */
      readonly unnoted?: Fault;
    }
  | { readonly kind: 'cancelled'; readonly lasting: Lasting }
  /** The script ran, and the tool's history would not take it. */
  | { readonly kind: 'unrecorded'; readonly fault: Fault; readonly lasting: Lasting };

/** Statements whose effects stay; undefined when Postgres did not tell how far it came. */
export type Lasting = readonly Statement[] | undefined;

export interface Run {
  readonly session: Session;
  /** The whole file. */
  readonly text: string;
  readonly planned: PlannedScript;
  readonly signal: AbortSignal;
  /** `shared`: it is open already, and whoever has begun it commits. */
  readonly transaction: 'own' | 'shared';
  /**
   * Called before each message.
   *
   * @param from zero-based number of its first statement
   * @param lasting what stands if no answer ever comes, apart from the message itself; may grow afterwards
   * @param atOnce true when the message lasts as soon as it is carried out
   */
  readonly before: (from: number, lasting: Lasting, atOnce: boolean) => void;
  /** Called behind each message that was carried out, with its statements. */
  readonly ran?: (statements: readonly Statement[], answer: Done, ms: number) => Promise<void>;
  /** Called behind each statement that lasts at once. */
  readonly advanced: (done: number) => Promise<void>;
  /** Records the migration; within the script's transaction when there is one. */
  readonly record: () => Promise<void>;
  /** Called before what cannot be cancelled any more. */
  readonly committing: () => void;
}

/**
 * Whatever the end, nothing is left open: what was not committed is rolled back.
 *
 * @throws {Fault} `connection-lost`
 */
export async function runScript(run: Run): Promise<ScriptEnd> {
  const end = await runIn(run);
  if (end.kind !== 'ran' && !run.session.lost && run.session.transaction !== 'idle') await run.session.run('rollback');
  return end;
}

function runIn(run: Run): Promise<ScriptEnd> {
  if (run.transaction === 'shared') return runShared(run);
  return sharesMessages(run.planned) ? runMessages(run) : runPlain(run);
}

async function runShared(run: Run): Promise<ScriptEnd> {
  const end = await sendEach(run, true);
  if (end.kind !== 'ran') return end;
  const fault = await recordIn(run);
  return fault ? { kind: 'unrecorded', fault, lasting: [] } : end;
}

function runPlain(run: Run): Promise<ScriptEnd> {
  const { mode } = run.planned.script;
  const wrapped = mode === 'transaction' || (mode === 'implicit' && isBlock(run.planned));
  return wrapped ? runWrapped(run, mode === 'transaction') : runBare(run);
}

/** Message by message, each as if it were a script of its own; what is behind the last one is recorded. */
async function runMessages(run: Run): Promise<ScriptEnd> {
  const standing: Statement[] = [];
  for (const [i, statements] of (run.planned.messages ?? []).entries()) {
    const end = await runPlain(partOf(run, i, standing));
    if (end.kind !== 'ran') return { ...end, lasting: end.lasting && [...standing, ...end.lasting] };
    standing.push(...statements);
  }
  run.committing();
  return recorded(run);
}

/** @param standing the statements before it; grows */
function partOf(run: Run, message: number, standing: readonly Statement[]): Run {
  const { script, messages = [] } = run.planned;
  const statements = messages[message] ?? [];
  const range = { start: statements[0]?.range.start ?? 0, end: statements.at(-1)?.range.end ?? 0 };
  const replaced = script.pieces?.flatMap((it) => it.replaced ?? []).filter((it) => isWithin(it.range, range));
  const piece = replaced && replaced.length > 0 ? { ...range, replaced } : range;
  return {
    ...run,
    planned: { script: { ...script, mode: 'implicit', range, pieces: [piece] }, statements, messages: [statements] },
    // Those of one message are committed together: from the first one on it may be that they last.
    before: (from, lasting, atOnce) =>
      run.before(standing.length + from, lasting && [...standing, ...lasting], atOnce || from === 0),
    record: async () => {},
    advanced: async () => {},
    committing: () => (statements.length > 1 ? run.before(standing.length, [...standing], true) : undefined),
  };
}

/** BEGIN, statements, COMMIT. A single message of several statements is the same to Postgres. */
async function runWrapped(run: Run, recordInside: boolean): Promise<ScriptEnd> {
  const { session, planned, signal } = run;
  const begun = await session.run('begin');
  if (begun.kind === 'refused') return refusedAt(begun.refusal, planned.script.range, []);
  const end = await sendAll(run, true);
  if (end.kind !== 'ran') return end;
  const lasting = lastingOf(planned.statements, true);
  if (recordInside) {
    const fault = await recordIn(run);
    if (fault) return { kind: 'unrecorded', fault, lasting };
  }
  if (signal.aborted) return { kind: 'cancelled', lasting };
  run.committing();
  // A deferred constraint may still refuse it; then Postgres has rolled everything back.
  const committed = await session.run('commit');
  if (committed.kind === 'refused') return refusedAt(committed.refusal, planned.script.range, lasting);
  return recordInside ? end : recorded(run);
}

async function runBare(run: Run): Promise<ScriptEnd> {
  const { session, planned } = run;
  const end = await sendAll(run, false);
  if (end.kind !== 'ran') return end;
  if (session.transaction !== 'idle') {
    const oneMessage = goesWhole(planned);
    return refusedAt(unclosed, planned.script.range, lastingOf(planned.statements, oneMessage));
  }
  run.committing();
  return recorded(run);
}

/** Everything of the script lasts by now. */
async function recorded(run: Run): Promise<ScriptEnd> {
  const fault = await recordIn(run);
  return fault ? { kind: 'unrecorded', fault, lasting: run.planned.statements } : { kind: 'ran' };
}

async function recordIn({ record, session }: Run): Promise<Fault | undefined> {
  try {
    await record();
    return undefined;
  } catch (cause) {
    if (!(cause instanceof Fault) || session.lost) throw cause;
    return cause;
  }
}

/** The tool would close its connection here, or stumble in its next step; either way nothing is committed. */
const unclosed: Refusal = {
  sqlState: '25001',
  message: 'the script begins a transaction and does not end it',
  hint: 'Add COMMIT at its end.',
};

async function sendAll(run: Run, together: boolean): Promise<ScriptEnd> {
  const { planned } = run;
  return goesWhole(planned) ? sendWhole(run) : sendEach(run, together);
}

/** One after the other, so that each can be told and cancelled, and a refusal has its statement. */
async function sendEach(run: Run, together: boolean): Promise<ScriptEnd> {
  const { session, planned, signal } = run;
  const effects = effectsOf(together);
  const { lasting } = effects;
  const time = timeFor(run, together);
  for (const [index, statement] of planned.statements.entries()) {
    run.before(index, lasting, session.transaction === 'idle' && verbOf(statement) !== 'begin');
    // Perhaps by who was told just now.
    if (signal.aborted) return { kind: 'cancelled', lasting };
    const { text, copyData } = statement;
    const options = { ...time(), ...(copyData === undefined ? {} : { copyData }) };
    const began = performance.now();
    const answer = await interruptible(session, signal, () => session.run(text, options));
    if (answer.kind === 'refused') {
      if (isCancel(answer, signal)) return { kind: 'cancelled', lasting };
      const range = inFile(blamedRange(text, answer.refusal), statement);
      return refusedAt(answer.refusal, range, lasting);
    }
    await run.ran?.([statement], answer, performance.now() - began);
    effects.did(statement);
    if (!together && session.transaction === 'idle') await run.advanced(index + 1);
  }
  return { kind: 'ran' };
}

/** A script with transactions of its own: only as one message it does what it does under its tool. */
async function sendWhole(run: Run): Promise<ScriptEnd> {
  const { session, planned, signal, text } = run;
  run.before(0, undefined, true);
  if (signal.aborted) return { kind: 'cancelled', lasting: [] };
  const sql = sentOf(text, planned.script.range, planned.script.pieces?.[0]?.replaced);
  const time = timeFor(run, true);
  const began = performance.now();
  const answer = await interruptible(session, signal, () => session.run(sql, time()));
  if (answer.kind === 'done') {
    await run.ran?.(planned.statements, answer, performance.now() - began);
    return { kind: 'ran' };
  }
  const { completed } = answer;
  // Outside a BEGIN of its own the whole message is one transaction too.
  const lasting = lastingOf(planned.statements.slice(0, completed), true);
  if (isCancel(answer, signal)) return { kind: 'cancelled', lasting };
  return refusedAt(answer.refusal, blamedIn(run, sql, answer.refusal, completed), lasting);
}

/** Where Postgres points in the message; else in the statement that it did not complete; else the whole script. */
function blamedIn({ planned }: Run, sql: string, refusal: Refusal, completed: number): TextRange {
  const { range, pieces } = planned.script;
  const whole = { range, replaced: pieces?.[0]?.replaced ?? [] };
  if (refusal.character !== undefined) return inFile(blamedRange(sql, refusal), whole);
  const statement = planned.statements[completed];
  return statement ? inFile(blamedRange(statement.text, refusal), statement) : range;
}

/**
 * The time that the tool gives a message. What it sends together has it together, also where each statement is sent by
 * itself here.
 */
function timeFor({ planned }: Run, together: boolean): () => Pick<RunOptions, 'timeoutMs'> {
  const { messageMs } = planned.script;
  if (messageMs === undefined) return () => ({});
  const begun = performance.now();
  return () => ({ timeoutMs: together ? Math.max(1, messageMs - (performance.now() - begun)) : messageMs });
}

/** 57014 is also statement_timeout's code; then nobody has asked. */
const isCancel = ({ refusal }: Refused, signal: AbortSignal): boolean => signal.aborted && refusal.sqlState === '57014';

const isOneMessage = ({ statements }: PlannedScript): boolean =>
  statements.some((it) => verbOf(it) !== undefined) && statements.every(({ kind }) => kind === 'sql');

/** Whether it has to be sent in one message to do what it does under its tool; one that the tool cuts does not. */
const goesWhole = (planned: PlannedScript): boolean =>
  planned.script.mode !== 'statements' && (planned.messages?.length ?? 1) === 1 && isOneMessage(planned);

/** Whether several statements stand in a message that the tool wraps in nothing. */
const sharesMessages = ({ script, messages = [] }: PlannedScript): boolean =>
  script.mode === 'statements' && messages.some((it) => it.length > 1);

const isBlock = (planned: PlannedScript): boolean => planned.statements.length > 1 && !isOneMessage(planned);

const refusedAt = (refusal: Refusal, range: TextRange, lasting: Lasting): ScriptEnd => ({
  kind: 'refused',
  refusal,
  range,
  lasting,
});
