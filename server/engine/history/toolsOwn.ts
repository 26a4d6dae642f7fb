/** Histories that only their tool writes: ours are read, and the tool itself applies and reverts. */
import type { Session } from '../database/session';
import type { ToolSettings } from '../layouts/layout';
import type { Migration } from '../layouts/migration';
import { withAdvisoryLocks } from './advisoryLock';
import type { AppliedState, History, HistoryState } from './history';
import { ownLockId } from './ownLock';
import { labelOf, type TableName } from './table';

/** Without a schema it is found by search_path, as the tools do. */
export type ToolsTable = NonNullable<ToolSettings['historyTable']>;

export interface ToolsHistory {
  readonly layout: History['layout'];
  readonly table: ToolsTable;
  readonly needsFiles: HistoryState['needsFiles'];
  /** @returns versions, oldest first; undefined where there is no such table. @throws {Fault} as hasTable */
  readonly versionsIn: (session: Session, table: TableName) => Promise<readonly string[] | undefined>;
}

/** The lock is ours: the tool takes its own one, if it has any, when it runs. */
export function toolsHistory({ layout, table, needsFiles, versionsIn }: ToolsHistory): History {
  const never = (): Promise<never> => Promise.reject(new Error(`${layout} writes its history itself`));
  const stateOf = (place: TableName, versions: readonly string[] | undefined): HistoryState => {
    const recorded = new Set(versions);
    return {
      table: labelOf(place),
      exists: versions !== undefined,
      applied: (migration) => appliedBy(recorded, migration),
      versions: versions ?? [],
      skipsOlder: false,
      needsFiles,
    };
  };
  return {
    layout,
    async read(session) {
      const place = await placeOf(session, table);
      return stateOf(place, await versionsIn(session, place));
    },
    ofNothing: () => stateOf({ schema: table.schema ?? 'public', name: table.name }, undefined),
    withLock: (session, waitMs, use) => withAdvisoryLocks(session, [ownLockId(layout, table.name)], waitMs, use),
    before: never,
    after: never,
  };
}

async function placeOf(session: Session, { schema, name }: ToolsTable): Promise<TableName> {
  if (schema !== undefined) return { schema, name };
  const [place] = await session.rows<{ schema: string }>(
    `select n.nspname::text as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident($1))`,
    [name],
  );
  return { schema: place?.schema ?? 'public', name };
}

/** Also where it is recorded by what has come in its place. */
function appliedBy(recorded: ReadonlySet<string>, { version, name }: Migration): AppliedState {
  const { replaces = [], recordedBy = [] } = name;
  const replaced = replaces.length > 0 && replaces.every((it) => recorded.has(it));
  return recorded.has(version) || replaced || recordedBy.some((it) => recorded.has(it)) ? 'applied' : 'pending';
}
