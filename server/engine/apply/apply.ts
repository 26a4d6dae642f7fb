/** Applies and reverts migrations on the target: under the locks, in order, recorded as the tool does, told exactly. */
import { Fault } from '../base/fault';
import { openJournal } from '../base/journal';
import type { Session } from '../database/session';
import { isDone } from '../history/history';
import type { ApplyResult, Left } from '../project';
import type { Job } from './job';
import { withLockedTarget } from './locked';
import { type Planned, checkDown, checkUp, planDown, planUp } from './plan';
import { type Stopped, type Trail, type Work, runMigration, stepOf, withdraw } from './runMigration';
import type { Lasting } from './runScript';
import { whatIsRecorded, whatStands } from './state';
import { type ApplyStep, topic } from './steps';

/**
 * Applies these versions, oldest first; the first error stops.
 *
 * @returns `migrations` are the versions that were carried out; the snapshot is the caller's to add. `nothing` when
 *   others have applied all of them meanwhile.
 * @throws {Fault} `no-such-migration`, `not-readable`, `bad-migration`, `blocked`, `history-moved`, `out-of-order`, `locked`: then
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
    return plan;
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
    checkDown(job, versions, await job.history.read(session));
    return planDown(job, versions);
  });
}

async function carryOut(job: Job, decide: (session: Session) => Promise<readonly Planned[]>): Promise<ApplyResult> {
  const trail: Trail = { done: [], planned: undefined, lasting: () => [], doubtful: undefined };
  try {
    return await withLockedTarget(job, 'write', async (session) => {
      const plan = await decide(session);
      return plan.length === 0 ? { kind: 'nothing' } : runAll(job, session, plan, trail);
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

async function runAll(job: Job, session: Session, plan: readonly Planned[], trail: Trail): Promise<ApplyResult> {
  const began = performance.now();
  const journal = openJournal<ApplyStep>(job.storage, topic, job.database.id, job.now());
  const { done } = trail;
  const tell = teller(job, plan);
  try {
    for (const planned of plan) {
      if (job.signal.aborted) {
        const recorded = whatIsRecorded(job.folder, await job.history.read(session));
        return {
          kind: 'cancelled',
          migrations: done,
          state: `${planned.migration.version} was not begun. ${recorded}`,
        };
      }
      const work = { job, session, planned, journal, trail, tell: tell(planned) };
      const end = await runMigration(work);
      if (end.kind !== 'ran') return await stopped(work, end, done);
      await session.keep?.();
      done.push(planned.migration.version);
    }
    return { kind: 'done', migrations: done, ms: performance.now() - began };
  } finally {
    // How it ended is known and told, unless the connection was lost: then the notes are for the next start.
    if (session.lost) journal.leave();
    else journal.close();
  }
}

async function stopped(work: Work, end: Stopped, migrations: readonly string[]): Promise<ApplyResult> {
  const { planned } = work;
  if (end.kind === 'cancelled' && end.lasting?.length === 0) await withdraw(work);
  const { recorded, left } = await endOf(work, end.lasting, migrations);
  const unnoted = end.kind === 'refused' && end.unnoted ? ` ${end.unnoted.detail}` : '';
  const state = `${whatStands(planned, end.lasting)} ${recorded}${unnoted}`;
  switch (end.kind) {
    case 'cancelled':
      return { kind: 'cancelled', migrations, state };
    case 'unrecorded':
      throw new Fault(end.fault.code, `${end.fault.detail} ${state}`, end.fault);
    case 'refused':
      return {
        kind: 'refused',
        migrations,
        version: planned.migration.version,
        finding: findingOf(planned, end),
        text: planned.text,
        state,
        left,
      };
  }
}

/** A script that changed search_path can keep the history from being found; that must not hide how it ended. */
async function endOf(
  { job, session, planned }: Work,
  lasting: Lasting,
  migrations: readonly string[],
): Promise<{ readonly recorded: string; readonly left: Left }> {
  const { folder, history } = job;
  const stands = lasting?.length === 0 ? 'nothing' : 'something';
  const changes = stands === 'something' || migrations.length > 0;
  try {
    const state = await history.read(session);
    if (state.blocked === undefined)
      return { recorded: whatIsRecorded(folder, state), left: changes ? 'changes' : 'nothing' };
    const recorded = history.unblock?.(stepOf(job, planned), stands) ?? state.blocked;
    return { recorded, left: changes ? 'changes' : 'mark' };
  } catch (cause) {
    if (!(cause instanceof Fault) || session.lost) throw cause;
    return { recorded: `The history cannot be read just now: ${cause.detail}`, left: 'changes' };
  }
}

function findingOf(
  { path }: Planned,
  { refusal, range }: Extract<Stopped, { kind: 'refused' }>,
): Extract<ApplyResult, { kind: 'refused' }>['finding'] {
  const { sqlState, message, detail } = refusal;
  const hint = refusal.hint ?? hints[sqlState];
  return {
    path,
    range,
    severity: 'error',
    code: 'refused',
    sqlState,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** For what Postgres says without a word on what to do. */
const hints: Readonly<Record<string, string>> = {
  '55P03': 'Another session holds a lock that this statement needs. Apply again when it is done.',
};

/** The session broke. Looks at the database with a new one, as soon as the server has given up the old one. */
async function afterLoss(job: Job, planned: Planned, trail: Trail, lost: Fault): Promise<ApplyResult> {
  if (job.database.engine === 'embedded') {
    // What its session did was kept behind each migration.
    const state = `Nothing of ${planned.migration.version} stands. ${await recordedAfresh(job)}`;
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
        : whatStands(planned, trail.lasting(), trail.doubtful);
      return `${stands} ${whatIsRecorded(job.folder, state)}`;
    });
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return `How ${planned.migration.version} ended is told when the server answers again.`;
  }
}

/** Steps of a progress bar that can be told apart. */
const most = 500;

/** Statements of all migrations are counted, so that the fraction grows evenly. */
function teller({ progress }: Job, plan: readonly Planned[]): (planned: Planned) => Work['tell'] {
  const counts = plan.map(({ scripts }) => scripts.reduce((sum, { statements }) => sum + statements.length, 0));
  const total = Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  return (planned) => {
    const at = plan.indexOf(planned);
    const earlier = counts.slice(0, at).reduce((sum, count) => sum + count, 0);
    const { version, title } = planned.migration;
    const verb = planned.direction === 'up' ? 'Applying' : 'Reverting';
    let told = -1;
    return (done, cancellable) => {
      // A script of many thousand statements need not be told one by one.
      const step = Math.floor((most * (earlier + done)) / total);
      if (cancellable && total > most && step === told) return;
      told = step;
      const what = cancellable ? `statement ${done + 1} of ${counts[at]}` : 'committing';
      progress({ message: `${verb} ${version} ${title}: ${what}`, fraction: (earlier + done) / total, cancellable });
    };
  };
}
