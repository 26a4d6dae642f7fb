/**
 * History of Django: `django_migrations`, a row for each migration of each app.
 *
 * Facts from django/django 3.2 to 5.2: django/db/migrations/recorder.py, executor.py.
 */
import type { Session } from '../database/session';
import type { History, HistoryState } from './history';
import { hasTable, labelOf, quoted, type Shape, type TableName } from './table';
import { isRecorded, onlyRead } from './toolsOwn';

export const djangoHistory = (): History => ({
  ...onlyRead('django', table.name),
  read,
  ofNothing: () => stateOf(undefined, 'public'),
});

const table = { name: 'django_migrations' };

const shape: Shape = {
  tool: 'Django',
  columns: { app: 'character varying', name: 'character varying', applied: 'timestamp with time zone' },
  elsewhere: 'Django keeps its history in a table of this name only: take it out of the way.',
};

/** Where the first schema of search_path is that has it, as Django finds it. */
async function read(session: Session): Promise<HistoryState> {
  const [place] = await session.rows<{ schema: string }>(
    `select n.nspname::text as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid = pg_catalog.to_regclass($1)`,
    [table.name],
  );
  if (!place) return stateOf(undefined, 'public');
  const found: TableName = { schema: place.schema, name: table.name };
  await hasTable(session, found, shape);
  const rows = await session.rows<{ version: string }>(
    `select app::text || '.' || name::text as version from ${quoted(found)}
      where app is not null and name is not null order by applied, id`,
  );
  return stateOf(
    rows.map(({ version }) => version),
    place.schema,
  );
}

/** @param versions undefined where there is no table */
function stateOf(versions: readonly string[] | undefined, schema: string): HistoryState {
  const recorded = new Set(versions);
  return {
    table: labelOf({ schema, name: table.name }),
    exists: versions !== undefined,
    applied: (migration) => isRecorded(recorded, migration),
    versions: versions ?? [],
    skipsOlder: false,
    needsFiles: 'none',
  };
}
