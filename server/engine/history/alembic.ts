/**
 * History of Alembic: `alembic_version`, a row for each revision upon which no other applied one stands.
 *
 * Facts from sqlalchemy/alembic 1.8 to 1.20: alembic/runtime/migration.py.
 */
import type { ToolSettings } from '../layouts/layout';
import type { History } from './history';
import { hasTable, quoted, type Shape } from './table';
import { type ToolsTable, toolsHistory } from './toolsOwn';

export const alembicOptions = ({ historyTable }: ToolSettings): ToolsTable =>
  historyTable ?? { name: 'alembic_version' };

export const alembicHistory = (table: ToolsTable): History =>
  toolsHistory({
    layout: 'alembic',
    table,
    needsFiles: 'all',
    async versionsIn(session, place) {
      if (!(await hasTable(session, place, shape))) return undefined;
      const rows = await session.rows<{ version: string }>(
        `select version_num::text as version from ${quoted(place)}
          where version_num is not null order by version_num collate "C"`,
      );
      return rows.map(({ version }) => version);
    },
  });

const shape: Shape = {
  tool: 'Alembic',
  columns: { version_num: 'character varying' },
  elsewhere: 'Name another table with version_table in env.py.',
};
