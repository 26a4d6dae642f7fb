/** Loads a schema dump into an empty database. */
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { statementsOf } from '../sql/scan';

/** Statements sent in one message: quick, and few enough that a refusal can be tried again one by one. */
const chunkSize = 50;

/**
 * A refusal does not end it: what a shadow lacks (an extension's objects, a role's right) shows up where a migration
 * uses it. Everything else is committed.
 *
 * @returns what was refused, for the log
 * @throws {Fault} `connection-lost`, `disk-full`
 * @throws whatever reason `signal` was aborted with
 */
export async function restore(session: Session, dump: string, signal: AbortSignal): Promise<string[]> {
  const statements = statementsOf(dump)
    .filter(({ kind, text }) => kind === 'sql' && !unwanted.test(text))
    .map(({ text }) => text);
  const refused: string[] = [];
  for (let i = 0; i < statements.length; i += chunkSize) {
    signal.throwIfAborted();
    const chunk = statements.slice(i, i + chunkSize);
    const answer = await session.run(`${chunk.join(';\n')};`);
    if (answer.kind === 'refused') refused.push(...(await oneByOne(session, chunk)));
  }
  // A dump empties the search_path for its own session.
  await session.run('reset all');
  return refused;
}

/**
 * A subscription would bear the name of the real one's slot on the other server, and keep the shadow from being
 * dropped. The setting is new in 17, and in every dump.
 */
const unwanted = /^(?:(?:create|alter) subscription|set transaction_timeout)\b/i;

async function oneByOne(session: Session, statements: readonly string[]): Promise<string[]> {
  const refused: string[] = [];
  for (const statement of statements) {
    const answer = await session.run(statement);
    if (answer.kind === 'done') continue;
    const { sqlState, message } = answer.refusal;
    if (sqlState === '53100') throw new Fault('disk-full', message);
    refused.push(`${sqlState} ${message}: ${statement.slice(0, 80)}`);
  }
  return refused;
}
