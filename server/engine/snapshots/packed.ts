/** Dump files as bytes: plain, or packed by gzip, piece by piece; what is not whole is told before anything is done with it. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip, createGzip, gzipSync } from 'node:zlib';
import { guarded, pipeDurably } from '../base/durable';
import { Fault } from '../base/fault';
import type { SnapshotRecord } from './record';
import { dumpHead, dumpPath, isDamaged, packedPath, recordAtHead, register } from './registry';
import type { Surroundings } from './target';

/** Characters that are packed at once. */
const sliceLength = 262_144;

/**
 * The head is a gzip of its own, which gunzip reads as the first part of the whole, so that a list reads that alone.
 *
 * @param record of the same dump as a plain file
 * @throws {Fault} `disk-full`, `not-writable`; the signal's reason
 */
export async function writePacked(
  record: SnapshotRecord,
  text: string,
  { storage, signal }: Surroundings,
): Promise<SnapshotRecord> {
  const path = packedPath(storage, record.id);
  const marked: SnapshotRecord = { ...record, packed: 'gzip', digest: digestOf(text) };
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield gzipSync(dumpHead(marked));
    for await (const piece of pipeline(slicesOf(text), createGzip(), () => undefined)) {
      signal.throwIfAborted();
      yield piece as Uint8Array;
    }
  };
  await pipeDurably(path, pieces());
  const written = { ...marked, bytes: guarded(path, () => statSync(path).size) };
  register(storage, written);
  return written;
}

/**
 * The SQL of a dump file, its head included.
 *
 * @throws {Fault} `not-readable` also when it is damaged or was cut off
 */
export async function readDump(storage: string, id: string): Promise<string> {
  const packed = packedPath(storage, id);
  const path = existsSync(packed) ? packed : dumpPath(storage, id);
  const text = path === packed ? await unpacked(path) : guarded(path, () => readFileSync(path, 'utf8'));
  const record = recordAtHead(text);
  if (record && !isWhole(text.slice(text.indexOf('\n') + 1), record))
    throw new Fault('not-readable', `${path} is not what was written: it is damaged or was cut off.`);
  return text;
}

/** A plain file may have been edited by hand, and Postgres judges what was added; what is missing nobody would. */
const isWhole = (sql: string, { packed, digest, bytes }: SnapshotRecord): boolean =>
  packed === undefined ? Buffer.byteLength(sql) >= bytes : digest === digestOf(sql);

async function unpacked(path: string): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of pipeline(createReadStream(path), createGunzip(), () => undefined))
      pieces.push(piece as Buffer);
  } catch (cause) {
    if (isDamaged(cause))
      throw new Fault('not-readable', `${path} is damaged or was cut off (${cause.message}).`, cause);
    return guarded(path, () => {
      throw cause;
    });
  }
  return Buffer.concat(pieces).toString('utf8');
}

function digestOf(text: string): string {
  const hash = createHash('sha256');
  for (const slice of slicesOf(text)) hash.update(slice);
  return hash.digest('hex');
}

/** Never between the two halves of one character. */
function* slicesOf(text: string): Generator<Buffer> {
  for (let at = 0; at < text.length; ) {
    const end = Math.min(at + sliceLength, text.length);
    const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
    yield Buffer.from(text.slice(at, isSplit ? end + 1 : end));
    at = isSplit ? end + 1 : end;
  }
}
