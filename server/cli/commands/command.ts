/** What a command of the command line is made of. One file per command in this folder; all.ts is the list. */
import type { Engine } from '../../engine/project';
import type { World } from '../../engine/world';
import type { CommandWords, Values } from '../arguments';
import type { Terminal } from '../terminal';

export interface Command extends CommandWords {
  /** Its words are paths; those outside the current folder are looked at too. */
  readonly takesPaths?: true;
  /**
   * It changes databases: cancelled, it is waited for however long that takes, because it tells how they stand. What
   * the others leave behind is swept by the next start.
   */
  readonly changes?: true;
  /** One line for the list of commands. */
  readonly says: string;
  /** More lines for its own help: how it decides, what it promises. */
  readonly more: string;
  readonly examples: readonly string[];
  /** What its exit codes mean, for its help; the others mean the same everywhere. */
  readonly exits: Exits;
  /**
   * @returns exit code: 0 done, 1 the migrations, Postgres or the user say no, 2 it could not be done
   * @throws {Fault} reported by main with exit code 2
   */
  run(call: Call): Promise<ExitCode>;
}

export type ExitCode = 0 | 1 | 2 | 130;

export interface Exits {
  readonly 0: string;
  /** Left out where there is no such end. */
  readonly 1?: string;
  /** Left out where it is only that it could not be done. */
  readonly 2?: string;
}

export interface Call {
  readonly engine: Engine;
  readonly world: World;
  readonly terminal: Terminal;
  readonly values: Values;
  readonly words: readonly string[];
  readonly json: boolean;
  /** Writes the one JSON value of a command, with what was recovered on the way. */
  readonly print: (value: object) => void;
  /** Absolute; paths for people are relative to it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}
