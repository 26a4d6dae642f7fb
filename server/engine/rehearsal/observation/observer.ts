/**
 * Observes statements from inside their transaction: what each locked, read, wrote and changed.
 *
 * Behind each statement stands a mark, a plain value that tells what its transaction holds; after a ROLLBACK TO one goes
 * on with the mark that was the last one then.
 */
import type { Answer, Notice, Session, TextRow } from '../../database/session';
import type { Shape } from '../../sql/statement';
import { askedAside, askingAside, takeBackAside } from '../../database/aside';
import { notPrepared } from '../../database/refusedFault';
import { type Counted, countedAfter, countedOf, nothingKnown, unknownOf, withAnswer } from './counted';
import { type Counts, type Held, noCounts, readHeld } from './held';
import { type Mark, guessedBy, markAfter, markAtBegin } from './mark';
import { neededBy } from './needed';
import type { Observation } from './observation';
import { asked, isPrepared, planning, prepareAll } from './prepared';
import { countedBy, countsQuestion, questionsOf } from './questions';
import { type Known, readKnown } from './relations';
import { dependentsIn, sortNotices } from './reports';
import { observationOf } from './tell';

/** A statement that ran. */
export interface Ran {
  readonly shape: Shape;
  readonly notices: readonly Notice[];
  /** The answer to what was to be asked behind it; where it was not asked, it is asked now. */
  readonly told: Answer | undefined;
}

/** From where a statement is observed. */
export interface Start {
  readonly mark: Mark;
  readonly counted: Counted;
}

/** All that is there to know before a statement. */
export interface Ready extends Start {
  /** Tables that it may touch, and their indexes; undefined for any. */
  readonly touched: readonly number[] | undefined;
  readonly questions: readonly string[];
  /** The questions as they are to be asked behind it, in the same packet where that can be; undefined when there are none. */
  readonly behind: string | undefined;
}

/** The database as every transaction on it begins. */
export interface Committed {
  known?: Known;
}

export interface Observed {
  readonly observation: Observation;
  /** For the next one; what was counted is known only as long as nobody else uses the session. */
  readonly after: Start;
}

/** Whoever observes on a session, each in his way. */
export type Observes = Pick<Observer, 'begin' | 'ready' | 'observe'>;

/** What it asks leaves nothing behind, and what the server does not answer is undefined: a role may have lost the right to ask. */
export class Observer {
  constructor(
    private readonly session: Session,
    private readonly toldBy: Observation['toldBy'],
  ) {}

  /**
   * In an open transaction, before the first statement of a script: what is held then is not the script's.
   *
   * @param committed what is known of the database as it was when nothing was written yet; filled in here
   */
  async begin(committed: Committed): Promise<Start | undefined> {
    const state = await this.answer([isPrepared, isUnwritten]);
    if (!state) return undefined;
    const has = (wanted: string): boolean => state.some(([name]) => name === wanted);
    const former = has('unwritten') ? committed.known : undefined;
    const questions = [...(former ? [] : [asked('known')]), asked('locks', ['null']), countsQuestion('all')];
    const rows = await this.answer(has('prepared') ? questions : [...prepareAll, ...questions]);
    if (!rows) return undefined;
    const row = rows.find(([name]) => name === 'known');
    const known = former ?? (row && readKnown(row));
    if (!known) return undefined;
    if (has('unwritten')) committed.known = known;
    const { locks = new Map(), counts } = readHeld(rows);
    return { mark: markAtBegin(known, locks), counted: withAnswer(nothingKnown, 'all', counts) };
  }

  /**
   * Right before a statement. What it touches must be known: somebody else may have used the session since the mark.
   */
  async ready(shape: Shape, { mark, counted }: Start): Promise<Ready> {
    const touched = countedBy(shape, mark.relations);
    const questions = questionsOf(shape, mark, touched, this.toldBy);
    const behind = questions.length === 0 ? undefined : askingAside([...planning, ...questions]);
    const unknown = unknownOf(counted, touched, mark.relations);
    const rows = unknown.length === 0 ? undefined : await this.ask([countsQuestion(unknown)]);
    const known = rows ? withAnswer(counted, unknown, readHeld(rows).counts) : counted;
    return { mark, counted: known, touched, questions, behind };
  }

  /** Right behind it, while its transaction goes on. */
  async observe({ shape, notices, told }: Ran, ready: Ready): Promise<Observed | undefined> {
    const { mark: before, counted, touched } = ready;
    if (told) await takeBackAside(this.session, told);
    const rows = await this.ask(ready.questions, told);
    if (!rows) return undefined;
    const { reports } = sortNotices(notices);
    const held = readHeld(rows, before.locks);
    const needed = held.locks ? neededBy(shape, before.relations) : guessedBy(shape, before, held, reports);
    const after = markAfter(shape, before, held, reports, needed);
    const counts = added(held, counted);
    const dependents = dependentsIn(rows);
    const { versionNumber } = this.session.server;
    const scene = { before, after, reports, held, needed, counts, dependents, toldBy: this.toldBy, versionNumber };
    return {
      observation: observationOf(shape, scene),
      after: { mark: after, counted: countedAfter(shape, counted, touched, held, after) },
    };
  }

  /**
   * A script may have forgotten what was prepared; then it is prepared anew.
   *
   * @param told the answer, when it was asked already
   */
  private async ask(questions: readonly string[], told?: Answer): Promise<readonly TextRow[] | undefined> {
    if (questions.length === 0) return [];
    const answer = told ?? (await askedAside(this.session, [...planning, ...questions]));
    if (answer?.kind === 'refused' && answer.refusal.sqlState === notPrepared)
      return this.answer([...prepareAll, ...questions]);
    return answer?.kind === 'done' ? answer.rows : undefined;
  }

  private async answer(questions: readonly string[]): Promise<readonly TextRow[] | undefined> {
    const answer = await askedAside(this.session, [...planning, ...questions]);
    return answer?.kind === 'done' ? answer.rows : undefined;
  }
}

/** One row as long as the transaction has changed nothing. */
export const isUnwritten = `select 'unwritten' where pg_catalog.pg_current_xact_id_if_assigned() is null`;

/** Where it is not even asked about, it has added nothing. */
const added = ({ counts }: Held, counted: Counted): ReadonlyMap<number, Counts> =>
  new Map([...counts].map(([oid, now]) => [oid, minus(now, countedOf(counted, oid) ?? noCounts)]));

const minus = (a: Counts, b: Counts): Counts => ({
  scans: a.scans - b.scans,
  returned: a.returned - b.returned,
  fetched: a.fetched - b.fetched,
  inserted: a.inserted - b.inserted,
  updated: a.updated - b.updated,
  deleted: a.deleted - b.deleted,
});
