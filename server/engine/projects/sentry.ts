/**
 * One connection per server and window that is kept to ask, every second or two, whether anything at all has happened.
 *
 * It is in the database `postgres`, not in the target: one that stays there would keep others from dropping the target
 * or copying it as a template (`dropdb`, `createdb --template`), and in `template1` it would keep them from making any.
 * What it asks is of the whole server. Asking takes 0.1 to 0.3 ms of the server's processor; to connect anew each time
 * would take 7 to 12 ms, and a line in its log where connections are logged.
 */
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { givingUp } from '../database/givingUp';
import { inReadOnlyTransaction } from '../database/readOnly';
import type { Session } from '../database/session';
import { transactionMark } from '../shadow/catalogStamp';

/** Nobody has asked for so long: the editor is idle, and the connection is closed. */
const idleMs = 10_000;
/** How long an answer may take. A connection that a machine has slept through gives none. */
const answerMs = 5_000;
/** Some hours of looks. */
const mostPassedOver = 2 ** 13;
const limits = { statementMs: 2_000, lockMs: 200 };

export type SentryAnswer =
  /** As `transactionMark`. */
  | { readonly kind: 'told'; readonly mark: string }
  /** It was asked, and could not tell. */
  | { readonly kind: 'silent' }
  /** It was not asked: it has no connection just now, or is not relied on. */
  | { readonly kind: 'away' };

/** A class because all projects on one server share what it holds. */
export class Sentry {
  private session: Session | undefined;
  private asking: Promise<SentryAnswer> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private withdrawals = 0;
  /** How often in a row it was of no use. */
  private failures = 0;
  /** Those that wait for one answer together each judge it, and it is one. */
  private readonly judged = new WeakSet<SentryAnswer>();
  /** So many questions are passed over before it is tried again. */
  private passedOver = 0;

  /** @param database `postgres` on the server of the target */
  constructor(private readonly database: Database) {}

  /** Unless the answer is `told`, the target itself has to be asked. */
  async mark(): Promise<SentryAnswer> {
    if (this.withdrawals > 0 || this.passedOver > 0) {
      this.passedOver = Math.max(0, this.passedOver - 1);
      return { kind: 'away' };
    }
    clearTimeout(this.idle);
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
      this.idle = setTimeout(() => void this.rest(), idleMs).unref();
    });
    return this.asking;
  }

  /**
   * Compares what it has answered with what the target itself has told right after. When it could not tell although the
   * target could, or is on another server, then twice as many questions are passed over as the last time: where there is
   * no way in, it is tried some times a day.
   */
  async judge(answer: SentryAnswer, mark: string): Promise<void> {
    if (answer.kind === 'away' || this.judged.has(answer)) return;
    this.judged.add(answer);
    if (answer.kind === 'told' && lifeOf(answer.mark) === lifeOf(mark)) {
      this.failures = 0;
      return;
    }
    this.failures++;
    this.passedOver = Math.min(2 ** this.failures, mostPassedOver);
    await this.rest();
  }

  /** Has no connection, and makes none until `work` has ended: connections may be counted, or be in the way. */
  async withdrawn<T>(work: () => Promise<T>): Promise<T> {
    this.withdrawals++;
    try {
      await this.rest();
      return await work();
    } finally {
      this.withdrawals--;
    }
  }

  /** For good. */
  async end(): Promise<void> {
    this.withdrawals++;
    await this.rest();
  }

  /** Closes the connection; the next question opens it again. */
  private async rest(): Promise<void> {
    clearTimeout(this.idle);
    await this.asking;
    clearTimeout(this.idle);
    const { session } = this;
    this.session = undefined;
    await session?.close();
  }

  /** A connection that has got lost since the last time is made anew, once. */
  private async ask(): Promise<SentryAnswer> {
    const answer = this.session && (await this.answer(this.session));
    if (answer?.kind === 'told') return answer;
    try {
      this.session = await this.database.open('read', AbortSignal.timeout(answerMs));
    } catch (error) {
      if (isTrouble(error)) return { kind: 'silent' };
      throw error;
    }
    return this.answer(this.session);
  }

  private async answer(session: Session): Promise<SentryAnswer> {
    try {
      const mark = await givingUp(session, AbortSignal.timeout(answerMs), () =>
        inReadOnlyTransaction(session, limits, () => transactionMark(session)),
      );
      return { kind: 'told', mark };
    } catch (error) {
      this.session = undefined;
      await session.close();
      if (isTrouble(error)) return { kind: 'silent' };
      throw error;
    }
  }
}

/** A server that was started anew counts its transactions on, and one that was made anew begins from the start. */
const lifeOf = (mark: string): string => mark.split(' ', 1).join('');

/** The target is asked instead, and says what is wrong. */
const isTrouble = (error: unknown): boolean =>
  error instanceof Fault || (error instanceof DOMException && error.name === 'TimeoutError');
