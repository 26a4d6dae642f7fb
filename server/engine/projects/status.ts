/** What is applied, and what is left to do, in the order of the folder. */
import { type HistoryState, versionsNeeded } from '../history/history';
import type { MigrationStatus, Status } from '../project';
import type { View } from './look';
import { wholeUpText } from './states';

export function statusOf({ live, migrations }: View): Status {
  const here = migrations.map(
    ({ migration, state, reason }): MigrationStatus => ({
      version: migration.version,
      title: migration.title,
      state,
      migration,
      ...(reason === undefined ? {} : { reason }),
    }),
  );
  const { blocked, table } = live.history;
  return {
    server: live.server,
    historyTable: table,
    migrations: [...here, ...missingIn(live.history, here), ...missingParts(live.history, migrations)],
    ...(blocked === undefined ? {} : { blocked }),
  };
}

const stops = 'The tool refuses to go on as long as there is no file for it; it may be on another branch.';

/** Applied, and without a file in the folder. */
function missingIn(history: HistoryState, here: readonly MigrationStatus[]): MigrationStatus[] {
  const known = new Set(here.map(({ version }) => version));
  const needed = new Set(versionsNeeded(history, (it) => known.has(it)));
  return history.versions
    .filter((version) => !known.has(version))
    .map((version) => ({ ...gone(version), ...(needed.has(version) ? { reason: stops } : {}) }));
}

const gone = (version: string): MigrationStatus => ({ version, title: '', state: 'missing', migration: undefined });

function missingParts({ missing }: HistoryState, read: View['migrations']): MigrationStatus[] {
  if (!missing) return [];
  const texts = new Map(read.map((it) => [it.migration, wholeUpText(it)]));
  return missing({ migrations: [...texts.keys()], upTextOf: (it) => texts.get(it) }).map(gone);
}
