/** Trials for the tests of this room: migrations of one fixture text, tried out on a database of the test servers. */
import { deepEqual } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { snapshotPrefix, trialPrefix } from '../../server/engine/snapshots/names';
import { loadParser } from '../../server/engine/sql/parse';
import type { TrialOrder } from '../../server/engine/trial/order';
import { tryOut } from '../../server/engine/trial/trial';
import type { TrialReport, TrialResult } from '../../server/engine/trials';
import type { RoundTripVerdict } from '../../server/engine/verification';
import { jobFor, type Over } from '../apply/support';
import type { Place } from '../snapshots/support';

export const order: Omit<TrialOrder, 'versions'> = {
  from: 'auto',
  afterwards: 'drop',
  disconnect: false,
  version: undefined,
};

export interface Tried {
  readonly layout?: LayoutName;
  /** Migrations as `--- 1_name.up.sql` sections. */
  readonly source: string;
  readonly order?: Partial<TrialOrder>;
  readonly over?: Over;
}

export async function tried(place: Place, { layout = 'golang-migrate', source, ...more }: Tried): Promise<TrialResult> {
  await loadParser();
  const job = jobFor(place, layout, source, more.over);
  const alone = <T>(work: () => Promise<T>): Promise<T> => work();
  const around = { ...place.around, signal: job.signal, alone };
  return tryOut(place.target, { ...order, versions: job.versions, ...more.order }, job, around);
}

export function reportOf(result: TrialResult): TrialReport {
  if (result.kind !== 'tried') throw new Error(JSON.stringify(result));
  return result.report;
}

export function verdictOf({ roundTrip }: TrialReport): RoundTripVerdict {
  if (roundTrip.kind !== 'tried') throw new Error(roundTrip.kind);
  return roundTrip.verdict;
}

/** No database of a trial is left, nor a note of one, and the target takes connections. */
export async function nothingLeft(place: Place, trials = 0, snapshots = 0): Promise<void> {
  const names = await place.names();
  const found = [trialPrefix, snapshotPrefix].map(
    (prefix) => names.filter((it) => it.startsWith(prefix + place.target.database.name)).length,
  );
  deepEqual(found, [trials, snapshots]);
  deepEqual(journalsOf(place), []);
  await place.sql('select 1');
}

export function journalsOf({ around }: Place): readonly string[] {
  try {
    return readdirSync(join(around.storage, 'journal'));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
}

export const briefly = (report: TrialReport): readonly string[] =>
  report.passes.map(({ pass, migrations }) => `${pass} ${migrations.map(({ version }) => version).join(' ')}`);
