/** Which migrations are replayed together? A checkpoint does what those before it do: one of both is run, and not both. */
import type { SeenMigration } from './ground';

const isCheckpoint = ({ migration }: SeenMigration): boolean => migration.name.isCheckpoint === true;

/** Those among which this one stands in a replay. */
export function replayOf(all: readonly SeenMigration[], it: SeenMigration): readonly SeenMigration[] {
  if (!it.isMeant) return all.filter(({ isMeant }) => !isMeant);
  return isCheckpoint(it) ? [it] : all.filter((other) => other.isMeant && !isCheckpoint(other));
}

/** The replays in which all of these are, each once. */
export function replaysOf(all: readonly SeenMigration[], asked: readonly SeenMigration[]) {
  const replays: (readonly SeenMigration[])[] = [];
  for (const it of asked) if (!replays.some((replay) => replay.includes(it))) replays.push(replayOf(all, it));
  return replays;
}
