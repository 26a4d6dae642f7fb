/**
 * Observes the statements of a session: what each locked, read, wrote and changed.
 *
 * Before a statement and after it stand marks, plain values that tell what the transaction holds. After a ROLLBACK TO
 * one goes on with the mark that was the last one then. Only what was read and written is counted by Postgres without
 * a way back, and so by the observer: it has to hear of statements that it does not observe.
 */
import type { Notice, Session } from '../../database/session';
import type { Shape } from '../../sql/statement';
import { type Counts, type Held, noCounts, noneHeld } from './held';
import { installObserver } from './install';
import { guessedBy, type Mark, markAfter } from './mark';
import { neededBy } from './needed';
import type { Observation } from './observation';
import { asBlocks, asFunctions, countQuestion, type Form, questionOf } from './questions';
import { type Known, readKnown } from './relations';
import { type Reports, sortNotices } from './reports';
import { observationOf } from './tell';

/** A statement that ran. */
export interface Ran {
  readonly shape: Shape;
  readonly notices: readonly Notice[];
}

export interface Observed {
  readonly observation: Observation;
  /** Those of the statement, without the observer's. */
  readonly notices: readonly Notice[];
  readonly after: Mark;
}

export interface Observer {
  /** Right before BEGIN, on an idle session. */
  begin(): Promise<Mark>;
  /**
   * SQL to be sent right behind a statement that ran, best in one message with what is sent next anyway. Its answers are
   * notices. Empty where the rules of the grammar and the notices of the statement tell it all.
   */
  question(shape: Shape, before: Mark): string;
  /**
   * While the transaction of the statement goes on.
   *
   * @param before the mark after the statement before it
   * @param answer notices of the answer to the question; it is asked now when they are not given
   */
  observe(ran: Ran, before: Mark, answer?: readonly Notice[]): Promise<Observed>;
  /**
   * After a statement that was refused and is taken back: what it read is not the next one's.
   *
   * @param before the mark before it
   */
  overlook(shape: Shape, before: Mark): Promise<void>;
  /** Something was committed in this database. */
  forget(): void;
}

/**
 * @param session on a shadow, idle. Its database gets the observer's event triggers, where the role may make them; so
 *   has every copy of it
 * @throws {Fault} `no-shadow` when they cannot be made; as Session.run
 */
export async function prepareObserver(session: Session): Promise<Observer> {
  return new SessionObserver(session, (await installObserver(session)) ? asFunctions : asBlocks);
}

class SessionObserver implements Observer {
  private readonly counts = new Map<number, Counts>();
  private known: Known | undefined;

  constructor(
    private readonly session: Session,
    private readonly form: Form,
  ) {}

  async begin(): Promise<Mark> {
    this.counts.clear();
    // Counts that were not reported to the server yet would go on in the next transaction.
    await this.session.run('select pg_catalog.pg_stat_force_next_flush()');
    const { relations, newest } = (this.known ??= await readKnown(this.session));
    return { locks: [], keys: new Set(), relations, newest, named: newest, guessed: new Set() };
  }

  forget(): void {
    this.known = undefined;
  }

  question(shape: Shape, { relations, named }: Mark): string {
    return questionOf(shape, relations, named, this.form);
  }

  async overlook(shape: Shape, { relations }: Mark): Promise<void> {
    const { reports } = sortNotices(await this.ask(countQuestion(shape, relations, this.form)));
    this.counted(reports.held ?? noneHeld, reports);
  }

  async observe({ shape, notices: all }: Ran, before: Mark, given?: readonly Notice[]): Promise<Observed> {
    const answer = given ?? (await this.ask(this.question(shape, before)));
    const { notices, reports } = sortNotices([...all, ...answer]);
    const held = reports.held ?? noneHeld;
    const needed = held.locks ? neededBy(shape, before.relations) : guessedBy(shape, before, held, reports);
    const after = markAfter(shape, before, held, reports, needed);
    const observation = observationOf(shape, {
      before,
      after,
      schemas: this.known?.schemas ?? new Map(),
      oldest: this.known?.newest ?? 0,
      reports,
      held,
      needed,
      counts: this.counted(held, reports),
      toldBy: this.form.reports ? 'server' : 'grammar',
    });
    return { observation, notices, after };
  }

  private async ask(question: string): Promise<readonly Notice[]> {
    if (question === '') return [];
    const answer = await this.session.run(question);
    if (answer.kind === 'refused') throw new Error(`the observer was refused: ${answer.refusal.message}`);
    return answer.notices;
  }

  /**
   * A new table is not counted when it is made, but each of its indexes has read it once.
   *
   * @returns what has been added since the last time
   */
  private counted({ counts: now }: Held, { made }: Reports): ReadonlyMap<number, Counts> {
    const table = made.find(({ tag, kind }) => tag === 'CREATE TABLE' && kind === 'table')?.oid;
    const scans = made.filter(({ tag }) => tag === 'CREATE INDEX').length;
    const added = new Map<number, Counts>();
    if (table !== undefined && !now.has(table)) this.counts.set(table, { ...noCounts, scans });
    for (const [oid, counts] of now) {
      added.set(oid, minus(counts, this.counts.get(oid) ?? noCounts));
      this.counts.set(oid, counts);
    }
    return added;
  }
}

const minus = (a: Counts, b: Counts): Counts => ({
  scans: a.scans - b.scans,
  returned: a.returned - b.returned,
  fetched: a.fetched - b.fetched,
  inserted: a.inserted - b.inserted,
  updated: a.updated - b.updated,
  deleted: a.deleted - b.deleted,
});
