/** Runs statements and observes them, as the rehearsal does it. */
import type { Notice, Session } from '../../server/engine/database/session';
import type { Mark } from '../../server/engine/rehearsal/observation/mark';
import type { Observed, Observer } from '../../server/engine/rehearsal/observation/observer';
import { shapeOf } from '../../server/engine/sql/parse';

/** Under a savepoint, asked along with its end. */
export async function ran(session: Session, observer: Observer, sql: string, before: Mark): Promise<Observed> {
  const shape = shapeOf(sql);
  await session.run('savepoint test');
  const notices = await done(session, sql);
  const answer = await done(session, `release savepoint test; ${observer.question(shape, before)}`);
  return observer.observe({ shape, notices }, before, answer);
}

/** The notices of a statement that has to run. */
export async function done(session: Session, sql: string): Promise<readonly Notice[]> {
  const answer = await session.run(sql);
  if (answer.kind === 'refused') throw new Error(`${answer.refusal.message}: ${sql}`);
  return answer.notices;
}
