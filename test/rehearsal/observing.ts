/** Runs statements and observes them, as the rehearsal does it. */
import type { Done, Notice, Session } from '../../server/engine/database/session';
import { installObserver } from '../../server/engine/rehearsal/observation/install';
import {
  type Committed,
  type Observed,
  Observer,
  type Start,
} from '../../server/engine/rehearsal/observation/observer';
import { sortNotices } from '../../server/engine/rehearsal/observation/reports';
import { shapeOf } from '../../server/engine/sql/parse';

/** Under a savepoint. */
export async function ran(
  session: Session,
  observer: Observer,
  sql: string,
  before: Start,
): Promise<Observed & { readonly notices: readonly Notice[] }> {
  const shape = shapeOf(sql);
  await session.run('savepoint test');
  const ready = await observer.ready(shape, before);
  const { notices, behind } = await done(session, sql, ready.behind);
  const observed = await observer.observe({ shape, notices, told: behind?.answer }, ready);
  await session.run('release savepoint test');
  if (!observed) throw new Error(`the observer was refused behind ${sql}`);
  return { ...observed, notices: sortNotices(notices).notices };
}

/** In an open transaction. */
export async function begun(observer: Observer, committed: Committed = {}): Promise<Start> {
  const start = await observer.begin(committed);
  if (!start) throw new Error('the observer was refused');
  return start;
}

/** With event triggers, where the role may make them. On an idle session. */
export const observerOn = async (session: Session): Promise<Observer> =>
  new Observer(session, (await installObserver(session)) ? 'server' : 'grammar');

/** A statement that has to run. */
export async function done(session: Session, sql: string, behind?: string): Promise<Done> {
  const answer = await session.run(sql, behind === undefined ? {} : { behind });
  if (answer.kind === 'refused') throw new Error(`${answer.refusal.message}: ${sql}`);
  return answer;
}
