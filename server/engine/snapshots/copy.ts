/** A snapshot as a database on the same server: `CREATE DATABASE … TEMPLATE`, whole and fast. */
import { Fault } from '../base/fault';
import type { Journal } from '../base/journal';
import type { Session } from '../database/session';
import { type Maintenance, aloneIn, isNoWayIn, withMaintenance } from './maintenance';
import { snapshotName } from './names';
import { ownComment } from './branchMark';
import { type DatabaseFacts, carryOver, factsOf } from './properties';
import type { SnapshotRecord } from './record';
import { register } from './registry';
import type { SnapshotOrder, Taken } from './request';
import { commentStatement, dropDatabase, must, whyRefused } from './statements';
import { type SnapshotStep, journalled } from './steps';
import { copyFastest, type CopyWish, filesOf } from './strategy';
import type { ServerTarget, Surroundings } from './target';

/** @throws {Fault} `locked`, `disk-full` and `not-writable` for the journal, `connection-lost` */
export async function takeCopy(target: ServerTarget, order: SnapshotOrder, around: Surroundings): Promise<Taken> {
  let entered = false;
  try {
    return await withMaintenance(target, around.signal, (maintenance) => {
      entered = true;
      return journalled({ target, around, server: maintenance.server }, (journal) =>
        copyWith(maintenance, { target, order, around, journal }),
      );
    });
  } catch (cause) {
    if (entered || !isNoWayIn(cause)) throw cause;
    return { kind: 'impossible', because: `no database beside it may be entered: ${cause.detail}` };
  }
}

interface Copying {
  readonly target: ServerTarget;
  readonly order: SnapshotOrder;
  readonly around: Surroundings;
  readonly journal: Journal<SnapshotStep>;
}

async function copyWith(maintenance: Maintenance, work: Copying): Promise<Taken> {
  const { target, around, journal } = work;
  const { worker } = maintenance;
  const facts = await factsOf(worker, target.database.name);
  if (!facts) throw new Fault('no-database', `${target.database.label}.`);
  const name = snapshotName(target.database.name, around.now());
  const began = performance.now();
  journal.note({ step: 'copy', name });
  try {
    const files = await filesOf(target.database, facts.bytes, around.signal);
    const notMade = await copyDatabase(maintenance, { from: target.database.name, of: facts, to: name, files }, work);
    if (notMade) return notMade;
    around.signal.throwIfAborted();
    const record = await finish(worker, work, facts, { name, began });
    register(around.storage, record);
    return { kind: 'taken', record };
  } catch (cause) {
    // What the server did last is not known then; the journal is read at the next start.
    if (worker.lost) throw cause;
    await dropDatabase(worker, name);
    journal.close();
    if (!(cause instanceof Fault) || cause.code !== 'no-right') throw cause;
    return { kind: 'impossible', because: cause.detail };
  }
}

/**
 * Closed to connections; its rights, settings and comment are those of any new database.
 *
 * @param copied.of what is copied
 * @returns why there is no copy; undefined when there is one
 */
export async function copyDatabase(
  maintenance: Maintenance,
  { of, ...copied }: Pick<CopyWish, 'from' | 'to' | 'files'> & { readonly of: DatabaseFacts },
  {
    order: { disconnect },
    around,
  }: { readonly order: Pick<SnapshotOrder, 'disconnect'>; readonly around: Surroundings },
): Promise<Exclude<Taken, { kind: 'taken' }> | undefined> {
  const { worker } = maintenance;
  const only = { databases: [of.oid], disconnect, signal: around.signal };
  const wish = { ...copied, owner: of.owner, bytes: of.bytes };
  const done = await copyFastest(worker, wish, (sql) => aloneIn(maintenance, only, sql), around.log);
  if (done.kind === 'busy') {
    if (!disconnect) return { kind: 'busy', sessions: done.says };
    return { kind: 'impossible', because: `these would not go: ${done.says.join('; ')}` };
  }
  if (done.kind === 'done') return undefined;
  return { kind: 'impossible', because: whyRefused(done) };
}

/** Rights first, so that the copy is never open to more people; the comment last, for it says that all is done. */
async function finish(
  worker: Session,
  { target, order, around }: Copying,
  facts: DatabaseFacts,
  { name, began }: { readonly name: string; readonly began: number },
): Promise<SnapshotRecord> {
  const lacking = await carryOver(worker, facts, name);
  const without = lacking.length === 0 ? '' : ` (without the settings ${lacking.join('; ')})`;
  const record: SnapshotRecord = {
    rehearsal: 'snapshot',
    id: name,
    kind: 'copy',
    of: target.database.id,
    database: target.database.name,
    taken: around.now().toISOString(),
    reason: order.reason + without,
    bytes: (await factsOf(worker, name))?.bytes ?? facts.bytes,
    version: order.version ?? null,
    comment: ownComment(facts.comment),
    ms: Math.round(performance.now() - began),
  };
  await must(worker, commentStatement(name, JSON.stringify(record)));
  return record;
}
