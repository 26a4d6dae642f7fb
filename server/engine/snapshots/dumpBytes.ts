/**
 * Dump files as bytes, plain or packed by gzip, of which a few are in memory at a time; what is not whole is told before
 * anything is done with it.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip, createGzip, gzipSync } from 'node:zlib';
import { fileFault, guarded, pipeDurably } from '../base/durable';
import { Fault } from '../base/fault';
import type { SnapshotRecord } from './record';
import { dumpHead, dumpPath, headOf, isDamaged, packedPath, register } from './registry';
import type { Surroundings } from './target';

/** Bytes that are unpacked at once. */
const pieceBytes = 65_536;

/** What is known of a dump file before it is written. */
export type DumpBegun = Omit<SnapshotRecord, 'bytes' | 'ms' | 'digest'>;

/**
 * The head of a packed file is a gzip of its own, which gunzip reads as the first part of the whole, so that a list reads
 * that alone.
 *
 * @throws {Fault} `disk-full`, `not-writable`; the signal's reason; whatever the SQL throws
 */
export async function writeDump(
  begun: DumpBegun,
  sql: AsyncIterable<Buffer>,
  { storage, signal }: Surroundings,
): Promise<SnapshotRecord> {
  const began = performance.now();
  const hash = createHash('sha256');
  let bytes = 0;
  const watched = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of sql) {
      signal.throwIfAborted();
      bytes += piece.length;
      if (begun.packed) hash.update(piece);
      yield piece;
    }
  };
  const recordNow = (): SnapshotRecord => ({
    ...begun,
    bytes,
    ms: Math.round(performance.now() - began),
    ...(begun.packed ? { digest: hash.copy().digest('hex') } : {}),
  });
  const path = begun.packed ? packedPath(storage, begun.id) : dumpPath(storage, begun.id);
  const body = begun.packed ? pipeline(watched(), createGzip(), () => undefined) : watched();
  await pipeDurably(path, () => headBytes(recordNow()), body as AsyncIterable<Uint8Array>);
  const written = { ...recordNow(), bytes: begun.packed ? guarded(path, () => statSync(path).size) : bytes };
  register(storage, written);
  return written;
}

/** As many bytes at the beginning as at the end. */
function headBytes(record: SnapshotRecord): Uint8Array {
  const longest = { bytes: Number.MAX_SAFE_INTEGER, ms: Number.MAX_SAFE_INTEGER };
  const text = dumpHead(record, dumpHead({ ...record, ...longest }).length);
  return record.packed ? gzipSync(text, { level: 0 }) : Buffer.from(text);
}

/**
 * The SQL of a dump file, its head included, in pieces that end anywhere.
 *
 * @throws {Fault} `damaged` also when it was cut off; `not-readable`
 */
export async function readDump(storage: string, id: string): Promise<AsyncIterable<Buffer>> {
  const packed = packedPath(storage, id);
  const path = existsSync(packed) ? packed : dumpPath(storage, id);
  const whole = path === packed ? await isAsPacked(path) : isLongEnough(path);
  if (!whole) throw new Fault('damaged', `${path} is not what was written.`);
  return piecesOf(path);
}

/** A plain file may have been edited by hand, and Postgres judges what was added; what is missing nobody would. */
function isLongEnough(path: string): boolean {
  const { size } = guarded(path, () => statSync(path));
  const head = headOf(path);
  return !head || size - head.length >= head.record.bytes;
}

async function isAsPacked(path: string): Promise<boolean> {
  const head = headOf(path);
  const hash = createHash('sha256');
  let before = head?.length ?? 0;
  for await (const piece of piecesOf(path)) {
    hash.update(piece.subarray(before));
    before = Math.max(0, before - piece.length);
  }
  return !head || head.record.digest === hash.digest('hex');
}

async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path);
  const unpacked = (): AsyncIterable<Buffer> =>
    pipeline(file, createGunzip({ chunkSize: pieceBytes }), () => undefined) as AsyncIterable<Buffer>;
  try {
    yield* path.endsWith('.gz') ? unpacked() : file;
  } catch (cause) {
    if (isDamaged(cause)) throw new Fault('damaged', `${path} (${cause.message}).`, cause);
    throw fileFault(path, cause);
  }
}
