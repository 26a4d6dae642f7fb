/** What a snapshot will be before it is taken: how large, how long it takes, and whether there is room for it. */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { givingUp } from '../database/givingUp';
import { onSession } from '../database/onSession';
import type { Session } from '../database/session';
import type { SnapshotForecast } from '../project';
import { isNoWayIn, openBeside } from './maintenance';
import { factsOf } from './properties';
import type { SnapshotRecord } from './record';
import { registered } from './registry';
import type { ServerTarget, SnapshotTarget, Surroundings } from './target';

/** Bytes of the database for each millisecond, as measured (ENGINES.md 3); the first guess, until one was taken here. */
const usualSpeed = { copy: 400_000, file: 27_000, embedded: 400_000 } as const;
/** Before the first byte: a checkpoint, a session, a file. */
const usualBeginMs = 100;
/** A disk that is full to the brim is of no use to anybody else either. */
const usableShare = 0.9;

/** @throws as Database.open */
export async function forecast(
  target: SnapshotTarget,
  form: 'file' | undefined,
  { storage, signal }: Pick<Surroundings, 'storage' | 'signal'>,
): Promise<SnapshotForecast> {
  if (target.kind === 'embedded') {
    const bytes = existsSync(target.path) ? statSync(target.path).size : 0;
    return told('embedded', bytes, roomIn(thereAbove(storage)), lastOf(target, 'embedded', storage));
  }
  const { bytes, folder } = await sizeOnServer(target, signal);
  const kind = form ?? 'copy';
  const room = kind === 'file' ? roomIn(thereAbove(storage)) : folder === null ? undefined : roomIn(folder);
  return told(kind, bytes, room, lastOf(target, kind, storage));
}

interface Room {
  readonly bytes: number;
  readonly folder: string;
}

function told(
  kind: SnapshotForecast['kind'],
  bytes: number,
  room: Room | undefined,
  last: SnapshotRecord | undefined,
): SnapshotForecast {
  const speed = last?.ms ? last.bytes / last.ms : usualSpeed[kind];
  const ms = Math.round(
    last?.ms && last.bytes >= bytes ? (last.ms * bytes) / last.bytes : usualBeginMs + bytes / speed,
  );
  return { kind, bytes, ms, ...(room ? { room } : {}), fits: !room || bytes < room.bytes * usableShare };
}

/** Whoever may enter no database beside it gets a dump file, for which it is entered anyway. */
async function openNear(target: ServerTarget, signal: AbortSignal): Promise<Session> {
  try {
    return await openBeside(target, signal);
  } catch (cause) {
    if (!isNoWayIn(cause)) throw cause;
    return target.database.open('read', signal);
  }
}

/** The folder of its data is told to those who may see all settings only, and means something on this machine alone. */
async function sizeOnServer(
  target: ServerTarget,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly folder: string | null }> {
  return onSession(openNear(target, signal), (session) =>
    givingUp(session, signal, async () => {
      const facts = await factsOf(session, target.database.name);
      const [row] = await session.rows<{ folder: string }>(
        `select setting as folder from pg_catalog.pg_settings where name = 'data_directory'`,
      );
      return { bytes: facts?.bytes ?? 0, folder: target.database.local ? (row?.folder ?? null) : null };
    }),
  );
}

/** Undefined where this machine has no such folder: a server in a container has its folders for itself. */
function roomIn(folder: string): Room | undefined {
  if (!existsSync(folder)) return undefined;
  const { bavail, bsize } = statfsSync(folder);
  return { bytes: bavail * bsize, folder };
}

/** Our own folder is made with the first snapshot. */
const thereAbove = (folder: string): string =>
  existsSync(folder) || dirname(folder) === folder ? folder : thereAbove(dirname(folder));

/** Of the same database; a packed file tells nothing of the size. */
const lastOf = (
  { database }: SnapshotTarget,
  kind: SnapshotRecord['kind'],
  storage: string,
): SnapshotRecord | undefined =>
  registered(storage)
    .filter((it) => it.of === database.id && it.kind === kind && it.ms !== undefined && it.packed === undefined)
    .toSorted((a, b) => (a.taken < b.taken ? 1 : -1))[0];
