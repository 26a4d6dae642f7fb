/** Checks the body of one routine against the schema as the session sees it. */
import type { TextRange } from '../../base/text';
import { shifted } from '../../base/text';
import type { Refusal, Session } from '../../database/session';
import { blamedRange, quotedIn } from '../../sql/blame';
import type { Piece } from '../../sql/plpgsql/code';
import { parseBody } from '../../sql/plpgsql/parse';
import { nameParts, tokensOf } from '../../sql/tokens';
import { refusalOf } from './attempt';
import { isAboutNames, judgeOf } from './judge';
import { ownPass } from './ownPass';
import { survey } from './places';
import { checkedByExtension, type Extension } from './plpgsqlCheck';
import type { Routine } from './routine';

/** Something in a body that Postgres will refuse when it gets there. */
export interface BodyProblem {
  /**
   * - `refused`: it will be, when the code gets there
   * - `uncompiled`: the declarations are; that means something only where they were not before
   */
  readonly kind: 'refused' | 'uncompiled';
  /** In the body. */
  readonly range: TextRange;
  readonly refusal: Refusal;
}

/**
 * What would be refused in the body of a routine; nothing when that cannot be known.
 *
 * PL/pgSQL is checked by `plpgsql_check` where the server has it, else by our own pass. To be called under a savepoint,
 * which must be taken back.
 *
 * @param timeoutMs longest time for one message, in milliseconds
 * @throws {Fault} as `throwIfTrouble`
 */
export async function problemsIn(
  session: Session,
  routine: Routine,
  extension: Extension | undefined,
  timeoutMs: number,
): Promise<BodyProblem[]> {
  if (routine.language === 'sql') return validated(session, routine, timeoutMs);
  const body = parseBody(routine.body);
  if (!body) return [];
  const surveyed = survey(body.block);
  const judge = judgeOf(routine, body, surveyed);
  const places = surveyed.places.filter((place) => judge.listens(place));
  const verdict =
    (extension && (await checkedByExtension(session, extension, routine, places))) ??
    (await ownPass(session, routine, body, places, timeoutMs));
  if (verdict.kind === 'unread')
    return isAboutNames(verdict.refusal) ? [uncompiled(routine.body, verdict.refusal)] : [];
  const refusals = [...verdict.refusals].filter(([place, refusal]) => judge.believes(place, refusal));
  const elsewhere = await namesElsewhere(session, routine, refusals);
  return refusals
    .filter(([, { message }]) => !spokenIn(message).some((name) => elsewhere.has(name)))
    .map(([{ piece }, refusal]) => ({
      kind: 'refused' as const,
      range: blamedIn(routine.body, piece, refusal),
      refusal,
    }))
    .toSorted((one, other) => one.range.start - other.range.start);
}

/**
 * Of the names that are missing those that may be there for whoever calls: in a schema that is not on the search path
 * here, which callers may choose unless the routine does; in a table that some routine makes for the session.
 */
async function namesElsewhere(
  session: Session,
  { settings }: Routine,
  refusals: readonly (readonly [unknown, Refusal])[],
): Promise<ReadonlySet<string>> {
  const missing = refusals
    .filter(([, { sqlState }]) => notFound.has(sqlState))
    .flatMap(([, it]) => spokenIn(it.message));
  if (missing.length === 0) return new Set();
  const chosen = settings.some((it) => it.startsWith('search_path='));
  const found = await session.rows<{ name: string }>(elsewhere, [missing, !chosen]);
  return new Set(found.map(({ name }) => name));
}

/** 42P01 undefined table, 42883 undefined function, 42704 undefined object. */
const notFound: ReadonlySet<string> = new Set(['42P01', '42883', '42704']);

/** Names that a message speaks of: in quotes, or as `function app.total(integer)`. Qualified ones say where they are. */
const spokenIn = (message: string): string[] => [
  ...quotedIn(message).filter((it) => !it.includes('.')),
  ...[...message.matchAll(/(?<![.\w])([\p{L}_][\p{L}\p{N}_$]*)\(/gu)].map(([, name = '']) => name),
];

/** `$1` names, `$2` whether the caller may choose the search path. */
const elsewhere = `
  select name from pg_catalog.unnest($1::text[]) name
   where exists (select from pg_catalog.pg_proc p
                  where p.prosrc ~* '\\mtemp(orary)?\\M' and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
                    and pg_catalog.strpos(pg_catalog.lower(p.prosrc), pg_catalog.lower(name)) > 0)
      or $2::boolean and exists (
           select from pg_catalog.pg_namespace n
            where n.nspname <> all (pg_catalog.current_schemas(true)) and n.nspname <> 'information_schema'
              and (exists (select from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = name)
                   or exists (select from pg_catalog.pg_proc p where p.pronamespace = n.oid and p.proname = name)
                   or exists (select from pg_catalog.pg_type t where t.typnamespace = n.oid and t.typname = name)))`;

function blamedIn(source: string, piece: Piece, refusal: Refusal): TextRange {
  const text = source.slice(piece.range.start, piece.range.end);
  const column = piece.kind === 'rows' && refusal.character === undefined ? columnBlamed(text, refusal) : undefined;
  return shifted(column ?? fieldBlamed(text, refusal) ?? blamedRange(text, refusal), piece.range.start);
}

/** `record "new" has no field "email"` comes without a position. */
function fieldBlamed(text: string, { character, sqlState, message }: Refusal): TextRange | undefined {
  const [record, field] = quotedIn(message);
  if (character !== undefined || record === undefined || field === undefined) return undefined;
  const range = blamedRange(text, { sqlState, message: `"${record}.${field}"` });
  const found = range.end - range.start < text.length || nameParts(text).join('.') === `${record}.${field}`;
  return found ? range : undefined;
}

/** RETURN QUERY names the column that does not fit by its number, in whatever language. */
function columnBlamed(query: string, { detail = '' }: Refusal): TextRange | undefined {
  const column = /(\d+)\D*$/.exec(detail)?.[1];
  const columns = /\(\d+\).*\(\d+\)/.test(detail) ? undefined : outputColumns(query);
  return column === undefined ? undefined : columns?.[Number(column) - 1];
}

/** What stands between SELECT and FROM, cut at commas. */
function outputColumns(query: string): TextRange[] {
  const tokens = tokensOf(query).filter(({ kind }) => kind !== 'comment');
  const columns: TextRange[] = [];
  let start: number | undefined;
  let depth = 0;
  for (const [n, { text, range }] of tokens.entries()) {
    if (n === 0 && text.toLowerCase() !== 'select') return [];
    if (n === 0) continue;
    if (text === '(' || text === '[') depth++;
    if (text === ')' || text === ']') depth--;
    const over = depth === 0 && (text === ',' || text.toLowerCase() === 'from');
    if (text === '*' && depth === 0) return [];
    if (!over) start ??= range.start;
    if (start !== undefined && (over || n === tokens.length - 1)) {
      columns.push({ start, end: over ? (tokens[n - 1]?.range.end ?? range.start) : range.end });
      start = undefined;
    }
    if (over && text !== ',') break;
  }
  return columns;
}

/** What a variable is declared as is gone. */
const uncompiled = (
  body: string,
  { internalCharacter: _, internalQuery: __, where: ___, ...refusal }: Refusal,
): BodyProblem => ({
  kind: 'uncompiled',
  range: blamedRange(body, { sqlState: refusal.sqlState, message: refusal.message }),
  refusal,
});

/** The server's own check of SQL-language bodies, which it does not do again when the schema changes. */
async function validated(
  session: Session,
  { oid, body, settings }: Routine,
  timeoutMs: number,
): Promise<BodyProblem[]> {
  const validation = `set local check_function_bodies = on; select pg_catalog.fmgr_sql_validator(${oid})`;
  const answer = await refusalOf(session, settings, validation, timeoutMs);
  if (!answer || !isAboutNames(answer)) return [];
  const { internalCharacter, internalQuery, where: _, ...refusal } = answer;
  const blame = internalQuery === body && internalCharacter ? { ...refusal, character: internalCharacter } : refusal;
  return [{ kind: 'refused', range: blamedRange(body, blame), refusal }];
}
