/** One migration in one direction: its scripts in turn, each between what the tool's history does before and after. */
import type { Journal } from '../base/journal';
import type { Session } from '../database/session';
import type { HistoryStep } from '../history/history';
import type { Statement } from '../sql/statement';
import type { Job } from './job';
import { withLockLimit } from './locked';
import type { Planned, PlannedScript } from './plan';
import { type Lasting, type ScriptEnd, runScript } from './runScript';
import type { ApplyStep } from './steps';

/** What is known of a migration that is being run, should the connection break now. */
export interface Trail {
  /** Versions that are done and last, whatever comes. */
  readonly done: string[];
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

/** @throws {Fault} `connection-lost`; what the history throws before the script is run */
export async function runMigration(work: Work): Promise<MigrationEnd> {
  const { job, session, planned, trail } = work;
  Object.assign(trail, { planned, lasting: () => [], doubtful: undefined } satisfies Partial<Trail>);
  if (planned.scripts.length === 0) {
    const step = { ...stepOf(planned), ms: 0 };
    await withLockLimit(session, job, () => job.history.before(session, step));
    await withLockLimit(session, job, () => job.history.after(session, step));
  }
  const standing: Statement[] = [];
  for (const script of planned.scripts) {
    const end = await runOne(work, script, standing);
    if (end.kind !== 'ran') return { ...end, lasting: end.lasting && [...standing, ...end.lasting] };
    standing.push(...script.statements);
  }
  return { kind: 'ran' };
}

async function runOne(work: Work, planned: PlannedScript, standing: readonly Statement[]): Promise<ScriptEnd> {
  const { job, session, journal, trail, tell } = work;
  const { version } = work.planned.migration;
  const { direction, mode } = planned.script;
  const note = (step: ApplyStep['step'], from: number): void =>
    journal.note({ step, version, direction, from, of: planned.statements.length });
  note('run', 0);
  const step = stepOf(work.planned);
  await withLockLimit(session, job, () => job.history.before(session, step));
  const began = performance.now();
  return runScript({
    session,
    planned,
    text: work.planned.text,
    signal: job.signal,
    before(from, lasting, atOnce) {
      if (atOnce) note('statement', from);
      trail.lasting = () => lasting && [...standing, ...lasting];
      trail.doubtful = atOnce ? planned.statements[from] : undefined;
      tell(standing.length + from, true);
    },
    record: () =>
      withLockLimit(session, job, () => job.history.after(session, { ...step, ms: performance.now() - began })),
    committing() {
      // With the history row in the same transaction the row itself tells; otherwise only this note does.
      if (mode !== 'transaction') note('commit', planned.statements.length);
      if (mode === 'implicit' && planned.statements.length > 1) trail.lasting = () => undefined;
      tell(standing.length + planned.statements.length, false);
    },
  });
}

/**
 * A cancel that left nothing behind need not leave golang-migrate's dirty mark behind either: the history is put back
 * to the migration below.
 */
export async function withdraw({ job, session, planned }: Work): Promise<void> {
  const { blocked } = await job.history.read(session);
  if (blocked === undefined) return;
  const direction = planned.direction === 'up' ? 'down' : 'up';
  await job.history.after(session, { ...stepOf(planned), script: { direction }, ms: 0 });
}

export const stepOf = ({ migration, previous, direction, upText }: Planned): HistoryStep => ({
  migration,
  previous,
  script: { direction },
  upText,
});
