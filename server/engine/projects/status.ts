/** What is applied, and what is left to do, in the order of the folder. */
import { type HistoryState, versionsNeeded } from '../history/history';
import type { KeptMigration } from '../history/keptChange';
import type { MigrationStatus, Status } from '../project';
import type { WholeFolder } from './keptFiles';
import type { Live } from './live';
import type { View } from './look';
import { wholeUpText } from './states';

/** @param whole the folder as the target has seen it */
export function statusOf(
  { live, migrations }: Pick<View, 'migrations'> & { readonly live: Pick<Live, 'server' | 'history'> },
  whole: WholeFolder,
): Status {
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
    migrations: [...here, ...missingIn(live.history, here, whole.missing), ...missingParts(live.history, migrations)],
    revertible: revertibleIn(here, whole),
    ...(blocked === undefined ? {} : { blocked }),
  };
}

function revertibleIn(here: readonly MigrationStatus[], { folder, missing }: WholeFolder): readonly string[] {
  const applied = new Set(missing.map(({ version }) => version));
  for (const { version, state } of here) if (state === 'applied' || state === 'edited') applied.add(version);
  return folder.migrations
    .map(({ version }) => version)
    .filter((it) => applied.has(it))
    .toReversed();
}

const stops = 'The tool refuses to go on as long as there is no file for it; it may be on another branch.';

/** Applied, and without a file in the folder; also those that the history does not name, and what is kept tells of. */
function missingIn(
  history: HistoryState,
  here: readonly MigrationStatus[],
  kept: readonly KeptMigration[],
): MigrationStatus[] {
  const known = new Set(here.map(({ version }) => version));
  const needed = new Set(versionsNeeded(history, (it) => known.has(it)));
  const byVersion = new Map(kept.map((it) => [it.version, it]));
  const others = kept.map(({ version }) => version).filter((it) => !history.versions.includes(it));
  return [...others, ...history.versions]
    .filter((version) => !known.has(version))
    .map((version) => ({
      ...gone(version, byVersion.get(version)),
      ...(needed.has(version) ? { reason: stops } : {}),
    }));
}

const gone = (version: string, kept?: KeptMigration): MigrationStatus => ({
  version,
  title: kept?.title ?? '',
  state: 'missing',
  migration: undefined,
  ...(kept ? { kept: { at: kept.kept, hasDown: kept.down !== undefined } } : {}),
});

function missingParts({ missing }: HistoryState, read: View['migrations']): MigrationStatus[] {
  if (!missing) return [];
  const texts = new Map(read.map((it) => [it.migration, wholeUpText(it)]));
  return missing({ migrations: [...texts.keys()], upTextOf: (it) => texts.get(it) }).map((it) => gone(it));
}
