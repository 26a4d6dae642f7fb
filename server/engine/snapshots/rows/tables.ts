/** The tables of a database whose rows can be exchanged, each with its partitions, as its catalogs tell them. */
import { Fault } from '../../base/fault';
import { suggestion } from '../../base/nearest';
import type { Session } from '../../database/session';

export interface TableFacts {
  /** Object identifier. */
  readonly id: number;
  /** Qualified, as people write it: `public.orders`. */
  readonly table: string;
  /** Qualified and quoted. */
  readonly name: string;
  readonly partitioned: boolean;
  /** Those that hold a value of their own. */
  readonly columns: readonly string[];
  /** Columns of the primary key; null without one. */
  readonly key: readonly string[] | null;
  /** Columns, constraints and partitions: two tables of one definition take each other's rows. */
  readonly definition: string;
  readonly references: readonly Reference[];
}

/** A foreign key. */
export interface Reference {
  readonly columns: readonly string[];
  /** As TableFacts.table, of the partitioned one where it is one of its partitions. */
  readonly table: string;
  readonly keys: readonly string[];
}

/**
 * Ordinary and partitioned tables that people have made. Left out are those that hold rows of elsewhere (foreign tables,
 * and what has such a partition), and those of extensions.
 *
 * @param session after `plainText`, so that names of types are told with their schemas
 */
export async function tablesIn(session: Session): Promise<readonly TableFacts[]> {
  const found = await session.rows<Found>(`
    select c.oid::int8::float8 as id, n.nspname || '.' || c.relname as "table",
           pg_catalog.format('%I.%I', n.nspname, c.relname) as name, c.relkind = 'p' as partitioned,
           (select pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
                      'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
                      'generated', a.attgenerated, 'identity', a.attidentity) order by a.attname)
              from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
           (select pg_catalog.json_agg(a.attname order by k.place)
              from pg_catalog.pg_index i, pg_catalog.unnest(i.indkey) with ordinality as k (number, place),
                   pg_catalog.pg_attribute a
             where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts
               and a.attrelid = c.oid and a.attnum = k.number) as key,
           (select pg_catalog.json_agg(definition order by definition)
              from (select pg_catalog.pg_get_constraintdef(o.oid) as definition from pg_catalog.pg_constraint o
                     where o.conrelid = c.oid and o.contype <> 'n'
                     union all
                    select p.relid::pg_catalog.regclass || ' ' || coalesce(pg_catalog.pg_get_expr(part.relpartbound, part.oid), '')
                      from pg_catalog.pg_partition_tree(c.oid) p join pg_catalog.pg_class part on part.oid = p.relid
                     where p.relid <> c.oid) as said) as rules,
           (select pg_catalog.json_agg(pg_catalog.json_build_object('table', rn.nspname || '.' || r.relname,
                      'columns', (select pg_catalog.json_agg(a.attname order by k.place)
                                    from pg_catalog.unnest(o.conkey) with ordinality as k (number, place)
                                    join pg_catalog.pg_attribute a on a.attrelid = o.conrelid and a.attnum = k.number),
                      'keys', (select pg_catalog.json_agg(a.attname order by k.place)
                                 from pg_catalog.unnest(o.confkey) with ordinality as k (number, place)
                                 join pg_catalog.pg_attribute a on a.attrelid = o.confrelid and a.attnum = k.number))
                    order by o.conname)
              from pg_catalog.pg_constraint o
              join pg_catalog.pg_class r on r.oid = coalesce(pg_catalog.pg_partition_root(o.confrelid), o.confrelid)
              join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
             where o.conrelid = c.oid and o.contype = 'f' and o.conparentid = 0) as "references"
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
       and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
       and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                          and d.objid = c.oid and d.objsubid = 0 and d.deptype = 'e')
       and not exists (select from pg_catalog.pg_partition_tree(c.oid) p join pg_catalog.pg_class part on part.oid = p.relid
                        where part.relkind = 'f')
     order by n.nspname, c.relname`);
  return found.flatMap(({ columns, rules, references, ...rest }) => {
    const own = (columns ?? []).filter(({ generated }) => generated === '').map(({ name }) => name);
    if (own.length === 0) return [];
    return { ...rest, columns: own, definition: JSON.stringify([columns, rules]), references: references ?? [] };
  });
}

/** As many as the session sees, with those of its partitions. */
export async function countOfRows(session: Session, table: TableFacts): Promise<number> {
  const [row] = await session.rows<{ rows: number }>(`select count(*)::float8 as rows from ${rowsOf(table)}`);
  return row?.rows ?? 0;
}

/** For FROM: without the rows of tables that inherit from it, which are tables of their own. */
export const rowsOf = ({ name, partitioned }: Pick<TableFacts, 'name' | 'partitioned'>): string =>
  `${partitioned ? '' : 'only '}${name}`;

/** @param history the tool's own table, with or without its schema */
export const isHistory = (table: string, history: string): boolean =>
  table === history || table.endsWith(`.${history}`);

interface Found extends Omit<TableFacts, 'columns' | 'definition' | 'references'> {
  readonly columns: readonly { readonly name: string; readonly generated: string }[] | null;
  readonly rules: readonly string[] | null;
  readonly references: readonly Reference[] | null;
}

/**
 * Those that the words name: `public.orders`, or `orders` where no other schema has one.
 *
 * @throws {Fault} `no-such-table`, `ambiguous`
 */
export function tablesNamed<T extends Pick<TableFacts, 'table'>>(words: readonly string[], tables: readonly T[]): T[] {
  const chosen = words.map((word) => {
    const exact = tables.find(({ table }) => table === word);
    const short = tables.filter(({ table }) => table.endsWith(`.${word}`));
    const found = exact ?? (short.length === 1 ? short[0] : undefined);
    if (found) return found;
    const names = tables.flatMap(({ table }) => [table.slice(table.indexOf('.') + 1), table]);
    if (short.length > 1)
      throw new Fault('ambiguous', `"${word}" is in ${short.map(({ table }) => table).join(', ')}.`);
    throw new Fault('no-such-table', `"${word}"${suggestion(word, names) || '.'}`);
  });
  return [...new Set(chosen)];
}
