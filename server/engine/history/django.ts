/**
 * History of Django: `django_migrations`, a row for each migration of each app.
 *
 * Facts from django/django 3.2 to 5.2: django/db/migrations/recorder.py, executor.py.
 */
import type { History } from './history';
import { hasTable, quoted, type Shape } from './table';
import { toolsHistory } from './toolsOwn';

export const djangoHistory = (): History =>
  toolsHistory({
    layout: 'django',
    table: { name: 'django_migrations' },
    needsFiles: 'none',
    async versionsIn(session, table) {
      if (!(await hasTable(session, table, shape))) return undefined;
      const rows = await session.rows<{ version: string }>(
        `select app::text || '.' || name::text as version from ${quoted(table)}
          where app is not null and name is not null order by applied, id`,
      );
      return rows.map(({ version }) => version);
    },
  });

const shape: Shape = {
  tool: 'Django',
  columns: { app: 'character varying', name: 'character varying', applied: 'timestamp with time zone' },
  elsewhere: 'Django keeps its history in a table of this name only: take it out of the way.',
};
