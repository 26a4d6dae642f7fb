/** A session on a server, through node-postgres: one statement after the other, with a real cancel. */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, DatabaseError, type Submittable } from 'pg';
import { Fault } from '../base/fault';
import { Queue } from '../base/queue';
import { AnswerParts, type ReportFields, timedOut } from './answer';
import { sendCancelRequest } from './cancelRequest';
import { type Connected, backendKey, connect } from './connect';
import { CopyIn, CopyOut } from './copyStreams';
import { givingUp } from './givingUp';
import { type ConnectionParameters, labelOf } from './parameters';
import { ParseOnly } from './parseOnly';
import { faultCodeOf } from './refusedFault';
import type { Answer, Refusal, RunOptions, Server, Session } from './session';
import { FollowingQuery, SimpleQuery } from './simpleQuery';

/** A statement may catch a cancel (`EXCEPTION WHEN query_canceled`) and go on; then it is asked again. */
const cancelAgainMs = 1_000;
const cancelTries = 5;
/** Node's timers take no more than 31 bits. */
const longestTimerMs = 2 ** 31 - 1;
/** How long the server may take to say goodbye. */
const goodbyeMs = 2_000;

/** @throws as Database.open */
export async function openSession(parameters: ConnectionParameters, signal?: AbortSignal): Promise<Session> {
  return sessionOver(parameters, await connect(parameters, signal), signal);
}

/** @throws as Database.open */
export async function sessionOver(
  parameters: ConnectionParameters,
  connected: Connected,
  signal?: AbortSignal,
): Promise<Session> {
  const session = new PostgresSession(parameters, connected);
  try {
    await givingUp(session, signal, () => session.identify());
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** It may read rows of the client, and would read what comes behind it. */
const isSentAlone = (sql: string): boolean => /\bstdin\b/i.test(sql);

const isTimeout = (answer: Answer): boolean =>
  answer.kind === 'refused' && answer.refusal.sqlState === timedOut.sqlState;

interface Exchange {
  readonly parts: AnswerParts;
  /** That of a message which went out in the same packet. */
  next?: Exchange;
  /** Settles when the server is ready for the next query, or the connection has died. */
  readonly finished: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (fault: Fault) => void;
}

class PostgresSession implements Session {
  #server: Server | undefined;
  readonly #queue = new Queue(() => this.#cancelling);
  #running: Exchange | undefined;
  #cancelling: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #lost: Fault | undefined;
  /** We ended the connection ourselves, or are about to. */
  #terminating = false;
  #lastError: Error | undefined;
  readonly #client: Client;

  constructor(
    private readonly parameters: ConnectionParameters,
    private readonly connected: Connected,
  ) {
    const client = (this.#client = connected.client);
    client.connection.on('readyForQuery', () => this.#goOn());
    client.connection.on('errorMessage', (error: Error) => (this.#lastError = error));
    client.on('notice', (notice: ReportFields) => this.#running?.parts.notice(notice));
    client.on('error', (error) => this.#lose(error));
    client.on('end', () => this.#lose(undefined));
  }

  async identify(): Promise<void> {
    const [row] = await this.rows<Record<'version' | 'number' | 'database' | 'user', string>>(
      `select current_setting('server_version') as version, current_setting('server_version_num') as number,
        current_database() as database, current_user as "user"`,
    );
    if (!row) throw new Error('a select without FROM has one row');
    this.#server = {
      label: `PostgreSQL ${row.version.split(' ', 1).join('')}`,
      engine: 'server',
      versionNumber: Number(row.number),
      database: row.database,
      user: row.user,
    };
  }

  get server(): Server {
    if (!this.#server) throw new Error('a session is handed out when it knows its server');
    return this.#server;
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  get transaction(): Session['transaction'] {
    const status = this.#client.getTransactionStatus();
    return status === 'T' ? 'open' : status === 'E' ? 'failed' : 'idle';
  }

  run(sql: string, { timeoutMs, behind, ...options }: RunOptions = {}): Promise<Answer> {
    return this.#inTurn(async () => {
      let late = false;
      const end = (): void => {
        late = true;
        void this.cancel();
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(end, Math.min(timeoutMs, longestTimerMs));
      try {
        const asked = this.#simple(sql, options, behind);
        const first = asked.finally(() => clearTimeout(timer));
        const answer = await (behind === undefined ? first : this.#followed(first, behind, sql));
        return late ? this.#endedLate(answer) : answer;
      } catch (error) {
        if (!late || !this.#terminating || error !== this.#lost) throw error;
        // It has caught every cancel, so that only the end of the connection was left.
        return { kind: 'refused', refusal: timedOut, completed: 0, notices: [] };
      } finally {
        clearTimeout(timer);
      }
    });
  }

  /**
   * The cancel may have met what was asked behind the statement, which goes with the transaction that this has failed;
   * outside of one it stands.
   */
  #endedLate(answer: Answer): Answer {
    if (answer.kind === 'refused')
      return isTimeout(answer) ? { ...answer, refusal: { ...answer.refusal, ...timedOut } } : answer;
    const { behind, notices } = answer;
    return behind && isTimeout(behind.answer) && this.transaction === 'failed'
      ? { kind: 'refused', refusal: timedOut, completed: 0, notices, behind }
      : answer;
  }

  parse(sql: string): Promise<Refusal | undefined> {
    return this.#inTurn(async () => {
      const answer = await this.#submit((parts, onLost) => new ParseOnly(sql, parts, onLost)).answer;
      return answer.kind === 'refused' ? answer.refusal : undefined;
    });
  }

  rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#inTurn(async () => {
      const exchange = this.#begin();
      const query = { text: sql, values: [...values], queryMode: 'extended' };
      const [asked, ready] = await Promise.allSettled([this.#client.query<Row>(query), exchange.finished]);
      if (ready.status === 'rejected') throw ready.reason;
      if (asked.status === 'fulfilled') return asked.value.rows;
      const { reason } = asked;
      if (!(reason instanceof DatabaseError)) throw reason;
      throw new Fault(faultCodeOf(reason.code), `${reason.message} (${reason.code}).`, reason);
    });
  }

  async *copyOut(sql: string): AsyncGenerator<Buffer> {
    yield* await new Promise<CopyOut['rows']>((resolve, reject) => {
      const copied = this.#inTurn(async () => {
        const { query, answer } = this.#submit((parts, onLost) => new CopyOut(sql, parts, onLost));
        resolve(query.rows);
        // Who takes the rows hears of it.
        await answer.catch((error: Error) => query.rows.destroy(error));
      });
      copied.catch(reject);
    });
  }

  copyIn(sql: string, rows: AsyncIterable<Buffer>): Promise<Answer> {
    return this.#inTurn(async () => {
      const { query, answer } = this.#submit((parts, onLost) => new CopyIn(sql, rows, parts, onLost));
      const given = await answer;
      if (query.failure !== undefined) throw query.failure;
      return given;
    });
  }

  cancel(): Promise<void> {
    const running = this.#running;
    if (running && !this.#lost)
      this.#cancelling ??= this.#interrupt(running.next ?? running)
        // Nobody waits for a cancel by a signal or a time limit: who runs the statement hears what went wrong.
        .catch((error: Error) => this.#lose(error))
        .finally(() => (this.#cancelling = undefined));
    return this.#cancelling ?? Promise.resolve();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#hangUp());
  }

  async end(): Promise<void> {
    this.#lose(new Error('it was ended'));
  }

  /** Calls wait for each other, and for a cancel to be over, so that it never meets the statement after. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#lost) throw this.#lost;
      return work();
    });
  }

  /** @param behind goes out in the same packet, where it can */
  #simple(sql: string, { copyData, ahead = [], withRows }: RunOptions = {}, behind?: string): Promise<Answer> {
    const parts = new AnswerParts(withRows);
    const sent = { sql, copyData, ahead, behind: isSentAlone(sql) ? undefined : behind };
    return this.#submit((_, onLost) => new SimpleQuery(sent, parts, onLost), parts).answer;
  }

  /** With the answer to what is asked behind it. */
  async #followed(asked: Promise<Answer>, behind: string, sql: string): Promise<Answer> {
    const began = asked.then(() => performance.now());
    const following = isSentAlone(sql) ? asked.then(() => this.#simple(behind, { withRows: true })) : this.#following();
    const [first, answer, since] = await Promise.all([asked, following, began]);
    return { ...first, behind: { answer, ms: performance.now() - since } };
  }

  #following(): Promise<Answer> {
    const parts = new AnswerParts(true);
    return this.#submit((_, onLost) => new FollowingQuery(parts, onLost), parts).answer;
  }

  #submit<Query extends Submittable>(
    queryOf: (parts: AnswerParts, onLost: (error: Error) => void) => Query,
    parts = new AnswerParts(),
  ) {
    const { finished } = this.#begin(parts);
    const query = queryOf(parts, (error) => this.#lose(error));
    this.#client.query(query);
    return { query, answer: finished.then(() => parts.answer) };
  }

  #begin(parts = new AnswerParts()): Exchange {
    let settle: Pick<Exchange, 'resolve' | 'reject'> | undefined;
    const finished = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
    if (!settle) throw new Error('a promise calls its executor at once');
    const exchange: Exchange = { parts, finished, ...settle };
    if (this.#running) this.#running.next = exchange;
    else this.#running = exchange;
    return exchange;
  }

  #goOn(): void {
    const ended = this.#running;
    this.#running = ended?.next;
    ended?.resolve();
  }

  async #interrupt({ finished }: Exchange): Promise<void> {
    const over = finished.then(
      () => true,
      () => true,
    );
    for (let tries = 0; tries < cancelTries; tries++) {
      if (!(await this.#requestCancel())) return this.#lose(new Error('the server takes no request to cancel'));
      const giveUp = new AbortController();
      const ended = await Promise.race([over, delay(cancelAgainMs, false, giveUp)]);
      giveUp.abort();
      if (ended) return this.#drain();
    }
    await this.#terminate();
  }

  /**
   * A signal that came too late for its statement is taken up by this one, which has nothing that could be cut off.
   * The backend resets a cancel that reached it between two messages.
   */
  async #drain(): Promise<void> {
    if (this.#lost) return;
    try {
      await this.#simple('');
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }

  /** @returns whether the server was there to take it */
  async #requestCancel(): Promise<boolean> {
    const { host, tls, direct } = this.connected;
    try {
      await sendCancelRequest(host, tls, direct, backendKey(this.#client));
      return true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return this.#signal('pg_cancel_backend');
    }
  }

  async #terminate(): Promise<void> {
    this.#terminating = true;
    await this.#signal('pg_terminate_backend');
    this.#lose(new Error('a statement could not be interrupted, so its connection was ended'));
  }

  /**
   * From a second connection.
   *
   * @returns false when that cannot be made either
   */
  async #signal(how: 'pg_cancel_backend' | 'pg_terminate_backend'): Promise<boolean> {
    try {
      const { client } = await connect(this.parameters);
      try {
        await client.query(`select ${how}($1)`, [backendKey(this.#client).processID]);
      } finally {
        await client.end();
      }
    } catch (error) {
      if (error instanceof Fault) return false;
      if (!(error instanceof DatabaseError)) throw error;
    }
    return true;
  }

  #lose(error: Error | undefined): void {
    if (this.#lost) return;
    const where = labelOf(this.parameters);
    const said = this.#lastError instanceof DatabaseError ? this.#lastError : error;
    const why = said instanceof DatabaseError ? `${said.message} (${said.code})` : said?.message;
    this.#lost = new Fault('connection-lost', this.#closing ? `${where} was closed.` : `${where}: ${why}.`, said);
    this.#running?.reject(this.#lost);
    this.#running?.next?.reject(this.#lost);
    this.#running = undefined;
    this.#stream.destroy();
  }

  get #stream(): Socket {
    return this.#client.connection.stream as Socket;
  }

  async #hangUp(): Promise<void> {
    await this.cancel();
    const giveUp = setTimeout(() => this.#stream.destroy(), goodbyeMs);
    await this.#client.end();
    clearTimeout(giveUp);
    this.#lose(undefined);
  }
}
