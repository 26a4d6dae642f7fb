/** Lets a tool run its own migrations, which are programs: under our lock, on this database and no other, told as it goes. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../base/fault';
import { type Journal, openJournal } from '../base/journal';
import type { Session } from '../database/session';
import type { HistoryState } from '../history/history';
import { linesIn } from '../layouts/asked';
import type { Lines, ToolEvent } from '../programs/answer';
import type { ApplyResult } from '../project';
import { normalForm } from '../sql/normalForm';
import type { Job, RanByTool, ToolRun } from './job';
import { verbOf } from './lasting';
import type { Planned } from './plan';
import { whatIsRecorded } from './state';
import { type ApplyStep, topic } from './steps';

/** What the tool has told, as far as it came. */
interface Course {
  readonly steps: Step[];
  readonly done: string[];
  /** Of the tool's session on the server. */
  backend: number | undefined;
  begun: string | undefined;
  end: ToolEvent | undefined;
}

/** Of one migration. */
interface Step {
  readonly version: string;
  /** In milliseconds, as performance.now. */
  readonly began: number;
  readonly statements: Extract<ToolEvent, { ran: string }>[];
  ms: number;
}

/** How long a session of a tool that was ended may take to take back what it did, in milliseconds. */
const patienceMs = 15_000;

/**
 * @throws {Fault} `other-database`, `out-of-order`, `tool-failed`, `connection-lost`; the words say how the database stands
 *   where something was run before
 */
export async function runByTool(
  job: Job,
  run: ToolRun,
  session: Session,
  plan: readonly Planned[],
): Promise<ApplyResult> {
  const { label } = job.folder.layout;
  if (job.database.engine === 'embedded')
    throw new Fault('other-database', `${label} connects to a server, and the target is the embedded Postgres.`);
  const began = performance.now();
  const journal = openJournal<ApplyStep>(job.storage, topic, job.database.id, job.now());
  try {
    const course = await courseOf(job, run, session, plan, journal);
    const state = await stateAfter(job, session, course);
    job.onlooker?.ranByTool(course.steps.flatMap((it) => ranOf(it, plan, state)));
    return resultOf(job, plan, course, state, performance.now() - began);
  } finally {
    if (session.lost) journal.leave();
    else journal.close();
  }
}

/**
 * Has the tool make the table of its history, which it would make before its first migration.
 *
 * @throws {Fault} `other-database`, `tool-failed`
 */
export async function beginByTool(job: Job, run: ToolRun, session: Session): Promise<void> {
  const told: ToolEvent[] = [];
  const code = await run(await questionOf(job, session, 'up', []), (it) => told.push(it as ToolEvent), job.signal);
  job.signal.throwIfAborted();
  const end = told.find((it) => 'elsewhere' in it || 'trouble' in it);
  if (end || code !== 0) throw faultOf(job, end, '');
}

async function questionOf(
  { folder, database }: Job,
  session: Session,
  direction: Planned['direction'],
  versions: readonly string[],
): Promise<object> {
  const [row] = await session.rows<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
  const { path } = folder;
  return { question: 'migrate', direction, versions, pid: row?.pid, folder: path, database: database.name };
}

async function courseOf(
  job: Job,
  run: ToolRun,
  session: Session,
  plan: readonly Planned[],
  journal: Journal<ApplyStep>,
): Promise<Course> {
  const course: Course = { steps: [], done: [], backend: undefined, begun: undefined, end: undefined };
  const direction = plan[0]?.direction ?? 'up';
  const versions = plan.map(({ migration }) => migration.version);
  // Before the tool can have begun it.
  const note = (version: string | undefined): void => {
    if (version !== undefined) journal.note({ step: 'tool', version, direction, from: 0, of: 0 });
  };
  const take = (told: ToolEvent): void => {
    if ('backend' in told) course.backend = told.backend;
    else if ('begins' in told) {
      course.begun = told.begins;
      course.steps.push({ version: told.begins, began: performance.now(), statements: [], ms: 0 });
      job.progress(progressOf(told.begins, plan));
    } else if ('done' in told) {
      course.done.push(told.done);
      note(versions[course.done.length]);
    } else if ('ran' in told) course.steps.at(-1)?.statements.push(told);
    else course.end = told;
    const step = course.steps.at(-1);
    if (step && course.done.at(-1) !== step.version) step.ms = performance.now() - step.began;
  };
  note(versions[0]);
  let cancelling: Promise<unknown> = Promise.resolve();
  const cancel = (): void => {
    // The tool itself hears of an interrupt when the statement has ended.
    if (course.backend === undefined) return;
    cancelling = session.rows('select pg_catalog.pg_cancel_backend($1)', [course.backend]);
    // It may fail while we wait for the tool, and has to be heard of all the same: Node ends the process otherwise.
    void Promise.allSettled([cancelling]);
  };
  job.signal.addEventListener('abort', cancel, { once: true });
  try {
    const question = await questionOf(job, session, direction, versions);
    await run(question, (told) => take(told as ToolEvent), job.signal);
    await cancelling;
  } finally {
    job.signal.removeEventListener('abort', cancel);
  }
  return course;
}

/** Of the statements those that do something, and each where the file has it. */
function ranOf(
  { version, ms, statements }: Step,
  plan: readonly Planned[],
  { table }: HistoryState,
): readonly RanByTool[] {
  const planned = plan.find(({ migration }) => migration.version === version);
  if (!planned) return [];
  const { migration, path, scripts } = planned;
  const known = new Map(scripts.flatMap((it) => it.statements).map(({ text, range }) => [normalForm(text), range]));
  const own = table.slice(table.indexOf('.') + 1);
  const did = statements.filter(({ ran }) => !isAside(ran) && !ran.includes(own));
  const ran = did.map(({ ran: sql, ms: spent, rows }) => {
    const range = known.get(normalForm(sql.trim().replace(/;$/, ''))) ?? { start: 0, end: 0 };
    return { range, sql, ms: spent, rows };
  });
  return [{ migration, path, ms, statements: ran }];
}

/** What a tool asks for itself, and how it parts one piece of work from the next. */
const isAside = (sql: string): boolean =>
  /^\s*(?:select|show|set|begin|commit|rollback|savepoint|release)\b/i.test(sql);

/** As soon as nothing of the tool is left on the server that might change it. */
async function stateAfter(job: Job, session: Session, { backend }: Course): Promise<HistoryState> {
  const until = performance.now() + patienceMs;
  const isThere = async (): Promise<boolean> =>
    (await session.rows('select from pg_catalog.pg_stat_activity where pid = $1', [backend ?? 0])).length > 0;
  while ((await isThere()) && performance.now() < until) await delay(50);
  return job.history.read(session);
}

function progressOf(version: string, plan: readonly Planned[]) {
  const at = plan.findIndex(({ migration }) => migration.version === version);
  const { migration, direction } = plan[at] ?? {};
  const verb = direction === 'down' ? 'Reverting' : 'Applying';
  return { message: `${verb} ${version} ${migration?.title ?? ''}`, fraction: at / plan.length, cancellable: true };
}

function resultOf(job: Job, plan: readonly Planned[], course: Course, history: HistoryState, ms: number): ApplyResult {
  const { label } = job.folder.layout;
  const { begun, end } = course;
  const isRecorded = ({ migration, direction }: Planned): boolean =>
    (history.applied(migration) === 'applied') === (direction === 'up');
  const refused = end && 'refused' in end ? end.refused : undefined;
  // It may have ended behind the row, and before it could say so; what it refused, somebody else may have done meanwhile.
  const done = plan
    .filter((it) => {
      const { version } = it.migration;
      return course.done.includes(version) || (version === begun && version !== refused && isRecorded(it));
    })
    .map(({ migration }) => migration.version);
  if (done.length === plan.length) return { kind: 'done', migrations: done, ms };
  const recorded = whatIsRecorded(job.folder, history);
  const unfinished = plan.find(({ migration }) => migration.version === begun && !done.includes(migration.version));
  const stands = unfinished && !isRecorded(unfinished) ? standing(unfinished, label) : '';
  const state = `${stands} ${recorded}`.trimStart();
  if (job.signal.aborted) return { kind: 'cancelled', migrations: done, state };
  if (end && 'refused' in end && unfinished)
    return {
      kind: 'refused',
      migrations: done,
      version: end.refused,
      finding: findingOf(unfinished, end),
      text: unfinished.text,
      state,
      stands,
      left: done.length === 0 && isInTransaction(unfinished) ? 'nothing' : 'changes',
    };
  throw faultOf(job, end, done.length === 0 && !unfinished ? '' : ` ${state}`);
}

function faultOf({ folder, database }: Job, end: Course['end'], state: string): Fault {
  const { label } = folder.layout;
  if (end && 'elsewhere' in end) {
    const detail = `${label} is configured for the database ${end.elsewhere}, and the target is ${database.label}.`;
    return new Fault('other-database', `${detail}${state}`);
  }
  if (end && 'otherPlan' in end) {
    const others = end.otherPlan.length === 0 ? 'nothing' : end.otherPlan.join(', ');
    return new Fault('out-of-order', `for ${end.version} ${label} would run ${others}.${state}`);
  }
  const says = end && 'trouble' in end ? `: ${end.trouble.replace(/\.$/, '')}.` : ' ended early.';
  return new Fault('tool-failed', `${label}${says}${state}`);
}

/** As one: it may have committed on its way, and of one whose SQL is not known nobody can tell. */
function isInTransaction({ scripts: [script, ...others] }: Planned): boolean {
  if (script?.script.mode !== 'transaction' || others.length > 0) return false;
  return !script.statements.map(verbOf).some((it) => it === 'commit' || it === 'rollback');
}

function standing(planned: Planned, label: string): string {
  const { version } = planned.migration;
  if (isInTransaction(planned)) return `${label} has rolled ${version} back; nothing of it stands.`;
  if (planned.scripts.length === 0)
    return `Whether ${label} runs ${version} in a transaction is not known: look at what of it stands.`;
  return `${label} commits ${version} in parts: what it did before it was cut off may stand.`;
}

function findingOf(
  { path, text }: Planned,
  { message, sqlState, detail, hint, from, to }: Extract<ToolEvent, { refused: string }>,
): Extract<ApplyResult, { kind: 'refused' }>['finding'] {
  return {
    path,
    range: from === undefined || to === undefined ? { start: 0, end: 0 } : linesIn(text, { from, to } satisfies Lines),
    severity: 'error',
    code: 'refused',
    ...(sqlState === undefined ? {} : { sqlState }),
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}
