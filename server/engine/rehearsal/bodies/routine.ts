/** What the catalog knows of a function or procedure: all that gives names in its body a meaning. */
import type { Session } from '../../database/session';

export interface Routine {
  readonly oid: string;
  /** For people: `app.total(integer)`. */
  readonly signature: string;
  readonly name: string;
  readonly language: 'plpgsql' | 'sql';
  readonly body: string;
  readonly parameters: readonly Parameter[];
  /** What RETURN QUERY has to give, as SQL behind RETURNS; undefined when it gives none or its type is not known. */
  readonly rows: string | undefined;
  readonly calledBy: 'statement' | 'trigger' | 'event trigger';
  /** The tables whose triggers call it. */
  readonly triggers: readonly Trigger[];
  /** Its SET clauses: `search_path=app, public`. */
  readonly settings: readonly string[];
}

export interface Parameter {
  /** Empty when it has none. */
  readonly name: string;
  /** Qualified and quoted. */
  readonly type: string;
  /** `p` is a pseudo-type: what it stands for shows only when the routine is called. */
  readonly typeKind: string;
  /** `i` in, `o` out, `b` both, `v` variadic, `t` a column of its result. */
  readonly mode: string;
}

export interface Trigger {
  readonly table: string;
  /** Names of its transition tables. */
  readonly transitions: readonly string[];
}

/** A DO block has nothing but its body. */
export const inlineBlock = (body: string): Routine => ({
  oid: '0',
  signature: 'DO',
  name: 'inline_code_block',
  language: 'plpgsql',
  body,
  parameters: [],
  rows: undefined,
  calledBy: 'statement',
  triggers: [],
  settings: [],
});

/** The routine that was made last with this name and one of these bodies. */
export async function madeLast(
  session: Session,
  name: string,
  bodies: readonly string[],
): Promise<Routine | undefined> {
  const [row] = await session.rows<Row>(
    `${select} where p.proname = $1::text and p.prosrc = any ($2::text[]) order by age(p.xmin), p.oid desc limit 1`,
    [name, bodies],
  );
  return row && routineOf(row);
}

export async function withOids(session: Session, oids: readonly string[]): Promise<Routine[]> {
  if (oids.length === 0) return [];
  const rows = await session.rows<Row>(`${select} where p.oid = any ($1::text[]::oid[]) order by p.oid`, [oids]);
  return rows.map(routineOf);
}

interface Row {
  readonly oid: string;
  readonly signature: string;
  readonly name: string;
  readonly language: 'plpgsql' | 'sql';
  readonly body: string;
  readonly parameters: string | null;
  readonly setof: string | null;
  readonly called: Routine['calledBy'];
  readonly triggers: string | null;
  readonly settings: string | null;
}

const select = `
  select p.oid::text, p.proname as name, l.lanname as language, p.prosrc as body,
         pg_catalog.format('%s%s(%s)',
           case when n.nspname = 'public' then '' else pg_catalog.quote_ident(n.nspname) || '.' end,
           pg_catalog.quote_ident(p.proname), pg_catalog.pg_get_function_identity_arguments(p.oid)) as signature,
         (select pg_catalog.json_agg(pg_catalog.json_build_object(
                   'name', coalesce(p.proargnames[a.nth], ''),
                   'mode', coalesce(p.proargmodes[a.nth]::text, 'i'),
                   'type', pg_catalog.format('%I.%I', tn.nspname, t.typname),
                   'typeKind', t.typtype) order by a.nth)
            from pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality a (type, nth)
            join pg_catalog.pg_type t on t.oid = a.type
            join pg_catalog.pg_namespace tn on tn.oid = t.typnamespace)::text as parameters,
         case when p.proretset then
           case when rt.typtype = 'p' then '' else pg_catalog.format('%I.%I', rn.nspname, rt.typname) end end as setof,
         case p.prorettype when 'pg_catalog.trigger'::pg_catalog.regtype then 'trigger'
           when 'pg_catalog.event_trigger'::pg_catalog.regtype then 'event trigger' else 'statement' end as called,
         (select pg_catalog.json_agg(pg_catalog.json_build_object(
                   'table', pg_catalog.format('%I.%I', cn.nspname, c.relname),
                   'transitions', pg_catalog.array_remove(array[g.tgoldtable, g.tgnewtable], null)) order by g.oid)
            from pg_catalog.pg_trigger g
            join pg_catalog.pg_class c on c.oid = g.tgrelid
            join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
           where g.tgfoid = p.oid and g.tgparentid = 0)::text as triggers,
         pg_catalog.to_json(p.proconfig)::text as settings
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname in ('plpgsql', 'sql')
    join pg_catalog.pg_type rt on rt.oid = p.prorettype
    join pg_catalog.pg_namespace rn on rn.oid = rt.typnamespace`;

function routineOf(row: Row): Routine {
  const parameters: readonly Parameter[] = parsed(row.parameters);
  return {
    oid: row.oid,
    signature: row.signature,
    name: row.name,
    language: row.language,
    body: row.body,
    parameters,
    rows: rowsGiven(row.setof, parameters),
    calledBy: row.called,
    triggers: parsed(row.triggers),
    settings: parsed(row.settings),
  };
}

/** What `select` has put together as JSON. */
const parsed = (json: string | null) => JSON.parse(json ?? '[]') as never;

function rowsGiven(setof: string | null, parameters: readonly Parameter[]): string | undefined {
  if (setof === null) return undefined;
  const columns = parameters.filter(({ mode }) => mode === 't' || mode === 'o' || mode === 'b');
  if (columns.some(({ typeKind }) => typeKind === 'p')) return undefined;
  if (columns.length > 0) return `table (${columns.map(({ type }, n) => `rehearsal_${n} ${type}`).join(', ')})`;
  return setof === '' ? undefined : `setof ${setof}`;
}
