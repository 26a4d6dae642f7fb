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
import { readOnly } from '../database/readOnly';
import type { Session } from '../database/session';
import { transactionMark } from '../shadow/catalogStamp';

/** Nobody has asked for so long: the editor is idle, and the connection is closed. */
const idleMs = 10_000;
/** How long an answer may take. A connection that a machine has slept through gives none. */
const answerMs = 5_000;
const limits = { statementMs: 2_000, lockMs: 200 };

/** A class because all projects on one server share what it holds. */
export class Sentry {
  private session: Session | undefined;
  private asking: Promise<string | undefined> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private barred = false;

  /** @param database `postgres` on the server of the target */
  constructor(private readonly database: Database) {}

  /** As `transactionMark`; undefined where it has to be asked from the target itself. */
  mark(): Promise<string | undefined> {
    if (this.barred) return Promise.resolve(undefined);
    clearTimeout(this.idle);
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
      this.idle = setTimeout(() => void this.rest(), idleMs).unref();
    });
    return this.asking;
  }

  /** The target could be asked although this could not: there is no way in here, or it is not the same server. */
  bar(): Promise<void> {
    this.barred = true;
    return this.rest();
  }

  /** Closes the connection; the next question opens it again. */
  async rest(): Promise<void> {
    clearTimeout(this.idle);
    await this.asking;
    const { session } = this;
    this.session = undefined;
    await session?.close();
  }

  /** A connection that has got lost since the last time is made anew, once. */
  private async ask(): Promise<string | undefined> {
    const known = this.session && (await this.answer(this.session));
    if (known !== undefined) return known;
    try {
      this.session = await this.database.open('read', AbortSignal.timeout(answerMs));
    } catch (error) {
      if (isTrouble(error)) return undefined;
      throw error;
    }
    return this.answer(this.session);
  }

  private async answer(session: Session): Promise<string | undefined> {
    try {
      return await givingUp(session, AbortSignal.timeout(answerMs), () =>
        readOnly(session, limits, () => transactionMark(session)),
      );
    } catch (error) {
      this.session = undefined;
      await session.close();
      if (isTrouble(error)) return undefined;
      throw error;
    }
  }
}

/** The target is asked instead, and says what is wrong. */
const isTrouble = (error: unknown): boolean =>
  error instanceof Fault || (error instanceof DOMException && error.name === 'TimeoutError');
