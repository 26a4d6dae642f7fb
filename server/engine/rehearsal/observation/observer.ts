/**
 * Observes statements from inside their transaction: what each locked, read, wrote and changed.
 *
 * Behind each statement stands a mark, a plain value that tells what its transaction holds; after a ROLLBACK TO one goes
 * on with the mark that was the last one then. Only what was read and written is counted by Postgres without a way
 * back, and by whoever uses the session in between: it is read anew right before each statement.
 */
import { Fault } from '../../base/fault';
import type { Notice, Session } from '../../database/session';
import type { Shape } from '../../sql/statement';
import { aside } from '../../database/aside';
import { type Counts, type Held, noCounts, noneHeld } from './held';
import { type Mark, guessedBy, markAfter, markAtBegin } from './mark';
import { neededBy } from './needed';
import type { Observation } from './observation';
import { countQuestion, type Form, questionOf } from './questions';
import { readKnown } from './relations';
import { sortNotices } from './reports';
import { observationOf } from './tell';

/** A statement that ran. */
export interface Ran {
  readonly shape: Shape;
  readonly notices: readonly Notice[];
}

export interface Observed {
  readonly observation: Observation;
  readonly after: Mark;
}

/** What was read and written before a statement. */
export type Baseline = ReadonlyMap<number, Counts>;

/** What it asks leaves nothing behind, and what the server does not answer is undefined: a role may have lost the right to ask. */
export class Observer {
  constructor(
    private readonly session: Session,
    private readonly form: Form,
  ) {}

  /** In an open transaction, before the first statement of a script: what is held then is not the script's. */
  async begin(): Promise<Mark | undefined> {
    const known = await aside(this.session, () => orRefused(readKnown(this.session)));
    const answer = known && (await this.ask(this.form.held(known.newest, [], false)));
    return known && answer && markAtBegin(known, sortNotices(answer).reports.held?.locks ?? []);
  }

  /** Right before a statement. */
  async baseline(shape: Shape, { relations }: Mark): Promise<Baseline> {
    const answer = await this.ask(countQuestion(shape, relations, this.form));
    return sortNotices(answer ?? []).reports.held?.counts ?? new Map<number, Counts>();
  }

  /**
   * Right behind it, while its transaction goes on.
   *
   * @param before the mark behind the statement before it
   */
  async observe({ shape, notices }: Ran, before: Mark, baseline: Baseline): Promise<Observed | undefined> {
    const answer = await this.ask(questionOf(shape, before.relations, before.named, this.form));
    if (!answer) return undefined;
    const { reports } = sortNotices([...notices, ...answer]);
    const held = reports.held ?? noneHeld;
    const needed = held.locks ? neededBy(shape, before.relations) : guessedBy(shape, before, held, reports);
    const after = markAfter(shape, before, held, reports, needed);
    const toldBy = this.form.reports ? 'server' : 'grammar';
    const counts = added(held, baseline);
    return { observation: observationOf(shape, { before, after, reports, held, needed, counts, toldBy }), after };
  }

  private async ask(question: string): Promise<readonly Notice[] | undefined> {
    if (question === '') return [];
    const answer = await aside(this.session, () => this.session.run(question));
    return answer?.kind === 'done' ? answer.notices : undefined;
  }
}

/** Where it is not even asked about, it has added nothing. */
const added = ({ counts }: Held, baseline: Baseline): ReadonlyMap<number, Counts> =>
  new Map([...counts].map(([oid, now]) => [oid, minus(now, baseline.get(oid) ?? noCounts)]));

async function orRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Fault && (error.code === 'refused' || error.code === 'no-right')) return undefined;
    throw error;
  }
}

const minus = (a: Counts, b: Counts): Counts => ({
  scans: a.scans - b.scans,
  returned: a.returned - b.returned,
  fetched: a.fetched - b.fetched,
  inserted: a.inserted - b.inserted,
  updated: a.updated - b.updated,
  deleted: a.deleted - b.deleted,
  tuples: a.tuples,
});
