/** What all answers about one folder and its target stand on. */
import type { AppliedTexts } from '../history/appliedTexts';
import type { MigrationFolder } from '../layouts/migration';
import type { EngineOptions } from '../project';
import type { Surroundings } from '../snapshots/target';
import type { World } from '../world';
import type { Bench } from './bench';

export interface Ground {
  readonly folder: MigrationFolder;
  /** Knows the target. */
  readonly bench: Bench;
  readonly world: World;
  readonly options: EngineOptions;
  /** Of this folder on this target. */
  readonly texts: AppliedTexts;
}

/** As the room of the snapshots takes it. */
export const around = ({ world: { storage, now, log } }: Ground, signal: AbortSignal): Surroundings => ({
  storage,
  now,
  log,
  signal,
});
