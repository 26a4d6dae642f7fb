/** Loads a schema dump into an empty database, and rows into it on the way. */
import { Fault } from '../base/fault';
import { closePublicSchema } from '../database/publicSchema';
import type { Session } from '../database/session';
import { disarmed } from '../sql/disarmed';
import type { ReachingNames } from '../sql/reach';
import { reachesByRows, reachesUnnamed } from '../sql/reachingSchema';
import { statementsOf } from '../sql/scan';
import { refusedOf } from './refused';
import { fillViews, placeOfRows, type RowSource } from './rowSource';

/** Statements sent in one message: quick, and few enough that a refusal can be tried again one by one. */
const chunkSize = 50;

/**
 * What would reach other databases without being named by a migration is left out: event triggers, operators, casts and
 * indexes whose functions do; checks that do are not computed. Logins to other servers become those of nobody.
 *
 * A refusal does not end it: what a shadow lacks (an extension's objects, a role's right) shows up where a migration
 * uses it. Everything else is committed.
 *
 * @param reaching what the dump has that reaches outside
 * @param rows undefined for none
 * @returns what was refused or left out, for the log; without any of the dump's text, which may hold passwords
 * @throws {Fault} `connection-lost`, `disk-full`; `refused` when the rows do not obey the schema; what `rows` throws
 * @throws whatever reason `signal` was aborted with
 */
export async function restore(
  session: Session,
  dump: string,
  reaching: ReachingNames,
  signal: AbortSignal,
  rows?: RowSource,
): Promise<string[]> {
  const wanted = statementsOf(dump)
    .filter(({ kind, text }) => kind === 'sql' && !unwanted.test(text))
    .map(({ text, range }) => ({ text: userMapping.test(text) ? mappingOfNobody(text) : text, at: range.start }));
  const harmful = new Set(wanted.map(({ text }) => text).filter((text) => reachesUnnamed(text, reaching)));
  const statements = wanted
    .filter(({ text }) => !harmful.has(text))
    .map(({ text, at }) => ({ text: disarmed(text, reaching), at }));
  const refused = [...harmful].map((text) => `${titleOf(text)}, which reaches outside the database`);
  await closePublicSchema(session);
  const place = rows ? placeOfRows(dump) : dump.length;
  const textsOf = (some: typeof statements): string[] => some.map(({ text }) => text);
  refused.push(...(await inChunks(session, textsOf(statements.filter(({ at }) => at < place)), signal)));
  if (rows) {
    const computing = statements.find(({ text }) => reachesByRows(text, reaching));
    if (computing) throw new Fault('refused', `${titleOf(computing.text)} computes columns by what reaches outside.`);
    const views = await rows.copyTo(session, signal);
    refused.push(...(await behindRows(session, textsOf(statements.filter(({ at }) => at >= place)), signal)));
    refused.push(...(await fillViews(session, views, reaching)));
  }
  // A dump empties the search_path for its own session.
  await session.run('reset all');
  return refused;
}

async function behindRows(session: Session, statements: readonly string[], signal: AbortSignal): Promise<string[]> {
  const refused = await inChunks(session, statements, signal);
  const broken = refused.find((it) => /^2[23]/.test(it));
  if (broken === undefined) return refused;
  // Of a schema that is another one than the target's nothing could be told.
  throw new Fault('refused', `the target's rows do not obey its schema (${broken}).`);
}

async function inChunks(session: Session, statements: readonly string[], signal: AbortSignal): Promise<string[]> {
  const refused: string[] = [];
  for (let i = 0; i < statements.length; i += chunkSize) {
    signal.throwIfAborted();
    const chunk = statements.slice(i, i + chunkSize);
    const answer = await session.run(`${chunk.join(';\n')};`);
    if (answer.kind === 'refused') refused.push(...(await oneByOne(session, chunk)));
  }
  return refused;
}

/**
 * A subscription would bear the name of the real one's slot on the other server, and keep the shadow from being
 * dropped. The setting is new in 17, and in every dump.
 */
const unwanted = /^(?:(?:create|alter) subscription|set transaction_timeout)\b/i;

const oneByOne = (session: Session, statements: readonly string[]): Promise<string[]> =>
  refusedOf(session, statements, (statement, { sqlState }) => `${sqlState} ${titleOf(statement)}`);

const userMapping = /^create user mapping\b/i;

/**
 * The mapping stays, so that a migration can change or drop it, but nobody can log in with it. A wrapper that knows
 * other options refuses these.
 */
function mappingOfNobody(text: string): string {
  const [head = 'create user mapping'] = mappingHead.exec(text) ?? [];
  return `${head} options ("user" 'rehearsal_nobody', password 'rehearsal_nobody')`;
}

const mappingHead = /^create user mapping for (?:"(?:[^"]|"")*"|\S+) server (?:"(?:[^"]|"")*"|[^\s"]+)/i;

/** Kind and name of what a statement of a dump is about. */
const titleOf = (text: string): string => (title.exec(text)?.[0] ?? '').toLowerCase();

const title =
  /^[a-z]+(?:(?: or replace)?(?: (?:unlogged|unique|foreign|materialized|event|data wrapper|constraint|table|view|index|sequence|schema|function|procedure|aggregate|extension|server|type|domain|trigger|policy|rule|publication|collation|statistics))+(?: only)?(?: if not exists)? (?:"[^"]*"|[\w$]+)(?:\.(?:"[^"]*"|[\w$]+))*| user mapping| operator| cast| default privileges)?/i;
