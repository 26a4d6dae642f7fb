/**
 * What was renamed or moved: Postgres keeps the number of an object (its oid) when its name changes, so that two looks
 * at one database tell it for sure. A comparison of names would take it for one object gone and another one made, and
 * rows would go with it.
 */
import { quoteIdentifier, quoteLiteral, quoteName } from '../database/quote';
import type { Session } from '../database/session';

export interface Name {
  /** `schema`, `column`, `value` (of an enum), or what stands behind ALTER: `table`, `domain`. */
  readonly kind: string;
  /** Undefined for a schema. */
  readonly schema: string | undefined;
  /** The relation of a column or constraint, the type of a value. */
  readonly of: string | undefined;
  readonly name: string;
}

/** By a number that lasts. */
export type Names = ReadonlyMap<string, Name>;

const ofUsers = `n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'`;
const notOfExtension = (catalog: string, oid: string): string =>
  `not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
     and d.objid = ${oid} and d.deptype = 'e')`;

/** In the order in which they are renamed: what others are named by comes first. */
const question = `
  select 1 as place, 'n' || n.oid as number, 'schema' as kind, null as schema, null as of, n.nspname as name
    from pg_catalog.pg_namespace n where ${ofUsers} and ${notOfExtension('pg_namespace', 'n.oid')}
  union all
  select 2, 'c' || c.oid, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
      when 'f' then 'foreign table' when 'i' then 'index' when 'I' then 'index' else 'table' end,
      n.nspname, null, c.relname
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where ${ofUsers} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'I')
      and ${notOfExtension('pg_class', 'c.oid')}
      and not exists (select from pg_catalog.pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u', 'x'))
  union all
  select 3, 't' || t.oid, case t.typtype when 'd' then 'domain' else 'type' end, n.nspname, null, t.typname
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    left join pg_catalog.pg_class c on c.oid = t.typrelid
    where ${ofUsers} and ${notOfExtension('pg_type', 't.oid')}
      and (t.typtype in ('d', 'e', 'r') or t.typtype = 'c' and c.relkind = 'c')
  union all
  select 4, 'a' || c.oid || '.' || a.attnum, 'column', n.nspname, c.relname, a.attname
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where ${ofUsers} and c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped and a.attinhcount = 0
      and ${notOfExtension('pg_class', 'c.oid')}
  union all
  select 5, 'k' || k.oid, 'constraint', n.nspname, c.relname, k.conname
    from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where ${ofUsers} and c.relkind in ('r', 'p') and k.coninhcount = 0 and ${notOfExtension('pg_class', 'c.oid')}
  union all
  select 6, 'e' || e.oid, 'value', n.nspname, t.typname, e.enumlabel
    from pg_catalog.pg_enum e join pg_catalog.pg_type t on t.oid = e.enumtypid
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where ${ofUsers} and ${notOfExtension('pg_type', 't.oid')}
  order by place, number`;

interface Row {
  readonly number: string;
  readonly kind: string;
  readonly schema: string | null;
  readonly of: string | null;
  readonly name: string;
}

/** @throws {Fault} as Session.rows */
export async function readNames(session: Session): Promise<Names> {
  const rows = await session.rows<Row>(question);
  return new Map(
    rows.map(({ number, kind, schema, of, name }) => [
      number,
      { kind, schema: schema ?? undefined, of: of ?? undefined, name },
    ]),
  );
}

/** Statements that give the objects of `now` the names that they have in `wanted`, in an order that works. */
export function renamesBetween(now: Names, wanted: Names): string[] {
  const pairs = [...now].flatMap(([number, is]) => {
    const will = wanted.get(number);
    return will?.kind === is.kind ? [{ is, will }] : [];
  });
  const schemas = new Map(pairs.filter(({ is }) => is.kind === 'schema').map(({ is, will }) => [is.name, will.name]));
  return pairs.flatMap(({ is, will }) => renames(is, will, schemas.get(is.schema ?? '') ?? is.schema ?? ''));
}

/**
 * What it is named by has its new name already.
 *
 * @param from the schema that it is in by then
 */
function renames(is: Name, will: Name, from: string): string[] {
  const [schema = '', of = ''] = [will.schema, will.of];
  const to = quoteIdentifier(will.name);
  const isSame = is.name === will.name;
  switch (is.kind) {
    case 'schema':
      return isSame ? [] : [`ALTER SCHEMA ${quoteIdentifier(is.name)} RENAME TO ${to}`];
    case 'column':
    case 'constraint': {
      const what = `RENAME ${is.kind.toUpperCase()} ${quoteIdentifier(is.name)}`;
      return isSame ? [] : [`ALTER TABLE ${quoteName(schema, of)} ${what} TO ${to}`];
    }
    case 'value': {
      const what = `RENAME VALUE ${quoteLiteral(is.name).trim()}`;
      return isSame ? [] : [`ALTER TYPE ${quoteName(schema, of)} ${what} TO ${quoteLiteral(will.name).trim()}`];
    }
    default: {
      const what = `ALTER ${is.kind.toUpperCase()}`;
      // An index and a sequence of a column go where their table goes.
      const stays = from === schema || is.kind === 'index' || is.kind === 'sequence';
      return [
        ...(stays ? [] : [`${what} ${quoteName(from, is.name)} SET SCHEMA ${quoteIdentifier(schema)}`]),
        ...(isSame ? [] : [`${what} ${quoteName(schema, is.name)} RENAME TO ${to}`]),
      ];
    }
  }
}
