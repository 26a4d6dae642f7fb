/** Statements that make a shadow like its target, as far as they can be done there. */
import { Fault } from '../base/fault';
import type { Refusal, Session } from '../database/session';

/**
 * Runs them one after the other.
 *
 * @param lineOf says what was refused, for the log
 * @throws {Fault} `connection-lost`; `disk-full`, with which the shadow would be another one than the next time
 */
export async function refusedOf(
  session: Session,
  statements: readonly string[],
  lineOf: (statement: string, refusal: Refusal) => string = (statement, { message }) => `${message}: ${statement}`,
): Promise<string[]> {
  const refused: string[] = [];
  for (const statement of statements) {
    const answer = await session.run(statement);
    if (answer.kind === 'done') continue;
    const { sqlState, message } = answer.refusal;
    if (sqlState === '53100') throw new Fault('disk-full', `${message} (${session.server.label}).`);
    refused.push(lineOf(statement, answer.refusal));
  }
  return refused;
}
