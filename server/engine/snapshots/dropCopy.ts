/** Throws away a snapshot that is a database on the server: only one that is ours, and that nobody is in. */
import { Fault } from '../base/fault';
import { type Maintenance, withMaintenance } from './maintenance';
import { factsOf, isInvalid } from './properties';
import { type SnapshotRecord, recordIn } from './record';
import { registered, unregister } from './registry';
import { othersStaying } from './sessions';
import { dropDatabase } from './statements';
import { journalled } from './steps';
import type { ServerTarget, Surroundings } from './target';

/** @throws as dropSnapshot */
export async function dropCopy(target: ServerTarget, snapshot: SnapshotRecord, around: Surroundings): Promise<void> {
  await withMaintenance(target, around.signal, async (maintenance) => {
    const { worker } = maintenance;
    const oid = await ownCopy(maintenance, snapshot, around);
    await journalled({ target, around, server: maintenance.server }, async (journal) => {
      journal.note({ step: 'drop', name: snapshot.id, oid });
      try {
        await dropDatabase(worker, snapshot.id);
      } catch (cause) {
        if (worker.lost) throw cause;
        // Postgres refused it, so that it is still there; but on a full disk not as a whole, and the next start goes on.
        const left = await factsOf(worker, snapshot.id);
        if (left && isInvalid(left)) journal.leave();
        else journal.close();
        throw cause;
      }
      unregister(around.storage, snapshot.id);
    });
  });
}

/**
 * Looks once more, under the lock: the name alone could belong to something else by now.
 *
 * @returns its object identifier
 * @throws {Fault} `no-such-snapshot`, `busy`
 */
async function ownCopy(
  { worker, watcher }: Maintenance,
  { id, database }: SnapshotRecord,
  { storage, signal }: Surroundings,
): Promise<number> {
  const [copy] = await worker.rows<{ oid: number; comment: string | null; closed: boolean }>(
    `select oid::int8::float8 as oid, shobj_description(oid, 'pg_database') as comment, not datallowconn as closed
     from pg_database where datname = $1`,
    [id],
  );
  const record = recordIn(copy?.comment);
  const marked = record?.id === id && record.database === database;
  // Somebody may have changed the comment; then our own list has to name it, and it has to be shut as we left it.
  const known = copy?.closed === true && registered(storage).some((it) => it.id === id && it.kind === 'copy');
  if (!copy || !(marked || known))
    throw new Fault('no-such-snapshot', `the database ${id} does not say any more that it is one of ours.`);
  const others = await othersStaying(watcher, [copy.oid]);
  if (others.length > 0) throw new Fault('busy', `${id} is used by ${others.map(({ says }) => says).join('; ')}.`);
  signal.throwIfAborted();
  return copy.oid;
}
