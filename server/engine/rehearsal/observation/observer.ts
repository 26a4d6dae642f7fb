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
import { type Mark, markAfter } from './mark';
import type { Observation } from './observation';
import { asBlocks, asFunctions, countQuestion, type Form, questionOf } from './questions';
import { type Known, readKnown } from './relations';
import { sortNotices } from './reports';
import { observationOf } from './tell';

/** A statement that ran. */
export interface Ran {
  readonly shape: Shape;
  /** Of its answer, and of the answer to the question when that was asked already. */
  readonly notices: readonly Notice[];
}

export interface Observed {
  readonly observation: Observation;
  /** Those of the statement, without the observer's. */
  readonly notices: readonly Notice[];
  readonly after: Mark;
}

export interface Observer {
  /** Right after BEGIN; nothing is asked of the server but the first time and after `forget`. */
  begin(): Promise<Mark>;
  /**
   * SQL to be sent right behind a statement that ran, best in one message with what is sent next anyway. Its answers are
   * notices, to be handed to `observe`. Empty for what the rules of the grammar tell.
   */
  question(shape: Shape, before: Mark): string;
  /**
   * While the transaction of the statement goes on.
   *
   * @param before the mark after the statement before it
   */
  observe(ran: Ran, before: Mark): Promise<Observed>;
  /** After a statement that was not observed and is taken back: what it read is not the next one's. */
  overlook(): Promise<void>;
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
  private counts: ReadonlyMap<number, Counts> = new Map();
  private known: Known | undefined;

  constructor(
    private readonly session: Session,
    private readonly form: Form,
  ) {}

  async begin(): Promise<Mark> {
    this.counts = new Map();
    const { relations, newest } = (this.known ??= await readKnown(this.session));
    return { locks: [], relations, newest, named: newest, guessed: new Set() };
  }

  forget(): void {
    this.known = undefined;
  }

  question(shape: Shape, { relations, named }: Mark): string {
    return questionOf(shape, relations, named, this.form);
  }

  async overlook(): Promise<void> {
    const { reports } = sortNotices(await this.ask(countQuestion(this.form)));
    this.counted(reports.held ?? noneHeld);
  }

  async observe({ shape, notices: all }: Ran, before: Mark): Promise<Observed> {
    const told = sortNotices(all);
    const question = told.reports.held ? '' : this.question(shape, before);
    const { reports } = question === '' ? told : sortNotices([...all, ...(await this.ask(question))]);
    const held = reports.held ?? noneHeld;
    const after = markAfter(shape, before, held, reports);
    const observation = observationOf(shape, {
      before,
      after,
      schemas: this.known?.schemas ?? new Map(),
      oldest: this.known?.newest ?? 0,
      reports,
      held,
      counts: this.counted(held),
      toldBy: this.form.reports ? 'server' : 'grammar',
    });
    return { observation, notices: told.notices, after };
  }

  private async ask(question: string): Promise<readonly Notice[]> {
    const answer = await this.session.run(question);
    if (answer.kind === 'refused') throw new Error(`the observer was refused: ${answer.refusal.message}`);
    return answer.notices;
  }

  /** @returns what has been added since the last time */
  private counted({ counts: now }: Held): ReadonlyMap<number, Counts> {
    const former = this.counts;
    this.counts = new Map([...former, ...now]);
    return new Map([...now].map(([oid, counts]) => [oid, minus(counts, former.get(oid) ?? noCounts)]));
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
