/** A look at the target and the folder: what is there, and in which state is each migration? */
import { recoverApplies } from '../apply/recover';
import { takesNobody } from '../database/connectFault';
import type { HistoryState } from '../history/history';
import { openAgain } from '../snapshots/closing';
import { recoverSnapshots } from '../snapshots/recover';
import type { LiveDatabase } from './live';
import { around, type Ground, type SeenMigration } from './ground';
import type { Link, ScriptFile } from '../rehearsal/link';
import type { ReadMigration } from './links';
import { rememberApplied, standingOf, wholeUpText } from './states';

export interface View {
  readonly live: LiveDatabase;
  /** Oldest first. */
  readonly migrations: readonly SeenMigration[];
}

/**
 * @throws {Fault} as Bench.live
 * @throws an AbortError when `signal` comes first
 */
export const look = async (ground: Ground, signal?: AbortSignal): Promise<View> =>
  viewOf(ground, await liveNow(ground, signal));

/** The target's part, after what a former process has left undone. */
export async function liveNow(ground: Ground, signal?: AbortSignal): Promise<LiveDatabase> {
  await recover(ground, signal);
  const { bench } = ground;
  try {
    return await bench.live(signal);
  } catch (cause) {
    if (!takesNobody(cause) || !(await opensAgain(ground, signal))) throw cause;
    return bench.live(signal);
  }
}

/** What a process has closed that was killed then, and of which nothing is noted on this machine. */
async function opensAgain({ bench, world }: Ground, signal = new AbortController().signal): Promise<boolean> {
  const { target } = bench;
  if (target.kind !== 'server') return false;
  const told = await bench.patiently(() => openAgain(target, signal, target.info.environment?.readOnly !== true));
  if (told !== undefined) world.tell({ kind: 'recovered', message: told });
  return told !== undefined;
}

/** The folder's part. */
export function viewOf(ground: Ground, live: LiveDatabase): View {
  const migrations = ground.reader.read(ground.folder, ground.world.files);
  const seen = (ground.seen.history === live.history ? ground.seen : sawAnew(ground, live, migrations)).migrations;
  return {
    live,
    migrations: migrations.map((it) => {
      const known = seen.get(it) ?? seenBy(ground, live, it);
      seen.set(it, known);
      return known;
    }),
  };
}

const seenBy = (ground: Ground, live: LiveDatabase, read: ReadMigration): SeenMigration => ({
  ...read,
  ...inParts(live.history, read),
  ...standingOf(ground, live, read),
});

/** Of a file that has run in part, the part that has not is rehearsed upon what the target has. */
function inParts(history: HistoryState, read: ReadMigration): Pick<SeenMigration, 'link' | 'replayed'> {
  const { link, migration } = read;
  const parts = history.parts?.(migration, wholeUpText(read));
  if (!parts || parts.applied.size === 0 || parts.open.size === 0) return { link };
  return { link: partOf(link, parts.open), replayed: partOf(link, parts.applied) };
}

function partOf({ up, down }: Link, names: ReadonlySet<string>): Link {
  const within = (file: ScriptFile): ScriptFile => ({
    ...file,
    scripts: file.scripts.filter(({ part }) => part === undefined || names.has(part)),
  });
  return { up: within(up), down: down && within(down) };
}

/** The history has been read anew. */
function sawAnew(ground: Ground, live: LiveDatabase, migrations: readonly ReadMigration[]): Ground['seen'] {
  rememberApplied(ground, live, migrations);
  return (ground.seen = { history: live.history, migrations: new WeakMap() });
}

/** Finishes or undoes what a process that was killed has left; costs nothing where there is no journal. */
export async function recover(ground: Ground, signal = new AbortController().signal): Promise<void> {
  const { bench, folder, world } = ground;
  const { target, history } = bench;
  // What was begun before it was marked so is for whoever may change it.
  if (target.info.environment?.readOnly) return;
  const job = { database: target.database, history, folder, storage: world.storage, signal };
  for (const work of [() => recoverSnapshots(target, around(ground, signal)), () => recoverApplies(job)]) {
    const told = await bench.patiently(work);
    for (const message of told) world.tell({ kind: 'recovered', message });
    if (told.length > 0) bench.refresh();
  }
}
