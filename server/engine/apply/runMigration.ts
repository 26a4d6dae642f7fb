/** One migration in one direction: its scripts in turn, each between what the tool's history does before and after. */
import { Fault } from '../base/fault';
import type { Journal } from '../base/journal';
import { holds, type TextRange } from '../base/text';
import type { Session } from '../database/session';
import type { Decision, HistoryStep } from '../history/history';
import { besideIn } from '../layouts/migration';
import type { Statement } from '../sql/statement';
import type { Job } from './job';
import { openOf } from './lasting';
import { withLockLimit } from './locked';
import type { Planned, PlannedScript } from './plan';
import { type Lasting, type ScriptEnd, runScript } from './runScript';
import type { ApplyStep } from './steps';

/** What is known of a migration that is being run, should the connection break now. */
export interface Trail {
  /** Versions that are done and last, whatever comes. */
  readonly done: string[];
  /** Versions that are done in the transaction that is open, which has all of the plan; undefined when each has its own. */
  together: string[] | undefined;
  planned: Planned | undefined;
  lasting: () => Lasting;
  /** Sent, not yet answered, and lasting if Postgres carries it out. */
  doubtful: Statement | undefined;
}

export interface Work {
  readonly job: Job;
  readonly session: Session;
  readonly planned: Planned;
  readonly journal: Journal<ApplyStep>;
  readonly trail: Trail;
  /** Tells how far it is; `done` counts the statements of this migration. */
  readonly tell: (done: number, cancellable: boolean) => void;
}

export type MigrationEnd = { readonly kind: 'ran' } | Stopped;
/** With all statements of the migration that last, those of its earlier scripts too. */
export type Stopped = Exclude<ScriptEnd, { kind: 'ran' }>;

type Refused = Extract<ScriptEnd, { kind: 'refused' }>;

/** @throws {Fault} `connection-lost`; what the history throws before the script is run */
export async function runMigration(work: Work): Promise<MigrationEnd> {
  const { job, session, planned, trail } = work;
  Object.assign(trail, { planned, lasting: () => [], doubtful: undefined } satisfies Partial<Trail>);
  if (planned.scripts.length === 0) {
    await job.onlooker?.begins(session, planned);
    const step = { ...stepOf(job, planned), ms: 0 };
    await withLockLimit(session, job, async () => job.history.before?.(session, step));
    await withLockLimit(session, job, () => job.history.after(session, step));
    await withLockLimit(session, job, async () => job.history.committed?.(session, step));
  }
  const standing: Statement[] = [];
  for (const script of planned.scripts) {
    if (!(await isToRun(work, script))) continue;
    const end = await runOne(work, script, standing);
    if (end.kind !== 'ran') return { ...end, lasting: end.lasting && [...standing, ...end.lasting] };
    standing.push(...script.statements);
  }
  return { kind: 'ran' };
}

/** One that is not run is recorded here, where the tool does so. */
async function isToRun(work: Work, { script: { part } }: PlannedScript): Promise<boolean> {
  const { job, session, planned } = work;
  const step = { ...stepOf(job, planned), ...(part !== undefined && { part }) };
  let decision: Decision = 'run';
  await withLockLimit(session, job, async () => {
    decision = (await job.history.decides?.(session, step)) ?? 'run';
    if (decision === 'record') await job.history.after(session, { ...step, ms: 0, notRun: true });
  });
  return decision === 'run';
}

async function runOne(work: Work, planned: PlannedScript, standing: readonly Statement[]): Promise<ScriptEnd> {
  const { job, session, journal, trail, tell } = work;
  const { version } = work.planned.migration;
  const { direction, mode, part } = planned.script;
  const ofPart = part === undefined ? {} : { part };
  const { together } = trail;
  const of = planned.statements.length;
  const note = (step: ApplyStep['step'], from: number): void =>
    journal.note({ step, version, direction, from, of, ...(together && { with: [...together] }), ...ofPart });
  note('run', 0);
  const step = { ...stepOf(job, work.planned), ...ofPart };
  await withLockLimit(session, job, async () => job.history.before?.(session, step));
  await job.onlooker?.begins(session, work.planned);
  const began = performance.now();
  const timed = () => ({ ...step, ms: performance.now() - began });
  const end = await runScript({
    session,
    planned,
    text: work.planned.text,
    signal: job.signal,
    transaction: together ? 'shared' : 'own',
    before(from, lasting, atOnce) {
      if (atOnce) note('statement', from);
      trail.lasting = () => lasting && [...standing, ...lasting];
      trail.doubtful = atOnce ? planned.statements[from] : undefined;
      tell(standing.length + from, true);
    },
    ran: async (statements, answer, ms) => job.onlooker?.ran(session, { statements, answer, ms }),
    async advanced(done) {
      if (job.history.advanced)
        await withLockLimit(session, job, async () => job.history.advanced?.(session, step, standing.length + done));
    },
    record: () => withLockLimit(session, job, () => job.history.after(session, timed())),
    committing() {
      // With the history row in the same transaction the row itself tells; otherwise only this note does.
      if (mode !== 'transaction') note('commit', planned.statements.length);
      if (mode === 'implicit' && planned.statements.length > 1) trail.lasting = () => undefined;
      tell(standing.length + planned.statements.length, false);
    },
  });
  if (end.kind === 'ran') await withLockLimit(session, job, async () => job.history.committed?.(session, timed()));
  if (end.kind !== 'refused') return end;
  await showRefused(work, end, planned);
  return noted(work, end, standing, planned);
}

/** Whoever looks on is told of one that has a place in the script, and only where it is known what of that stands. */
async function showRefused(
  { job, session }: Work,
  { range, lasting }: Refused,
  { statements }: PlannedScript,
): Promise<void> {
  const statement = statementAt(statements, range);
  if (!statement || !lasting || session.lost) return;
  // Messages are cut from the text by themselves.
  const lasts = new Set(lasting.map((it) => it.range.start));
  const done = openOf(statements.slice(0, statements.indexOf(statement)));
  const undone = done.filter((it) => !lasts.has(it.range.start));
  await job.onlooker?.refused(session, { statement, undone });
}

const statementAt = (statements: readonly Statement[], at: TextRange): Statement | undefined =>
  statements.find(({ range }) => holds(range, at.start));

/** The tool keeps a record of the failure, too. */
async function noted(
  { job, session, planned: migration }: Work,
  end: Refused,
  standing: readonly Statement[],
  { statements }: PlannedScript,
): Promise<Refused> {
  const { history } = job;
  if (!history.failed || session.lost) return end;
  const refusal = {
    ...end.refusal,
    range: end.range,
    standing: end.lasting && standing.length + end.lasting.length,
    statement: statementAt(statements, end.range)?.text,
  };
  try {
    await withLockLimit(session, job, async () => history.failed?.(session, stepOf(job, migration), refusal));
    return end;
  } catch (cause) {
    if (!(cause instanceof Fault) || session.lost) throw cause;
    return { ...end, unnoted: cause };
  }
}

/** A cancel that left nothing behind need not leave golang-migrate's dirty mark behind either. */
export async function withdraw({ job, session, planned }: Work): Promise<void> {
  const { blocked } = await job.history.read(session);
  if (blocked !== undefined) await job.history.withdraw?.(session, stepOf(job, planned));
}

export const stepOf = (
  job: Pick<Job, 'folder' | 'read'>,
  { migration, previous, direction, upText, scripts }: Planned,
): HistoryStep => ({
  migration,
  previous,
  script: { direction },
  ...(scripts[0] ? { mode: scripts[0].script.mode } : {}),
  upText,
  statements: scripts.flatMap(({ statements }) => statements.map(({ text }) => text)),
  read: besideIn(job.folder, job.read),
});
