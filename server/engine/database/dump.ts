/** Dumps a database on a server: pg_dump works in a worker, the connection is ours, so TLS and passwords are as usual. */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Fault } from '../base/fault';
import { type Connected, backendKey, connect } from './connect';
import { sendCancelRequest } from './cancelRequest';
import { settingsForDump } from './dumpSettings';
import type { DumpResult, DumpWork } from './dumpWorker';
import { compiledDump } from './embeddedAssets';
import { type ConnectionParameters, labelOf } from './parameters';
import { bytesAsTheyAre } from './plainText';
import { sessionOver } from './postgres';
import { type DumpPiece, sqlOf } from './rowsApart';
import type { Session } from './session';

/**
 * Longest wait for a lock, in milliseconds. pg_dump holds locks on the tables before while it waits for the next, so that
 * who alters those waits as well.
 */
const lockMs = { schema: 1_000, all: 10_000 } as const;

/** So much of a large object is read at once. */
const largeObjectBytes = 64 * 1024;

/**
 * @param assets folder with `dump.js` and `pglite/pg_dump.wasm`
 * @throws {Fault} as Database.open, `no-right` when the role may not read everything, `busy` when others lock some of it,
 *   `connection-lost`
 * @throws the reason of the signal when it was aborted
 */
export async function dumpServer(
  parameters: ConnectionParameters,
  assets: string,
  signal?: AbortSignal,
): Promise<string> {
  const connected = await connect(parameters, signal);
  try {
    return sqlOf(await piecesOver(connected, { assets, content: 'schema', label: labelOf(parameters) }, signal));
  } finally {
    streamOf(connected).destroy();
  }
}

/**
 * The same with rows. pg_dump's transaction goes on when it has written its text: what it has locked stays as it is, and
 * the rows that are copied then are those of the same moment.
 *
 * @returns SQL for psql, in pieces that end anywhere
 * @throws as dumpServer
 */
export async function* dumpWithRows(
  parameters: ConnectionParameters,
  assets: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const connected = await connect(parameters, signal);
  const session = await sessionOver(parameters, connected, signal);
  const end = (): void => void session.end();
  try {
    const pieces = await piecesOver(connected, { assets, content: 'all', label: labelOf(parameters) }, signal);
    signal.addEventListener('abort', end, { once: true });
    await session.rows(bytesAsTheyAre);
    for (const piece of pieces) {
      yield Buffer.from(piece.sql);
      if (piece.rows !== undefined) yield* rowsOf(session, piece.rows);
      if (piece.largeObject !== undefined) yield* largeObject(session, piece.largeObject);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
    await session.end();
  }
}

async function* rowsOf(session: Session, sql: string): AsyncGenerator<Buffer> {
  if (!session.copyOut) throw new Error('a session on a server streams');
  yield* session.copyOut(sql);
  yield Buffer.from('\\.\n');
}

async function* largeObject(session: Session, oid: number): AsyncGenerator<Buffer> {
  for (let at = 0; ; at += largeObjectBytes) {
    const [piece] = await session.rows<{ hex: string }>(
      `select pg_catalog.encode(pg_catalog.lo_get($1, $2, $3), 'hex') as hex`,
      [oid, at, largeObjectBytes],
    );
    if (!piece?.hex) return;
    yield Buffer.from(`SELECT pg_catalog.lowrite(0, pg_catalog.decode('${piece.hex}', 'hex'));\n`);
  }
}

interface Dump {
  readonly assets: string;
  readonly content: 'schema' | 'all';
  readonly label: string;
}

async function piecesOver(connected: Connected, dump: Dump, signal?: AbortSignal): Promise<readonly DumpPiece[]> {
  signal?.throwIfAborted();
  const over = new AbortController();
  signal?.addEventListener('abort', () => void interrupt(connected), { signal: over.signal });
  try {
    const dumped = async () =>
      dumpOver(streamOf(connected), { ...dump, settings: await settingsOf(connected, dump.content) });
    return piecesOf(await Promise.race([dumped(), ...(signal ? [whenAborted(signal, over.signal)] : [])]), dump.label);
  } catch (error) {
    // The query that was cut off was refused, but not for a reason of its own.
    signal?.throwIfAborted();
    throw error;
  } finally {
    over.abort();
  }
}

/** @throws {Fault} `no-right`, `busy`, or `refused` with pg_dump's own words */
function piecesOf(result: DumpResult, label: string): readonly DumpPiece[] {
  if (result.kind === 'dumped') return result.pieces;
  const why = wordsOf(result.message);
  const code = /permission denied/.test(why) ? 'no-right' : /due to lock timeout/.test(why) ? 'busy' : 'refused';
  throw new Fault(code, `${label} could not be dumped: ${why}.${isNoText(why) ? ` ${withoutEncoding}` : ''}`);
}

/** It writes its lines without their ends, and misses itself on the disk. */
const wordsOf = (message: string): string =>
  message
    .replace(/^pg_dump failed with exit code \d+\.\s*Error message:\s*/, '')
    .replace(/^invalid binary "[^"]*": No such file or directory/, '')
    .split(/dump\.js: (?:error|detail|hint): /)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('. ');

/** character_not_in_repertoire, as the server says it. */
const isNoText = (why: string): boolean => /invalid byte sequence for encoding/.test(why);

const withoutEncoding =
  'It has no encoding (SQL_ASCII) and holds bytes that are no UTF-8: correct them, or take a copy on the server instead of a dump.';

async function settingsOf({ client }: Connected, content: Dump['content']): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ name: string; setting: string }>(settingsForDump);
  const settings: Record<string, string> = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  // The rows of a database without an encoding need not be text: pg_dump is to write that they are none.
  return content === 'all' && settings['server_encoding'] === 'SQL_ASCII'
    ? { ...settings, client_encoding: 'SQL_ASCII' }
    : settings;
}

const streamOf = ({ client }: Connected): Socket => client.connection.stream as Socket;

interface DumpRun extends Dump {
  readonly settings: Readonly<Record<string, string>>;
}

/** As long as it takes, the stream is ours: node-postgres reads nothing from it. */
async function dumpOver(stream: Socket, { assets, content, settings, label }: DumpRun): Promise<DumpResult> {
  const { port1, port2 } = new MessageChannel();
  const answered = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const workerData: DumpWork = { content, lockMs: lockMs[content], settings, wire: port2, answered };
  const worker = new Worker(join(assets, 'dump.js'), { workerData, transferList: [port2] });
  const readers = stream.listeners('data') as ((bytes: Buffer) => void)[];
  try {
    const dumped = new Promise<DumpResult>((resolve, reject) => {
      const lost = (error?: Error): void =>
        reject(new Fault('connection-lost', `${label}: ${error?.message ?? 'the server closed it'}.`, error));
      stream.once('close', () => lost()).once('error', lost);
      worker.once('message', resolve).once('error', reject);
      shovel(stream, port1, new Int32Array(answered));
    });
    const [result] = await Promise.all([dumped, compiledDump(assets)]);
    return result;
  } finally {
    await worker.terminate();
    port1.close();
    stream.removeAllListeners('data');
    for (const reader of readers) stream.on('data', reader);
  }
}

/** Carries bytes between pg_dump and the server; pg_dump wakes when an answer is there up to its ReadyForQuery. */
function shovel(stream: Socket, port: MessagePort, flag: Int32Array): void {
  const endsInReady = readyScanner();
  let answer: Buffer[] = [];
  stream.removeAllListeners('data');
  stream.on('data', (bytes: Buffer) => {
    answer.push(bytes);
    if (!endsInReady(bytes)) return;
    port.postMessage(Buffer.concat(answer), []);
    answer = [];
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
  port.on('message', (bytes: Uint8Array) => stream.write(bytes));
}

const readyForQuery = 'Z'.charCodeAt(0);
const headerBytes = 5;

/** Follows the frames of the backend's stream; true when what came ends with ReadyForQuery. */
function readyScanner(): (bytes: Buffer) => boolean {
  let header = Buffer.alloc(0);
  let bodyLeft = 0;
  return (bytes) => {
    let at = 0;
    let ready = false;
    while (at < bytes.length) {
      if (bodyLeft === 0 && header.length < headerBytes) {
        const taken = bytes.subarray(at, at + headerBytes - header.length);
        header = Buffer.concat([header, taken]);
        at += taken.length;
        if (header.length < headerBytes) return false;
        bodyLeft = header.readInt32BE(1) - 4;
      }
      const taken = Math.min(bodyLeft, bytes.length - at);
      at += taken;
      bodyLeft -= taken;
      if (bodyLeft > 0) return false;
      ready = header[0] === readyForQuery;
      header = Buffer.alloc(0);
    }
    return ready;
  };
}

/** @param over ends the waiting: a signal may live longer than a dump */
function whenAborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { signal: over }));
}

/** So that the server does not go on with a query whose answer nobody reads. */
async function interrupt({ client, host, tls, direct }: Connected): Promise<void> {
  try {
    await sendCancelRequest(host, tls, direct, backendKey(client));
  } catch (error) {
    // The connection is closed either way, which ends the query when it next sends a row.
    if (!(error instanceof Error)) throw error;
  }
}
