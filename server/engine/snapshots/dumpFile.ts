/** A snapshot as a file of SQL, for where no copy can be made: written whole or not at all, read back statement by statement. */
import { writeDurably } from '../base/durable';
import { Fault } from '../base/fault';
import { interruptible } from '../database/interruptible';
import { closePublicSchema } from '../database/publicSchema';
import { isAbout, readJournals } from '../base/journal';
import type { Session } from '../database/session';
import { statementsOf } from '../sql/scan';
import { snapshotName } from './names';
import type { SnapshotRecord } from './record';
import { writePacked } from './packed';
import { dumpHead, dumpPath, register, unregister } from './registry';
import type { SnapshotOrder } from './request';
import { must, refusedFault } from './statements';
import { isSnapshotStep, topic } from './steps';
import type { ServerTarget, Surroundings } from './target';

/** Statements sent in one message: few round trips, and yet a cancel finds its gap. */
const batchLength = 262_144;

/**
 * Nobody is disturbed: pg_dump only reads.
 *
 * @param because why there is no copy instead, which is told with the reason; left out where none was wanted
 * @throws {Fault} `disk-full`, `not-writable`; `no-right` when there are tables that the role may not read
 */
export async function takeDump(
  { database }: ServerTarget,
  order: SnapshotOrder,
  because: string | undefined,
  around: Surroundings,
): Promise<SnapshotRecord> {
  const taken = around.now();
  const began = performance.now();
  const text = await database.dump('all', around.signal);
  const why =
    because === undefined ? '' : ` (as a dump file, because a copy on the server is not possible: ${because})`;
  const record: SnapshotRecord = {
    rehearsal: 'snapshot',
    id: snapshotName(database.name, taken),
    kind: 'file',
    of: database.id,
    database: database.name,
    taken: taken.toISOString(),
    reason: order.reason + why,
    bytes: Buffer.byteLength(text),
    version: order.version ?? null,
    comment: null,
    ms: Math.round(performance.now() - began),
  };
  around.signal.throwIfAborted();
  if (order.packed) return writePacked(record, text, around);
  writeDurably(dumpPath(around.storage, record.id), dumpHead(record) + text);
  register(around.storage, record);
  return record;
}

/** @throws {Fault} `locked` while it is all that there is of what a restore is replacing; `not-writable` */
export function dropDump({ database }: ServerTarget, id: string, storage: string): void {
  const work = readJournals(storage, topic, isAbout(database.id), isSnapshotStep).flatMap(({ steps }) => steps);
  if (work.some((step) => 'kept' in step && keptBy(step.kept) === id))
    throw new Fault('locked', `a restore of ${database.label} keeps in ${id} what it replaces.`);
  unregister(storage, id);
}

const keptBy = (kept: string | SnapshotRecord): string => (typeof kept === 'string' ? kept : kept.id);

/**
 * Runs a dump in an empty database, all of it in one transaction.
 *
 * @throws {Fault} `refused`, `no-right`, `disk-full` with the statement that was refused; the signal's reason
 */
export async function loadDump(session: Session, text: string, signal: AbortSignal): Promise<void> {
  await interruptible(session, signal, async () => {
    await must(session, 'begin');
    await closePublicSchema(session);
    for (const batch of batchesOf(text)) {
      const answer = await session.run(batch);
      signal.throwIfAborted();
      if (answer.kind === 'refused') throw refusedFault(answer);
    }
    await must(session, 'commit');
  });
  signal.throwIfAborted();
}

/** @param wanted tells by its text whether a statement is to be run */
export function* batchesOf(text: string, wanted: (statement: string) => boolean = () => true): Generator<string> {
  let batch: string[] = [];
  let length = 0;
  for (const statement of statementsOf(text)) {
    if (statement.kind !== 'sql') throw new Fault('not-readable', `the dump holds what is no SQL: ${statement.text}.`);
    if (!wanted(statement.text)) continue;
    batch.push(statement.text);
    length += statement.text.length;
    if (length < batchLength) continue;
    yield batch.join(';\n');
    [batch, length] = [[], 0];
  }
  if (batch.length > 0) yield batch.join(';\n');
}
