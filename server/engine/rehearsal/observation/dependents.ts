/** Who depends on what a statement made other than it was: views, policies, triggers, columns, publications, functions. */
import { quoteIdentifier, quoteLiteral } from '../../database/quote';
import type { Alteration } from '../../sql/statement';

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

/** Undefined for alterations that nothing but plans depends on. */
export function dependentsQuestion({
  kind,
  schema,
  name,
  column,
  former,
  change,
}: Alteration): DependentsQuestion | undefined {
  if (change === 'added') return undefined;
  const words = column !== undefined ? [name, former ?? column] : change === 'renamed' ? [former ?? name] : [];
  // What depended on a column that is gone was told when it went.
  if (change === 'dropped') return { class: kind, object: '', part: undefined, words };
  const object = [schema, name].flatMap((it) => (it === undefined ? [] : quoteIdentifier(it))).join('.');
  return { class: kind, object, part: column, words: kind === 'type' ? [] : words };
}

/** The variables of `tellDependents` as SQL literals, in their order. */
export const literalsOf = ({ class: kind, object, part, words }: DependentsQuestion): string[] => [
  quoteLiteral(kind),
  quoteLiteral(object),
  part === undefined ? 'null' : quoteLiteral(part),
  `array[${words.map(quoteLiteral).join(', ')}]::text[]`,
];

/** Names of the catalogs in which they stand. */
const classes = `case class when 'relation' then 'pg_catalog.pg_class'::pg_catalog.regclass::oid
      when 'type' then 'pg_catalog.pg_type'::pg_catalog.regclass::oid
      else 'pg_catalog.pg_proc'::pg_catalog.regclass::oid end`;

/** Postgres looks into functions whose bodies are texts only when they run. */
const mentioning = `
      select 'function', pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)), 'mayBreak'
        from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
       where p.oid >= 16384 and p.probin is null and pg_catalog.cardinality(words) > 0
         and not exists (
           select from pg_catalog.unnest(words) as w (word)
            where p.prosrc !~* ('(?<![[:alnum:]_])' || pg_catalog.regexp_replace(w.word, '(\\W)', '\\\\\\1', 'g') || '(?![[:alnum:]_])'))`;

/**
 * The body of a PL/pgSQL block with the fields of a DependentsQuestion as variables. What is internal goes with the
 * object itself; a view depends by its rule.
 *
 * @param state SQLSTATE of the notice
 */
export const tellDependents = (state: string): string => `
    top := ${classes};
    altered := case when object = '' then null when class = 'relation' then pg_catalog.to_regclass(object)::oid
      when class = 'type' then pg_catalog.to_regtype(object)::oid else pg_catalog.to_regproc(object)::oid end;
    number := (select a.attnum from pg_catalog.pg_attribute a where class = 'relation' and a.attrelid = altered and a.attname = part);
    select pg_catalog.json_agg(pg_catalog.json_build_array(found.kind, found.identity, found.effect)) into told from (
      select distinct case when g.oid is null then o.type else 'generated column' end as kind, o.identity as identity, 'changed' as effect
        from pg_catalog.pg_depend d
        left join pg_catalog.pg_rewrite r on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid
        left join pg_catalog.pg_attrdef g on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and g.oid = d.objid,
        lateral pg_catalog.pg_identify_object(
          case when coalesce(r.oid, g.oid) is null then d.classid else 'pg_catalog.pg_class'::pg_catalog.regclass::oid end,
          coalesce(r.ev_class, g.adrelid, d.objid),
          case when g.oid is not null then g.adnum when r.oid is null and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass then d.objsubid else 0 end) o
       where d.refclassid = top and d.refobjid = altered and (number is null or d.refobjsubid = number)
         and (d.deptype = 'n' or d.deptype = 'a' and number is not null) and coalesce(r.ev_class, 0) <> altered and not (d.classid = top and d.objid = altered)
         and not coalesce(g.adrelid = altered and (number is null or g.adnum = d.refobjsubid), false)
         and d.classid not in ('pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass)
         and not exists (select from pg_catalog.pg_index i where i.indexrelid = d.objid)
         and not exists (select from pg_catalog.pg_trigger t where t.oid = d.objid and t.tgisinternal)
         and o.type not in ('toast table', 'sequence')
      union all ${mentioning}) found;
    if told is not null then
      raise info using errcode = '${state}', message = 'dependents', detail = told;
    end if;`;

export const dependentVariables = 'top oid; altered oid; number int; told json;';
