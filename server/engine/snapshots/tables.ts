/** Gives chosen tables of the target the rows that a snapshot has of them; all of it was kept as a snapshot before. */
import type { Journal } from '../base/journal';
import type { Database } from '../database/database';
import { interruptible } from '../database/interruptible';
import { onSession, whileWanted } from '../database/onSession';
import { demand } from '../database/plainText';
import type { Session } from '../database/session';
import { Fault } from '../base/fault';
import type { SnapshotTable } from '../project';
import { reading, refill, writing } from './carry';
import { withContents } from './contents';
import type { SnapshotRecord } from './record';
import type { Refilled } from './rows/replaceRows';
import { countOfRows, isHistory, type TableFacts, tablesIn, tablesNamed } from './rows/tables';
import { type SnapshotStep, journalled } from './steps';
import type { SnapshotTarget, Surroundings } from './target';

/**
 * The tables that are in both, which could be restored by themselves.
 *
 * @param history the tool's own table, which goes with the schema only
 * @throws {Fault} as withContents
 */
export function tablesOfSnapshot(
  target: SnapshotTarget,
  snapshot: SnapshotRecord,
  history: string,
  around: Surroundings,
): Promise<readonly SnapshotTable[]> {
  return withContents(target, [snapshot], around, ([former]) =>
    whileWanted(mustBe(former), 'read', around.signal, (past) =>
      whileWanted(target.database, 'read', around.signal, async (now) => {
        for (const session of [past, now]) await demand(session, reading);
        const told: SnapshotTable[] = [];
        for (const pair of inBoth(await tablesIn(past), await tablesIn(now), history))
          told.push({
            table: pair.now.table,
            rowsThen: await countOfRows(past, pair.past),
            rowsNow: await countOfRows(now, pair.now),
            columnsLost: pair.past.columns.filter((it) => !pair.now.columns.includes(it)),
            columnsNew: pair.now.columns.filter((it) => !pair.past.columns.includes(it)),
          });
        return told;
      }),
    ),
  );
}

export interface TablesWish {
  /** As people write them. */
  readonly tables: readonly string[];
  readonly history: string;
  /** The snapshot of the target as it is now. */
  readonly kept: string;
}

/**
 * In one transaction on the target.
 *
 * @returns the tables, by their whole names
 * @throws {Fault} `no-such-table`, `rows-refused`, `busy`; then nothing was changed
 */
export function restoreTables(
  target: SnapshotTarget,
  snapshot: SnapshotRecord,
  wish: TablesWish,
  around: Surroundings,
): Promise<readonly string[]> {
  return withContents(target, [snapshot], around, ([former]) =>
    journalled({ target, around }, (journal) =>
      onSession(target.database.open('write', around.signal), (now) =>
        interruptible(now, around.signal, () =>
          intoTarget(target, mustBe(former), now, { ...wish, journal, signal: around.signal }),
        ),
      ),
    ),
  );
}

interface Work extends TablesWish {
  readonly journal: Journal<SnapshotStep>;
  readonly signal: AbortSignal;
}

async function intoTarget(
  target: SnapshotTarget,
  former: Database,
  now: Session,
  { tables, history, kept, journal, signal }: Work,
): Promise<readonly string[]> {
  try {
    await demand(now, writing);
    const refilled = await whileWanted(former, 'read', signal, async (past) => {
      await demand(past, reading);
      const pairs = inBoth(await tablesIn(past), await tablesIn(now), history);
      const chosen = tablesNamed(
        tables,
        pairs.map((it) => ({ table: it.now.table, refilled: asRefilled(it) })),
      ).map((it) => it.refilled);
      // The file of the embedded engine is exchanged whole: there is nothing that could be half done.
      if (target.kind === 'server') {
        const [row] = await now.rows<{ id: string }>('select pg_current_xact_id()::text as id');
        journal.note({ step: 'refill', transaction: row?.id ?? '', kept, tables: chosen.map(({ table }) => table) });
      }
      await refill(past, now, chosen, 'delete');
      return chosen.map(({ table }) => table);
    });
    signal.throwIfAborted();
    await demand(now, 'commit');
    return refilled;
  } catch (cause) {
    if (now.lost) throw cause;
    await now.run('rollback');
    journal.close();
    throw cause;
  }
}

interface InBoth {
  readonly past: TableFacts;
  readonly now: TableFacts;
}

function inBoth(past: readonly TableFacts[], now: readonly TableFacts[], history: string): readonly InBoth[] {
  const former = new Map(past.map((it) => [it.table, it]));
  return now.flatMap((it) => {
    const was = former.get(it.table);
    const isOwn = isHistory(it.table, history);
    return was && !isOwn && was.columns.some((column) => it.columns.includes(column)) ? { past: was, now: it } : [];
  });
}

/** Named alike in both; what it is, the target says. */
const asRefilled = ({ past, now }: InBoth): Refilled => ({
  ...now,
  columns: now.columns.filter((it) => past.columns.includes(it)),
  partitionedThere: past.partitioned,
});

function mustBe(database: Database | undefined): Database {
  if (!database) throw new Fault('no-such-snapshot', 'its contents are gone.');
  return database;
}
