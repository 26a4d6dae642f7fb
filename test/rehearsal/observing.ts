/** Runs statements and observes them, as the rehearsal does it. */
import type { Notice, Session } from '../../server/engine/database/session';
import { installObserver } from '../../server/engine/rehearsal/observation/install';
import type { Mark } from '../../server/engine/rehearsal/observation/mark';
import { type Observed, Observer } from '../../server/engine/rehearsal/observation/observer';
import { asBlocks, asFunctions } from '../../server/engine/rehearsal/observation/questions';
import { sortNotices } from '../../server/engine/rehearsal/observation/reports';
import { shapeOf } from '../../server/engine/sql/parse';

/** Under a savepoint. */
export async function ran(
  session: Session,
  observer: Observer,
  sql: string,
  before: Mark,
): Promise<Observed & { readonly notices: readonly Notice[] }> {
  const shape = shapeOf(sql);
  await session.run('savepoint test');
  const baseline = await observer.baseline(shape, before);
  const notices = await done(session, sql);
  const observed = await observer.observe({ shape, notices }, before, baseline);
  await session.run('release savepoint test');
  if (!observed) throw new Error(`the observer was refused behind ${sql}`);
  return { ...observed, notices: sortNotices(notices).notices };
}

/** In an open transaction. */
export async function begun(observer: Observer): Promise<Mark> {
  const mark = await observer.begin();
  if (!mark) throw new Error('the observer was refused');
  return mark;
}

/** With event triggers, where the role may make them. On an idle session. */
export const observerOn = async (session: Session): Promise<Observer> =>
  new Observer(session, (await installObserver(session)) ? asFunctions : asBlocks);

/** The notices of a statement that has to run. */
export async function done(session: Session, sql: string): Promise<readonly Notice[]> {
  const answer = await session.run(sql);
  if (answer.kind === 'refused') throw new Error(`${answer.refusal.message}: ${sql}`);
  return answer.notices;
}
