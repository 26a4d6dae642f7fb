/**
 * Carries rows that were written since a snapshot into the database that is made of it, before that takes the target's
 * place. From the moment that the rows are read nobody writes them: first locks keep writers waiting, then the target is
 * shut and they are ended, so that nothing is written that would not be carried over.
 */
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { interruptible } from '../database/interruptible';
import { onSession, whileWanted } from '../database/onSession';
import { demand, plainText } from '../database/plainText';
import type { Session } from '../database/session';
import type { TableSince } from '../project';
import { withContents } from './contents';
import type { SnapshotRecord } from './record';
import type { CarryOrder, KnownTables } from './request';
import { type Refilled, replaceRows } from './rows/replaceRows';
import { tablesSince, tablesToCarry } from './rows/since';
import { longestLockMs } from './statements';
import type { SnapshotTarget, Surroundings } from './target';

/** At one moment, and without row security, which would hide some of them. */
export const reading = `begin isolation level repeatable read read only; set local row_security = off; ${plainText}`;

/** With a limit on locks, so that who holds one does not hold everybody up. */
export const writing = `begin; set local lock_timeout = ${longestLockMs}; set local row_security = off; ${plainText}`;

/**
 * What could be carried over; nothing is changed.
 *
 * @throws {Fault} as withContents
 */
export function listTablesSince(
  target: SnapshotTarget,
  snapshot: SnapshotRecord,
  known: KnownTables,
  around: Surroundings,
): Promise<readonly TableSince[]> {
  return withContents(target, [snapshot], around, async ([former]) => {
    if (!former) throw new Error('as many databases as snapshots');
    return whileWanted(former, 'read', around.signal, (past) =>
      whileWanted(target.database, 'read', around.signal, async (now) => {
        for (const session of [past, now]) await demand(session, reading);
        return tablesSince({ past, now }, known);
      }),
    );
  });
}

/**
 * @param made holds what the snapshot holds, and nobody is in it
 * @param secure called when all is carried over, while the locks on the target are still held
 * @returns the tables
 * @throws {Fault} `no-such-table`; `rows-refused` when a constraint does not hold; `busy` when a lock does not come
 */
export function carryInto(
  target: Database,
  made: Database,
  order: CarryOrder,
  signal: AbortSignal,
  secure: (now: Session) => Promise<void>,
): Promise<readonly string[]> {
  return onSession(target.open('read', signal), async (now) => {
    const carried = await interruptible(now, signal, () =>
      onSession(made.open('write', signal), (past) =>
        interruptible(past, signal, () => carryBetween({ now, past }, order, signal)),
      ),
    );
    await secure(now);
    return carried;
  });
}

async function carryBetween(
  { now, past }: { readonly now: Session; readonly past: Session },
  order: CarryOrder,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (const session of [now, past]) await demand(session, writing);
  const tables = await tablesToCarry({ past, now }, order, async (names) => {
    if (names.length > 0) await demand(now, `lock table ${names.join(', ')} in share mode`);
  });
  if (tables.length > 0) await refill(now, past, tables, 'truncate');
  signal.throwIfAborted();
  await demand(past, 'commit');
  return tables.map(({ table }) => table);
}

/** As replaceRows; a row that is refused has a fault of its own. */
export async function refill(
  source: Session,
  target: Session,
  tables: readonly Refilled[],
  emptiedBy: Parameters<typeof replaceRows>[3],
): Promise<void> {
  try {
    await replaceRows(source, target, tables, emptiedBy);
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'refused') throw cause;
    throw new Fault('rows-refused', cause.detail, cause);
  }
}
