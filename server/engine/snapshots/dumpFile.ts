/** A snapshot as a file of SQL, for where no copy can be made: written and read piece by piece. */
import { Fault } from '../base/fault';
import { interruptible } from '../database/interruptible';
import { demand, rowsFault } from '../database/plainText';
import { closePublicSchema } from '../database/publicSchema';
import { isAbout, readJournals } from '../base/journal';
import type { Answer, Session } from '../database/session';
import { type DumpBegun, writeDump } from './dumpBytes';
import { partsOf } from './dumpParts';
import { snapshotName } from './names';
import type { SnapshotRecord } from './record';
import { unregister } from './registry';
import type { SnapshotOrder } from './request';
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
  if (!database.dumpWithRows) throw new Error('a database on a server is dumped in pieces');
  const taken = around.now();
  const why =
    because === undefined ? '' : ` (as a dump file, because a copy on the server is not possible: ${because})`;
  const begun: DumpBegun = {
    rehearsal: 'snapshot',
    id: snapshotName(database.name, taken),
    kind: 'file',
    of: database.id,
    database: database.name,
    taken: taken.toISOString(),
    reason: order.reason + why,
    version: order.version ?? null,
    comment: null,
    ...(order.packed ? { packed: order.packed } : {}),
  };
  return writeDump(begun, database.dumpWithRows(around.signal), around);
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
 * @throws {Fault} as runDump; the signal's reason
 */
export async function loadDump(session: Session, dump: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> {
  await interruptible(session, signal, async () => {
    await demand(session, 'begin');
    await closePublicSchema(session);
    await runDump(session, dump, signal);
    await demand(session, 'commit');
  });
  signal.throwIfAborted();
}

/** pg_dump puts large objects into a transaction of their own, which would end the one that all is in. */
const ofTransaction = /^(?:begin|commit)$/i;

/**
 * In the transaction that is open.
 *
 * @param wanted tells by its text whether a statement is to be run
 * @throws {Fault} `refused`, `no-right`, `disk-full` with what was refused, without the detail of Postgres, which would
 *   hold values of rows; `damaged`, `not-readable`; the signal's reason
 */
export async function runDump(
  session: Session,
  dump: AsyncIterable<Buffer>,
  signal: AbortSignal,
  wanted: (statement: string) => boolean = () => true,
): Promise<void> {
  if (!session.copyIn) throw new Error('a session on a server streams');
  let batch: string[] = [];
  let length = 0;
  const ran = async (running: Promise<Answer>, what = ''): Promise<void> => {
    const answer = await running;
    signal.throwIfAborted();
    if (answer.kind === 'refused') throw rowsFault(answer.refusal.sqlState, what + answer.refusal.message);
  };
  const runBatch = async (): Promise<void> => {
    if (batch.length > 0) await ran(session.run(batch.join(';\n')));
    [batch, length] = [[], 0];
  };
  for await (const part of partsOf(dump)) {
    if (part.kind === 'copy') {
      await runBatch();
      await ran(session.copyIn(part.sql, part.rows), `${tableIn(part.sql)} does not take the rows: `);
    } else if (!ofTransaction.test(part.sql) && wanted(part.sql)) {
      batch.push(part.sql);
      length += part.sql.length;
      if (length >= batchLength) await runBatch();
    }
  }
  await runBatch();
}

/** As pg_dump has written it behind COPY. */
const tableIn = (copy: string): string => /^copy ((?:"(?:[^"]|"")*"|[^\s"(])+)/i.exec(copy)?.[1] ?? 'A table';
