/**
 * Looks into snapshots. A copy is opened to connections for that time and shut again, also after a crash; a dump file is
 * loaded into a database that goes afterwards; the embedded engine reads the file itself.
 */
import { Fault } from '../base/fault';
import type { Journal } from '../base/journal';
import type { Database } from '../database/database';
import { onSession } from '../database/onSession';
import type { Session } from '../database/session';
import { readDump } from './dumpBytes';
import { loadDump } from './dumpFile';
import { createTwin } from './freshDatabase';
import { withMaintenance } from './maintenance';
import { snapshotName } from './names';
import { factsOf } from './properties';
import type { SnapshotRecord } from './record';
import { dataPath } from './registry';
import { admissionStatement, must } from './statements';
import { type SnapshotStep, closedUnlessLost, journalled, undoneAfter, withNewDatabase } from './steps';
import type { ServerTarget, SnapshotTarget, Surroundings } from './target';

/**
 * @param use reads them, and leaves them as they are; nobody else works on snapshots of the target meanwhile
 * @throws {Fault} `no-such-snapshot`, `damaged`, `not-readable`, `locked`; `no-right` for a copy of another role, and
 *   where a dump file is to be loaded by a role that may make no databases
 */
export async function withContents<T>(
  target: SnapshotTarget,
  snapshots: readonly SnapshotRecord[],
  around: Surroundings,
  use: (databases: readonly Database[]) => Promise<T>,
): Promise<T> {
  if (target.kind === 'embedded') return use(snapshots.map(({ id }) => target.atFile(dataPath(around.storage, id))));
  return withMaintenance(target, around.signal, ({ worker, server }) =>
    journalled({ target, around, server }, (journal) =>
      closedUnlessLost(worker, journal, () => opened({ worker, target, around, journal }, snapshots, [], use)),
    ),
  );
}

interface Looking {
  readonly worker: Session;
  readonly target: ServerTarget;
  readonly around: Surroundings;
  readonly journal: Journal<SnapshotStep>;
}

type Use<T> = (databases: readonly Database[]) => Promise<T>;

function opened<T>(
  work: Looking,
  [first, ...others]: readonly SnapshotRecord[],
  before: readonly Database[],
  use: Use<T>,
): Promise<T> {
  if (!first) return use(before);
  const goOn = (database: Database) => opened(work, others, [...before, database], use);
  return first.kind === 'copy' ? copyOpened(work, first.id, goOn) : dumpLoaded(work, first.id, goOn);
}

async function copyOpened<T>(work: Looking, id: string, use: (it: Database) => Promise<T>): Promise<T> {
  const { worker, target, journal } = work;
  const copy = await factsOf(worker, id);
  if (!copy) throw new Fault('no-such-snapshot', `the database ${id} is not on the server any more.`);
  journal.note({ step: 'open', name: id, oid: copy.oid });
  await must(worker, admissionStatement(id, 'all'));
  const shut = () => must(worker, admissionStatement(id, 'nobody'));
  return undoneAfter(work, shut, () => use(target.sibling(id)));
}

async function dumpLoaded<T>(work: Looking, id: string, use: (it: Database) => Promise<T>): Promise<T> {
  const { worker, target, around } = work;
  const dump = await readDump(around.storage, id);
  const name = snapshotName(target.database.name, around.now());
  return withNewDatabase(work, name, async () => {
    await makeFromDump(worker, target, { name, dump }, around.signal);
    return use(target.sibling(name));
  });
}

/**
 * A database that only its owner may enter, with the contents of a dump file.
 *
 * @throws {Fault} `no-right` without CREATEDB; as loadDump
 */
export async function makeFromDump(
  worker: Session,
  target: ServerTarget,
  { name, dump }: { readonly name: string; readonly dump: AsyncIterable<Buffer> },
  signal: AbortSignal,
): Promise<void> {
  await createTwin(worker, target.database.name, name);
  await onSession(target.sibling(name).open('write', signal), (session) => loadDump(session, dump, signal));
}
