/** What is other in a snapshot than in the target now, or than in another snapshot: the schema, and how many rows there are. */
import type { Database } from '../database/database';
import { whileWanted } from '../database/onSession';
import { demand } from '../database/plainText';
import type { SnapshotDifference } from '../project';
import { comparedSchemas } from '../schema/compared';
import { reading } from './carry';
import { withContents } from './contents';
import type { SnapshotRecord } from './record';
import { countOfRows, tablesIn } from './rows/tables';
import type { SnapshotTarget, Surroundings } from './target';

/**
 * @param later undefined for the target as it is now
 * @throws {Fault} as withContents and Database.dump
 */
export function compareSnapshots(
  target: SnapshotTarget,
  earlier: SnapshotRecord,
  later: SnapshotRecord | undefined,
  around: Surroundings,
): Promise<SnapshotDifference> {
  return withContents(target, later ? [earlier, later] : [earlier], around, async ([was, is = target.database]) => {
    if (!was) throw new Error('as many databases as snapshots');
    const schemas = { before: await was.dump(around.signal), after: await is.dump(around.signal) };
    const [before, after] = [await rowsIn(was, around.signal), await rowsIn(is, around.signal)];
    const tables = [...new Set([...before.keys(), ...after.keys()])].toSorted();
    return {
      ...comparedSchemas(schemas),
      rows: tables.map((table) => ({ table, before: before.get(table) ?? null, after: after.get(table) ?? null })),
    };
  });
}

/** Of one moment, by table. */
function rowsIn(database: Database, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  return whileWanted(database, 'read', signal, async (session) => {
    await demand(session, reading);
    const counted = new Map<string, number>();
    for (const it of await tablesIn(session)) counted.set(it.table, await countOfRows(session, it));
    return counted;
  });
}
