/**
 * The worker in which pg_dump runs. Its wire is a port to the thread that owns the connection: it hands over what
 * pg_dump sends and sleeps until the answer has come.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { runPgDump } from './pgDump';
import type { DumpPiece } from './rowsApart';

/** What the owner of the connection gives to the worker. */
export interface DumpWork {
  /** These two as for runPgDump. */
  readonly content: 'schema' | 'all';
  readonly lockMs: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly wire: MessagePort;
  /** One 32-bit word that is set to 1 when an answer lies at the port. */
  readonly answered: SharedArrayBuffer;
}

export type DumpResult =
  | { readonly kind: 'dumped'; readonly pieces: readonly DumpPiece[] }
  | { readonly kind: 'failed'; readonly message: string };

const { content, lockMs, settings, wire, answered } = workerData as DumpWork;
const flag = new Int32Array(answered);

function exchange(messages: Uint8Array): Uint8Array {
  wire.postMessage(messages, []);
  for (;;) {
    // Cleared before looking: an answer that comes in between raises it again, and the wait ends at once.
    Atomics.store(flag, 0, 0);
    const received = receiveMessageOnPort(wire);
    if (received) return received.message as Uint8Array;
    Atomics.wait(flag, 0, 0);
  }
}

async function dump(): Promise<DumpResult> {
  try {
    return { kind: 'dumped', pieces: await runPgDump({ settings, exchange }, content, lockMs) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { kind: 'failed', message: error.message };
  }
}

void dump().then((result) => parentPort?.postMessage(result, []));
