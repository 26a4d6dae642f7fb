/** What is noted in the journal before a database is changed, so that the next start can finish or undo it. */
import { Fault } from '../base/fault';
import { type Journal, openJournal } from '../base/journal';
import type { Session } from '../database/session';
import type { SnapshotRecord } from './record';
import { dropDatabase } from './statements';
import type { SnapshotTarget, Surroundings } from './target';

export type SnapshotStep =
  /** A copy of the target is made under this name; it is whole when its comment is a record. */
  | { readonly step: 'copy'; readonly name: string }
  /** A database of this name is made, from a dump file or as a copy, to take the target's place. */
  | { readonly step: 'load'; readonly name: string }
  /** `replacement` takes the target's place, in one transaction; the target becomes the snapshot `kept`. */
  | {
      readonly step: 'swap';
      readonly replacement: string;
      readonly replacementOid: number;
      /** The snapshot that is used up, when it is a copy. */
      readonly used: string | null;
      readonly kept: SnapshotRecord;
    }
  /** This copy is open to connections while it is looked into. */
  | { readonly step: 'open'; readonly name: string; readonly oid: number }
  /** Tables of the target get the rows of a snapshot in this transaction, after all of it was kept as `kept`. */
  | {
      readonly step: 'refill';
      readonly transaction: string;
      readonly kept: string;
      readonly tables: readonly string[];
    }
  /** The target's contents are dropped and loaded anew in this transaction, after they were kept as a dump file. */
  | { readonly step: 'overwrite'; readonly transaction: string; readonly kept: SnapshotRecord }
  /** The copy of this name and object identifier is dropped, as the user wished. */
  | { readonly step: 'drop'; readonly name: string; readonly oid: number }
  /** The target, of this object identifier, takes no connections until what is to replace it is ready. */
  | { readonly step: 'close'; readonly oid: number }
  /** Migrations are tried out on a database of this name; it is to be kept when its comment says so. */
  | { readonly step: 'trial'; readonly name: string }
  /** The embedded database's file was kept as this snapshot; it is replaced next. */
  | { readonly step: 'replace'; readonly kept: SnapshotRecord };

export const topic = 'snapshot';

export function isSnapshotStep(value: unknown): value is SnapshotStep {
  if (typeof value !== 'object' || value === null || !('step' in value)) return false;
  switch (value.step) {
    case 'copy':
    case 'load':
    case 'trial':
      return 'name' in value;
    case 'close':
      return 'oid' in value;
    case 'swap':
      return 'replacement' in value && 'replacementOid' in value && 'used' in value && 'kept' in value;
    case 'overwrite':
      return 'transaction' in value && 'kept' in value;
    case 'drop':
    case 'open':
      return 'name' in value && 'oid' in value;
    case 'refill':
      return 'transaction' in value && 'kept' in value && 'tables' in value;
    case 'replace':
      return 'kept' in value;
    default:
      return false;
  }
}

/** What cannot be undone now, on a full disk, is undone at the next start. */
export async function undoOrLeave(journal: Journal<SnapshotStep>, undo: () => Promise<unknown>): Promise<void> {
  try {
    await undo();
  } catch (cause) {
    journal.leave();
    throw cause;
  }
}

interface Noting {
  readonly worker: Session;
  readonly journal: Journal<SnapshotStep>;
}

/** Undoes it whatever becomes of the work, as long as the server answers; the notes stay where it does not. */
export async function undoneAfter<T>(
  { worker, journal }: Noting,
  undo: () => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    if (!worker.lost) await undoOrLeave(journal, undo);
  }
}

/** @param use makes the database; it is dropped afterwards, unless it has been renamed by then */
export function withNewDatabase<T>(noting: Noting, name: string, use: () => Promise<T>): Promise<T> {
  noting.journal.note({ step: 'load', name });
  return undoneAfter(noting, () => dropDatabase(noting.worker, name, 'force'), use);
}

/** What fails has been undone on the way; only when the connection is lost nobody knows, and the notes have to stay. */
export async function closedUnlessLost<T>(
  worker: Session,
  journal: Journal<SnapshotStep>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!worker.lost && journal.open) journal.close();
    throw cause;
  }
}

interface Journalled {
  readonly target: SnapshotTarget;
  readonly around: Surroundings;
  /** As Maintenance.server. What is left on the server is then put right by whoever comes next. */
  readonly server?: string | undefined;
}

/**
 * Runs work that notes its steps. The notes go when it ends well; they stay when it throws (a lost connection: nobody
 * knows what the server did), unless the work has undone everything and closed them.
 */
export async function journalled<T>(
  { target: { database }, around, server }: Journalled,
  work: (journal: Journal<SnapshotStep>) => Promise<T>,
): Promise<T> {
  const at = server === undefined ? undefined : { server, database: database.name };
  const journal = openJournal<SnapshotStep>(around.storage, topic, database.id, around.now(), at);
  try {
    const result = await work(journal);
    journal.close();
    return result;
  } catch (cause) {
    if (!journal.open || !(cause instanceof Fault) || cause.code !== 'connection-lost') throw cause;
    const later = 'How it ended is told when the server answers again.';
    throw new Fault('connection-lost', `${cause.detail} ${later}`, cause);
  } finally {
    journal.leave();
  }
}
