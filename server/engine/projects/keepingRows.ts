/** Rows of a snapshot, and rows that were written since: what the migrations in between have to do with which tables. */
import type { Consent, Snapshot, SnapshotTable, TableSince, TablesResult } from '../project';
import type { Migration } from '../layouts/migration';
import { statementsIn } from '../layouts/statements';
import { shapeOf } from '../sql/parse';
import { rowEffectOf } from '../sql/rowEffects';
import { lastOf } from '../sql/tree';
import type { KnownTables } from '../snapshots/request';
import { listSnapshots, restoreTablesOf, tablesNamedIn, tablesWrittenSince } from '../snapshots/snapshots';
import { around, type Ground, type SeenMigration } from './ground';
import { leaveBeside } from './inheriting';
import { liveNow, look, type View } from './look';
import { demandConsent } from './consent';
import { dropOld } from './retaining';

/** In turn only. */
export async function tablesSince(ground: Ground, id: string, signal: AbortSignal): Promise<readonly TableSince[]> {
  const view = await look(ground, signal);
  return tablesWrittenSince(
    ground.bench.target,
    id,
    (snapshot) => knownSince(view, snapshot.version),
    around(ground, signal),
  );
}

/** In turn only. */
export async function snapshotTables(
  ground: Ground,
  id: string,
  signal: AbortSignal,
): Promise<readonly SnapshotTable[]> {
  const { history } = await liveNow(ground, signal);
  return tablesNamedIn(ground.bench.target, id, history.table, around(ground, signal));
}

/** Alone only. */
export async function restoreTables(
  ground: Ground,
  id: string,
  tables: readonly string[],
  { disconnect, confirmedName }: Consent,
  signal: AbortSignal,
): Promise<TablesResult> {
  const { bench } = ground;
  demandConsent(bench.target, confirmedName);
  const live = await liveNow(ground, signal);
  const { history } = live;
  const order = { tables, history: history.table, version: history.versions.at(-1), disconnect };
  try {
    const result = await restoreTablesOf(bench.target, id, order, around(ground, signal));
    if (result.kind === 'busy') return result;
    leaveBeside(ground, result.kept.id, live.remembered.heritage());
    await dropOld(ground, signal);
    return result;
  } finally {
    bench.refresh();
  }
}

/** As a restore of this snapshot has to know them; one that is not there is the restore's to tell. */
export async function knownTables(ground: Ground, id: string, signal: AbortSignal): Promise<KnownTables> {
  const view = await look(ground, signal);
  const snapshots: readonly Snapshot[] = await listSnapshots(ground.bench.target, around(ground, signal));
  return knownSince(view, snapshots.find((it) => it.id === id)?.version);
}

/**
 * What functions and triggers write that a migration sets off is not seen.
 *
 * @param version newest one that was applied at the time
 */
function knownSince({ live, migrations }: View, version: string | undefined): KnownTables {
  const { history } = live;
  const between = betweenVersions(migrations, version, history.versions.at(-1));
  const known = new Set(migrations.map(({ migration }) => migration.version));
  const unknown = history.versions
    .slice(history.versions.indexOf(version ?? '') + 1)
    .filter((it) => history.needsFiles !== 'all' && !known.has(it));
  const touching = between.flatMap((seen) => [...namesIn(seen)].map((name) => [name, seen.migration] as const));
  const byName = new Map<string, Migration>(touching.toReversed());
  return {
    history: history.table,
    touched(table) {
      if (unknown.length > 0)
        return `what ${unknown.join(', ')} did to it is not known: there is no such file any more`;
      const by = byName.get(table.slice(table.indexOf('.') + 1));
      return by && `migration ${by.version} has a hand in its rows`;
    },
  };
}

/** Those that have run since, or that have been taken back since: what is between both in the order of the folder. */
function betweenVersions(
  migrations: readonly SeenMigration[],
  then: string | undefined,
  now: string | undefined,
): readonly SeenMigration[] {
  const placeOf = (version: string | undefined): number =>
    migrations.findIndex(({ migration }) => migration.version === version);
  const [from, to] = [placeOf(then), placeOf(now)].toSorted((a, b) => a - b);
  return migrations.slice((from ?? -1) + 1, (to ?? -1) + 1);
}

/** Last parts of the names of tables whose rows or columns a migration changes, either way; rather one too many. */
function* namesIn({ link, replayed }: SeenMigration): Generator<string> {
  for (const file of [link.up, link.down, replayed?.up, replayed?.down])
    for (const script of file?.scripts ?? [])
      for (const { text } of statementsIn(file?.text ?? '', script)) yield* namesOf(text);
}

function namesOf(text: string): Iterable<string> {
  const effect = rowEffectOf(text);
  switch (effect.kind) {
    case 'none':
    case 'indexes':
    case 'constrains':
      return [];
    case 'alters':
    case 'makes':
    case 'fills':
    case 'renamesColumn':
      return [lastOf(effect.table)];
    case 'renames':
      return [effect.from, effect.to].map(lastOf);
    case 'drops':
    case 'writes':
      return effect.tables.map(lastOf);
    case 'anything':
      return shapeOf(text).mentions;
  }
}
