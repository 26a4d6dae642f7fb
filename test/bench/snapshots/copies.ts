/** A snapshot as a copy on the server, and its way back, beside a plain copy of the files and what Postgres does by itself. */
import { markNamed, restoreSnapshot, takeSnapshot } from '../../../server/engine/snapshots/snapshots';
import type { SnapshotResult } from '../../../server/engine/project';
import { timed } from '../measure';
import { aroundOf, targetAt } from '../faults/place';
import type { DiskServer } from './diskServer';
import { dropped } from './filled';
import { type Row, rounds, type Tell } from './rounds';

export const order = { version: undefined, disconnect: false } as const;

export const measureCopies = (server: DiskServer, database: string, runs: number): Promise<readonly Row[]> =>
  rounds(runs, async (tell) => {
    tell('its files copied and flushed, no server', await server.copyFiles(database));
    for (const strategy of ['file_copy', 'wal_log'])
      await template(server, database, server.major < 15 ? undefined : strategy, tell);
    const target = targetAt(server.access(database));
    const around = aroundOf(server.storage);
    const { id } = await taken(() => takeSnapshot(target, { ...order, reason: 'measured' }, around), 'snapshot', tell);
    await restored(server, 'restore, the snapshot is used up', tell, () => restoreSnapshot(target, id, order, around));
    const other = await taken(() => takeSnapshot(target, { ...order, reason: 'measured' }, around), 'snapshot', tell);
    await markNamed(target, other.id, { pinned: true }, around);
    const pinned = 'restore, the snapshot is pinned and stays';
    await restored(server, pinned, tell, () => restoreSnapshot(target, other.id, order, around));
    await dropped(server, other.id);
  });

async function template(server: DiskServer, database: string, strategy: string | undefined, tell: Tell): Promise<void> {
  const sql = `create database plain template ${database}${strategy === undefined ? '' : ` strategy ${strategy}`}`;
  tell(
    `CREATE DATABASE … TEMPLATE${strategy === undefined ? '' : `, ${strategy}`}`,
    await timed(() => server.sql(sql)),
  );
  await dropped(server, 'plain');
}

export async function taken(
  take: () => Promise<SnapshotResult>,
  what: string,
  tell: Tell,
): Promise<{ readonly id: string }> {
  const began = performance.now();
  const result = await take();
  if (result.kind !== 'taken') throw new Error(`no snapshot: ${JSON.stringify(result)}`);
  tell(what, performance.now() - began);
  return result.snapshot;
}

/** What was replaced is dropped afterwards. */
export async function restored(
  server: DiskServer,
  what: string,
  tell: Tell,
  restore: () => ReturnType<typeof restoreSnapshot>,
): Promise<void> {
  const began = performance.now();
  const result = await restore();
  if (result.kind !== 'restored') throw new Error(`not restored: ${JSON.stringify(result)}`);
  tell(what, performance.now() - began);
  await dropped(server, result.kept.id);
}
