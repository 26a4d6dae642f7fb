/** Does something of ours on the session of a script and takes it back, in a transaction as well as outside of one. */
import { quoteIdentifier } from './quote';
import type { Answer, Session } from './session';

const savepoint = 'rehearsal_aside';

/** What the script may have set would end what is ours, or let it wait for nothing. */
const noLimits = ['set local statement_timeout = 0', 'set local lock_timeout = 0'];

/**
 * Locks and settings that `work` takes are given back, too.
 *
 * @param first statements to begin with, in the same packet
 * @returns undefined in a failed transaction and on a lost session, where nothing can be done
 */
export async function aside<T>(
  session: Session,
  work: () => Promise<T>,
  first: readonly string[] = [],
): Promise<T | undefined> {
  if (session.lost || session.transaction === 'failed') return undefined;
  const inside = session.transaction === 'open';
  await session.run([inside ? `savepoint ${savepoint}` : 'begin', ...noLimits, ...first].join('; '));
  try {
    return await work();
  } finally {
    if (!session.lost)
      await session.run(inside ? `rollback to savepoint ${savepoint}; release savepoint ${savepoint}` : 'rollback');
  }
}

/**
 * The same in one exchange and in an open transaction, for questions that answer in rows.
 *
 * @param ahead what begins a transaction, or opens a failed one again, in the same packet; as RunOptions.ahead
 * @returns undefined where there is none
 */
export async function askedAside(
  session: Session,
  questions: readonly string[],
  ahead: readonly string[] = [],
): Promise<Answer | undefined> {
  if (session.lost || (ahead.length === 0 && session.transaction !== 'open')) return undefined;
  const answer = await session.run(askingAside(questions), { withRows: true, ahead });
  await takeBackAside(session, answer);
  return answer;
}

/** The same as SQL, to be asked behind a statement in the same transaction. */
export const askingAside = (questions: readonly string[]): string =>
  [`savepoint ${savepoint}`, ...noLimits, ...questions, back].join('; ');

/** @param answer to `askingAside` */
export async function takeBackAside(session: Session, answer: Answer): Promise<void> {
  if (answer.kind === 'refused' && answer.completed > 0 && !session.lost) await session.run(back);
}

const back = `rollback to savepoint ${savepoint}; release savepoint ${savepoint}`;

/** The role that a rehearsal runs as may not see and do everything; who has logged in may. */
export const asOurselves = ({ server }: Session): string => `set session authorization ${quoteIdentifier(server.user)}`;
