/** Lets a tool run its own migrations, which are programs: under our lock, on this database and no other, told as it goes. */
import { Fault } from '../base/fault';
import { openJournal } from '../base/journal';
import type { Session } from '../database/session';
import { linesIn } from '../layouts/asked';
import type { Lines, ToolEvent } from '../programs/answer';
import type { ApplyResult } from '../project';
import type { Job, ToolRun } from './job';
import type { Planned } from './plan';
import { whatIsRecorded } from './state';
import { type ApplyStep, topic } from './steps';

/** What the tool has told, as far as it came. */
interface Course {
  readonly done: string[];
  begun: string | undefined;
  end: Exclude<ToolEvent, { begins: string } | { done: string }> | undefined;
}

/** @throws {Fault} `other-database`, `out-of-order`, `tool-failed`, `connection-lost` */
export async function runByTool(
  job: Job,
  run: ToolRun,
  session: Session,
  plan: readonly Planned[],
): Promise<ApplyResult> {
  const { label } = job.folder.layout;
  if (job.database.engine === 'embedded')
    throw new Fault('other-database', `${label} connects to a server, and the target is the embedded Postgres.`);
  const [first] = plan;
  if (!first) return { kind: 'nothing' };
  const began = performance.now();
  const [row] = await session.rows<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
  const journal = openJournal<ApplyStep>(job.storage, topic, job.database.id, job.now());
  const course: Course = { done: [], begun: undefined, end: undefined };
  const { direction } = first;
  const take = (told: ToolEvent): void => {
    if ('begins' in told) {
      course.begun = told.begins;
      journal.note({ step: 'tool', version: told.begins, direction, from: 0, of: 0 });
      job.progress(progressOf(told.begins, plan));
    } else if ('done' in told) course.done.push(told.done);
    else course.end = told;
  };
  try {
    const versions = plan.map(({ migration }) => migration.version);
    const question = { question: 'migrate', direction, versions, pid: row?.pid, folder: job.folder.path };
    const code = await run(question, (told) => take(told as ToolEvent), job.signal);
    return await resultOf(job, session, plan, course, code === 0 ? performance.now() - began : undefined);
  } finally {
    if (session.lost) journal.leave();
    else journal.close();
  }
}

function progressOf(version: string, plan: readonly Planned[]) {
  const at = plan.findIndex(({ migration }) => migration.version === version);
  const { migration, direction } = plan[at] ?? {};
  const verb = direction === 'down' ? 'Reverting' : 'Applying';
  return { message: `${verb} ${version} ${migration?.title ?? ''}`, fraction: at / plan.length, cancellable: true };
}

/** @param ms undefined when the tool has not ended well */
async function resultOf(
  job: Job,
  session: Session,
  plan: readonly Planned[],
  { done, begun, end }: Course,
  ms: number | undefined,
): Promise<ApplyResult> {
  const { label } = job.folder.layout;
  if (end && 'elsewhere' in end)
    throw new Fault(
      'other-database',
      `${label} is configured for the database ${end.elsewhere}, and the target is ${job.database.label}.`,
    );
  if (end && 'otherPlan' in end)
    throw new Fault(
      'out-of-order',
      `for ${end.version} ${label} would run ${end.otherPlan.length === 0 ? 'nothing' : end.otherPlan.join(', ')}.`,
    );
  const recorded = whatIsRecorded(job.folder, await job.history.read(session));
  const unfinished =
    begun !== undefined && !done.includes(begun) ? plan.find((it) => it.migration.version === begun) : undefined;
  const state = `${unfinished ? `${standing(unfinished, label)} ` : ''}${recorded}`;
  if (job.signal.aborted) return { kind: 'cancelled', migrations: done, state };
  if (end && 'refused' in end && unfinished)
    return {
      kind: 'refused',
      migrations: done,
      version: end.refused,
      finding: findingOf(unfinished, end),
      text: unfinished.text,
      state,
      left: done.length === 0 && isInTransaction(unfinished) ? 'nothing' : 'changes',
    };
  if (end && 'trouble' in end) throw new Fault('tool-failed', `${label}: ${end.trouble}. ${state}`);
  if (ms === undefined || done.length < plan.length) throw new Fault('tool-failed', `${label} ended early. ${state}`);
  return { kind: 'done', migrations: done, ms };
}

const isInTransaction = ({ scripts }: Planned): boolean => scripts.every(({ script }) => script.mode === 'transaction');

function standing(planned: Planned, label: string): string {
  const { version } = planned.migration;
  if (isInTransaction(planned)) return `${label} has rolled ${version} back; nothing of it stands.`;
  return `${label} runs ${version} outside of a transaction: what it did before it was refused stands.`;
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
