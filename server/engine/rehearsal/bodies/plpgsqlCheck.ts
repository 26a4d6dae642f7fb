/** The extension plpgsql_check, where the server has it: its errors, as refusals of the pieces they are about. */
import type { Session } from '../../database/session';
import { offsetOfCharacter } from '../../base/text';
import { quotedIn } from '../../sql/blame';
import { queryOf } from './mirror';
import type { Refusals } from './ownPass';
import type { Place } from './places';
import type { Routine } from './routine';

export interface Extension {
  /** Quoted. */
  readonly schema: string;
}

/**
 * The extension as it is installed; where it is there and not installed, it is installed.
 *
 * To be called under a savepoint, which must be taken back.
 */
export async function extensionOf(session: Session, timeoutMs: number): Promise<Extension | undefined> {
  const there = await installed(session);
  if (there || !(await isAvailable(session))) return there;
  await session.run('savepoint rehearsal_extension');
  const answer = await session.run('create extension plpgsql_check', { timeoutMs });
  if (answer.kind === 'done') return installed(session);
  await session.run('rollback to savepoint rehearsal_extension');
  installable.set(session, false);
  return undefined;
}

/**
 * What the extension says; to be called in a transaction. It checks no DO blocks, and a trigger function for one table.
 *
 * @param places all those of the body
 */
export async function checkedByExtension(
  session: Session,
  { schema }: Extension,
  routine: Routine,
  places: readonly Place[],
): Promise<Refusals> {
  const refusals: Refusals = new Map();
  if (routine.oid === '0' || (routine.calledBy === 'trigger' && routine.triggers.length !== 1)) return refusals;
  const rows = await session.rows<Row>(
    `select lineno, sqlstate, message, detail, hint, position, query
       from ${schema}.plpgsql_check_function_tb($1::text::oid::regprocedure, coalesce($2::text::regclass, 0::oid),
              fatal_errors => false, other_warnings => false, extra_warnings => false, performance_warnings => false)
      where level = 'error'`,
    [routine.oid, routine.triggers[0]?.table ?? null],
  );
  for (const row of rows) {
    const place = placeOf(row, routine.body, places);
    if (place && !refusals.has(place)) refusals.set(place, refusalOf(row, routine.body, place));
  }
  return refusals;
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

/** To look it up is to read a folder of the server, so each session asks once. */
const installable = new WeakMap<Session, boolean>();

async function isAvailable(session: Session): Promise<boolean> {
  const known = installable.get(session);
  if (known !== undefined) return known;
  const found = await session.rows("select from pg_catalog.pg_available_extensions where name = 'plpgsql_check'");
  installable.set(session, found.length > 0);
  return found.length > 0;
}

async function installed(session: Session): Promise<Extension | undefined> {
  const [row] = await session.rows<Extension>(
    `select pg_catalog.quote_ident(n.nspname) as schema
       from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'plpgsql_check'`,
  );
  return row;
}

/** The piece with that query, or with the field that is spoken of, at that line or behind it. */
function placeOf({ lineno, query, message }: Row, source: string, places: readonly Place[]): Place | undefined {
  const start = lineStart(source, lineno ?? 1);
  const behind = places.filter(({ piece }) => piece.range.end > start);
  if (query !== null && query !== '') {
    const wanted = (place: Place): boolean => query.endsWith(queryOf(source, place.piece).trim());
    return behind.find(wanted) ?? places.find(wanted);
  }
  const field = quotedIn(message).slice(0, 2).join('.');
  return field === '' ? undefined : behind.find(({ piece }) => queryOf(source, piece).toLowerCase().includes(field));
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
