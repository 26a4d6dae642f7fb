/** Who depends on what a statement made other than it was: views, policies, triggers, columns, publications, functions. */
import { quoteIdentifier, quoteLiteral } from '../../database/quote';
import type { Alteration } from '../../sql/statement';
import { firstOwnOid } from './held';
import type { Routines } from './routines';

/** What is asked of the server: everything that depends on an object or a part of it, and functions that mention words. */
export interface DependentsQuestion {
  readonly class: 'relation' | 'type' | 'function';
  /** Empty when it is gone. */
  readonly object: string;
  /** A column. */
  readonly part: string | undefined;
  /** Words that the body of a function must hold to be about this: the table and its column, as they were called. */
  readonly words: readonly string[];
}

/** Undefined for alterations that nothing but plans depends on, and where there is nobody to depend on them. */
export function dependentsQuestion(
  { kind, schema, name, column, former, change }: Alteration,
  { names }: Routines,
): DependentsQuestion | undefined {
  if (change === 'added') return undefined;
  const mentioned = column !== undefined ? [name, former ?? column] : change === 'renamed' ? [former ?? name] : [];
  const words = names.size === 0 ? [] : mentioned;
  // What depended on a column that is gone was told when it went.
  if (change === 'dropped') return words.length === 0 ? undefined : { class: kind, object: '', part: undefined, words };
  const object = [schema, name].flatMap((it) => (it === undefined ? [] : quoteIdentifier(it))).join('.');
  return { class: kind, object, part: column, words: kind === 'type' ? [] : words };
}

/** The parameters of `dependentsQuery` as SQL literals, in their order. */
export const literalsOf = ({ class: kind, object, part, words }: DependentsQuestion): string[] => [
  quoteLiteral(kind),
  quoteLiteral(object),
  part === undefined ? 'null' : quoteLiteral(part),
  `array[${words.map(quoteLiteral).join(', ')}]::text[]`,
];

/** The object, and the number of its part. */
const altered = `
    select case when $2 = '' then null when $1 = 'relation' then pg_catalog.to_regclass($2)::oid
      when $1 = 'type' then pg_catalog.to_regtype($2)::oid else pg_catalog.to_regproc($2)::oid end`;

/** Postgres looks into functions whose bodies are texts only when they run. */
const mentioning = `
      select 'function', pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)), 'mayBreak'
        from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
       where p.oid >= ${firstOwnOid} and p.probin is null and pg_catalog.cardinality($4) > 0
         and not exists (
           select from pg_catalog.unnest($4) as w (word)
            where p.prosrc !~* ('(?<![[:alnum:]_])' || pg_catalog.regexp_replace(w.word, '(\\W)', '\\\\\\1', 'g') || '(?![[:alnum:]_])'))`;

/**
 * The parameters are the fields of a DependentsQuestion. What is internal goes with the object itself; a view depends by
 * its rule.
 */
export const dependentsQuery = `
    with altered (oid) as materialized (${altered}),
         part (number) as materialized (
           select a.attnum from pg_catalog.pg_attribute a where $1 = 'relation' and a.attrelid = (select oid from altered) and a.attname = $3)
    select 'dependents', pg_catalog.json_agg(pg_catalog.json_build_array(found.kind, found.identity, found.effect)) from (
      select distinct case when g.oid is null then o.type else 'generated column' end as kind, o.identity as identity, 'changed' as effect
        from pg_catalog.pg_depend d cross join lateral (select (select number from part) as number, (select oid from altered) as altered) it
        left join pg_catalog.pg_rewrite r on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid
        left join pg_catalog.pg_attrdef g on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and g.oid = d.objid,
        lateral pg_catalog.pg_identify_object(
          case when coalesce(r.oid, g.oid) is null then d.classid else 'pg_catalog.pg_class'::pg_catalog.regclass::oid end,
          coalesce(r.ev_class, g.adrelid, d.objid),
          case when g.oid is not null then g.adnum when r.oid is null and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass then d.objsubid else 0 end) o
       where d.refclassid = case $1 when 'relation' then 'pg_catalog.pg_class'::pg_catalog.regclass::oid
               when 'type' then 'pg_catalog.pg_type'::pg_catalog.regclass::oid else 'pg_catalog.pg_proc'::pg_catalog.regclass::oid end
         and d.refobjid = (select oid from altered) and (it.number is null or d.refobjsubid = it.number)
         and (d.deptype = 'n' or d.deptype = 'a' and it.number is not null) and coalesce(r.ev_class, 0) <> it.altered and not (d.classid = d.refclassid and d.objid = it.altered)
         and not coalesce(g.adrelid = it.altered and (it.number is null or g.adnum = d.refobjsubid), false)
         and d.classid not in ('pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass)
         and not exists (select from pg_catalog.pg_index i where i.indexrelid = d.objid)
         and not exists (select from pg_catalog.pg_trigger t where t.oid = d.objid and t.tgisinternal)
         and o.type not in ('toast table', 'sequence')
      union all ${mentioning}) found`;
