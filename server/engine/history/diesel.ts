/**
 * diesel's history: a row for each version.
 *
 * Tried by hand beside diesel_migrations 2.2.0 (test/conformance/elsewhere.test.ts).
 * Facts from diesel-rs/diesel 2.3.12: diesel_migrations/src/migration_harness.rs,
 * diesel/src/migration/setup_migration_table.sql. diesel takes no lock; the one taken here keeps two of us apart, and
 * against diesel itself the primary key is the last guard: of two that apply the same migration one is refused, and with
 * it everything its transaction did.
 */
import type { Session } from '../database/session';
import { withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState } from './history';
import { ownLockId } from './ownLock';
import { hasTable, labelOf, quoted, type Shape, type TableName, versionsIn } from './table';
import { placeOf } from './writtenName';

export function dieselHistory(): History {
  return {
    layout: 'diesel',
    read: async (session) => read(session, await placeOf(session, { name })),
    ofNothing: () => stateOf({ schema: 'public', name }, undefined),
    async withLock(session, waitMs, use) {
      const table = await placeOf(session, { name });
      return withAdvisoryLocks(session, [ownLockId('diesel', labelOf(table))], waitMs, async () => {
        if (!(await hasTable(session, table, shape))) await makeTable(session);
        return use();
      });
    },
    recorded: async (session) => `select version::text as version from ${quoted(await placeOf(session, { name }))}`,
    after: async (session, { migration: { version }, script }) => {
      await session.rows(
        script.direction === 'up'
          ? `insert into ${name} (version) values ($1)`
          : `delete from ${name} where version = $1`,
        [version],
      );
    },
  };
}

/** Written without a schema, as diesel does it: a script that changes search_path leads it astray, too. */
const name = '__diesel_schema_migrations';

const shape: Shape = {
  tool: 'diesel',
  columns: { version: 'character varying', run_on: 'timestamp without time zone' },
  elsewhere: 'diesel knows no other name: move that table, or set search_path in the URL of the database.',
};

async function makeTable(session: Session): Promise<void> {
  await session.rows(
    `create table if not exists ${name} (
      version varchar(50) primary key not null,
      run_on timestamp not null default current_timestamp
    )`,
  );
}

const read = async (session: Session, table: TableName): Promise<HistoryState> =>
  stateOf(table, await versionsIn(session, table, shape));

/** @param found versions in the table, oldest first, when it is there */
function stateOf(table: TableName, found: readonly string[] | undefined): HistoryState {
  const versions = found ?? [];
  const known = new Set(versions);
  const last = versions.at(-1);
  return {
    table: labelOf(table),
    exists: found !== undefined,
    applied: ({ version }) => (known.has(version) ? 'applied' : 'pending'),
    versions,
    skipsOlder: false,
    ...(last === undefined ? {} : { revertsFirst: last }),
    needsFiles: 'none',
  };
}
