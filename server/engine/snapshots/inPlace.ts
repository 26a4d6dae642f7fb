/**
 * Restores a dump file into the target itself, in one transaction, for an owner who may make no databases (common where
 * somebody else runs the server): everything the owner has is dropped and loaded anew, or nothing is.
 */
import { Fault } from '../base/fault';
import type { Journal } from '../base/journal';
import { interruptible } from '../database/interruptible';
import { onSession, whileWanted } from '../database/onSession';
import { demand } from '../database/plainText';
import type { Session } from '../database/session';
import { readDump } from './dumpBytes';
import { runDump, takeDump } from './dumpFile';
import { factsOf } from './properties';
import { beforeRestore, type SnapshotRecord } from './record';
import { unregister } from './registry';
import type { RestoreOrder, Restored } from './request';
import { endSessions, othersIn, othersStaying } from './sessions';
import { longestLockMs, must } from './statements';
import { type SnapshotStep, journalled } from './steps';
import type { ServerTarget, Surroundings } from './target';

/** @returns false when a restore has to happen within the target */
export async function mayMakeDatabases({ database }: ServerTarget, signal: AbortSignal): Promise<boolean> {
  const [row] = await whileWanted(database, 'read', signal, (session) =>
    session.rows<{ may: boolean }>('select rolcreatedb or rolsuper as may from pg_roles where rolname = current_user'),
  );
  return row?.may === true;
}

/**
 * What is replaced is kept as a dump file, taken while nobody can write.
 *
 * @throws {Fault} `no-right` for who is not the owner; `refused` when something in the way is not his; `disk-full`,
 *   `connection-lost`. The target is as it was then.
 */
export async function restoreInPlace(
  target: ServerTarget,
  order: RestoreOrder,
  around: Surroundings,
): Promise<Restored> {
  if (order.carry)
    throw new Fault('no-right', 'rows are carried over into a database of their own, and the role may make none.');
  const dump = await readDump(around.storage, order.snapshot.id);
  return onSession(target.database.open('write', around.signal), async (session) => {
    const facts = await factsOf(session, target.database.name);
    if (facts?.owner !== session.server.user) {
      const who = `${session.server.user} may make no databases and does not own ${target.database.name}`;
      throw new Fault('no-right', `${who}, so a dump file cannot be restored.`);
    }
    const others = await (order.disconnect ? othersIn : othersStaying)(session, [facts.oid]);
    if (others.length > 0 && !order.disconnect) return { kind: 'busy', sessions: others.map(({ says }) => says) };
    await endSessions(session, others);
    return await journalled({ target, around }, async (journal) => ({
      kind: 'restored',
      carried: [],
      kept: await overwrite(session, { target, order, around, journal, dump }),
    }));
  });
}

interface Overwriting {
  readonly target: ServerTarget;
  readonly order: RestoreOrder;
  readonly around: Surroundings;
  readonly journal: Journal<SnapshotStep>;
  readonly dump: AsyncIterable<Buffer>;
}

async function overwrite(session: Session, work: Overwriting): Promise<SnapshotRecord> {
  const { target, order, around, journal } = work;
  let kept: SnapshotRecord | undefined;
  try {
    await must(session, `begin; set local lock_timeout = ${longestLockMs}`);
    await lockTables(session);
    const reason = beforeRestore;
    kept = await takeDump(target, { reason, version: order.version, disconnect: false }, noDatabase, around);
    const [row] = await session.rows<{ id: string }>('select pg_current_xact_id()::text as id');
    journal.note({ step: 'overwrite', transaction: row?.id ?? '', kept });
    await interruptible(session, around.signal, () => refill(session, work));
    around.signal.throwIfAborted();
    await demand(session, 'commit');
    return kept;
  } catch (cause) {
    if (session.lost) throw cause;
    await session.run('rollback');
    if (kept) unregister(around.storage, kept.id);
    journal.close();
    throw cause;
  }
}

const noDatabase = 'its owner may make no databases';

/** From here on the others may read, and what the dump is about to see stays so until the end. */
async function lockTables(session: Session): Promise<void> {
  const [row] = await session.rows<{ names: string | null }>(
    `select string_agg(format('%I.%I', n.nspname, c.relname), ', ') as names
     from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'USAGE') and c.relpersistence <> 't'
       and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  if (row?.names) await must(session, `lock table ${row.names} in share mode`);
}

async function refill(session: Session, { dump, around }: Overwriting): Promise<void> {
  await must(session, 'drop owned by current_user cascade');
  // Gone when it was the owner's; pg_dump takes it, and who may use it, for given.
  const [schema] = await session.rows(`select from pg_namespace where nspname = 'public'`);
  if (!schema) await must(session, 'create schema public; grant usage on schema public to public');
  // The comment on an extension that an administrator made is his, and still there.
  await runDump(session, dump, around.signal, (it) => !/^comment on extension\b/i.test(it));
}
