/**
 * History of Rails: `schema_migrations`, a row for each version, and `ar_internal_metadata` beside it.
 *
 * Facts from rails/rails 6.0 to 8.1: activerecord/lib/active_record/schema_migration.rb, migration.rb.
 */
import type { ToolSettings } from '../layouts/layout';
import type { History } from './history';
import { versionsIn, type Shape } from './table';
import { type ToolsTable, toolsHistory } from './toolsOwn';

/** With the prefix and suffix of the project. */
export const railsOptions = ({ historyTable }: Pick<ToolSettings, 'historyTable'>): ToolsTable =>
  historyTable ?? { name: 'schema_migrations' };

export const railsHistory = (table: ToolsTable): History =>
  toolsHistory({
    layout: 'rails',
    table,
    needsFiles: 'none',
    async versionsIn(session, place) {
      const versions = (await versionsIn(session, place, shape))?.map(plain);
      return versions?.toSorted((one, other) => one.length - other.length || (one < other ? -1 : 1));
    },
  });

const shape: Shape = {
  tool: 'Rails',
  columns: { version: 'character varying' },
  elsewhere: 'Set config.active_record.schema_migrations_table_name to a name that nobody else uses.',
};

/** Rails compares versions as numbers. */
const plain = (version: string): string => (/^\d+$/.test(version) ? BigInt(version).toString() : version);
