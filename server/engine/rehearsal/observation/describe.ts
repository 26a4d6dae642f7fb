/** One object of the catalogs as lines of text, in an order and a form that compare well. */
import type { Session } from '../../database/session';

export interface Description {
  readonly kind: 'relation' | 'routine' | 'type';
  /** As Postgres identifies it. */
  readonly identity: string;
}

/** @returns no lines when there is no such object (any more) */
export async function describe(session: Session, { kind, identity }: Description): Promise<readonly string[]> {
  const rows = await session.rows<{ line: string }>(queries[kind], [identity]);
  return rows.flatMap(({ line }) => line.split('\n'));
}

/** Without NOT NULL constraints, which only newer servers have: the columns say it. */
const relation = `
  with it as (select pg_catalog.to_regclass($1) as oid)
  select line from (
    select 0 as part, 0 as number, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'i' then 'index'
             when 'I' then 'index' when 'S' then 'sequence' else 'table' end
             || case c.relpersistence when 'u' then ' unlogged' when 't' then ' temporary' else '' end
             || ', owner ' || pg_catalog.pg_get_userbyid(c.relowner)
             || case when c.relrowsecurity then ', row level security' else '' end
             || case when c.relforcerowsecurity then ' forced' else '' end
             || coalesce(', options ' || pg_catalog.array_to_string(c.reloptions, ', '), '')
             || coalesce(', rights ' || pg_catalog.array_to_string(c.relacl, ' '), '') as line
      from it join pg_catalog.pg_class c on c.oid = it.oid
    union all
    select 1, a.attnum, 'column ' || pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
             || case when a.attnotnull then ' not null' else '' end
             || case when a.attidentity <> '' then ' identity' else '' end
             || coalesce(case when a.attgenerated <> '' then ' generated ' else ' default ' end
                         || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
             || coalesce(' -- ' || pg_catalog.col_description(a.attrelid, a.attnum), '')
      from it join pg_catalog.pg_attribute a on a.attrelid = it.oid and a.attnum > 0 and not a.attisdropped
      join pg_catalog.pg_class c on c.oid = it.oid and c.relkind in ('r', 'p', 'f', 'v', 'm')
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    select 2, 0, 'constraint ' || pg_catalog.quote_ident(conname) || ' ' || pg_catalog.pg_get_constraintdef(o.oid)
      from it join pg_catalog.pg_constraint o on o.conrelid = it.oid where o.contype <> 'n'
    union all
    select 3, 0, pg_catalog.pg_get_indexdef(i.indexrelid) from it join pg_catalog.pg_index i on it.oid in (i.indrelid, i.indexrelid)
    union all
    select 4, 0, pg_catalog.pg_get_triggerdef(t.oid) from it join pg_catalog.pg_trigger t on t.tgrelid = it.oid where not t.tgisinternal
    union all
    select 5, 0, 'policy ' || pg_catalog.quote_ident(p.polname) || ' for ' || p.polcmd::text
             || coalesce(' using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid), '')
             || coalesce(' with check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '')
      from it join pg_catalog.pg_policy p on p.polrelid = it.oid
    union all
    select 6, 0, pg_catalog.pg_get_viewdef(c.oid) from it join pg_catalog.pg_class c on c.oid = it.oid and c.relkind in ('v', 'm')
    union all
    select 7, 0, 'comment ' || pg_catalog.obj_description(it.oid, 'pg_class') from it
  ) lines where line is not null order by part, number, line`;

const routine = `
  select case p.prokind when 'a' then 'aggregate' else pg_catalog.pg_get_functiondef(p.oid) end
           || coalesce(e'\\ncomment ' || pg_catalog.obj_description(p.oid, 'pg_proc'), '')
           || coalesce(e'\\nrights ' || pg_catalog.array_to_string(p.proacl, ' '), '') as line
    from pg_catalog.pg_proc p where p.oid = pg_catalog.to_regprocedure($1)`;

const type = `
  with it as (select t.* from pg_catalog.pg_type t where t.oid = pg_catalog.to_regtype($1))
  select line from (
    select 0 as part, 0::float4 as number, 'type, owner ' || pg_catalog.pg_get_userbyid(it.typowner)
             || case it.typtype when 'd' then ', domain of ' || pg_catalog.format_type(it.typbasetype, it.typtypmod) else '' end
             || case when it.typnotnull then ' not null' else '' end || coalesce(' default ' || it.typdefault, '') as line from it
    union all
    select 1, e.enumsortorder, 'value ' || pg_catalog.quote_literal(e.enumlabel) from it join pg_catalog.pg_enum e on e.enumtypid = it.oid
    union all
    select 2, a.attnum, 'attribute ' || pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
      from it join pg_catalog.pg_attribute a on a.attrelid = it.typrelid and a.attnum > 0 and not a.attisdropped
    union all
    select 3, 0, 'constraint ' || pg_catalog.quote_ident(o.conname) || ' ' || pg_catalog.pg_get_constraintdef(o.oid)
      from it join pg_catalog.pg_constraint o on o.contypid = it.oid
  ) lines order by part, number, line`;

const queries: Readonly<Record<Description['kind'], string>> = { relation, routine, type };
