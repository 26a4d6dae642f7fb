/** Lets a tool run its own migrations, which are programs: under our lock, on this database and no other, told as it goes. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../base/fault';
import { type Journal, openJournal } from '../base/journal';
import type { Session } from '../database/session';
import type { HistoryState } from '../history/history';
import { linesIn } from '../layouts/asked';
import type { Lines, ToolEvent } from '../programs/answer';
import type { ApplyResult } from '../project';
import type { Job, ToolRun } from './job';
import { verbOf } from './lasting';
import type { Planned } from './plan';
import { whatIsRecorded } from './state';
import { type ApplyStep, topic } from './steps';

/** What the tool has told, as far as it came. */
interface Course {
  readonly done: string[];
  /** Of the tool's session on the server. */
  backend: number | undefined;
  begun: string | undefined;
  end: ToolEvent | undefined;
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
    return resultOf(job, plan, course, state, performance.now() - began);
  } finally {
    if (session.lost) journal.leave();
    else journal.close();
  }
}

async function courseOf(
  job: Job,
  run: ToolRun,
  session: Session,
  plan: readonly Planned[],
  journal: Journal<ApplyStep>,
): Promise<Course> {
  const course: Course = { done: [], backend: undefined, begun: undefined, end: undefined };
  const [row] = await session.rows<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
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
      job.progress(progressOf(told.begins, plan));
    } else if ('done' in told) {
      course.done.push(told.done);
      note(versions[course.done.length]);
    } else course.end = told;
  };
  note(versions[0]);
  let cancelling: Promise<unknown> = Promise.resolve();
  const cancel = (): void => {
    // The tool itself hears of an interrupt when the statement has ended.
    if (course.backend !== undefined)
      cancelling = session.rows('select pg_catalog.pg_cancel_backend($1)', [course.backend]);
  };
  job.signal.addEventListener('abort', cancel, { once: true });
  try {
    const question = { question: 'migrate', direction, versions, pid: row?.pid, folder: job.folder.path };
    await run(question, (told) => take(told as ToolEvent), job.signal);
    await cancelling;
  } finally {
    job.signal.removeEventListener('abort', cancel);
  }
  return course;
}

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
  // It may have ended behind the row, and before it could say so.
  const done = plan
    .filter(({ migration, direction }) => {
      const isRecorded = (history.applied(migration) === 'applied') === (direction === 'up');
      return course.done.includes(migration.version) || (migration.version === begun && isRecorded);
    })
    .map(({ migration }) => migration.version);
  if (done.length === plan.length) return { kind: 'done', migrations: done, ms };
  const recorded = whatIsRecorded(job.folder, history);
  const unfinished = plan.find(({ migration }) => migration.version === begun && !done.includes(migration.version));
  const stands = unfinished ? standing(unfinished, label) : '';
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
