/** Takes from a session what a script has left in it, in the middle of a transaction, where DISCARD ALL is refused. */
import { Fault } from '../base/fault';
import type { Session } from '../database/session';

/** What DISCARD ALL does (Postgres documentation, DISCARD), save what concerns plans. */
export const forgetScript = `reset role; reset all; close all; deallocate all; unlisten *; discard sequences;
  select pg_catalog.pg_advisory_unlock_all(); discard temp`;

/** @throws {Fault} `connection-lost` when it is refused: the session is of no use then */
export async function demand(session: Session, sql: string): Promise<void> {
  const answer = await session.run(sql);
  if (answer.kind === 'refused') throw new Fault('connection-lost', `${answer.refusal.message}.`);
}
