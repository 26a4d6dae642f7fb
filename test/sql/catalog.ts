/** All objects of a database by kind and name, to compare what a statement did with what its shape said. */
import type { Client } from 'pg';

/** `kind name`, as in `ObjectName`; columns and enum values as `kind owner.name`. */
export async function objectsOf(client: Client): Promise<Set<string>> {
  const { rows } = await client.query<{ object: string }>(OBJECTS);
  return new Set(rows.map(({ object }) => object));
}

const own = (schema: string): string =>
  `${schema} in (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')`;
const notOfExtension = (oid: string): string =>
  `not exists (select from pg_depend d where d.objid = ${oid} and d.deptype = 'e')`;

const OBJECTS = `
  select case when relkind in ('i', 'I') then 'index ' else 'relation ' end || relname as object
    from pg_class where ${own('relnamespace')} and relkind not in ('c', 't') and ${notOfExtension('oid')}
  union select 'constraint ' || conname from pg_constraint where ${own('connamespace')}
  union select 'type ' || typname from pg_type t where ${own('typnamespace')} and ${notOfExtension('oid')}
    and (typtype in ('e', 'd', 'r', 'm')
      or typtype = 'b' and typelem = 0
      or exists (select from pg_class c where c.oid = typrelid and relkind = 'c'))
  union select 'function ' || proname from pg_proc p where ${own('pronamespace')} and ${notOfExtension('oid')}
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'i')
  union select 'schema ' || nspname from pg_namespace where oid >= 16384 and nspname !~ '^pg_'
  union select 'role ' || rolname from pg_roles where oid >= 16384
  union select 'extension ' || extname from pg_extension
  union select 'column ' || relname || '.' || attname from pg_attribute a join pg_class c on attrelid = c.oid
    where ${own('relnamespace')} and attnum > 0 and not attisdropped and relkind in ('r', 'p', 'c', 'f', 'v')
  union select 'value ' || typname || '.' || enumlabel from pg_enum join pg_type t on enumtypid = t.oid
  union select 'other ' || tgname from pg_trigger where not tgisinternal
  union select 'other ' || polname from pg_policy
  union select 'other ' || rulename from pg_rewrite r where rulename <> '_RETURN' and oid >= 16384
  union select 'other ' || pubname from pg_publication
  union select 'other ' || subname from pg_subscription
  union select 'other ' || stxname from pg_statistic_ext
  union select 'other ' || collname from pg_collation where oid >= 16384
  union select 'other ' || oprname from pg_operator o where oid >= 16384 and ${notOfExtension('oid')}
  union select 'other ' || regexp_replace(format_type(castsource, null) || ' as ' || format_type(casttarget, null), '\\w+\\.', '')
    from pg_cast c where oid >= 16384 and ${notOfExtension('oid')}
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'i')
  union select 'other ' || fdwname from pg_foreign_data_wrapper w where ${notOfExtension('oid')}
  union select 'other ' || srvname from pg_foreign_server
  union select 'other ' || usename from pg_user_mappings
  union select 'other ' || evtname from pg_event_trigger
  union select 'other ' || conname from pg_conversion where oid >= 16384
  union select 'other ' || opcname from pg_opclass o where oid >= 16384 and ${notOfExtension('oid')}
  union select 'other ' || opfname from pg_opfamily o where oid >= 16384 and ${notOfExtension('oid')}
  union select 'other ' || dictname from pg_ts_dict where oid >= 16384
  union select 'other ' || cfgname from pg_ts_config where oid >= 16384
  union select 'other ' || amname from pg_am where oid >= 16384
`;
