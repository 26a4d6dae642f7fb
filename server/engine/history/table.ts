/** Where a history table stands, what shape it has, and whose it then is. */
import { Fault } from '../base/fault';
import { quoteIdentifier, quoteName } from '../database/quote';
import type { Session } from '../database/session';

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** For people: `public.schema_migrations`. */
export const labelOf = ({ schema, name }: TableName): string => `${schema}.${name}`;

export const quoted = ({ schema, name }: TableName): string => quoteName(schema, name);

/** Undefined when no schema of search_path exists. */
export async function currentSchema(session: Session): Promise<string | undefined> {
  const [row] = await session.rows<{ schema: string | null }>('select pg_catalog.current_schema() as schema');
  return row?.schema ?? undefined;
}

/** How one tool's table looks, as `column type` in the order of the columns; other tools' columns may follow. */
export interface Shape {
  /** For people: `golang-migrate`. */
  readonly tool: string;
  readonly columns: Readonly<Record<string, string>>;
  /** The schema is the tool's own: what the shape tells of others does not count. */
  readonly isOwnSchema?: true;
  /** How the tool can be told to use another table. */
  readonly elsewhere: string;
}

/**
 * Golang-migrate, dbmate, Rails and others call their tables `schema_migrations`; what they hold is different.
 *
 * @returns whether the table is there
 * @throws {Fault} `history-moved` when it is there and is not of this shape; `no-right` when it cannot be read
 */
export async function hasTable(session: Session, table: TableName, shape: Shape): Promise<boolean> {
  const { columns, mayRead } = await columnsOf(session, table);
  if (columns.size === 0) return false;
  const owner = shape.isOwnSchema ? undefined : (await isOfRails(session, table, columns)) ? 'Rails' : ownerOf(columns);
  const fits = Object.entries(shape.columns).every(([name, type]) => sameType(columns.get(name), type));
  // What Rails keeps beside it can be turned off: then its table looks as that of dbmate.
  const isOwn = owner === undefined || owner === shape.tool || (owner === 'dbmate' && shape.tool === 'Rails');
  if (fits && isOwn) {
    if (mayRead) return true;
    throw new Fault('no-right', unreadable(table, session.server.user));
  }
  throw new Fault(
    'history-moved',
    `${labelOf(table)} (${listOf(columns)}) is ${whose(owner, shape)}. ${shape.elsewhere}`,
  );
}

function whose(owner: string | undefined, { tool, columns }: Shape): string {
  if (owner === tool) return `not as ${tool} makes its table (${listOf(Object.entries(columns))})`;
  return `the table of ${owner ?? 'something else'}, not that of ${tool}`;
}

const listOf = (columns: Iterable<readonly [string, string]>): string =>
  [...columns].map(([name, type]) => `${name} ${type}`).join(', ');

/**
 * Of a table with a row for each version.
 *
 * Rows without a name, which a table without its keys can have, are nobody's, as in all histories.
 *
 * @returns in the order of their bytes; undefined when the table is not there
 * @throws {Fault} as hasTable
 */
export async function versionsIn(session: Session, table: TableName, shape: Shape): Promise<string[] | undefined> {
  if (!(await hasTable(session, table, shape))) return undefined;
  const rows = await session.rows<{ version: string }>(
    `select version::text as version from ${quoted(table)} where version is not null order by version collate "C"`,
  );
  return rows.map(({ version }) => version);
}

function unreadable(table: TableName, user: string): string {
  const role = quoteIdentifier(user);
  const grants = `GRANT USAGE ON SCHEMA ${quoteIdentifier(table.schema)} TO ${role}; GRANT SELECT ON ${quoted(table)} TO ${role};`;
  return `${user} may not read ${labelOf(table)}. Its owner can allow that: ${grants}`;
}

interface Columns {
  /** By name; types as Postgres writes them. Empty when there is no such table. */
  readonly columns: ReadonlyMap<string, string>;
  readonly mayRead: boolean;
}

/** Everybody may read the catalogs. As type `name`, what is too long is cut off as in a statement. */
async function columnsOf(session: Session, { schema, name }: TableName): Promise<Columns> {
  const rows = await session.rows<{ column: string; type: string; readable: boolean }>(
    `select a.attname::text as column, pg_catalog.format_type(a.atttypid, null) as type,
        pg_catalog.has_schema_privilege(n.oid, 'usage')
          and pg_catalog.has_any_column_privilege(c.oid, 'select') as readable
      from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1::name and c.relname = $2::name and c.relkind in ('r', 'p', 'v', 'f')
        and a.attnum > 0 and not a.attisdropped
      order by a.attnum`,
    [schema, name],
  );
  return {
    columns: new Map(rows.map(({ column, type }) => [column, type])),
    mayRead: rows.every(({ readable }) => readable),
  };
}

export async function isView(session: Session, { schema, name }: TableName): Promise<boolean> {
  const [found] = await session.rows(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1::name and c.relname = $2::name and c.relkind = 'v'`,
    [schema, name],
  );
  return found !== undefined;
}

/** What the shape alone tells (FRAMEWORKS: two tables are called `schema_migrations`). */
function ownerOf(columns: ReadonlyMap<string, string>): string | undefined {
  if (columns.has('dirty')) return 'golang-migrate';
  if (columns.has('statements')) return 'the Supabase CLI';
  if (columns.has('inserted_at')) return 'Ecto';
  if (columns.has('checksum') && columns.has('applied_at')) return 'Rehearsal';
  return columns.size === 1 && sameType(columns.get('version'), 'character varying') ? 'dbmate' : undefined;
}

/** Its table looks as that of dbmate does, but it keeps another one beside it. */
async function isOfRails(
  session: Session,
  { schema }: TableName,
  columns: ReadonlyMap<string, string>,
): Promise<boolean> {
  if (columns.size !== 1 || !columns.has('version')) return false;
  const beside = await columnsOf(session, { schema, name: 'ar_internal_metadata' });
  return beside.columns.size > 0;
}

/** A text column is as good as a varchar one. */
const sameType = (found: string | undefined, wanted: string): boolean =>
  found === wanted || (wanted === 'character varying' && found === 'text');

/**
 * Even with IF NOT EXISTS it needs the right to make schemas, so that it is looked for first.
 *
 * @returns whether it was missing
 */
export async function makeSchema(session: Session, schema: string): Promise<boolean> {
  const [known] = await session.rows('select from pg_catalog.pg_namespace where nspname = $1::name', [schema]);
  if (!known) await session.rows(`create schema if not exists ${quoteIdentifier(schema)}`);
  return !known;
}

/** Runs the steps in a transaction of their own. */
export async function inTransaction(session: Session, steps: () => Promise<void>): Promise<void> {
  await session.rows('begin');
  try {
    await steps();
    await session.rows('commit');
  } catch (error) {
    if (!session.lost) await session.run('rollback');
    throw error;
  }
}
