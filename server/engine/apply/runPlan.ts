/** Carries out a plan, migration by migration or in one transaction, and keeps the journal of it. */
import { basename } from 'node:path';
import { Fault } from '../base/fault';
import { type Journal, openJournal } from '../base/journal';
import type { Session } from '../database/session';
import type { ApplyResult } from '../project';
import type { Job } from './job';
import { verbOf } from './lasting';
import type { Planned } from './plan';
import { runMigration, type Trail, type Work } from './runMigration';
import { whatIsRecorded, withEarlier } from './state';
import { type ApplyStep, topic } from './steps';
import { stopped } from './stopped';
import { teller } from './teller';

/** @throws {Fault} as applyMigrations */
export async function runPlan(
  job: Job,
  session: Session,
  plan: readonly Planned[],
  trail: Trail,
): Promise<ApplyResult> {
  const together = job.folder.layout.oneTransaction === true && canBeTogether(job, plan);
  const began = performance.now();
  const journal = openJournal<ApplyStep>(job.storage, topic, job.database.id, job.now());
  const tell = teller(job, plan);
  const workOn = (planned: Planned): Work => ({ job, session, planned, journal, trail, tell: tell(planned) });
  try {
    const end = await (together ? runTogether : runEach)(plan.map(workOn));
    return end ?? { kind: 'done', migrations: trail.done, ms: performance.now() - began };
  } finally {
    endJournal(journal, session);
  }
}

/** How it ended is known and told, unless the connection was lost: then the notes are for the next start. */
function endJournal(journal: Journal<ApplyStep>, session: Session): void {
  if (session.lost) journal.leave();
  else journal.close();
}

/** @returns how it ended before the last one was done */
async function runEach(works: readonly Work[]): Promise<ApplyResult | undefined> {
  for (const work of works) {
    const { job, session, planned, trail } = work;
    if (job.signal.aborted) return notBegun(work);
    const end = await runMigration(work);
    if (end.kind !== 'ran') return stopped(work, end, trail.done);
    await session.keep?.();
    trail.done.push(planned.migration.version);
  }
  return undefined;
}

/** BEGIN, every script with its history row, COMMIT. */
async function runTogether(works: readonly Work[]): Promise<ApplyResult | undefined> {
  const [first] = works;
  const last = works.at(-1);
  if (!first || !last) return undefined;
  const { job, session, trail } = first;
  await session.rows('begin');
  trail.together = [];
  for (const work of works) {
    if (job.signal.aborted) return takenBack(work);
    const end = await runMigration(work);
    if (end.kind !== 'ran') return stopped(work, end, []);
    trail.together.push(work.planned.migration.version);
  }
  // It is the last one that is told of from now on, with those before it.
  trail.together.pop();
  if (job.signal.aborted) {
    await session.run('rollback');
    return stopped(last, { kind: 'cancelled', lasting: [] }, []);
  }
  last.tell(
    last.planned.scripts.reduce((sum, { statements }) => sum + statements.length, 0),
    false,
  );
  // A deferred constraint may still refuse it; then Postgres has rolled everything back.
  const answer = await session.run('commit');
  const range = last.planned.scripts.at(-1)?.script.range ?? { start: 0, end: 0 };
  if (answer.kind === 'refused')
    return stopped(last, { kind: 'refused', refusal: answer.refusal, range, lasting: [] }, []);
  await session.keep?.();
  trail.done.push(...works.map(({ planned }) => planned.migration.version));
  return undefined;
}

async function notBegun({ job, session, planned, trail }: Work): Promise<ApplyResult> {
  const recorded = whatIsRecorded(job.folder, await job.history.read(session));
  const state = `${planned.migration.version} was not begun. ${recorded}`;
  return { kind: 'cancelled', migrations: trail.done, state };
}

/** Cancelled between two of them. */
async function takenBack(work: Work): Promise<ApplyResult> {
  const { job, session, planned, trail } = work;
  await session.run('rollback');
  const recorded = whatIsRecorded(job.folder, await job.history.read(session));
  const state = withEarlier(`${planned.migration.version} was not begun.`, trail.together);
  return { kind: 'cancelled', migrations: [], state: `${state} ${recorded}` };
}

/**
 * A script that ends the transaction is run by itself, or not at all: nobody could tell what of the others stands.
 *
 * @throws {Fault} `bad-migration`
 */
function canBeTogether({ folder }: Job, plan: readonly Planned[]): boolean {
  const { label } = folder.layout;
  const apart = plan.filter(({ scripts }) => scripts.some(({ script }) => script.mode !== 'transaction'));
  if (apart.length === plan.length) return false;
  if (apart[0])
    throw new Fault(
      'bad-migration',
      `${basename(apart[0].path)} cannot run in the transaction in which ${label} runs all of them. Apply it by itself.`,
    );
  for (const { path, scripts } of plan) {
    const ending = scripts.flatMap(({ statements }) => statements).find((it) => endsTransaction.has(verbOf(it)));
    if (!ending) continue;
    if (plan.length === 1) return false;
    throw new Fault(
      'bad-migration',
      `${basename(path)} ends the transaction in which ${label} runs all of them ("${ending.text}"). Apply it by itself, or take that out.`,
    );
  }
  return true;
}

const endsTransaction: ReadonlySet<ReturnType<typeof verbOf>> = new Set(['commit', 'rollback'] as const);
