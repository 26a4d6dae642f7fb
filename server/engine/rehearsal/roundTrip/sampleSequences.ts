/** Sequences that somebody has taken values from: one that is made anew on the way is seen then. */
import { quoteIdentifier, quoteLiteral, quoteName } from '../../database/quote';
import type { Session } from '../../database/session';

interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly start: string;
  readonly descends: boolean;
  /** What it numbers. */
  readonly tableSchema: string | null;
  readonly table: string | null;
  readonly column: string | null;
}

/** From which nothing was taken yet. */
const question = `
  select n.nspname as schema, c.relname as name, s.seqstart::text as start, s.seqincrement < 0 as descends,
      o.nspname as "tableSchema", t.relname as table, a.attname as column
    from pg_catalog.pg_sequence s join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    left join pg_catalog.pg_class t on t.oid = d.refobjid
    left join pg_catalog.pg_namespace o on o.oid = t.relnamespace
    left join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
      and case when c.relkind = 'S' and pg_catalog.has_sequence_privilege(c.oid, 'usage, update')
        then pg_catalog.pg_sequence_last_value(c.oid) is null end`;

/**
 * That of a column stands behind the values of made-up rows. One that has none to give stays as it is.
 *
 * @param filled tables with made-up rows, quoted
 */
export async function takeFromSequences(session: Session, filled: ReadonlySet<string>): Promise<void> {
  for (const { schema, name, start, descends, ...column } of await session.rows<Sequence>(question)) {
    const sequence = quoteLiteral(quoteName(schema, name));
    if (column.tableSchema === null || column.table === null || column.column === null) {
      await session.run(`select pg_catalog.nextval(${sequence}) from pg_catalog.generate_series(1, 3)`);
      continue;
    }
    const table = quoteName(column.tableSchema, column.table);
    const last = `${descends ? 'min' : 'max'}(${quoteIdentifier(column.column)})`;
    const isTaken = `${last} ${descends ? '<=' : '>='} ${start}`;
    if (filled.has(table))
      await session.run(`select pg_catalog.setval(${sequence}, ${last}) from ${table} having ${isTaken}`);
  }
}
