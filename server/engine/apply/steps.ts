/** What is noted in the journal before the target is changed, so that the next start can tell what was cut off. */
import type { Script } from '../layouts/layout';

export interface ApplyStep {
  /**
   * - `run`: the first statement of a script that is committed as a whole, or not at all
   * - `statement`: a statement, or a message of several, that lasts as soon as it is carried out
   * - `commit`: the script's transaction, with its history row
   * - `tool`: all of it, by the tool itself
   */
  readonly step: 'run' | 'statement' | 'commit' | 'tool';
  readonly version: string;
  readonly direction: Script['direction'];
  /** Zero-based number of the first statement that is sent next, among those of the script. */
  readonly from: number;
  readonly of: number;
  /** Versions that were run before it in the same transaction; left out when it has one of its own. */
  readonly with?: readonly string[];
  /** Script.part; left out where its tool records whole files. */
  readonly part?: string;
}

export const topic = 'apply';

const steps: ReadonlySet<string> = new Set<ApplyStep['step']>(['run', 'statement', 'commit', 'tool']);

export const isApplyStep = (value: unknown): value is ApplyStep =>
  typeof value === 'object' &&
  value !== null &&
  'step' in value &&
  typeof value.step === 'string' &&
  steps.has(value.step) &&
  'version' in value &&
  typeof value.version === 'string' &&
  'from' in value &&
  typeof value.from === 'number' &&
  (!('with' in value) || Array.isArray(value.with)) &&
  (!('part' in value) || typeof value.part === 'string');
