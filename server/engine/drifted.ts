/** What is asked and answered about drift: a target that is not what its migrations make. */
import type { Consent, ObjectChange } from './changes';
import type { PlaceChoice } from './checks';

/** In what a target is another one than what its applied migrations make. */
export interface Drift extends PlaceChoice {
  /** `before` as the migrations make it, `after` as it is. */
  readonly objects: readonly DriftedObject[];
  /** Why some of them may be none, or others be missing: whole sentences; empty when it is sure. */
  readonly doubts: readonly string[];
  /** How many migrations are applied. */
  readonly applied: number;
  readonly rehearsedOn: string;
  /** Absolute path of the file that says what is ignored, which need not be there. */
  readonly ignoreFile: string;
}

/** How drift would be made a migration, or undone; proved on a shadow. */
export interface DriftScript {
  readonly way: DriftWay;
  /** SQL; empty where nothing is left to do. */
  readonly text: string;
  /** Of a migration: the statements that lead back, without semicolons; left out where the tool takes none, or none are known. */
  readonly back?: readonly string[];
  /** What it is about, with all that goes with a table. */
  readonly objects: readonly ObjectChange[];
  /** What it throws away, a sentence each; counted on the target where it is undone there. */
  readonly losses: readonly string[];
}

/**
 * - `migration`: from what the migrations make to what is there
 * - `undo`: the way back
 */
export type DriftWay = 'migration' | 'undo';

export interface UndoDriftRequest extends Consent {
  /** Those that the user was shown. */
  readonly ids: readonly string[];
  /** As it was shown. */
  readonly text: string;
  readonly snapshot: boolean;
}

export interface DriftedObject extends ObjectChange {
  /** As `ignoreDrift` takes it: of another text, another one. */
  readonly id: string;
  /** Set where it is to be left as it is, with the reason that was given. */
  readonly ignored?: { readonly reason: string };
}
