/** A migration as it is rehearsed. */
import type { Script } from '../layouts/layout';

export interface Link {
  readonly up: ScriptFile;
  readonly down: ScriptFile | undefined;
}

export interface ScriptFile {
  readonly path: string;
  /** The whole file. */
  readonly text: string;
  /** Those of one direction, in the order they run. */
  readonly scripts: readonly Script[];
}
