/** At the next start: what became of an apply or revert that was cut off. Postgres has undone what it could; this tells. */
import { Fault } from '../base/fault';
import { type CutOff, forget, isAbout, readJournals } from '../base/journal';
import { givingUp } from '../database/givingUp';
import { lockFile } from '../database/embeddedLock';
import type { HistoryState } from '../history/history';
import { type Job, usualWaits } from './job';
import { withLockedTarget } from './locked';
import { whatIsRecorded, withEarlier } from './state';
import { type ApplyStep, isApplyStep, topic } from './steps';

/** An apply that is going on holds its lock; there is no use in waiting for it. An embedded database is ours alone then. */
const glanceMs = 50;

/**
 * Work that is still going on, in this process or another one, is left alone.
 *
 * @returns what was found, for people
 * @throws {Fault} as Database.open, `not-writable`; the journal stays for the next time then
 */
export async function recoverApplies(
  job: Pick<Job, 'database' | 'history' | 'folder' | 'storage' | 'signal'>,
): Promise<readonly string[]> {
  if (cutOffIn(job).length === 0) return [];
  let release: (() => void) | undefined;
  try {
    // Each session of the embedded engine has its own advisory locks; only the lock of the file tells of the others.
    if (job.database.file !== undefined) release = lockFile(job.database.file);
    return await withLockedTarget(
      { ...job, waits: release ? usualWaits : { ...usualWaits, lockMs: glanceMs } },
      'read',
      (session) =>
        givingUp(session, job.signal, async () => {
          const state = await job.history.read(session);
          // Under the lock, so that none of them is one that has only just begun.
          return cutOffIn(job).map((work) => {
            const told = toldOf(job, work, state);
            forget(work.path);
            return told;
          });
        }),
    );
  } catch (cause) {
    job.signal.throwIfAborted();
    if (cause instanceof Fault && cause.code === 'locked') return [];
    throw cause;
  } finally {
    release?.();
  }
}

const cutOffIn = ({ storage, database }: Pick<Job, 'database' | 'storage'>): readonly CutOff<ApplyStep>[] =>
  readJournals(storage, topic, isAbout(database.id), isApplyStep);

function toldOf(
  { database, folder }: Pick<Job, 'database' | 'folder'>,
  { begun, steps }: CutOff<ApplyStep>,
  state: HistoryState,
): string {
  const last = steps.at(-1);
  const head = `Work on ${database.label} that began at ${begun} was cut off`;
  const recorded = whatIsRecorded(folder, state);
  if (!last) return `${head} before anything was run. ${recorded}`;
  const migration = folder.migrations.find(({ version }) => version === last.version);
  const where = whereOf(database.engine, last, state, migration);
  // Of a file that has run in part nobody would say that it is applied.
  return last.part !== undefined && state.blocked === undefined ? `${head} ${where}` : `${head} ${where} ${recorded}`;
}

function whereOf(
  engine: Job['database']['engine'],
  { step, version, direction, from, of, part, with: earlier }: ApplyStep,
  state: HistoryState,
  migration: Job['folder']['migrations'][number] | undefined,
): string {
  const whole = direction === 'up' ? version : `the down script of ${version}`;
  const script = part === undefined ? whole : `${part} of ${whole}`;
  // A row of another part makes the file applied.
  if (part !== undefined && step === 'run')
    return `at ${script}: as a whole it is ${direction === 'up' ? 'there and recorded' : 'taken back'}, or not at all, and what is left is run next.`;
  const applied = part === undefined && migration !== undefined && state.applied(migration) === 'applied';
  if (applied === (direction === 'up') && state.blocked === undefined)
    return `after ${script} was carried out and recorded.`;
  // The embedded engine keeps what was done when its session ends well, and not before.
  switch (engine === 'embedded' ? 'run' : step) {
    case 'run':
      return withEarlier(`in the middle of ${script}, which was rolled back: nothing of it stands.`, earlier);
    case 'statement':
      return from === 0 && of > 0
        ? `at the first of the ${of} statements of ${script}; whether it took effect is not known.`
        : `in the middle of ${script}: the first ${from} of its ${of} statements may stand; whether number ${from + 1} took effect is not known.`;
    case 'tool':
      return `in the middle of ${script}, which its tool ran: what of it stands is not known.`;
    case 'commit':
      return `when ${script} was committed and before it was recorded; whether it took effect is not known.`;
  }
}
