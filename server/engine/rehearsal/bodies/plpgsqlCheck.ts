/** The extension plpgsql_check, where the server has it: its errors, as refusals of the pieces they are about. */
import type { Session } from '../../database/session';
import { offsetOfCharacter } from '../../base/text';
import { queryOf } from './mirror';
import type { Refusals, Verdict } from './ownPass';
import type { Place } from './places';
import type { Routine } from './routine';

/**
 * To be called under a savepoint, which must be taken back: an extension that is there and not installed is installed.
 *
 * @returns undefined when it is not there, or has nothing to say about such a routine
 */
export async function checkedByExtension(
  session: Session,
  routine: Routine,
  places: readonly Place[],
  timeoutMs: number,
): Promise<Verdict | undefined> {
  if (routine.oid === '0' || (routine.calledBy === 'trigger' && routine.triggers.length !== 1)) return undefined;
  const schema = await installed(session, timeoutMs);
  if (schema === undefined) return undefined;
  const rows = await session.rows<Row>(
    `select lineno, sqlstate, message, detail, hint, position, query
       from ${schema}.plpgsql_check_function_tb($1::text::oid::regprocedure, coalesce($2::text::regclass, 0::oid),
              fatal_errors => false, other_warnings => false, extra_warnings => false, performance_warnings => false)
      where level = 'error'`,
    [routine.oid, routine.triggers[0]?.table ?? null],
  );
  const refusals: Refusals = new Map();
  for (const row of rows) {
    const place = placeOf(row, routine.body, places);
    if (place && !refusals.has(place)) refusals.set(place, refusalOf(row, routine.body, place));
  }
  return { kind: 'tried', refusals };
}

interface Row {
  readonly lineno: number | null;
  readonly sqlstate: string;
  readonly message: string;
  readonly detail: string | null;
  readonly hint: string | null;
  readonly position: number | null;
  readonly query: string | null;
}

/** @returns its schema, quoted */
async function installed(session: Session, timeoutMs: number): Promise<string | undefined> {
  const there = await schemaOf(session);
  if (there !== undefined || !(await isAvailable(session))) return there;
  await session.run('savepoint rehearsal_extension');
  const answer = await session.run('create extension plpgsql_check', { timeoutMs });
  if (answer.kind === 'done') return schemaOf(session);
  await session.run('rollback to savepoint rehearsal_extension');
  installable.set(session, false);
  return undefined;
}

/** To look it up is to read a folder of the server, so each session asks once. */
const installable = new WeakMap<Session, boolean>();

async function isAvailable(session: Session): Promise<boolean> {
  const known = installable.get(session);
  if (known !== undefined) return known;
  const found = await session.rows("select from pg_catalog.pg_available_extensions where name = 'plpgsql_check'");
  installable.set(session, found.length > 0);
  return found.length > 0;
}

async function schemaOf(session: Session): Promise<string | undefined> {
  const [row] = await session.rows<{ schema: string }>(
    `select pg_catalog.quote_ident(n.nspname) as schema
       from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'plpgsql_check'`,
  );
  return row?.schema;
}

/** The piece with that query, at that line or behind it. */
function placeOf({ lineno, query }: Row, source: string, places: readonly Place[]): Place | undefined {
  const start = lineStart(source, lineno ?? 1);
  const behind = places.filter(({ piece }) => piece.range.end > start);
  if (query === null || query === '') return behind[0];
  const wanted = (place: Place): boolean => query.endsWith(queryOf(source, place.piece).trim());
  return behind.find(wanted) ?? places.find(wanted);
}

function lineStart(source: string, line: number): number {
  let at = 0;
  for (let n = 1; n < line && at >= 0; n++) at = source.indexOf('\n', at) + 1 || source.length;
  return at;
}

function refusalOf({ sqlstate, message, detail, hint, position, query }: Row, source: string, { piece }: Place) {
  const character = query !== null && position ? characterIn(query, position, queryOf(source, piece)) : undefined;
  return {
    sqlState: sqlstate,
    message,
    ...(detail === null ? {} : { detail }),
    ...(hint === null ? {} : { hint }),
    ...(character === undefined ? {} : { character }),
  };
}

/** What stands before the piece in the query (`SELECT `) is not in the body. */
function characterIn(query: string, position: number, text: string): number | undefined {
  const before = query.length - text.length;
  const offset = offsetOfCharacter(query, position) - before;
  return offset < 0 ? undefined : Array.from(text.slice(0, offset)).length + 1;
}
