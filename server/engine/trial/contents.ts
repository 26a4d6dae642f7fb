/** The rows of a database in numbers: how many, how many values, and a digest of them; and what is lost between two looks. */
import { quoteIdentifier, quoteName } from '../database/quote';
import type { Session } from '../database/session';
import type { ColumnLoss, DataLoss } from '../trials';

export interface TableContents {
  readonly oid: number;
  /** `public.orders` */
  readonly name: string;
  readonly rows: number;
  /** The same for the same values in columns of the same names, in whatever order the rows stand. */
  readonly digest: string;
  readonly columns: readonly ColumnContents[];
}

interface ColumnContents {
  readonly name: string;
  /** `pg_attribute.attnum`: stays when the column gets another name or type. */
  readonly number: number;
  /** Those that are not null. */
  readonly values: number;
  readonly digest: string;
}

interface Table {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** In the order of their names. */
  readonly columns: readonly { readonly name: string; readonly number: number }[];
}

/**
 * Reads each table from beginning to end, all in one transaction that may only read.
 *
 * @throws {Fault} `no-right`, `refused`
 */
export async function contentsOf(session: Session): Promise<readonly TableContents[]> {
  await session.rows('begin transaction isolation level repeatable read read only');
  try {
    // Values are written alike each time, whatever a script or the database has set.
    await session.run(
      `set local row_security = off; set local datestyle = iso; set local intervalstyle = postgres;
       set local extra_float_digits = 3; set local bytea_output = hex; set local timezone = 'UTC';
       set local lc_monetary = 'C'; set local search_path = pg_catalog`,
    );
    const found: TableContents[] = [];
    for (const table of await tablesIn(session)) found.push(await contentsIn(session, table));
    return found;
  } finally {
    if (!session.lost) await session.run('rollback');
  }
}

const tablesIn = (session: Session): Promise<readonly Table[]> =>
  session.rows<Table>(
    `select c.oid::int8::float8 as oid, n.nspname::text as schema, c.relname::text as name,
       coalesce((select json_agg(json_build_object('name', a.attname, 'number', a.attnum) order by a.attname)
         from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and c.relpersistence <> 't'
       and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
     order by n.nspname, c.relname`,
  );

async function contentsIn(session: Session, { oid, schema, name, columns }: Table): Promise<TableContents> {
  const names = columns.map((it) => quoteIdentifier(it.name));
  const counts = names.map((it) => `count(t.${it})`).join(', ');
  const digests = names.map((it) => digestOf(`t.${it}::text`)).join(', ');
  const [row] = await session.rows<{ rows: number; digest: string; values: number[]; digests: string[] }>(
    `select count(*)::float8 as rows, ${digestOf(`row(${names.map((it) => `t.${it}`).join(', ')})::text`)} as digest,
       array[${counts}]::float8[] as values, array[${digests}]::text[] as digests
     from only ${quoteName(schema, name)} as t`,
  );
  if (!row) throw new Error('an aggregate has one row');
  const { rows, digest, values, digests: each } = row;
  return {
    oid,
    name: `${schema}.${name}`,
    rows,
    digest,
    columns: columns.map((it, i) => ({ ...it, values: values[i] ?? 0, digest: each[i] ?? '' })),
  };
}

/** A sum does not depend on the order of the rows; numeric does not overflow. */
const digestOf = (text: string): string => `coalesce(sum(hashtextextended(${text} collate "C", 0)::numeric), 0)::text`;

/**
 * What a later look at the same database lacks: a table or column that has got another name or type is the same one.
 *
 * @param apart tables that are no concern of the migrations, by name
 */
export function lostBetween(
  before: readonly TableContents[],
  after: readonly TableContents[],
  apart: ReadonlySet<string>,
): readonly DataLoss[] {
  const now = new Map(after.map((it) => [it.oid, it]));
  const relevant = before.filter(({ name }) => !apart.has(name));
  return relevant.flatMap((was) => {
    const is = now.get(was.oid);
    const left = new Map(is?.columns.map((it) => [it.number, it]));
    return lossOf(was, is, ({ number }) => left.get(number), 'counts');
  });
}

/** The same for what has been made anew meanwhile: by names. Other values are told as well. */
export function lostOnTheWay(
  before: readonly TableContents[],
  after: readonly TableContents[],
  apart: ReadonlySet<string>,
): readonly DataLoss[] {
  const now = new Map(after.map((it) => [it.name, it]));
  const relevant = before.filter(({ name }) => !apart.has(name));
  return relevant.flatMap((was) => {
    const is = now.get(was.name);
    const left = new Map(is?.columns.map((it) => [it.name, it]));
    return lossOf(was, is, ({ name }) => left.get(name), 'values');
  });
}

/** Of a table that has fewer rows the columns have fewer values anyway. */
function lossOf(
  was: TableContents,
  is: TableContents | undefined,
  leftOf: (column: ColumnContents) => ColumnContents | undefined,
  compared: 'counts' | 'values',
): DataLoss[] {
  const loss = { table: was.name, before: was.rows, after: is?.rows };
  if (!is) return was.rows === 0 ? [] : [{ ...loss, columns: [], changed: [] }];
  const columns = was.columns.flatMap((column): ColumnLoss[] => {
    const after = leftOf(column)?.values;
    const isLost = column.values > (after ?? 0) && (after === undefined || is.rows >= was.rows);
    return isLost ? [{ name: column.name, before: column.values, after }] : [];
  });
  const changed = compared === 'counts' || is.rows !== was.rows ? [] : changedIn(was, is, leftOf, columns);
  return columns.length === 0 && changed.length === 0 && is.rows >= was.rows ? [] : [{ ...loss, columns, changed }];
}

function changedIn(
  was: TableContents,
  is: TableContents,
  leftOf: (column: ColumnContents) => ColumnContents | undefined,
  lost: readonly ColumnLoss[],
): readonly string[] {
  const isLost = ({ name }: ColumnContents): boolean => lost.some((it) => it.name === name);
  const others = was.columns.filter((it) => !isLost(it) && leftOf(it) && leftOf(it)?.digest !== it.digest);
  if (others.length > 0 || lost.length > 0 || was.digest === is.digest) return others.map(({ name }) => name);
  // The same values, and in other rows than before; a column that was added tells nothing of those.
  return was.columns.length === is.columns.length ? was.columns.map(({ name }) => name) : [];
}
