/** Snapshots of the embedded database: copies of its file, which is always whole. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { copyDurably, guarded, removeDurably, unfinishedSuffix } from '../base/durable';
import { Fault } from '../base/fault';
import { type CutOff, forget } from '../base/journal';
import { lockFile } from '../database/embeddedLock';
import { onSession } from '../database/onSession';
import { carryInto } from './carry';
import { snapshotName } from './names';
import { beforeRestore, type SnapshotRecord } from './record';
import { dataPath, register, unregister } from './registry';
import type { CarryOrder, Restored, RestoreOrder, SnapshotOrder } from './request';
import { type SnapshotStep, journalled } from './steps';
import type { EmbeddedTarget, Surroundings } from './target';

/** @throws {Fault} `disk-full`, `not-writable` */
export async function takeEmbedded(
  target: EmbeddedTarget,
  order: Pick<SnapshotOrder, 'reason' | 'version'>,
  around: Surroundings,
): Promise<SnapshotRecord> {
  if (!existsSync(target.path)) await makeFile(target);
  return copyOf(target, order, around);
}

function copyOf(
  target: EmbeddedTarget,
  order: Pick<SnapshotOrder, 'reason' | 'version'>,
  around: Surroundings,
): SnapshotRecord {
  const now = around.now();
  const id = snapshotName(target.database.name, now);
  const copy = dataPath(around.storage, id);
  copyDurably(target.path, copy);
  const record: SnapshotRecord = {
    rehearsal: 'snapshot',
    id,
    kind: 'embedded',
    of: target.database.id,
    database: target.database.name,
    taken: now.toISOString(),
    reason: order.reason,
    bytes: guarded(copy, () => statSync(copy).size),
    version: order.version ?? null,
    comment: null,
  };
  register(around.storage, record);
  return record;
}

/**
 * The file is exchanged in one rename, after the present one was kept; the snapshot stays.
 *
 * @throws {Fault} `no-such-snapshot`, `locked`, `disk-full`, `not-writable`; then the database is as it was
 */
export async function restoreEmbedded(
  target: EmbeddedTarget,
  { snapshot, version, carry }: RestoreOrder,
  around: Surroundings,
): Promise<Extract<Restored, { kind: 'restored' }>> {
  const source = dataPath(around.storage, snapshot.id);
  if (!existsSync(source)) throw new Fault('no-such-snapshot', `${source} is not there any more.`);
  if (!existsSync(target.path)) await makeFile(target);
  return alone(target, async () => {
    // Beside the snapshot, which stays as it is; what a crash leaves of it is swept.
    const filled = `${source}.carried${unfinishedSuffix}`;
    try {
      const carried = carry ? await carriedInto(target, { source, filled }, carry, around) : [];
      const order = { reason: beforeRestore, version };
      const kept = await replaceBy(target, carry ? filled : source, order, around);
      return { kind: 'restored', kept, carried };
    } finally {
      if (carry) removeDurably(filled);
    }
  });
}

async function carriedInto(
  target: EmbeddedTarget,
  { source, filled }: { readonly source: string; readonly filled: string },
  carry: CarryOrder,
  { signal }: Surroundings,
): Promise<readonly string[]> {
  copyDurably(source, filled);
  // Whoever is at work on the file waits for its lock: nobody else is to be kept out.
  return carryInto(target.database, target.atFile(filled), carry, signal, () => Promise.resolve());
}

/**
 * Alone only. As restoreEmbedded, by any file of such a database, which stays.
 *
 * @returns what it was before
 */
export function replaceBy(
  target: EmbeddedTarget,
  source: string,
  order: Pick<SnapshotOrder, 'reason' | 'version'>,
  around: Surroundings,
): Promise<SnapshotRecord> {
  return journalled({ target, around }, async (journal) => {
    const kept = copyOf(target, order, around);
    journal.note({ step: 'replace', kept });
    copyDurably(source, target.path);
    return kept;
  });
}

/** @throws {Fault} `locked` while somebody is at work on the database, whose way back it may be; `not-writable` */
export async function dropEmbedded(target: EmbeddedTarget, id: string, storage: string): Promise<void> {
  await alone(target, async () => unregister(storage, id));
}

/**
 * @returns what became of each, for people
 * @throws {Fault} `locked` while somebody is at work on it
 */
export async function recoverEmbedded(
  target: EmbeddedTarget,
  read: () => readonly CutOff<SnapshotStep>[],
  { storage }: Surroundings,
): Promise<readonly string[]> {
  return alone(target, async () => read().map((work) => recovered(target, work, storage)));
}

function recovered(target: EmbeddedTarget, { path, begun, steps }: CutOff<SnapshotStep>, storage: string): string {
  const told = steps.map((step) => {
    if (step.step !== 'replace') throw new Error('an embedded database is only replaced as a file');
    const copy = dataPath(storage, step.kept.id);
    if (!existsSync(copy) || !readFileSync(copy).equals(readFileSync(target.path)))
      return `The snapshot was restored; the former database is kept as ${step.kept.id}.`;
    unregister(storage, step.kept.id);
    return 'Nothing was restored; the database is as it was.';
  });
  forget(path);
  return `Work on ${target.database.label} that began at ${begun} was cut off. ${told.join(' ')}`.trim();
}

/** No session that would write its own state over ours. */
export async function alone<T>({ path }: EmbeddedTarget, work: () => Promise<T>): Promise<T> {
  const release = lockFile(path);
  try {
    return await work();
  } finally {
    release();
  }
}

/** A database that nothing was ever written to has no file yet. */
export const makeFile = ({ database }: EmbeddedTarget): Promise<void> =>
  onSession(database.open('write'), () => Promise.resolve());
