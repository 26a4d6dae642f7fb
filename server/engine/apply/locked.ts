/** A session on the target under the tool's lock. */
import { Fault } from '../base/fault';
import { onSession } from '../database/onSession';
import { demandReadWrite } from '../database/onlyReads';
import { holdersOf, isLockTimeout, keptFrom, usualReadLimits } from '../database/readOnly';
import type { Session } from '../database/session';
import { type Job, usualWaits } from './job';

/** How long a server may take to give up the wait for a lock, in milliseconds; one that has gone silent never does. */
const patienceMs = 1_500;

/**
 * Opens the target, takes the lock, and gives both back.
 *
 * @throws {Fault} `locked` when somebody else is migrating for longer than we wait, or until the signal comes; `busy` when
 *   somebody has locked the tables of the history; `only-reads`; as Database.open, which the signal ends as well
 */
export function withLockedTarget<T>(
  {
    database,
    history,
    signal,
    waits = usualWaits,
  }: Pick<Job, 'database' | 'history' | 'waits'> & Partial<Pick<Job, 'signal'>>,
  purpose: 'read' | 'write',
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return onSession(database.open(purpose, signal), async (session) => {
    let late: NodeJS.Timeout | undefined;
    const stopWaiting = (): void => {
      late = setTimeout(() => void session.end(), patienceMs);
      void session.cancel();
    };
    signal?.addEventListener('abort', stopWaiting, { once: true });
    try {
      if (purpose === 'write') await demandReadWrite(session);
      // Some tools take their lock by a row of a table.
      await setLockLimit(session, String(Math.max(waits.lockMs, waits.statementLockMs)));
      return await history.withLock(session, waits.lockMs, async () => {
        signal?.removeEventListener('abort', stopWaiting);
        await setLockLimit(session, String(waits.statementLockMs));
        return use(session);
      });
    } catch (error) {
      throw await explained(session, error);
    } finally {
      clearTimeout(late);
      signal?.removeEventListener('abort', stopWaiting);
    }
  });
}

/** Says who has locked a table for too long, as long as he still has it; and what a role needs that lacks a right. */
async function explained(session: Session, error: unknown): Promise<unknown> {
  if (!(error instanceof Fault) || session.lost) return error;
  if (error.code === 'no-right') return new Fault('no-right', `${error.detail} ${needed(session.server)}`, error);
  if (!isLockTimeout(error)) return error;
  const holders = await holdersOf(session, usualReadLimits, keptFrom.writing);
  return holders.length === 0 ? error : new Fault('busy', `${holders.join('; ')}. ${error.detail}`, error);
}

const needed = ({ user }: Session['server']): string =>
  `Who migrates needs CREATE on the schema of the history as long as its tables are missing, and USAGE; and SELECT, INSERT, UPDATE and DELETE on the tables, for golang-migrate TRUNCATE as well. Their owner can GRANT that to ${user}.`;

/**
 * Runs what is ours between the scripts of a user, who may have set that a lock is waited for without end.
 *
 * @throws {Fault} `busy` when somebody else had it for too long; whatever `work` throws
 */
export async function withLockLimit(
  session: Session,
  { waits = usualWaits }: Job,
  work: () => Promise<void>,
): Promise<void> {
  const [row] = await session.rows<{ was: string }>(`select pg_catalog.current_setting('lock_timeout') as was`);
  await setLockLimit(session, String(waits.statementLockMs));
  await work();
  // After a failure the transaction takes it back, or nothing follows.
  if (row) await setLockLimit(session, row.was);
}

async function setLockLimit(session: Session, limit: string): Promise<void> {
  await session.rows(`select pg_catalog.set_config('lock_timeout', $1, false)`, [limit]);
}
