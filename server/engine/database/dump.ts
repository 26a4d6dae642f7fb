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

/**
 * Longest wait for a lock, in milliseconds. pg_dump holds locks on the tables before while it waits for the next, so that
 * who alters those waits as well.
 */
const lockMs = { schema: 1_000, all: 10_000 } as const;

/**
 * @param assets folder with `dump.js` and `pglite/pg_dump.wasm`
 * @throws {Fault} as Database.open, `no-right` when the role may not read everything, `busy` when others lock some of it,
 *   `connection-lost`
 * @throws the reason of the signal when it was aborted
 */
export async function dumpServer(
  parameters: ConnectionParameters,
  assets: string,
  content: 'schema' | 'all',
  signal?: AbortSignal,
): Promise<string> {
  signal?.throwIfAborted();
  const connected = await connect(parameters, signal);
  const stream = connected.client.connection.stream as Socket;
  const over = new AbortController();
  signal?.addEventListener('abort', () => void interrupt(connected), { signal: over.signal });
  try {
    const label = labelOf(parameters);
    const dumped = async () => dumpOver(stream, { assets, content, settings: await settingsOf(connected), label });
    const result = await Promise.race([dumped(), ...(signal ? [whenAborted(signal, over.signal)] : [])]);
    return textOf(result, label);
  } catch (error) {
    // The query that was cut off was refused, but not for a reason of its own.
    signal?.throwIfAborted();
    throw error;
  } finally {
    over.abort();
    stream.destroy();
  }
}

/** @throws {Fault} `no-right`, `busy`, or `refused` with pg_dump's own words */
export function textOf(result: DumpResult, label: string): string {
  if (result.kind === 'dumped') return result.text;
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

async function settingsOf({ client }: Connected): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ name: string; setting: string }>(settingsForDump);
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

interface Dump {
  readonly assets: string;
  readonly content: 'schema' | 'all';
  readonly settings: Readonly<Record<string, string>>;
  readonly label: string;
}

/** From here on the stream is ours: node-postgres reads nothing from it any more. */
async function dumpOver(stream: Socket, { assets, content, settings, label }: Dump): Promise<DumpResult> {
  const { port1, port2 } = new MessageChannel();
  const answered = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const workerData: DumpWork = { content, lockMs: lockMs[content], settings, wire: port2, answered };
  const worker = new Worker(join(assets, 'dump.js'), { workerData, transferList: [port2] });
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
