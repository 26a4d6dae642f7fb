/** Which rows does a database hold? Digests that do not depend on their order, and the oids of what holds them. */
import { Fault } from '../../base/fault';
import { quoteIdentifier, quoteName } from '../../database/quote';
import type { Session } from '../../database/session';

export interface TableContents {
  /** `app.orders`. */
  readonly name: string;
  /** Another one when the table was made anew. */
  readonly oid: string;
  readonly rows: number;
  readonly columns: readonly ColumnContents[];
}

export interface ColumnContents {
  readonly name: string;
  /** Another one when the column was made anew. */
  readonly number: number;
  /** That are not null. */
  readonly values: number;
  /** The same for the same values, in whatever order. */
  readonly digest: string;
}

interface TableRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly number: number }[];
}

/** Tables that hold rows themselves, but for those of extensions. */
const tables = `
  select c.oid::text as oid, n.nspname as schema, c.relname as name,
      coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'number', a.attnum) order by a.attnum)
        from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
      and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.objid = c.oid and d.deptype = 'e')
    order by 2, 3`;

/**
 * Of all tables that the role may read: of others the migrations, which run as it, take no rows either.
 *
 * @throws {Fault} as Session.rows
 */
export async function contentsOf(session: Session): Promise<readonly TableContents[]> {
  const found: TableContents[] = [];
  for (const table of await session.rows<TableRow>(tables)) {
    try {
      found.push(await contentsOfTable(session, table));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'no-right') throw error;
    }
  }
  return found;
}

async function contentsOfTable(session: Session, { oid, schema, name, columns }: TableRow): Promise<TableContents> {
  const digests = columns.flatMap(({ name: column }, i) => {
    const text = `${quoteIdentifier(column)}::text`;
    return [
      `pg_catalog.count(${quoteIdentifier(column)})::text as v${i}`,
      `coalesce(pg_catalog.sum(pg_catalog.hashtextextended(${text} collate "C", 0)), 0)::text as d${i}`,
    ];
  });
  const [row = {}] = await session.rows<Record<string, string>>(
    `select ${['pg_catalog.count(*)::text as rows', ...digests].join(', ')} from only ${quoteName(schema, name)}`,
  );
  return {
    name: `${schema}.${name}`,
    oid,
    rows: Number(row['rows']),
    columns: columns.map((it, i) => ({ ...it, values: Number(row[`v${i}`]), digest: row[`d${i}`] ?? '' })),
  };
}
