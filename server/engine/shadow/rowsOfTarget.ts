/** What of a database's rows can be copied, how much it is, and whether it has changed: asked of its catalogs. */
import type { Session } from '../database/session';

/** A look at the rows of a target, which costs some milliseconds. */
export interface RowCensus {
  /** Of tables, their indexes and materialized views. */
  readonly bytes: number;
  /**
   * Another one once rows were written, and others may see them; also when a table was only packed anew.
   *
   * The counters tell of rows alone. TRUNCATE, which they leave as they are, gives a table another file; sequences tell
   * their last values, but not of a `setval` to a value that is still to be called.
   */
  readonly written: string;
  /** Why the rows cannot be copied, for people; undefined when they can. */
  readonly obstacle: string | undefined;
}

export interface RowTables {
  readonly tables: readonly RowTable[];
  /** As they are written in SQL. */
  readonly sequences: readonly string[];
  /** Those that are filled; as they are written in SQL. */
  readonly views: readonly string[];
}

export interface RowTable {
  /** Qualified and quoted. */
  readonly name: string;
  /** Those that hold a value of their own, quoted; empty when there are none. */
  readonly columns: string;
  /** Of a table that an extension has brought: which rows are not its own. */
  readonly condition: string;
  /** Of a partition into which rows may not go as they are: the table that gives them to its partitions. */
  readonly root: string | null;
}

/** @param session on the target, as its tool connects */
export async function censusOf(session: Session): Promise<RowCensus> {
  const [found] = await session.rows<Counted>(`
    select coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(id)) filter (where kind <> 'S'), 0) as bytes,
           pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
             coalesce(pg_catalog.string_agg(${writtenOf}, ',' order by id), ''), 'UTF8')), 'hex') as written,
           pg_catalog.current_setting('track_counts')::bool as counts,
           pg_catalog.min(name::text) filter (where kind <> 'm' and not pg_catalog.has_table_privilege(id, 'select'))
             as closed,
           pg_catalog.min(name::text) filter (where kind = 'r' and pg_catalog.row_security_active(id)) as hidden
      from (${relations}) as theirs`);
  if (!found) throw new Error('an aggregate has one row');
  const { bytes, written, counts, closed, hidden } = found;
  const obstacle =
    closed !== null
      ? `${session.server.user} may not read ${closed}`
      : hidden !== null
        ? `row security hides rows of ${hidden} from ${session.server.user}`
        : counts
          ? undefined
          : 'track_counts is off, so that nobody is told when they are written';
  return { bytes: Number(bytes), written, obstacle };
}

interface Counted {
  readonly bytes: string;
  readonly written: string;
  /** As the setting is for this role in this database. */
  readonly counts: boolean;
  readonly closed: string | null;
  readonly hidden: string | null;
}

/** Before PostgreSQL 17 `pg_sequence_last_value` fails where the role may not read the sequence. */
const writtenOf = `
  pg_catalog.concat_ws(':', id, pg_catalog.pg_relation_filenode(id), pg_catalog.pg_relation_size(id),
    pg_catalog.pg_stat_get_tuples_inserted(id), pg_catalog.pg_stat_get_tuples_updated(id),
    pg_catalog.pg_stat_get_tuples_deleted(id),
    case when kind = 'S' and pg_catalog.has_sequence_privilege(id, 'select')
         then pg_catalog.pg_sequence_last_value(id::pg_catalog.regclass) end)`;

/** @param session in the transaction that the rows are read in */
export async function tablesWithRows(session: Session): Promise<RowTables> {
  const found = await session.rows<RowTable & { kind: string; filled: boolean }>(`
    select theirs.kind, theirs.filled, pg_catalog.format('%I.%I', theirs.schema, theirs.name) as name, theirs.condition,
           coalesce((select pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ' order by attnum)
                       from pg_catalog.pg_attribute
                      where attrelid = theirs.id and attnum > 0 and not attisdropped and attgenerated = ''), '') as columns,
           (select pg_catalog.format('%I.%I', n.nspname, c.relname)
              from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where c.oid = pg_catalog.pg_partition_root(theirs.id) and exists (${hashedByEnum})) as root
      from (${relations}) as theirs order by theirs.id`);
  const named = (wanted: string): string[] =>
    found.filter(({ kind, filled }) => kind === wanted && filled).map(({ name }) => name);
  const tables = found.filter(({ kind }) => kind === 'r');
  return { tables, sequences: named('S'), views: named('m') };
}

/**
 * The hash of a value of an enum is that of its number in the catalog, which is another one on the shadow. pg_dump loads
 * such partitions through their root as well (`getPartitioningInfo` in its source).
 */
const hashedByEnum = `
  select from pg_catalog.pg_partition_ancestors(theirs.id) as above (id)
    join pg_catalog.pg_partitioned_table p on p.partrelid = above.id
    join pg_catalog.pg_opclass o on o.oid = any (p.partclass)
    join pg_catalog.pg_am a on a.oid = o.opcmethod
   where o.opcname = 'enum_ops' and o.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace and a.amname = 'hash'`;

/**
 * Tables (partitions too), materialized views and sequences that others than Postgres and its extensions have made, and
 * those of an extension that it has told pg_dump of. Foreign tables keep their rows elsewhere: Postgres looks at those
 * for no constraint either.
 */
const relations = `
  select c.oid as id, c.relkind as kind, n.nspname as schema, c.relname as name, c.relispopulated as filled,
         coalesce(own.condition, '') as condition
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
                                    and d.objsubid = 0 and d.deptype = 'e'
    left join lateral (
      select e.extcondition[place] as condition
        from pg_catalog.pg_extension e, pg_catalog.generate_subscripts(e.extconfig, 1) as place
       where e.oid = d.refobjid and e.extconfig[place] = c.oid) as own on true
   where c.relkind in ('r', 'm', 'S') and c.relpersistence <> 't'
     and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
     and (d.objid is null or own.condition is not null)`;
