/** What is asked of a trial, and what can be known against it before anything is copied. */
import { Fault } from '../base/fault';
import type { Surroundings } from '../snapshots/target';
import type { TrialRequest } from '../trials';
import { plansOf, type Scripts } from './passes';
import { refuseReaching } from './reach';

export interface TrialOrder extends Pick<TrialRequest, 'from' | 'afterwards' | 'disconnect'> {
  /** Pending ones, oldest first. */
  readonly versions: readonly string[];
  /** Newest applied version just now. */
  readonly version: string | undefined;
}

export interface TrialSurroundings extends Surroundings {
  /** Runs what needs the target for itself. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * @param hasOwnServer the copy will be on a server that nobody else uses
 * @throws {Fault} `no-trial`, `bad-usage`; as planUp
 */
export function refuse({ versions, afterwards, from }: TrialOrder, scripts: Scripts, hasOwnServer: boolean): void {
  const { layout } = scripts.folder;
  if (layout.program && hasOwnServer)
    throw new Fault('no-trial', `${layout.label} connects to a server, and the target is the embedded Postgres.`);
  if (afterwards === 'swap' && from !== 'copy' && from !== 'auto')
    throw new Fault('bad-usage', 'only a copy that is taken while nobody can write may become the database.');
  refuseReaching(scripts, plansOf(scripts, versions), { alone: hasOwnServer });
}

/** Why the copy takes the target's place, for the list of snapshots. */
export const reasonOf = ({ versions }: TrialOrder): string =>
  `before the copy of a trial of ${versions.length === 1 ? '1 migration' : `${versions.length} migrations`} took its place`;
