/** Tries something with the settings of a routine and takes it back, in one message when it is not refused. */
import { quoteLiteral } from '../../database/quote';
import type { Refusal, Session } from '../../database/session';
import { throwIfTrouble } from '../run';

const savepoint = 'rehearsal_attempt';

/**
 * To be called in a transaction.
 *
 * @param settings as pg_proc keeps them: `search_path=app, public`
 * @throws {Fault} as `throwIfTrouble`
 */
export async function refusalOf(
  session: Session,
  settings: readonly string[],
  sql: string,
  timeoutMs: number,
): Promise<Refusal | undefined> {
  const steps = [`savepoint ${savepoint}`, ...settings.map(assigned), sql, `rollback to savepoint ${savepoint}`];
  const answer = await session.run(steps.join('; '), { timeoutMs });
  if (answer.kind === 'done') return undefined;
  throwIfTrouble(answer.refusal, session);
  if (!session.lost) await session.run(`rollback to savepoint ${savepoint}`);
  return answer.refusal;
}

function assigned(setting: string): string {
  const [name = '', ...value] = setting.split('=');
  return `select pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value.join('='))}, true)`;
}
