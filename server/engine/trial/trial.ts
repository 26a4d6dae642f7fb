/**
 * Tries out pending migrations on a copy of a target on a server: what happens there is committed, and no part of the
 * target changes, unless the copy is to become the target at the end.
 */
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import type { Session } from '../database/session';
import { closeTarget, reopenTarget } from '../snapshots/closing';
import { type Exchange, withExchange } from '../snapshots/exchange';
import { reopenTwin } from '../snapshots/freshDatabase';
import { trialName } from '../snapshots/names';
import { factsOf } from '../snapshots/properties';
import { othersStaying } from '../snapshots/sessions';
import { commentStatement, dropDatabase, must } from '../snapshots/statements';
import { undoOrLeave } from '../snapshots/steps';
import { filesOf } from '../snapshots/strategy';
import type { ServerTarget } from '../snapshots/target';
import { forgetScripts, isOnCopy, type TrialRecord } from '../snapshots/trialCopies';
import type { TrialCopied, TrialEnd, TrialReport, TrialResult } from '../trials';
import { type Copying, copyCopy, makeCopy } from './copying';
import { type TrialOrder, type TrialSurroundings, refuse } from './order';
import { type Course, run, type Scripts, type Stopped } from './passes';
import { becomeTarget } from './swapping';

interface Trial extends Exchange {
  readonly target: ServerTarget;
  /** Of the target; see filesOf. */
  readonly files: number | undefined;
  readonly order: TrialOrder;
  readonly scripts: Scripts;
  readonly around: TrialSurroundings;
  readonly record: TrialRecord;
  /** Of the copy. */
  readonly name: string;
  readonly began: number;
}

/**
 * @throws {Fault} `no-trial`, `no-right`, `only-reads`, `locked`, `no-such-snapshot`, `disk-full`, `bad-migration` and the like;
 *   `connection-lost`: then the next start puts an end to it. In each case the target is as it was.
 */
export async function tryOut(
  target: ServerTarget,
  order: TrialOrder,
  scripts: Scripts,
  around: TrialSurroundings,
): Promise<TrialResult> {
  const began = performance.now();
  refuse(order, scripts, false);
  try {
    return await withExchange(target, around, async (it) => {
      // Asked while it is still open.
      const files = await filesOf(target.database, it.facts.bytes, around.signal);
      const now = around.now();
      const name = trialName(target.database.name, now);
      const { versions } = order;
      const about = { database: target.database.name, begun: now.toISOString(), versions };
      const record: TrialRecord = { rehearsal: 'trial', ...about, finished: false };
      return go({ ...it, target, files, order, scripts, around, record, name, began });
    });
  } catch (cause) {
    if (!around.signal.aborted || !isOfCancel(cause, around.signal)) throw cause;
    return { kind: 'cancelled', state: `${target.database.name} is as it was, and the copy has been dropped.` };
  }
}

const isOfCancel = (cause: unknown, { reason }: AbortSignal): boolean =>
  cause === reason || (cause instanceof Error && cause.name === 'AbortError');

/** Whatever comes: what was closed is open again, and what is not to stay is gone, as long as the server answers. */
async function go(trial: Trial): Promise<TrialResult> {
  const { maintenance, journal, order, around, name } = trial;
  const { worker } = maintenance;
  let stays = false;
  const staying = (): void => void (stays = true);
  try {
    const result = await (order.afterwards === 'swap'
      ? around.alone(() => closed(trial, () => onCopy(trial, staying)))
      : onCopy(trial, staying));
    // It may have been idle all the time, and be lost: then somebody else has to drop the copy.
    await must(worker, 'select');
    return result;
  } catch (cause) {
    if (worker.lost) throw cause;
    throw cause instanceof Fault && cause.code === 'connection-lost' ? ofCopyAlone(trial, cause) : cause;
  } finally {
    if (!worker.lost) {
      if (!stays) await undoOrLeave(journal, () => dropDatabase(worker, name, 'force'));
      forgetScripts(isOnCopy(name), around.storage);
    }
  }
}

/** How the copy stands is nothing to anybody: it goes, and what its tool would advise about it is not meant for the target. */
function ofCopyAlone({ target: { database } }: Trial, lost: Fault): Fault {
  const { detail } = lost.cause instanceof Fault ? lost.cause : lost;
  return new Fault('connection-lost', `${detail} The copy has been dropped, and ${database.name} is as it was.`, lost);
}

/**
 * Nobody gets into the target, so that no write is lost that comes after the copy was taken: neither new sessions nor,
 * as they are ended, those that were there (ALLOW_CONNECTIONS in the documentation of ALTER DATABASE).
 */
async function closed(
  { maintenance, journal, target, facts, order, around }: Trial,
  work: () => Promise<TrialResult>,
): Promise<TrialResult> {
  const { worker, watcher } = maintenance;
  await demandUnbound(worker, target);
  const others = order.disconnect ? [] : await othersStaying(watcher, [facts.oid]);
  if (others.length > 0) return { kind: 'busy', sessions: others.map(({ says }) => says) };
  journal.note({ step: 'close', oid: facts.oid });
  await closeTarget(worker, target, facts, 'trial', around);
  try {
    return await work();
  } finally {
    if (!worker.lost) await undoOrLeave(journal, () => reopenTarget(worker, target, facts.oid));
  }
}

/**
 * What receives or gives changes by logical replication is bound to the database that it was made in.
 *
 * @throws {Fault} `no-trial`
 */
async function demandUnbound(worker: Session, { database: { name, label } }: ServerTarget): Promise<void> {
  const bound = await worker.rows<{ what: string }>(
    `select 'the subscription ' || subname as what from pg_catalog.pg_subscription s
       join pg_catalog.pg_database d on d.oid = s.subdbid where d.datname = $1
     union all select 'the replication slot ' || slot_name from pg_catalog.pg_replication_slots
       where database = $1 and not temporary order by 1`,
    [name],
  );
  if (bound.length === 0) return;
  const all = bound.map(({ what }) => what).join(' and ');
  throw new Fault('no-trial', `no copy can take the place of ${label}, with which ${all} would stay.`);
}

async function onCopy(trial: Trial, staying: () => void): Promise<TrialResult> {
  const { maintenance, journal, target, facts, files, order, scripts, around, record, name } = trial;
  const { disconnect } = order;
  const copying: Copying = { maintenance, target, facts, files, around, record, name, disconnect };
  scripts.progress({ message: `Copying ${target.database.label}`, cancellable: true });
  const began = performance.now();
  journal.note({ step: 'trial', name });
  // A dump disturbs nobody, and a target that is closed is ours already.
  const made = await (order.afterwards === 'swap'
    ? makeCopy(copying, 'copy')
    : order.from === 'dump'
      ? makeCopy(copying, 'dump')
      : around.alone(() => makeCopy(copying, order.from)));
  if (made.kind === 'busy') return made;
  const bytes = (await factsOf(maintenance.worker, name))?.bytes ?? facts.bytes;
  const copied: TrialCopied = { ...made.copied, bytes, ms: performance.now() - began };
  const course = await withDown(trial, copying, (forDown) =>
    run(scripts, target.sibling(name), order.versions, forDown),
  );
  return endOf(trial, copied, course, staying);
}

/** What is going to be the target is not what goes down: that is a copy of it. */
async function withDown<T>(
  { journal, order, target, around, maintenance }: Trial,
  copying: Copying,
  use: (forDown: () => Promise<Database>) => Promise<T>,
): Promise<T> {
  if (order.afterwards !== 'swap') return use(() => Promise.resolve(target.sibling(copying.name)));
  const name = trialName(target.database.name, around.now());
  journal.note({ step: 'trial', name });
  try {
    return await use(async () => {
      await copyCopy(copying, name);
      return target.sibling(name);
    });
  } finally {
    if (!maintenance.worker.lost) {
      await undoOrLeave(journal, () => dropDatabase(maintenance.worker, name, 'force'));
      forgetScripts(isOnCopy(name), around.storage);
    }
  }
}

async function endOf(
  trial: Trial,
  copied: TrialCopied,
  { stopped, ...course }: Course,
  staying: () => void,
): Promise<TrialResult> {
  const { target, maintenance, began } = trial;
  if (stopped?.kind === 'cancelled') return cancelled(trial, stopped);
  const end = await finish(trial, stopped, staying);
  if (end.kind === 'busy') return end;
  const report: TrialReport = {
    target: target.database.label,
    server: maintenance.worker.server.label,
    copied,
    ...course,
    end,
    ms: performance.now() - began,
  };
  if (stopped) return { ...stopped, report };
  return { kind: 'tried', report };
}

const cancelled = ({ target }: Trial, { state }: Extract<Stopped, { kind: 'cancelled' }>): TrialResult => ({
  kind: 'cancelled',
  state: `On the copy: ${state} It has been dropped, and ${target.database.name} is as it was.`,
});

/** What was refused becomes nobody's database. */
async function finish(
  trial: Trial,
  stopped: Stopped | undefined,
  staying: () => void,
): Promise<TrialEnd | Extract<TrialResult, { kind: 'busy' }>> {
  const { maintenance, order, record, name, facts } = trial;
  const { worker } = maintenance;
  if (order.afterwards === 'drop' || (stopped && order.afterwards === 'swap')) return { kind: 'dropped' };
  if (order.afterwards === 'keep') {
    await must(worker, commentStatement(name, JSON.stringify({ ...record, finished: true } satisfies TrialRecord)));
    staying();
    return { kind: 'kept', name };
  }
  if (facts.rights === null) await reopenTwin(worker, name);
  const swapped = await becomeTarget(trial);
  if (swapped.kind === 'swapped') staying();
  return swapped;
}
