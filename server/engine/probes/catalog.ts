/** The questions to the shadow's catalogs. Every name in the answers is qualified: they are asked with an empty search_path. */

/** The functions that an object depends on; those of pg_catalog are in no list of Postgres, and safe to call. */
const functionsOf = (catalog: string, id: string): string => `
  (select coalesce(json_agg(distinct l.lanname || ' ' || p.proname), '[]')
     from pg_catalog.pg_depend d
     left join pg_catalog.pg_operator o on d.refclassid = 'pg_catalog.pg_operator'::regclass and o.oid = d.refobjid
     join pg_catalog.pg_proc p on p.oid = case when o.oid is null then d.refobjid else o.oprcode end
     join pg_catalog.pg_language l on l.oid = p.prolang
    where d.classid = 'pg_catalog.${catalog}'::regclass and d.objid = ${id}
      and d.refclassid in ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass))`;

const numbers = (array: string): string => `coalesce(pg_catalog.array_to_json(${array}), '[]')`;

/** Those of pg_catalog are printed without their schema, and found first everywhere. */
const collationName = (id: string): string => `case when ${id} <> 0 then ${id}::regcollation::text end`;

/** What a domain is made of in the end; for any other type itself. */
const baseOf = (id: string): string => `
  (with recursive made(id) as (
     select ${id}
     union select d.typbasetype from pg_catalog.pg_type d join made on d.oid = made.id where d.typtype = 'd')
   select made.id from made join pg_catalog.pg_type b on b.oid = made.id where b.typtype <> 'd')`;

const plain = (id: string): string => `
  exists (select from pg_catalog.pg_type p
           where p.oid = ${id} and (p.typnamespace = 'pg_catalog'::regnamespace or p.typtype = 'e'))`;

const columns = `
  select json_agg(json_build_object(
      'number', a.attnum, 'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'typeKind', t.typtype, 'builtIn', t.typnamespace = 'pg_catalog'::regnamespace,
      'plain', ${plain('coalesce(base.oid, t.oid)')},
      'labels', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid),
      'notNull', a.attnotnull, 'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'sameForAll', a.atthasmissing,
      'generated', a.attgenerated <> '', 'stored', a.attgenerated = 's', 'identity', a.attidentity <> '') order by a.attnum)
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_type base on base.oid = ${baseOf('t.oid')}
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`;

const references = `
  json_build_object(
    'table', con.confrelid::bigint, 'columns', ${numbers('con.confkey')}, 'matchFull', con.confmatchtype = 'f',
    'collations', (
      select json_agg(${collationName('a.attcollation')} order by key.place)
        from pg_catalog.unnest(con.confkey) with ordinality as key(number, place)
        join pg_catalog.pg_attribute a on a.attrelid = con.confrelid and a.attnum = key.number))`;

/** Columns that newer versions have are read from the row as a whole. */
const constraints = `
  select json_agg(json_build_object(
      'id', con.oid::bigint, 'name', con.conname, 'type', con.contype, 'validated', con.convalidated,
      'enforced', coalesce((pg_catalog.to_jsonb(con) ->> 'conenforced')::boolean, true),
      'period', coalesce((pg_catalog.to_jsonb(con) ->> 'conperiod')::boolean, false),
      'onlyHere', con.connoinherit, 'columns', ${numbers('con.conkey')}, 'index', con.conindid::bigint,
      'expression', pg_catalog.pg_get_expr(con.conbin, con.conrelid),
      'operators', (
        select coalesce(json_agg('operator(' || op.id::regoper || ')' order by op.place), '[]')
          from pg_catalog.unnest(coalesce(con.conexclop, con.conpfeqop)) with ordinality as op(id, place)),
      'references', case when con.contype = 'f' then ${references} end,
      'functions', ${functionsOf('pg_constraint', 'con.oid')}) order by con.oid)
    from pg_catalog.pg_constraint con
   where con.conrelid = c.oid`;

/** Equality is strategy 3 of btree (`BTEqualStrategyNumber`); GROUP BY uses that of the type's default class. */
const equality = (operatorClass: string): string => `
  (select o.amopopr from pg_catalog.pg_amop o
    where o.amopfamily = ${operatorClass}.opcfamily and o.amopstrategy = 3
      and o.amoplefttype = ${operatorClass}.opcintype and o.amoprighttype = ${operatorClass}.opcintype)`;

const indexKeys = `
  select json_agg(json_build_object(
      'text', pg_catalog.pg_get_indexdef(i.indexrelid, key.place::int, false),
      'collation', ${collationName('(i.indcollation::oid[])[key.place - 1]')},
      'usualEquality', am.amname = 'btree' and (oc.opcdefault or exists (
        select from pg_catalog.pg_opclass usual
         where usual.opcdefault and usual.opcintype = oc.opcintype and usual.opcmethod = am.oid
           and ${equality('usual')} = ${equality('oc')}))) order by key.place)
    from pg_catalog.unnest(i.indclass) with ordinality as key(class, place)
    join pg_catalog.pg_opclass oc on oc.oid = key.class
    join pg_catalog.pg_am am on am.oid = oc.opcmethod`;

const indexes = `
  select json_agg(json_build_object(
      'id', i.indexrelid::bigint, 'name', ic.relname, 'unique', i.indisunique,
      'nullsNotDistinct', coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
      'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid),
      'keys', coalesce((${indexKeys}), '[]'),
      'columns', ${numbers('(i.indkey::int2[])[0:i.indnkeyatts - 1]')},
      'functions', ${functionsOf('pg_class', 'i.indexrelid')}) order by i.indexrelid)
    from pg_catalog.pg_index i
    join pg_catalog.pg_class ic on ic.oid = i.indexrelid
   where i.indrelid = c.oid and (i.indisunique or i.indisexclusion or 0 = any(i.indkey::int2[]))`;

const heirs = `
  with recursive below(id) as (
    select h.inhrelid from pg_catalog.pg_inherits h where h.inhparent = c.oid
    union select h.inhrelid from pg_catalog.pg_inherits h join below on h.inhparent = below.id
  )
  select json_agg(json_build_array(hn.nspname, hc.relname))
    from below join pg_catalog.pg_class hc on hc.oid = below.id join pg_catalog.pg_namespace hn on hn.oid = hc.relnamespace`;

const empty = (query: string): string => `coalesce((${query}), '[]')`;

/** Tables by their ids (`$1`), and those on the other ends of their foreign keys. */
export const tablesQuery = `
  with asked(id) as (select pg_catalog.unnest($1::oid[])),
  wanted(id) as (
    select id from asked
    union select con.confrelid from pg_catalog.pg_constraint con join asked on con.conrelid = asked.id where con.contype = 'f'
    union select con.conrelid from pg_catalog.pg_constraint con join asked on con.confrelid = asked.id where con.contype = 'f'
    union select p.partdefid from pg_catalog.pg_partitioned_table p join asked on p.partrelid = asked.id
  )
  select c.oid::bigint::text as id, json_build_object(
      'id', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
      'temporary', c.relpersistence = 't', 'heirs', ${empty(heirs)},
      'bound', pg_catalog.pg_get_partition_constraintdef(c.oid),
      'defaultPartition', (select p.partdefid::bigint from pg_catalog.pg_partitioned_table p where p.partrelid = c.oid),
      'columns', ${empty(columns)}, 'constraints', ${empty(constraints)}, 'indexes', ${empty(indexes)}) as facts
    from wanted
    join pg_catalog.pg_class c on c.oid = wanted.id
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;

/** The same of tables of which only the name and the kind are wanted. */
export const briefQuery = `
  select c.oid::bigint::text as id, json_build_object(
      'id', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
      'temporary', c.relpersistence = 't', 'heirs', ${empty(heirs)}, 'bound', null, 'defaultPartition', null,
      'columns', '[]'::json, 'constraints', '[]'::json, 'indexes', '[]'::json) as facts
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.oid = any($1::oid[])`;

/** A domain by its id (`$1`); a domain may be made of another one. */
export const domainQuery = `
  with recursive made(id) as (
    select $1::oid
    union select t.oid from pg_catalog.pg_type t join made on t.typtype = 'd' and t.typbasetype = made.id
  )
  select json_build_object(
      'name', t.typname, 'base', pg_catalog.format_type(${baseOf('t.oid')}, t.typtypmod), 'notNull', t.typnotnull,
      'constraints', coalesce((
        select json_agg(json_build_object(
            'id', con.oid::bigint, 'name', con.conname, 'type', con.contype, 'validated', con.convalidated,
            'expression', pg_catalog.pg_get_expr(con.conbin, 0),
            'functions', ${functionsOf('pg_constraint', 'con.oid')}) order by con.oid)
          from pg_catalog.pg_constraint con where con.contypid = t.oid), '[]'),
      'columns', coalesce((
        select json_agg(json_build_object('table', a.attrelid::bigint, 'column', a.attname))
          from pg_catalog.pg_attribute a
          join made on made.id = a.atttypid
          join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'm')
         where a.attnum > 0 and not a.attisdropped), '[]')) as facts
    from pg_catalog.pg_type t where t.oid = $1::oid`;

/**
 * Tables whose rows may change with those of `$1`: ancestors and heirs, and where foreign keys carry a change on.
 * Undefined (`wild`) when code of the user runs with that: triggers, rules, functions named in `$2`. And which of these
 * functions there are not (`missing`).
 */
export const touchedQuery = `
  with recursive touched(id) as (
    select pg_catalog.unnest($1::oid[])
    union
    select next.id from touched cross join lateral (
      select h.inhrelid as id from pg_catalog.pg_inherits h where h.inhparent = touched.id
      union all select h.inhparent from pg_catalog.pg_inherits h where h.inhrelid = touched.id
      union all
      select con.conrelid from pg_catalog.pg_constraint con
       where con.confrelid = touched.id and con.contype = 'f'
         and (con.confdeltype in ('c', 'n', 'd') or con.confupdtype in ('c', 'n', 'd'))) as next
  )
  select coalesce((select json_agg(json_build_array(n.nspname, c.relname))
      from touched join pg_catalog.pg_class c on c.oid = touched.id
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace), '[]') as tables,
    exists (select from touched join pg_catalog.pg_trigger t on t.tgrelid = touched.id and not t.tgisinternal)
    or exists (select from touched join pg_catalog.pg_rewrite r on r.ev_class = touched.id)
    or exists (
      select from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
       where p.proname = any($2::name[]) and p.pronamespace <> 'pg_catalog'::regnamespace
         and p.provolatile = 'v' and l.lanname not in ('internal', 'c')) as wild,
    array(
      select name::text from pg_catalog.unnest($2::name[]) as name
       where not exists (select from pg_catalog.pg_proc p where p.proname = name)) as missing`;

/**
 * What Postgres may choose though nobody names its schema. Casts to json are chosen when a row is shown. Those of an
 * extension came with it, and only compute.
 */
export const choosableQuery = `
  select array(
      select o.oprname::text from pg_catalog.pg_operator o
       where o.oprnamespace <> 'pg_catalog'::regnamespace
         and (o.oprleft = 0 or ${plain(baseOf('o.oprleft'))}) and ${plain(baseOf('o.oprright'))}) as operators,
    exists (
      select from pg_catalog.pg_cast c join pg_catalog.pg_proc p on p.oid = c.castfunc
       where p.pronamespace <> 'pg_catalog'::regnamespace
         and ((${plain('c.castsource')} and ${plain('c.casttarget')}) or c.casttarget = 'pg_catalog.json'::regtype)
         and not exists (
           select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_cast'::regclass and d.objid = c.oid and d.deptype = 'e')) as casts`;

/** Functions of these names (`$1`) outside of pg_catalog. */
export const functionsQuery = `
  select distinct l.lanname || ' ' || p.proname as name
    from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
   where p.proname = any($1::name[]) and p.pronamespace <> 'pg_catalog'::regnamespace`;
