/**
 * Our own list of snapshots: a folder with one small file for each, so that two processes never write the same one
 * and damage to a file costs at most that entry. Copies and dump files carry their record themselves as well.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { fileFault, isMissing, removeDurably, unfinishedSuffix, unlessMissing, writeDurably } from '../base/durable';
import { Fault } from '../base/fault';
import { type SnapshotRecord, recordIn } from './record';
import type { Surroundings } from './target';

/** Longer than any record at the head of a dump file. */
const headBytes = 16_384;
const headMark = '-- rehearsal: ';

/** @throws {Fault} `disk-full`, `not-writable` */
export function register(storage: string, record: SnapshotRecord): void {
  writeDurably(entryPath(storage, record.id), `${JSON.stringify(record, null, 2)}\n`);
}

/** Of a copy, which carries its record as a comment as well: a full disk is told, and changes nothing. */
export function registerIfPossible({ storage, log }: Surroundings, record: SnapshotRecord): void {
  try {
    register(storage, record);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    log(`the snapshot ${record.id} is not in the registry: ${cause.message}`);
  }
}

/**
 * Also removes the note, and the dump file or the copied file. They go first: cut off at any moment, the snapshot is
 * whole, or it is an entry of nothing, which is in no list.
 */
export function unregister(storage: string, id: string): void {
  for (const ending of ['note', 'sql', 'sql.gz', 'data', 'json']) {
    const path = join(folderOf(storage), `${id}.${ending}`);
    if (existsSync(path)) removeDurably(path);
  }
}

/**
 * What somebody else wants to know again of what is in a snapshot; it goes with the snapshot.
 *
 * @throws {Fault} `disk-full`, `not-writable`
 */
export const leaveNote = (storage: string, id: string, text: string): void =>
  writeDurably(join(folderOf(storage), `${id}.note`), text);

/** @returns undefined where nothing was left on this machine */
export const noteOf = (storage: string, id: string): string | undefined =>
  unlessMissing(() => readFileSync(join(folderOf(storage), `${id}.note`), 'utf8'));

/** Every record that can be read, in no order: entries, and dump files that have lost theirs. */
export function registered(storage: string): readonly SnapshotRecord[] {
  const names = namesIn(folderOf(storage));
  const found = new Map<string, SnapshotRecord>();
  for (const name of names.filter((it) => /\.sql(\.gz)?$/.test(it)))
    add(found, headOf(join(folderOf(storage), name))?.record);
  for (const name of names.filter((it) => it.endsWith('.json'))) add(found, entryIn(join(folderOf(storage), name)));
  return [...found.values()];
}

/** Removes what was cut off while it was written; younger files may still be written by another process. */
export function sweepUnfinished(storage: string, now: Date): void {
  for (const name of namesIn(folderOf(storage)).filter((it) => it.endsWith(unfinishedSuffix))) {
    const path = join(folderOf(storage), name);
    const { mtimeMs = Infinity } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (now.getTime() - mtimeMs > longestWriteMs) removeDurably(path);
  }
}

const longestWriteMs = 3_600_000;

export const dumpPath = (storage: string, id: string): string => join(folderOf(storage), `${id}.sql`);
export const packedPath = (storage: string, id: string): string => join(folderOf(storage), `${id}.sql.gz`);
export const dataPath = (storage: string, id: string): string => join(folderOf(storage), `${id}.data`);

/**
 * A comment of SQL, so that the file stays one that any tool can run.
 *
 * @param length characters that it has at least
 */
export function dumpHead(record: SnapshotRecord, length = 0): string {
  const head = `${headMark}${JSON.stringify(record)}\n`;
  return head.replace(/\}\n$/, `${' '.repeat(Math.max(0, length - head.length))}}\n`);
}

const folderOf = (storage: string): string => join(storage, 'snapshots');
const entryPath = (storage: string, id: string): string => join(folderOf(storage), `${id}.json`);

function add(found: Map<string, SnapshotRecord>, record: SnapshotRecord | undefined): void {
  if (record) found.set(record.id, record);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw fileFault(folder, cause);
  }
}

/** An entry of a snapshot that another process is just throwing away is none. */
function entryIn(path: string): SnapshotRecord | undefined {
  try {
    return recordIn(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw fileFault(path, cause);
  }
}

export interface DumpHead {
  readonly record: SnapshotRecord;
  /** Of its line, in bytes. */
  readonly length: number;
}

/** @returns undefined when there is none, or no such file */
export function headOf(path: string): DumpHead | undefined {
  try {
    const file = openSync(path, 'r');
    const head = Buffer.alloc(headBytes);
    const length = readSync(file, head, 0, headBytes, 0);
    closeSync(file);
    const bytes = head.subarray(0, length);
    return headIn(path.endsWith('.gz') ? unpackedHead(bytes) : bytes);
  } catch (cause) {
    if (isMissing(cause) || isDamaged(cause)) return undefined;
    throw fileFault(path, cause);
  }
}

/** @param bytes the beginning of a dump file */
function headIn(bytes: Buffer): DumpHead | undefined {
  const length = bytes.indexOf('\n') + 1;
  const line = bytes.toString('utf8', 0, length);
  const record = line.startsWith(headMark) ? recordIn(line.slice(headMark.length)) : undefined;
  return record && { record, length };
}

/** What is behind the bytes that are given is not asked for. */
const unpackedHead = (bytes: Buffer): Buffer => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });

/** What zlib says of bytes that are no gzip, or not all of one. */
export const isDamaged = (cause: unknown): cause is Error =>
  cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_');
