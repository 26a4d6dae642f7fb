/** Our own pass over a PL/pgSQL body: Postgres prepares each piece of SQL in it, in a mirror of the body. */
import { quoteIdentifier } from '../../database/quote';
import type { Refusal, Session } from '../../database/session';
import type { Piece } from '../../sql/plpgsql/code';
import type { Body } from '../../sql/plpgsql/parse';
import { rowsOf } from '../../sql/plpgsql/rows';
import { refusalOf } from './attempt';
import { type Mirrored, mirrorOf, type Probe, type Variable } from './mirror';
import type { Place } from './places';
import type { Routine, Trigger } from './routine';

/** What was refused, by the place of it. */
export type Refusals = Map<Place, Refusal>;

/**
 * - `tried`: the pieces that could be tried
 * - `unread`: the mirror cannot be compiled, or ends before the first piece, which says nothing about the body for sure
 */
export type Verdict =
  | { readonly kind: 'tried'; readonly refusals: Refusals }
  | { readonly kind: 'unread'; readonly refusal: Refusal };

/**
 * To be called under a savepoint, which must be taken back.
 *
 * @param timeoutMs for all of it
 */
export async function ownPass(
  session: Session,
  routine: Routine,
  body: Body,
  places: readonly Place[],
  timeoutMs: number,
): Promise<Verdict> {
  const tables: readonly (Trigger | undefined)[] =
    routine.triggers.length > 0 ? routine.triggers.slice(0, mostTables) : [undefined];
  let common: Refusals | undefined;
  for (const table of tables) {
    const found = await passFor(session, routine, body, places, table, timeoutMs);
    if (found.kind === 'unread') return found;
    // A branch may be meant for one of the tables only.
    common = new Map([...(common ?? found.refusals)].filter(([place]) => found.refusals.has(place)));
  }
  return { kind: 'tried', refusals: common ?? new Map() };
}

/** A trigger function that serves more is checked for the first ones. */
const mostTables = 20;
/** More are not shown. */
const mostRefusals = 30;

async function passFor(
  session: Session,
  routine: Routine,
  body: Body,
  places: readonly Place[],
  table: Trigger | undefined,
  timeoutMs: number,
): Promise<Verdict> {
  const refusals: Refusals = new Map();
  const outer = { label: routine.name, variables: variablesOf(routine, table) };
  for (const pass of passes) {
    // What stands before the last refusal has been tried; the mirror runs from top to bottom, as the places stand.
    for (let from = 0; refusals.size < mostRefusals; ) {
      const left = [...places.entries()].filter(
        ([n, place]) => n >= from && !refusals.has(place) && pass.tries(place.piece, routine),
      );
      if (left.length === 0 && pass !== passes[0]) break;
      const mirror = mirrorOf(routine.body, body, outer, new Map(left.map(([n, { piece }]) => [piece, n])), pass.probe);
      const statement = pass.statement(dollarQuoted(mirror.text), routine);
      const refusal = await refusalOf(session, routine.settings, statement, timeoutMs);
      if (!refusal) break;
      const id = idOf(refusal, mirror);
      const place = id === undefined ? undefined : places[id];
      if (id === undefined || !place)
        return refusals.size > 0 ? { kind: 'tried', refusals } : { kind: 'unread', refusal };
      refusals.set(place, inPiece(refusal, place.piece));
      from = id + 1;
    }
  }
  return { kind: 'tried', refusals };
}

interface Pass {
  readonly tries: (piece: Piece, routine: Routine) => boolean;
  readonly probe: Probe;
  /** @param body quoted */
  readonly statement: (body: string, routine: Routine) => string;
}

const mark = 'rehearsal_piece_';
const helper = 'pg_temp.rehearsal_body()';

const passes: readonly Pass[] = [
  {
    tries: ({ kind }) => kind !== 'call',
    probe: resolved,
    statement: (body) => `do ${body}`,
  },
  {
    tries: ({ kind }, { rows }) => kind === 'rows' && rows !== undefined,
    // A difference in columns shows when the rows are to be returned, before the first.
    probe(_, query) {
      const rows = rowsOf(query);
      return (
        rows &&
        `begin return query select * from (${rows}) rehearsal limit 0; exception when datatype_mismatch then raise; when others then null; end;`
      );
    },
    statement: (body, { rows = 'void' }) =>
      `create function ${helper} returns ${rows} language plpgsql as ${body}; select from ${helper}`,
  },
  {
    tries: ({ kind }) => kind === 'call',
    // In a function that is not VOLATILE, CALL is prepared and then not allowed (0A000).
    probe: (_, query) => `begin ${query}; exception when feature_not_supported then null; end;`,
    statement: (body) => `create function ${helper} returns void stable language plpgsql as ${body}; select ${helper}`,
  },
];

/**
 * A record without a row type (55000) and a missing right (42501) say nothing.
 *
 * Whether ON CONFLICT has an index, and a column takes values at all, Postgres tells only when it plans.
 */
function resolved({ kind }: Piece, query: string, id: number): string {
  const text = kind === 'expression' ? `select ${query}` : query;
  const analysed = `begin explain (${mark}${id}) ${text}; exception when object_not_in_prerequisite_state or insufficient_privilege then null; when others then if pg_catalog.strpos(sqlerrm, '${mark}${id}') = 0 then raise; end if; end;`;
  if (kind === 'expression' || !/\b(?:insert|update|merge)\b/i.test(query)) return analysed;
  return `${analysed}
begin explain /* ${mark}${id} */ ${text}; exception when invalid_column_reference or generated_always then raise; when others then null; end;`;
}

function idOf({ internalQuery = '', where = '' }: Refusal, { onLine }: Mirrored): number | undefined {
  const id = new RegExp(`${mark}(\\d+)`).exec(internalQuery + where)?.[1];
  if (id !== undefined) return Number(id);
  const line = /(?:inline_code_block|rehearsal_body\(\))\D*(\d+)/.exec(where)?.[1];
  return line === undefined ? undefined : onLine.get(Number(line));
}

/** What stands before a piece where it is tried. */
const explainPrefix = new RegExp(`^explain (?:\\(${mark}\\d+\\)|/\\* ${mark}\\d+ \\*/) `);

/** The refusal as if the piece alone had been sent. */
function inPiece({ internalQuery = '', internalCharacter, ...refusal }: Refusal, { kind }: Piece): Refusal {
  const explain = explainPrefix.exec(internalQuery)?.[0].length;
  const prefix = kind === 'call' ? 0 : explain && explain + (kind === 'expression' ? 'select '.length : 0);
  if (prefix === undefined || internalCharacter === undefined || internalCharacter <= prefix) return refusal;
  return { ...refusal, character: internalCharacter - prefix };
}

function dollarQuoted(text: string): string {
  let tag = '$rehearsal$';
  for (let n = 0; text.includes(tag); n++) tag = `$rehearsal_${n}$`;
  return `${tag}${text}${tag}`;
}

/** Parameters by number and by name, and what a trigger function is given. */
function variablesOf({ parameters, calledBy }: Routine, table: Trigger | undefined): Variable[] {
  const numbered = parameters.flatMap(({ name, type, typeKind }, n) => {
    const number = `$${n + 1}`;
    const own = { name: name || number, type: typeKind === 'p' ? 'integer' : type };
    return name === '' ? [own] : [own, { name: number, type: `alias for ${quoteIdentifier(name)}` }];
  });
  if (calledBy === 'event trigger')
    return [...numbered, { name: 'tg_event', type: 'text' }, { name: 'tg_tag', type: 'text' }];
  if (calledBy !== 'trigger') return numbered;
  const row = table?.table ?? 'record';
  return [...numbered, { name: 'new', type: row }, { name: 'old', type: row }, ...triggerVariables];
}

/** PostgreSQL documentation 41.10, "Trigger Functions". */
const triggerVariables: readonly Variable[] = [
  ...['tg_name', 'tg_relname', 'tg_table_name', 'tg_table_schema'].map((name) => ({ name, type: 'pg_catalog.name' })),
  ...['tg_when', 'tg_level', 'tg_op'].map((name) => ({ name, type: 'pg_catalog.text' })),
  { name: 'tg_relid', type: 'pg_catalog.oid' },
  { name: 'tg_nargs', type: 'pg_catalog.int4' },
  { name: 'tg_argv', type: 'pg_catalog.text[]' },
];
