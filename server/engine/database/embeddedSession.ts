/** A session on the embedded Postgres: requests to its worker, and the end of the worker as the only interruption. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { types } from 'pg';
import { Fault } from '../base/fault';
import { Queue } from '../base/queue';
import { timedOut } from './answer';
import { compiledDump } from './embeddedAssets';
import {
  begun,
  type EmbeddedReplies,
  type EmbeddedReply,
  type EmbeddedRequest,
  type EmbeddedWork,
} from './embeddedMessages';
import { parameterText } from './parameterText';
import type { Answer, RunOptions, Server, Session } from './session';

/**
 * PL/pgSQL and long expressions recurse deeply; with less stack the engine dies before Postgres's own check of the
 * depth can refuse the statement (measured: 4 is too little, 16 is enough).
 */
const stackSizeMb = 64;

/** The types of node-postgres know only the built-in numbers of types; any other is text. */
const parserOf = types.getTypeParser as (type: number, format: 'text') => (text: string) => unknown;

/** Node's timers take no more than 31 bits. */
const longestTimerMs = 2 ** 31 - 1;

export interface SessionPlace {
  readonly assets: string;
  /** The compiled engine. */
  readonly wasm: WebAssembly.Module;
  readonly label: string;
  readonly file: string | undefined;
  /** To start from instead; it is the worker's from then on. */
  readonly image?: Uint8Array | undefined;
  /** Gives the lock back; undefined in a session that keeps nothing. */
  readonly release?: () => void;
}

/** A copy of the database at one moment, kept in the worker until it is forgotten or the session ends. */
export interface SavedCopy {
  readonly copy: number;
}

type Reply = Extract<EmbeddedReply, { kind: 'value' }>;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** Memory that is not copied: large, and the worker's from then on. */
const movedWith = (request: EmbeddedRequest): readonly ArrayBuffer[] =>
  request.kind === 'start' && request.image ? [request.image.buffer as ArrayBuffer] : [];

export class EmbeddedSession implements Session {
  transaction: Session['transaction'] = 'idle';
  #server: Server | undefined;
  #waiting: Waiting | undefined;
  #lost: Fault | undefined;
  #requests = 0;
  #copies = 0;
  #closing: Promise<void> | undefined;
  /** A refusal to answer the running statement with when it is cut off. */
  #cutOff: (() => Promise<void>) | undefined;
  readonly #queue = new Queue();
  readonly #worker: Worker;

  private constructor(private readonly place: SessionPlace) {
    this.#worker = new Worker(join(place.assets, 'embedded.js'), {
      workerData: { assets: place.assets, wasm: place.wasm } satisfies EmbeddedWork,
      resourceLimits: { stackSizeMb },
    });
    this.#worker.on('message', (reply: EmbeddedReply) => this.#receive(reply));
    this.#worker.on('error', (error) => this.#lose(error.message, error));
    this.#worker.on('exit', () => this.#lose('its worker has ended'));
  }

  /** @throws {Fault} `not-readable` when the file or the image is no database of this version, or damaged */
  static async start(place: SessionPlace): Promise<EmbeddedSession> {
    const session = new EmbeddedSession(place);
    try {
      const { version, versionNumber, user, database } = await session.#ask({
        kind: 'start',
        path: place.file,
        image: place.image,
      });
      const label = `PGlite (PostgreSQL ${version})`;
      session.#server = { label, engine: 'embedded', versionNumber, user, database };
      return session;
    } catch (error) {
      await session.end();
      throw error;
    }
  }

  get server(): Server {
    if (!this.#server) throw new Error('a session is handed out when it knows its server');
    return this.#server;
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  run(sql: string, { copyData, timeoutMs, withRows, behind, ahead = [] }: RunOptions = {}): Promise<Answer> {
    return this.#queue.run(() => {
      const asked = this.#request({ kind: 'run', sql, copyData, withRows, behind, ahead });
      return timeoutMs === undefined ? this.#interruptible(asked) : this.#limited(asked, timeoutMs);
    });
  }

  async rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { columns, rows } = await this.#ask({ kind: 'rows', sql, values: values.map(parameterText) });
    const parsers = columns.map(({ name, type }) => ({
      name,
      parse: parserOf(type, 'text'),
    }));
    return rows.map(
      (row) =>
        Object.fromEntries(
          parsers.map(({ name, parse }, index) => {
            const text = row[index];
            return [name, text === null || text === undefined ? null : parse(text)];
          }),
        ) as Row,
    );
  }

  /** Ends the engine, when a statement runs: the session is lost then. */
  async cancel(): Promise<void> {
    await this.#cutOff?.();
  }

  /**
   * Keeps the database as it is now, to come back to; a few hundred milliseconds.
   *
   * @throws {Error} in the middle of a transaction
   */
  async save(): Promise<SavedCopy> {
    const copy = ++this.#copies;
    await this.#ask({ kind: 'save', copy });
    return { copy };
  }

  /** What the session has begun with. */
  get begun(): SavedCopy {
    return begun;
  }

  /** Makes the database what it was; settings, temporary tables and an open transaction of the session are gone. */
  async restore({ copy }: SavedCopy): Promise<void> {
    await this.#ask({ kind: 'restore', copy });
  }

  async forget({ copy }: SavedCopy): Promise<void> {
    await this.#ask({ kind: 'forget', copy });
  }

  /**
   * The database as it is now in one piece, for `SessionPlace.image`; a few hundred milliseconds.
   *
   * @throws {Error} in the middle of a transaction
   */
  image(): Promise<Uint8Array> {
    return this.#ask({ kind: 'image' });
  }

  /**
   * By pg_dump, also in the middle of a transaction: what it has not committed is in the dump. Leaves no trace.
   *
   * @throws {Fault} `refused` in a failed transaction
   */
  async dump(): Promise<string> {
    const [text] = await Promise.all([this.#ask({ kind: 'dump' }), compiledDump(this.place.assets)]);
    return text;
  }

  /**
   * Writes the database to its file now, not only when the session is closed.
   *
   * @throws {Fault} `disk-full`, `not-writable`; the file is as it was then
   * @throws {Error} in a `read` session, and in the middle of a transaction
   */
  async keep(): Promise<void> {
    const { file, release } = this.place;
    if (file === undefined || !release) throw new Error('only a session for writing has a file to write to');
    await this.#ask({ kind: 'keep', path: file });
  }

  /** @throws {Fault} `disk-full`, `not-writable`; the file is as it was then, and the session is closed all the same */
  close(): Promise<void> {
    return (this.#closing ??= this.#keepAndEnd());
  }

  /** Ends the worker at once; nothing is kept. */
  async end(): Promise<void> {
    this.#lose('it was closed');
    await this.#worker.terminate();
    this.place.release?.();
  }

  async #keepAndEnd(): Promise<void> {
    try {
      if (this.place.release && !this.#lost) {
        await this.run('rollback');
        await this.keep();
      }
    } finally {
      await this.end();
    }
  }

  #ask<Kind extends EmbeddedRequest['kind']>(
    request: Extract<EmbeddedRequest, { kind: Kind }>,
  ): Promise<EmbeddedReplies[Kind]> {
    return this.#queue.run(() => this.#request(request));
  }

  /** One at a time; the callers wait for their turns. */
  async #request<Kind extends EmbeddedRequest['kind']>(
    request: Extract<EmbeddedRequest, { kind: Kind }>,
  ): Promise<EmbeddedReplies[Kind]> {
    if (this.#lost) throw this.#lost;
    const id = ++this.#requests;
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage({ id, ...request }, movedWith(request));
    });
    return reply.value as EmbeddedReplies[Kind];
  }

  #receive(reply: EmbeddedReply): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.transaction = reply.transaction;
    if (reply.kind === 'value') return waiting?.resolve(reply);
    if (reply.kind === 'error') return waiting?.reject(Object.assign(new Error(reply.message), { stack: reply.stack }));
    const fault = new Fault(reply.code, reply.detail);
    if (fault.code === 'connection-lost') {
      this.#lost = fault;
      void this.end();
    }
    waiting?.reject(fault);
  }

  #lose(why: string, cause?: Error): void {
    this.#lost ??= new Fault('connection-lost', `${this.place.label}: ${why}.`, cause);
    this.#waiting?.reject(this.#lost);
    this.#waiting = undefined;
  }

  async #limited(asked: Promise<Answer>, timeoutMs: number): Promise<Answer> {
    const timer = setTimeout(() => void this.cancel(), Math.min(timeoutMs, longestTimerMs));
    try {
      return await this.#interruptible(asked);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The request itself, or its end by force; then the worker is gone and the lock given back before anybody hears. */
  async #interruptible(asked: Promise<Answer>): Promise<Answer> {
    let ended: Promise<Answer> | undefined;
    const cutOff = new Promise<Answer>((resolve) => {
      this.#cutOff = () => {
        ended = this.end().then(() => ({ kind: 'refused', refusal: timedOut, completed: 0, notices: [] }));
        resolve(ended);
        // What goes wrong at the end is told to who runs the statement.
        const over = (): void => undefined;
        return ended.then(over, over);
      };
    });
    try {
      // The end of the worker refuses the request before it is over itself.
      return await Promise.race([cutOff, asked.catch((error: unknown) => ended ?? Promise.reject(error))]);
    } finally {
      this.#cutOff = undefined;
    }
  }
}
