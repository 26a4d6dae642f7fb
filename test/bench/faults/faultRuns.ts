/** All runs: each operation with each fault, at moments spread over its messages. */
import { chmodSync, chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startMortal } from '../../support/mortal';
import type { Major } from '../../support/servers';
import { type FaultKind, faults } from './faults';
import { type Operation, operations } from './operations';
import { newDisk } from './place';
import type { Moment } from './proxy';
import { cutOff, type Measured, measured, type Outcome, prepareStation, type Station } from './run';

export interface Told extends Outcome {
  readonly operation: string;
  readonly fault: string;
  readonly moment: string;
}

interface Planned {
  readonly operation: Operation;
  readonly fault: FaultKind;
  /** Which of the runs with both, and of how many. */
  readonly nth: number;
  readonly of: number;
}

/** At least so many runs, the same number for each operation and fault. */
export function planned(least: number, chosen: readonly Operation[] = operations): readonly Planned[] {
  const possible = faults.filter((it) => it.possible);
  const each = Math.max(1, Math.ceil(least / (chosen.length * possible.length)));
  return chosen.flatMap((operation) =>
    possible.flatMap((fault) => Array.from({ length: each }, (_, nth) => ({ operation, fault, nth, of: each }))),
  );
}

/** @param onRun called as soon as one is over */
export async function runAll(
  major: Major,
  plan: readonly Planned[],
  workers: number,
  onRun: (told: Told) => void,
): Promise<void> {
  const waiting = [...plan];
  await Promise.all(
    Array.from({ length: workers }, () =>
      withStation(major, async (station) => {
        const known = new Map<Operation, Measured>();
        for (let next = waiting.shift(); next; next = waiting.shift()) onRun(await runOne(station, known, next));
      }),
    ),
  );
}

async function runOne(
  station: Station,
  known: Map<Operation, Measured>,
  { operation, fault, nth, of }: Planned,
): Promise<Told> {
  const usual = known.get(operation) ?? (await measured(station, operation));
  known.set(operation, usual);
  const moment = momentAt((nth + offsetOf(fault)) / of, usual);
  const told = {
    operation: operation.name,
    fault: fault.name,
    moment: `${moment.side} message ${moment.message} of ${usual.messages}`,
  };
  try {
    return { ...told, ...(await cutOff(station, operation, fault, moment, usual)) };
  } catch (cause) {
    // What nobody expects is a violation, too, and the other runs go on.
    const says = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    return { ...told, stands: 'neither', steps: [], violations: [says] };
  }
}

/**
 * Both sides of each message are moments. Each stretch of the journal gets as many of them: a dump of a schema takes
 * hundreds of messages, and the step at which everything is decided only a few.
 *
 * @param share of the way through all stretches
 */
function momentAt(share: number, { stretches }: Measured): Moment {
  const place = share * stretches.length;
  const stretch = stretches[Math.floor(place)];
  if (!stretch) throw new Error('nothing is said to the server');
  const at = Math.floor((place % 1) * stretch.messages * 2);
  return { message: stretch.first + Math.floor(at / 2), side: at % 2 === 0 ? 'before' : 'behind' };
}

/** Different faults meet different moments. */
const offsetOf = (fault: FaultKind): number => (faults.indexOf(fault) + 0.5) / faults.length;

async function withStation(major: Major, use: (station: Station) => Promise<void>): Promise<void> {
  const data = newDisk(dataKilobytes);
  const server = await startMortal(major);
  try {
    const { uid, gid } = statSync(join(server.folder, 'data'));
    chownSync(data.folder, uid, gid);
    chmodSync(data.folder, 0o700);
    const station = await prepareStation(server, data);
    try {
      await use(station);
    } finally {
      station.proxy.close();
    }
  } finally {
    await server.stop();
    data.end();
  }
}

/** Room for the target and three copies of it, and little more. */
const dataKilobytes = 120_000;
