/**
 * Which rows does a database hold? Of each table how many, how many values, and digests of both; and where its sequences
 * stand.
 */
import { demand, plainText } from '../database/plainText';
import { quoteIdentifier, quoteName } from '../database/quote';
import type { Session } from '../database/session';
import { placesOfSequences, type SequencePlace } from './sequences';

export interface Contents {
  readonly tables: readonly TableContents[];
  /** Those that the role may read. */
  readonly sequences: readonly SequencePlace[];
  /** Tables that hold rows which the role may not read, or not all of them: `app.orders`. */
  readonly unread: readonly string[];
}

export interface TableContents {
  /** Another one when the table was made anew. */
  readonly oid: number;
  /** `app.orders` */
  readonly name: string;
  readonly rows: number;
  /** The same for the same rows, in whatever order they and their columns stand. */
  readonly digest: string;
  /** Those that hold values of their own, in the order of their names: what is generated follows from others. */
  readonly columns: readonly ColumnContents[];
}

export interface ColumnContents {
  readonly name: string;
  /** `pg_attribute.attnum`: another one when the column was made anew, the same when it got another name or type. */
  readonly number: number;
  /** Those that are not null. */
  readonly values: number;
  /** The same for the same values, in whatever order. */
  readonly digest: string;
}

/** Values are written alike each time, whatever a script or the database has set. */
const reading = `begin isolation level repeatable read read only; set local statement_timeout = 0; set local row_security = off; ${plainText}; set timezone = 'UTC'`;

/**
 * Reads each table from beginning to end, all of one moment.
 *
 * @param session in no transaction
 * @throws {Fault} `refused`, `connection-lost` and the like
 */
export async function contentsOf(session: Session): Promise<Contents> {
  await demand(session, reading);
  try {
    const found = await session.rows<Table>(tablesOfUsers);
    const tables: TableContents[] = [];
    for (const table of found.filter(({ readable }) => readable)) tables.push(await contentsIn(session, table));
    const unread = found.filter(({ readable }) => !readable).map(nameOf);
    return { tables, sequences: await placesOfSequences(session), unread };
  } finally {
    if (!session.lost) await session.run('rollback');
  }
}

interface Table {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly readable: boolean;
  readonly columns: readonly Pick<ColumnContents, 'name' | 'number'>[];
}

/** Partitions too, and without those that hold what an extension keeps for itself. */
const tablesOfUsers = `
  select c.oid::int8::float8 as oid, n.nspname::text as schema, c.relname::text as name,
      has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') and not row_security_active(c.oid)
        as readable,
      coalesce((select json_agg(json_build_object('name', a.attname, 'number', a.attnum) order by a.attname)
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), '[]') as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0 and d.deptype = 'e')
    order by n.nspname, c.relname`;

const nameOf = ({ schema, name }: Pick<Table, 'schema' | 'name'>): string => `${schema}.${name}`;

/** In arrays, because a table may have nearly as many columns (1,600) as a SELECT may (1,664). */
async function contentsIn(session: Session, { oid, schema, name, columns }: Table): Promise<TableContents> {
  const hashes = columns.map((_, i) => `h${i}`);
  const [row] = await session.rows<{ rows: number; digest: string; values: number[]; digests: string[] }>(
    `select count(*)::float8 as rows, ${sumOf(hashOfText(togetherOf(hashes)))} as digest,
       array[${hashes.map((it) => `count(${it})`).join(', ')}]::float8[] as values,
       array[${hashes.map(sumOf).join(', ')}]::text[] as digests
     from (
       select ${columns.map((it, i) => `${hashOf(`t.${quoteIdentifier(it.name)}`)} as h${i}`).join(', ')}
       from only ${quoteName(schema, name)} as t
       -- So that each value is hashed once.
       offset 0) as hashed`,
  );
  if (!row) throw new Error('an aggregate has one row');
  const { rows, digest, values, digests } = row;
  return {
    oid,
    name: nameOf({ schema, name }),
    rows,
    digest,
    columns: columns.map((it, i) => ({ ...it, values: values[i] ?? 0, digest: digests[i] ?? '' })),
  };
}

/**
 * Of the text that the output function of its type gives, which every type has; a cast may be one that users have made.
 * `is not null` would be false for a row with a null in it.
 */
const hashOf = (value: string): string =>
  `case when ${value} is distinct from null then ${hashOfText(`concat(${value})`)} end`;

const hashOfText = (text: string): string => `hashtextextended(${text} collate "C", 0)`;

/** Hashed once more, because this is linear: its sum would tell no more than those of the columns. */
const togetherOf = (hashes: readonly string[]): string =>
  `hash_array_extended(array[${hashes.join(', ')}]::int8[], 0)::text`;

/** A sum does not depend on the order of the rows; that of int8 is numeric, which does not overflow. */
const sumOf = (hash: string): string => `coalesce(sum(${hash}), 0)::text`;
