/**
 * What a schema is, object by object, by a query that anybody can run with psql: names, and a hash of what each is. The
 * fingerprint is the hash of all.
 *
 * It covers tables with columns, constraints, indexes, triggers, policies and rules, views, sequences, types, routines,
 * schemas and extensions. Owners, privileges, comments and the table of the history are left out.
 */
import { createHash } from 'node:crypto';
import { quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';

/** Hashes by what the objects are called: `table public.users`. */
export type SchemaObjects = ReadonlyMap<string, string>;

/** In a transaction that only reads. @param history the table of the tool, quoted */
export async function schemaObjects(session: Session, history: string): Promise<SchemaObjects> {
  await session.run('begin read only');
  try {
    await session.rows('set local search_path = pg_catalog');
    const rows = await session.rows<{ object: string; hash: string }>(objectsQuery(history));
    return new Map(rows.map(({ object, hash }) => [object, hash]));
  } finally {
    if (!session.lost) await session.run('rollback');
  }
}

/** As the query below computes it. */
export const fingerprintOf = (objects: SchemaObjects): string =>
  createHash('md5').update(linesOf(objects).join('\n')).digest('hex');

/** In the order of their bytes. */
export const linesOf = (objects: SchemaObjects): readonly string[] =>
  [...objects]
    .map(([object, hash]) => `${object} ${hash}`)
    .toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

/** What a change of one schema makes of another: what is not touched stays as it is there. */
export function changedAs(objects: SchemaObjects, before: SchemaObjects, after: SchemaObjects): SchemaObjects {
  const changed = new Map(objects);
  for (const object of before.keys()) if (!after.has(object)) changed.delete(object);
  for (const [object, hash] of after) if (before.get(object) !== hash) changed.set(object, hash);
  return changed;
}

/** One row with one column, `fingerprint`. For search_path = pg_catalog. */
export const fingerprintQuery = (history: string): string =>
  `select md5(coalesce(string_agg(line, e'\\n' order by line collate "C"), '')) as fingerprint
from (select object || ' ' || hash as line from (
${objectsQuery(history)}
) objects) lines`;

/** For search_path = pg_catalog, so that definitions name everything with its schema. */
export const objectsQuery = (history: string): string => `with left_out as (
  select c.oid from pg_class c where c.oid = to_regclass(${quoteLiteral(history).trim()})
), of_extensions as (
  select classid, objid from pg_depend where deptype = 'e'
), schemas as (
  select n.oid, quote_ident(n.nspname) as name from pg_namespace n
  where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
    and ('pg_namespace'::regclass, n.oid) not in (select classid, objid from of_extensions)
), relations as (
  select c.*, s.name || '.' || quote_ident(c.relname) as name from pg_class c join schemas s on s.oid = c.relnamespace
  where c.oid not in (select oid from left_out)
    and ('pg_class'::regclass, c.oid) not in (select classid, objid from of_extensions)
    and not exists (select from pg_depend d join left_out l on d.refobjid = l.oid
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass)
    and not exists (select from pg_index i join left_out l on l.oid = i.indrelid where i.indexrelid = c.oid)
), found(object, definition) as (
  select 'schema ' || s.name, '' from schemas s
  where s.name = 'public' or s.name <> quote_ident((parse_ident(${quoteLiteral(history).trim()}))[1])
  union all
  select 'extension ' || quote_ident(extname), '' from pg_extension
  union all
  select case c.relkind when 'r' then 'table ' when 'p' then 'table ' when 'v' then 'view ' when 'm' then 'materialized view '
      when 'S' then 'sequence ' when 'f' then 'foreign table ' else 'type ' end || c.name,
    concat_ws(' ', c.relkind, c.relpersistence, c.reloptions::text, c.relrowsecurity, c.relforcerowsecurity,
      c.relreplident, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
      (select string_agg(i.inhparent::regclass::text, ',' order by i.inhseqno) from pg_inherits i where i.inhrelid = c.oid),
      case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
      (select concat_ws(' ', format_type(q.seqtypid, null), q.seqstart, q.seqincrement, q.seqmax, q.seqmin, q.seqcache, q.seqcycle)
        from pg_sequence q where q.seqrelid = c.oid))
  from relations c where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
  union all
  select 'column ' || c.name || '.' || quote_ident(a.attname),
    concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attoptions::text,
      case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
      (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d where d.adrelid = c.oid and d.adnum = a.attnum))
  from relations c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and a.attnum > 0 and not a.attisdropped
  union all
  select 'constraint ' || c.name || '.' || quote_ident(k.conname),
    concat_ws(' ', pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred)
  from relations c join pg_constraint k on k.conrelid = c.oid where k.contype <> 't'
  union all
  select 'index ' || c.name, concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisreplident, i.indisclustered)
  from relations c join pg_index i on i.indexrelid = c.oid
  union all
  select 'trigger ' || c.name || '.' || quote_ident(g.tgname), concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled)
  from relations c join pg_trigger g on g.tgrelid = c.oid where not g.tgisinternal
  union all
  select 'policy ' || c.name || '.' || quote_ident(p.polname),
    concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from relations c join pg_policy p on p.polrelid = c.oid
  union all
  select 'rule ' || c.name || '.' || quote_ident(r.rulename), concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled)
  from relations c join pg_rewrite r on r.ev_class = c.oid where r.rulename <> '_RETURN'
  union all
  select 'statistics ' || s.name || '.' || quote_ident(x.stxname), pg_get_statisticsobjdef(x.oid)
  from schemas s join pg_statistic_ext x on x.stxnamespace = s.oid
  union all
  select 'routine ' || s.name || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    case when p.prokind = 'a' then pg_get_function_result(p.oid) else pg_get_functiondef(p.oid) end
  from schemas s join pg_proc p on p.pronamespace = s.oid
  where ('pg_proc'::regclass, p.oid) not in (select classid, objid from of_extensions)
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')
  union all
  select 'type ' || s.name || '.' || quote_ident(t.typname),
    concat_ws(' ', t.typtype, t.typnotnull, t.typdefault, case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end,
      (select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
      (select format_type(g.rngsubtype, null) from pg_range g where g.rngtypid = t.oid),
      (select string_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ',' order by k.conname collate "C")
        from pg_constraint k where k.contypid = t.oid))
  from schemas s join pg_type t on t.typnamespace = s.oid
  where t.typtype in ('d', 'e', 'r') and ('pg_type'::regclass, t.oid) not in (select classid, objid from of_extensions)
)
select object, md5(string_agg(definition, e'\\n' order by definition collate "C")) as hash from found group by object`;
