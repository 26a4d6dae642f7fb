/** Which tables can be carried over from the target to a snapshot of it, and what has been written to them since. */
import { Fault } from '../../base/fault';
import type { Session } from '../../database/session';
import type { RowsOf, TableSince } from '../../project';
import type { CarryOrder, KnownTables } from '../request';
import { differenceOfRows, referencesLacking } from './difference';
import type { Refilled } from './replaceRows';
import { isHistory, type TableFacts, tablesIn, tablesNamed } from './tables';

/** A database at both times; sessions after `plainText`. */
export interface Times {
  readonly past: Session;
  readonly now: Session;
}

interface Candidate {
  readonly table: string;
  readonly past: TableFacts | undefined;
  readonly now: TableFacts | undefined;
  readonly obstacle: string | undefined;
}

/**
 * Tables whose rows are others, and those that were made, altered or dropped, whose rows are not compared; with the reason
 * where they cannot be carried over.
 *
 * @param times in transactions of their own, each at one moment
 */
export async function tablesSince(times: Times, known: KnownTables): Promise<readonly TableSince[]> {
  const candidates = await candidatesFor(times, known);
  const told: TableSince[] = [];
  for (const { table, past, now, obstacle } of candidates) {
    const keyed = (now ?? past)?.key !== null;
    const held = obstacle === undefined ? {} : { obstacle };
    if (!past || !now || past.definition !== now.definition) {
      told.push({ table, keyed, added: 0, changed: 0, removed: 0, lacking: [], orphaned: [], ...held });
      continue;
    }
    const difference = await differenceOfRows(times.past, times.now, now);
    if (difference.added + difference.changed + difference.removed === 0) continue;
    const lacking = await lackingOf(times, now, candidates);
    const orphaned = await orphanedBy(times, now, candidates);
    told.push({ table, keyed, ...difference, lacking, orphaned, ...held });
  }
  return told;
}

/**
 * The tables of an order, as those of the database that gets the rows.
 *
 * @param times `past` is that database
 * @param hold keeps others from writing to tables, which are named as in SQL, from now on
 * @throws {Fault} `no-such-table`, `rows-refused` for one that is held back
 */
export async function tablesToCarry(
  times: Times,
  { tables, known }: CarryOrder,
  hold: (names: readonly string[]) => Promise<void>,
): Promise<readonly Refilled[]> {
  const candidates = await candidatesFor(times, known);
  const chosen =
    tables === 'all' ? candidates.filter((it) => it.obstacle === undefined) : tablesNamed(tables, candidates);
  const pairs = chosen.map(({ table, past, now, obstacle }) => {
    if (obstacle !== undefined || !past || !now)
      throw new Fault('rows-refused', `${table}: ${obstacle ?? 'it is not there'}.`);
    return { past, now };
  });
  await hold(pairs.map(({ now }) => now.name));
  const wanted: Refilled[] = [];
  for (const { past, now } of pairs)
    if (tables !== 'all' || (await hasChanged(times, now))) wanted.push({ ...past, partitionedThere: now.partitioned });
  return wanted;
}

async function hasChanged(times: Times, table: TableFacts): Promise<boolean> {
  const { added, changed, removed } = await differenceOfRows(times.past, times.now, table);
  return added + changed + removed > 0;
}

async function candidatesFor(times: Times, known: KnownTables): Promise<readonly Candidate[]> {
  const [past, now] = [byName(await tablesIn(times.past)), byName(await tablesIn(times.now))];
  const names = [...new Set([...past.keys(), ...now.keys()])].toSorted();
  return names
    .filter((table) => !isHistory(table, known.history))
    .map((table) => {
      const [was, is] = [past.get(table), now.get(table)];
      return { table, past: was, now: is, obstacle: obstacleOf(was, is) ?? known.touched(table) };
    });
}

const byName = (tables: readonly TableFacts[]) => new Map(tables.map((it) => [it.table, it]));

function obstacleOf(past: TableFacts | undefined, now: TableFacts | undefined): string | undefined {
  if (!now) return 'it is there no more';
  if (!past) return 'it was made after the snapshot';
  return past.definition === now.definition ? undefined : 'it has been altered since the snapshot';
}

/** Its rows of now, held against what the snapshot has of the tables that they refer to. */
async function lackingOf(
  times: Times,
  table: TableFacts,
  candidates: readonly Candidate[],
): Promise<readonly RowsOf[]> {
  const found: RowsOf[] = [];
  for (const reference of table.references) {
    const parent = candidates.find((it) => it.table === reference.table)?.past;
    if (!parent || parent.table === table.table) continue;
    const rows = await referencesLacking(times.now, table, times.past, reference, parent);
    if (rows > 0) found.push({ table: parent.table, rows });
  }
  return found;
}

/** Rows of the snapshot that refer to it, held against its rows of now. */
async function orphanedBy(
  times: Times,
  table: TableFacts,
  candidates: readonly Candidate[],
): Promise<readonly RowsOf[]> {
  const found: RowsOf[] = [];
  for (const { past: child } of candidates) {
    if (!child || child.table === table.table) continue;
    for (const reference of child.references) {
      if (reference.table !== table.table) continue;
      const rows = await referencesLacking(times.past, child, times.now, reference, table);
      if (rows > 0) found.push({ table: child.table, rows });
    }
  }
  return found;
}
