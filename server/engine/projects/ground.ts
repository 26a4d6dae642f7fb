/** What all answers about one folder and its target stand on. */
import type { HistoryState } from '../history/history';
import type { MigrationFolder, PlacedProblem } from '../layouts/migration';
import type { EngineOptions, MigrationState } from '../project';
import type { Surroundings } from '../snapshots/target';
import type { Link } from '../rehearsal/link';
import type { World } from '../world';
import type { Bench } from './bench';
import type { MigrationReader, ReadMigration } from './links';

export interface Ground {
  readonly folder: MigrationFolder;
  /** Knows the target. */
  readonly bench: Bench;
  readonly world: World;
  readonly options: EngineOptions;
  readonly reader: MigrationReader;
  /** What was made of the migrations by the light of this history. */
  seen: {
    readonly history: HistoryState | undefined;
    readonly migrations: WeakMap<ReadMigration, SeenMigration>;
  };
}

export interface SeenMigration extends ReadMigration {
  readonly state: MigrationState;
  /** What its tool makes of it, where that is more than the state says. */
  readonly reason?: string;
  /** As Standing.isMeant. */
  readonly isMeant?: true;
  /** What to know of a version below it that no file has. */
  readonly gap?: string;
  /** As Standing.twice. */
  readonly twice?: PlacedProblem;
  /** What of it has run, where another part of it is still to be run: then `link` is that one. */
  readonly replayed?: Link;
}

/** As the room of the snapshots takes it. */
export const around = ({ world: { storage, now, log } }: Ground, signal: AbortSignal): Surroundings => ({
  storage,
  now,
  log,
  signal,
});
