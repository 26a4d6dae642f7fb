/** Checks the body of one routine against the schema as the session sees it. */
import type { TextRange } from '../../base/text';
import { shifted } from '../../base/text';
import { quoteLiteral } from '../../database/quote';
import type { Refusal, Session } from '../../database/session';
import { blamedRange, quotedIn } from '../../sql/blame';
import type { Piece } from '../../sql/plpgsql/code';
import { type Body, parseBody } from '../../sql/plpgsql/parse';
import { nameParts, tokensOf } from '../../sql/tokens';
import { throwIfTrouble } from '../run';
import { isAboutNames, judgeOf } from './judge';
import { ownPass, type Refusals } from './ownPass';
import { survey } from './places';
import { checkedByExtension } from './plpgsqlCheck';
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
export async function problemsIn(session: Session, routine: Routine, timeoutMs: number): Promise<BodyProblem[]> {
  if (!(await configured(session, routine.settings, timeoutMs))) return [];
  if (routine.language === 'sql') return validated(session, routine, timeoutMs);
  const body = parseBody(routine.body);
  if (!body) return [];
  const surveyed = survey(body.block);
  const verdict =
    (await checkedByExtension(session, routine, surveyed.places, timeoutMs)) ??
    (await ownPass(session, routine, body, surveyed.places, timeoutMs));
  if (verdict.kind === 'tried') {
    const elsewhere = await temporaryTables(session, verdict.refusals);
    return certain(verdict.refusals, routine, body, elsewhere);
  }
  return isAboutNames(verdict.refusal) ? [uncompiled(routine.body, verdict.refusal)] : [];
}

function certain(refusals: Refusals, routine: Routine, body: Body, elsewhere: ReadonlySet<string>): BodyProblem[] {
  const judge = judgeOf(routine, body, elsewhere);
  return [...refusals]
    .filter(([place, refusal]) => judge(place, refusal))
    .map(([{ piece }, refusal]) => ({
      kind: 'refused' as const,
      range: blamedIn(routine.body, piece, refusal),
      refusal,
    }))
    .toSorted((a, b) => a.range.start - b.range.start);
}

/** Tables that are missing and that some routine makes for the session: it may have been called before. */
async function temporaryTables(session: Session, refusals: Refusals): Promise<ReadonlySet<string>> {
  const missing = [...refusals.values()]
    .filter(({ sqlState }) => sqlState === '42P01')
    .flatMap(({ message }) => quotedIn(message).flatMap(nameParts));
  if (missing.length === 0) return new Set();
  const made = await session.rows<{ name: string }>(
    `select distinct name from pg_catalog.unnest($1::text[]) name, pg_catalog.pg_proc p
      where p.prosrc ~* '\\mtemp(orary)?\\M' and pg_catalog.strpos(pg_catalog.lower(p.prosrc), pg_catalog.lower(name)) > 0
        and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace`,
    [missing],
  );
  return new Set(made.map(({ name }) => name));
}

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
async function validated(session: Session, { oid, body }: Routine, timeoutMs: number): Promise<BodyProblem[]> {
  const answer = await session.run(
    `set local check_function_bodies = on; select pg_catalog.fmgr_sql_validator(${quoteLiteral(oid)})`,
    { timeoutMs },
  );
  if (answer.kind === 'done') return [];
  throwIfTrouble(answer.refusal, session);
  const { internalCharacter, internalQuery, where: _, ...refusal } = answer.refusal;
  const blame = internalQuery === body && internalCharacter ? { ...refusal, character: internalCharacter } : refusal;
  return isAboutNames(refusal) ? [{ kind: 'refused', range: blamedRange(body, blame), refusal }] : [];
}

/** @returns false when a setting of the routine is refused */
async function configured(session: Session, settings: readonly string[], timeoutMs: number): Promise<boolean> {
  if (settings.length === 0) return true;
  const calls = settings.map((it) => {
    const [name = '', ...value] = it.split('=');
    return `select pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value.join('='))}, true)`;
  });
  return (await session.run(calls.join('; '), { timeoutMs })).kind === 'done';
}
