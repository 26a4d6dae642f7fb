/**
 * dbmate's history: a row for each version.
 *
 * Facts from amacneil/dbmate: pkg/driver/postgres/postgres.go, pkg/dbmate/db.go. dbmate takes no lock at all; the one
 * taken here keeps two of us apart, and against dbmate itself the primary key is the last guard: of two that apply
 * the same migration one is refused, and with it everything its transaction did.
 */
import type { Session } from '../database/session';
import type { ToolSettings } from '../layouts/layout';
import { withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState } from './history';
import { ownLockId } from './ownLock';
import { currentSchema, hasTable, labelOf, makeSchema, quoted, type Shape, type TableName, versionsIn } from './table';

export interface DbmateOptions {
  /** DBMATE_MIGRATIONS_TABLE: perhaps with a schema. */
  readonly table?: string;
  /** `search_path` of the URL: the table is put into the first schema of it. */
  readonly searchPath?: string;
}

export function dbmateOptions({ settings, environment }: ToolSettings): DbmateOptions {
  const table = environment['DBMATE_MIGRATIONS_TABLE'];
  const searchPath = settings['search_path'];
  return { ...(table ? { table } : {}), ...(searchPath ? { searchPath } : {}) };
}

export function dbmateHistory(options: DbmateOptions): History {
  return {
    layout: 'dbmate',
    read: async (session) => read(session, await tableName(session, options)),
    ofNothing: () => stateOf(tableIn('public', options), undefined),
    async withLock(session, waitMs, use) {
      const table = await tableName(session, options);
      return withAdvisoryLocks(session, [ownLockId('dbmate', labelOf(table))], waitMs, async () => {
        if (!(await hasTable(session, table, shape))) await makeTable(session, table);
        return use();
      });
    },
    recorded: async (session) => `select version::text as version from ${quoted(await tableName(session, options))}`,
    // The tool asks for the schema anew each time: a script that changes search_path can lead it astray.
    async after(session, { migration: { version }, script }) {
      const table = quoted(await tableName(session, options));
      await session.rows(
        script.direction === 'up'
          ? `insert into ${table} (version) values ($1)`
          : `delete from ${table} where version = $1`,
        [version],
      );
    },
  };
}

const shape: Shape = {
  tool: 'dbmate',
  columns: { version: 'character varying' },
  elsewhere: 'Name another table with DBMATE_MIGRATIONS_TABLE.',
};

/** A schema named with the table, else the first one of the URL's search_path, else the current one. */
async function tableName(session: Session, options: DbmateOptions): Promise<TableName> {
  // With no schema at all, as after a dump has emptied search_path, the tool tries `public`.
  return tableIn((await currentSchema(session)) ?? 'public', options);
}

function tableIn(current: string, { table = 'schema_migrations', searchPath = '' }: DbmateOptions): TableName {
  const [first = '', ...rest] = table.split('.');
  if (rest.length > 0) return { schema: first, name: rest.join('.') };
  const [named = ''] = searchPath.split(',');
  return { schema: named.trim() || current, name: table };
}

async function makeTable(session: Session, table: TableName): Promise<void> {
  await makeSchema(session, table.schema);
  await session.rows(`create table if not exists ${quoted(table)} (version varchar primary key)`);
}

const read = async (session: Session, table: TableName): Promise<HistoryState> =>
  stateOf(table, await versionsIn(session, table, shape));

/** @param found versions in the table, when it is there */
function stateOf(table: TableName, found: readonly string[] | undefined): HistoryState {
  const versions = found ?? [];
  const known = new Set(versions);
  return {
    table: labelOf(table),
    exists: found !== undefined,
    applied: ({ version }) => (known.has(version) ? 'applied' : 'pending'),
    versions,
    skipsOlder: false,
    needsFiles: 'none',
  };
}
