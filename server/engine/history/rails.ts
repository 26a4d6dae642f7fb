/**
 * History of Rails: `schema_migrations`, a row for each version, and `ar_internal_metadata` beside it.
 *
 * Facts from rails/rails 6.0 to 8.1: activerecord/lib/active_record/schema_migration.rb, migration.rb.
 */
import type { Session } from '../database/session';
import type { ToolSettings } from '../layouts/layout';
import type { History, HistoryState } from './history';
import { labelOf, versionsIn, type Shape, type TableName } from './table';
import { isRecorded, onlyRead } from './toolsOwn';

export interface RailsOptions {
  /** With the prefix and suffix of the project; without a schema it is found by search_path. */
  readonly table: { readonly schema?: string; readonly name: string };
}

export const railsOptions = ({ historyTable }: Pick<ToolSettings, 'historyTable'>): RailsOptions => ({
  table: historyTable ?? { name: 'schema_migrations' },
});

export const railsHistory = ({ table }: RailsOptions): History => ({
  ...onlyRead('rails', table.name),
  read: (session) => read(session, table),
  ofNothing: () => stateOf(undefined, { schema: table.schema ?? 'public', name: table.name }),
});

const shape: Shape = {
  tool: 'Rails',
  columns: { version: 'character varying' },
  elsewhere: 'Set config.active_record.schema_migrations_table_name to a name that nobody else uses.',
};

async function read(session: Session, { schema, name }: RailsOptions['table']): Promise<HistoryState> {
  const [place] = await session.rows<{ schema: string }>(
    `select n.nspname::text as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $2::text and ($1::text = n.nspname or ($1::text is null and pg_catalog.pg_table_is_visible(c.oid)))`,
    [schema ?? null, name],
  );
  if (!place) return stateOf(undefined, { schema: schema ?? 'public', name });
  const found = { schema: place.schema, name };
  return stateOf(await versionsIn(session, found, shape), found);
}

/** @param versions undefined where there is no table */
function stateOf(versions: readonly string[] | undefined, table: TableName): HistoryState {
  const recorded = new Set(
    versions?.map(plain).toSorted((one, other) => one.length - other.length || (one < other ? -1 : 1)),
  );
  return {
    table: labelOf(table),
    exists: versions !== undefined,
    applied: (migration) => isRecorded(recorded, migration),
    versions: [...recorded],
    skipsOlder: false,
    needsFiles: 'none',
  };
}

/** Rails compares versions as numbers. */
const plain = (version: string): string => (/^\d+$/.test(version) ? BigInt(version).toString() : version);
