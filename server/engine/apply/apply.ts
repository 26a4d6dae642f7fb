/** Applies and reverts migrations on the target: under the locks, in order, recorded as the tool does, told exactly. */
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { isDone } from '../history/history';
import type { ApplyResult } from '../project';
import type { Job } from './job';
import { withLockedTarget } from './locked';
import { type Planned, checkDown, checkUp, leftOf, planDown, planUp } from './plan';
import type { Trail } from './runMigration';
import { runByTool } from './runByTool';
import { runPlan } from './runPlan';
import { whatIsRecorded, whatStands, withEarlier } from './state';

/**
 * Applies these versions, oldest first; the first error stops.
 *
 * @returns `migrations` are the versions that were carried out; the snapshot is the caller's to add. `nothing` when
 *   others have applied all of them meanwhile.
 * @throws {Fault} `no-such-migration`, `not-readable`, `bad-migration`, `blocked`, `version-twice`, `history-moved`, `out-of-order`, `locked`: then
 *   nothing was run. `connection-lost`: then the words say how the database stands, as far as it can be known.
 */
export async function applyMigrations(job: Job, versions: readonly string[]): Promise<ApplyResult> {
  const plan = planUp(job, versions);
  if (plan.length === 0) return { kind: 'nothing' };
  return carryOut(job, async (session) => {
    const state = await job.history.read(session);
    // Whoever had the lock until now may have done all of it.
    const left = plan.filter(({ migration, upText }) => !isDone(state, migration, upText));
    if (left.length === 0 && state.blocked === undefined) return [];
    checkUp(job, plan, state);
    return plan.map((it) => leftOf(it, state));
  });
}

/**
 * Runs the down scripts of these versions, which have to be the newest applied ones, newest first; the first error
 * stops.
 *
 * @throws {Fault} `no-down` when one of them has none, before any is run; as applyMigrations
 */
export async function revertMigrations(job: Job, versions: readonly string[]): Promise<ApplyResult> {
  return carryOut(job, async (session) => {
    const state = await job.history.read(session);
    checkDown(job, versions, state);
    return planDown(job, versions).map((it) => leftOf(it, state));
  });
}

type Run = (session: Session, plan: readonly Planned[], trail: Trail) => Promise<ApplyResult>;

/**
 * Under the lock, and however it ends it is told how the database stands.
 *
 * @param run carries out what was decided
 */
export async function carryOut(
  job: Job,
  decide: (session: Session) => Promise<readonly Planned[]>,
  run: Run = (session, plan, trail) =>
    job.run ? runByTool(job, job.run, session, plan) : runPlan(job, session, plan, trail),
): Promise<ApplyResult> {
  const trail: Trail = { done: [], together: undefined, planned: undefined, lasting: () => [], doubtful: undefined };
  try {
    return await withLockedTarget(job, 'write', async (session) => {
      const plan = await decide(session);
      if (plan.length === 0) return { kind: 'nothing' };
      return run(session, plan, trail);
    });
  } catch (cause) {
    if (job.signal.aborted && !trail.planned && isGivenUp(cause, job))
      return { kind: 'cancelled', migrations: [], state: 'Nothing was begun.' };
    if (!(cause instanceof Fault)) throw cause;
    if (cause.code !== 'connection-lost' || !trail.planned) throw cause;
    return afterLoss(job, trail.planned, trail, cause);
  }
}

/** We waited for the server, or for the lock that somebody else has, until the signal came. */
const isGivenUp = (cause: unknown, { signal }: Job): boolean =>
  cause === signal.reason || (cause instanceof Fault && ['locked', 'connection-lost'].includes(cause.code));

/** The session broke. Looks at the database with a new one, as soon as the server has given up the old one. */
async function afterLoss(job: Job, planned: Planned, trail: Trail, lost: Fault): Promise<ApplyResult> {
  if (job.database.engine === 'embedded') {
    // What its session did was kept behind each migration.
    const nothing = withEarlier(`Nothing of ${planned.migration.version} stands.`, trail.together);
    const state = `${nothing} ${await recordedAfresh(job)}`;
    if (job.signal.aborted) return { kind: 'cancelled', migrations: trail.done, state };
    throw new Fault('connection-lost', `${lost.detail} ${state}`, lost);
  }
  throw new Fault('connection-lost', `${lost.detail} ${await foundAfterLoss(job, planned, trail)}`, lost);
}

const recordedAfresh = (job: Job): Promise<string> =>
  lookAgain(job, async (session) => whatIsRecorded(job.folder, await job.history.read(session)));

/** Also after a cancel: how the database stands has to be told. */
const lookAgain = <T>({ database, history, waits }: Job, use: (session: Session) => Promise<T>): Promise<T> =>
  withLockedTarget({ database, history, ...(waits && { waits }) }, 'read', use);

async function foundAfterLoss(job: Job, planned: Planned, trail: Trail): Promise<string> {
  try {
    return await lookAgain(job, async (session) => {
      const state = await job.history.read(session);
      const applied = isDone(state, planned.migration, planned.upText);
      const finished = state.blocked === undefined && applied === (planned.direction === 'up');
      const stands = finished
        ? `${planned.migration.version} was ${planned.direction === 'up' ? 'applied' : 'reverted'} before.`
        : withEarlier(whatStands(planned, trail.lasting(), trail.doubtful), trail.together);
      return `${stands} ${whatIsRecorded(job.folder, state)}`;
    });
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return `How ${planned.migration.version} ended is told when the server answers again.`;
  }
}
