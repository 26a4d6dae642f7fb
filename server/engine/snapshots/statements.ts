/** Statements about whole databases, as this room sends them. */
import { Fault } from '../base/fault';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import { faultCodeOf } from '../database/refusedFault';
import type { Answer, Session } from '../database/session';

/** Somebody may be at work on the same; we do not stand in the queue behind him for ever. */
export const longestLockMs = 10_000;

/** @throws {Fault} `no-right`, `disk-full` or `refused` when Postgres refuses it */
export async function must(session: Session, sql: string): Promise<void> {
  const answer = await session.run(sql);
  if (answer.kind === 'refused') throw refusedFault(answer);
}

type Refused = Extract<Answer, { kind: 'refused' }>;

export const refusedFault = (answer: Refused): Fault =>
  new Fault(faultCodeOf(answer.refusal.sqlState), `${whyRefused(answer)}.`);

/** In Postgres's own words. */
export const whyRefused = ({ refusal: { message, detail } }: Refused): string =>
  detail === undefined ? message : `${message} (${detail})`;

export const commentStatement = (database: string, comment: string | null): string =>
  `comment on database ${quoteIdentifier(database)} is ${comment === null ? 'null' : quoteLiteral(comment)}`;

/** Whether anybody may connect to it; of those who are kept out, superusers too, whoever is in stays. */
export const admissionStatement = (database: string, admits: 'all' | 'nobody'): string =>
  `alter database ${quoteIdentifier(database)} allow_connections ${admits === 'all'}`;

/**
 * @param force end the sessions in it, for a database that only we could have entered
 * @throws {Fault} as `must`
 */
export async function dropDatabase(
  session: Session,
  name: string,
  force: 'force' | 'gently' = 'gently',
): Promise<void> {
  await must(session, `drop database if exists ${quoteIdentifier(name)}${force === 'force' ? ' with (force)' : ''}`);
}
