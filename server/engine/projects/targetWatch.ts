/**
 * Have others changed schema, history or rows of a target since it was seen? Asked again and again, so the cheapest first.
 *
 * Time of the server's processor, PostgreSQL 15 and 18: the stamp of the catalogs takes 9 to 15 ms on five tables, and 110
 * to 125 ms on 2,000; the mark of the transactions 0.1 to 0.3 ms on any. So while nobody writes, the mark is all that is
 * asked for. Where others write all the time it always moves; stamps are then limited to a hundredth of the time.
 */
import { statSync } from 'node:fs';
import { unlessMissing } from '../base/durable';
import { Fault } from '../base/fault';
import { whileWanted } from '../database/onSession';
import { inReadOnlyTransaction, usualReadLimits } from '../database/readOnly';
import type { Session } from '../database/session';
import type { History, HistoryState } from '../history/history';
import { catalogStamp, transactionMark } from '../shadow/catalogStamp';
import type { Glance, Occasion } from '../project';
import type { Access } from './access';
import { Allowance } from './allowance';
import type { Target } from './target';

/** How long the target may take to tell all of it, in milliseconds. */
const lookMs = 20_000;
/** What stamps may take: some changes in a row are noticed at once, and for the rest it evens out over minutes. */
const stampShare = 0.01;
const stampSavedMs = 2_000;

/** Faults that were not there before are a change as well. */
const movedTo = new Set<string>(['history-moved', 'no-database', 'no-right', 'wrong-password']);

interface CatalogAndHistory {
  /** Stamp of the catalogs; empty for the embedded engine. */
  readonly catalog: string;
  readonly history: HistoryState;
}

interface Seen {
  readonly stamp: string;
  mark: string;
  /** Rows that were written before it are known of. */
  markOfRows: string;
}

/** A class because what was seen last is what the next look is compared with. */
export class TargetWatch {
  private seen: Seen | undefined;
  private readonly allowance = new Allowance(stampShare, stampSavedMs);
  private trouble: string | undefined;
  private pauses = 0;

  constructor(
    private readonly target: Target,
    private readonly history: History,
    private readonly access: Access,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * A look at all of the target, in its turn: from now on it is compared with what is there now.
   *
   * @throws {Fault} as Database.open, `busy`, `history-moved`
   */
  see<T>(use: (session: Session, seen: CatalogAndHistory) => Promise<T>): Promise<T> {
    const { target } = this;
    // Before it is opened, for what is opened is a copy.
    const file = target.kind === 'embedded' ? (fileStamp(target.path) ?? '') : undefined;
    return this.question(async (session) => {
      const mark = file ?? (await transactionMark(session));
      const seen = await this.read(session);
      const told = await use(session, seen);
      this.seen = { mark, markOfRows: mark, stamp: stampOf(seen) };
      return told;
    });
  }

  /** As `see`, of a database of the embedded engine that nobody has made yet. */
  seeNothing(): void {
    this.seen = { mark: '', markOfRows: '', stamp: '' };
  }

  /** On connections that end with it, unless they are the sentry's. */
  async look(occasion: Occasion): Promise<Glance> {
    const { seen } = this;
    if (!seen || this.isPaused) return 'same';
    try {
      const glance = await this.compare(seen, occasion);
      if (this.trouble !== undefined) this.log(`${this.target.info.label} answers again`);
      this.trouble = undefined;
      return glance;
    } catch (error) {
      // What needs the target will say so; a rehearsal on what is known of it does not.
      if (!(error instanceof Fault)) throw error;
      if (movedTo.has(error.code)) return 'moved';
      // That it is still so is no news.
      if (this.trouble !== error.message)
        this.log(`${this.target.info.label} could not be looked at: ${error.message}`);
      this.trouble = error.message;
      return 'silent';
    }
  }

  get isPaused(): boolean {
    return this.pauses > 0;
  }

  /** Has no connection and makes none meanwhile: they may be counted, or be in the way. */
  async paused<T>(work: () => Promise<T>): Promise<T> {
    this.pauses++;
    try {
      return await this.access.withoutSentry(work);
    } finally {
      this.pauses--;
    }
  }

  private async compare(seen: Seen, occasion: Occasion): Promise<Glance> {
    if (this.target.kind === 'embedded') return (fileStamp(this.target.path) ?? '') === seen.mark ? 'same' : 'moved';
    const { sentry } = this.access;
    const answer = await sentry?.mark();
    if (answer?.kind === 'told' && answer.mark === seen.mark) return rowsSince(seen, occasion);
    if (occasion === 'passing' && this.allowance.left <= 0) return 'same';
    return this.question(async (session) => {
      const mark = await transactionMark(session);
      if (answer) await sentry?.judge(answer, mark);
      if (mark !== seen.mark && stampOf(await this.read(session)) !== seen.stamp) return 'moved';
      seen.mark = mark;
      return rowsSince(seen, occasion);
    });
  }

  private question<T>(use: (session: Session) => Promise<T>): Promise<T> {
    return this.access.question(() => this.onTarget(use));
  }

  /** A connection that has gone silent, behind a proxy for example, neither answers nor ends. */
  private async onTarget<T>(use: (session: Session) => Promise<T>): Promise<T> {
    const { database, info } = this.target;
    const late = AbortSignal.timeout(lookMs);
    try {
      return await whileWanted(database, 'read', late, (session) =>
        inReadOnlyTransaction(session, usualReadLimits, () => use(session)),
      );
    } catch (error) {
      if (!late.aborted) throw error;
      throw new Fault('no-server', `${info.label} gave no answer within ${lookMs / 1000} seconds.`, error);
    }
  }

  private async read(session: Session): Promise<CatalogAndHistory> {
    const began = performance.now();
    const catalog = this.target.kind === 'embedded' ? '' : await catalogStamp(session);
    this.allowance.spend(performance.now() - began);
    return { catalog, history: await this.history.read(session) };
  }
}

/**
 * No mark tells whose rows a transaction has written, so that who comes back is told of any, also of those that a look
 * in passing has gone over. In passing nothing is told: rows are asked again every some seconds as it is.
 */
function rowsSince(seen: Seen, occasion: Occasion): Glance {
  if (occasion === 'passing' || seen.markOfRows === seen.mark) return 'same';
  seen.markOfRows = seen.mark;
  return 'rows';
}

/** Rows of the history are data, which move no catalog. */
const stampOf = ({ catalog, history: { exists, versions, blocked } }: CatalogAndHistory): string =>
  JSON.stringify([catalog, exists, versions, blocked]);

/** Undefined when there is no such file. */
export function fileStamp(path: string): string | undefined {
  const file = unlessMissing(() => statSync(path));
  return file && `${file.mtimeMs} ${file.size} ${file.ino}`;
}
