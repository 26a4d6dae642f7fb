/** The migrations of a target as they were applied, whatever the folder has of them now. */
import { basename } from 'node:path';
import { Fault } from '../base/fault';
import type { HistoryState } from '../history/history';
import type { Link } from '../rehearsal/link';
import type { Files } from '../world';
import type { LiveDatabase } from './live';
import { appliedTextOf } from './appliedText';
import type { Ground, SeenMigration } from './ground';
import { wholeFolder } from './keptFiles';
import { MigrationReader } from './links';
import { type View, viewOf } from './look';
import { statusOf } from './status';
import { unreadUp } from './unread';

export interface AsApplied {
  /** In the order of the folder. */
  readonly links: readonly Link[];
  /** Extensions that they ask for. */
  readonly extensions: readonly string[];
  /** What is not known of them, a sentence each. */
  readonly doubts: readonly string[];
}

/** @throws {Fault} as Ground.reader */
export async function asApplied(ground: Ground, { live, migrations }: View, signal: AbortSignal): Promise<AsApplied> {
  const { history } = live;
  const whole = wholeFolder(ground, live);
  const { texts, doubts } = await textsOfEdited(ground, { live, migrations }, signal);
  const disk = whole.files(ground.world.disk);
  const files: Files = { ...disk, read: (path) => texts.get(path) ?? disk.read(path) };
  const asItWas: Ground = {
    ...ground,
    folder: whole.folder,
    world: { ...ground.world, files },
    reader: new MigrationReader(),
    seen: { history, migrations: new WeakMap() },
  };
  const view = viewOf(asItWas, live);
  const applied = view.migrations.filter((it) => isApplied(it, history));
  const unknown = statusOf(view, whole).migrations.filter(({ state }) => state === 'missing');
  return {
    links: applied.map(({ link, replayed }) => replayed ?? link),
    extensions: applied.flatMap(({ extensions }) => extensions),
    doubts: [
      ...doubts,
      ...applied.flatMap((it) =>
        unreadUp(it) ? [`${it.migration.version} cannot be replayed: nobody but its tool can run it.`] : [],
      ),
      ...unknown.map(({ version }) => `${version} is applied and not in the folder, and nothing of it is kept.`),
    ],
  };
}

/** Also what is to be run once more: what was applied of it is in `replayed`, or is what is kept. */
const isApplied = ({ state, migration, replayed }: SeenMigration, history: HistoryState): boolean =>
  replayed !== undefined || (state !== 'skipped' && history.applied(migration) === 'applied');

/** By path, of those whose file is another one than what was applied. */
async function textsOfEdited(
  ground: Ground,
  { live, migrations }: View,
  signal: AbortSignal,
): Promise<{ readonly texts: ReadonlyMap<string, string>; readonly doubts: readonly string[] }> {
  const texts = new Map<string, string>();
  const doubts: string[] = [];
  for (const it of migrations) {
    const { upPath, version } = it.migration;
    const isOther = it.state === 'edited' || (it.state === 'pending' && isApplied(it, live.history) && !it.replayed);
    if (!isOther || upPath === undefined) continue;
    const text = await textOf(ground, it, live, signal);
    if (text === undefined)
      doubts.push(
        `${version} (${basename(upPath)}) is another file than what was applied, which is not known any more.`,
      );
    else texts.set(upPath, text);
  }
  return { texts, doubts };
}

/** Without its byte order mark. */
async function textOf(
  ground: Ground,
  seen: SeenMigration,
  live: LiveDatabase,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (ground.folder.layout.program) return undefined;
  try {
    return (await appliedTextOf(ground, seen, live, signal)).text.replace(/^\uFEFF/, '');
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
}
