/** What is applied, and what is left to do, in the order of the folder. */
import type { MigrationStatus, Status } from '../project';
import type { View } from './look';

export function statusOf({ live, migrations }: View): Status {
  const here = migrations.map(
    ({ migration, state }): MigrationStatus => ({
      version: migration.version,
      title: migration.title,
      state,
      migration,
    }),
  );
  const { blocked, table } = live.history;
  return {
    server: live.server,
    historyTable: table,
    migrations: [...here, ...missingIn(live.history.versions, here)],
    ...(blocked === undefined ? {} : { blocked }),
  };
}

/** Applied, and without a file in the folder. */
function missingIn(applied: readonly string[], here: readonly MigrationStatus[]): MigrationStatus[] {
  const known = new Set(here.map(({ version }) => version));
  return applied
    .filter((version) => !known.has(version))
    .map((version) => ({ version, title: '', state: 'missing', migration: undefined }));
}
