/** The histories we can read and write, one for each layout, and where their configuration comes from. */
import type { ConnectionParameters } from '../database/parameters';
import { isTrue } from '../layouts/golangMigrateOptions';
import type { LayoutName } from '../layouts/layout';
import { dbmateHistory } from './dbmate';
import { golangMigrateHistory } from './golangMigrate';
import { gooseHistory } from './goose';
import type { History, HistoryOptions } from './history';
import { numberedHistory } from './numbered';

export const histories: Readonly<Record<LayoutName, (options: HistoryOptions) => History>> = {
  'golang-migrate': golangMigrateHistory,
  dbmate: dbmateHistory,
  goose: gooseHistory,
  numbered: numberedHistory,
};

/**
 * What the tool would be told by the same URL and environment.
 *
 * @param connection undefined for the embedded engine
 * @param environment of the process, over what `.env` beside the migrations says
 */
export function historyOptions(
  layout: LayoutName,
  connection: Pick<ConnectionParameters, 'extra' | 'settings'> | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): HistoryOptions {
  const { extra = {}, settings = {} } = connection ?? {};
  switch (layout) {
    case 'golang-migrate': {
      const table = extra['x-migrations-table'];
      const quoted = isTrue(extra['x-migrations-table-quoted']);
      return { quoted, ...(table ? { table } : {}) };
    }
    case 'dbmate': {
      const table = environment['DBMATE_MIGRATIONS_TABLE'];
      const searchPath = settings['search_path'];
      return { ...(table ? { table } : {}), ...(searchPath ? { searchPath } : {}) };
    }
    case 'goose': {
      const table = environment['GOOSE_TABLE'];
      return table ? { table } : {};
    }
    case 'numbered':
      return {};
  }
}
