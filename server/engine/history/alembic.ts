/**
 * History of Alembic: `alembic_version`, a row for each revision upon which no other applied one stands.
 *
 * Facts from sqlalchemy/alembic 1.8 to 1.20: alembic/runtime/migration.py.
 */
import type { Session } from '../database/session';
import type { ToolSettings } from '../layouts/layout';
import type { History, HistoryState } from './history';
import { hasTable, labelOf, quoted, type Shape, type TableName } from './table';
import { isRecorded, onlyRead } from './toolsOwn';

export type AlembicOptions = NonNullable<ToolSettings['historyTable']>;

export const alembicOptions = ({ historyTable }: ToolSettings): AlembicOptions =>
  historyTable ?? { name: 'alembic_version' };

export const alembicHistory = (options: AlembicOptions): History => ({
  ...onlyRead('alembic', options.name),
  read: (session) => read(session, options),
  ofNothing: () => stateOf({ schema: options.schema ?? 'public', name: options.name }, undefined),
});

const shape: Shape = {
  tool: 'Alembic',
  columns: { version_num: 'character varying' },
  elsewhere: 'Name another table with version_table in env.py.',
};

async function read(session: Session, options: AlembicOptions): Promise<HistoryState> {
  const table = { schema: options.schema ?? (await schemaOf(session, options.name)), name: options.name };
  if (!(await hasTable(session, table, shape))) return stateOf(table, undefined);
  const rows = await session.rows<{ version: string }>(
    `select version_num::text as version from ${quoted(table)} order by version_num collate "C"`,
  );
  return stateOf(
    table,
    rows.map(({ version }) => version),
  );
}

/** Of the first schema of search_path that has it, as SQLAlchemy finds it. */
async function schemaOf(session: Session, name: string): Promise<string> {
  const [place] = await session.rows<{ schema: string }>(
    `select n.nspname::text as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident($1))`,
    [name],
  );
  return place?.schema ?? 'public';
}

/** @param versions undefined where there is no table */
function stateOf(table: TableName, versions: readonly string[] | undefined): HistoryState {
  const recorded = new Set(versions);
  return {
    table: labelOf(table),
    exists: versions !== undefined,
    applied: (migration) => isRecorded(recorded, migration),
    versions: versions ?? [],
    skipsOlder: false,
    needsFiles: 'all',
  };
}
