/** Observes the statements of scripts while they run, each from where the one before it has left its transaction. */
import type { Done, Session } from '../../database/session';
import type { StatementMove } from '../moves';
import type { Step } from '../run';
import type { State } from '../state';
import type { Mark } from './mark';
import { CompactObserver } from './compact';
import { nothingKnown } from './counted';
import type { Observation, ObservationLevel } from './observation';
import { type Committed, Observer, type Observes, type Ready, type Start } from './observer';

/** Marks behind the states of one transaction, for as long as it stands there, and what it stands upon. */
export class Marks extends Map<State, Mark> {
  readonly committed: Committed = {};
}

export interface ObservingOptions {
  readonly level: Exclude<ObservationLevel, 'off'>;
  readonly marks: Marks;
  readonly toldBy: Observation['toldBy'];
  readonly signal: AbortSignal;
}

/** A class because it goes along with the statements. */
export class Observing {
  private readonly marks: Marks;
  private readonly places: ReadonlyMap<Step, number>;
  /** What was known before the statement that runs now. */
  private before: { readonly step: Step; readonly ready: Ready } | undefined;
  /** Behind the statement that ran last; undefined when somebody else has used the session since. */
  private last: Start | undefined;

  /** @param statements of a file, in their order */
  constructor(
    private readonly statements: readonly StatementMove[],
    private readonly options: ObservingOptions,
  ) {
    this.marks = options.marks;
    this.places = new Map(statements.map(({ step }, i) => [step, i]));
  }

  /** Right before the statement. @returns what is to be asked right behind it; undefined when nothing */
  async begin(session: Session, step: Step): Promise<string | undefined> {
    this.before = undefined;
    const at = this.places.get(step);
    const move = at === undefined ? undefined : this.statements[at];
    // A statement that is a transaction by itself holds nothing any more when it can be asked about.
    if (at === undefined || !move) return undefined;
    if (session.transaction !== 'open') {
      this.marks.clear();
      return undefined;
    }
    const observer = this.observerOn(session);
    const mark = markBefore(this.statements, at, this.marks);
    const start = mark ? { mark, counted: this.countedAt(mark) } : await observer.begin(this.marks.committed);
    this.disturbed();
    if (!start) return undefined;
    const ready = await observer.ready(step.shape, start);
    this.before = { step, ready };
    // Should it be refused, it is taken back to here.
    this.marks.set(move.state, start.mark);
    // What ends the transaction takes with it what could be asked about.
    return step.shape.transaction === undefined ? ready.behind : undefined;
  }

  /** Right behind it, when it ran. */
  async end(session: Session, step: Step, { notices, behind }: Done): Promise<Observation | undefined> {
    const state = this.statements[this.places.get(step) ?? -1]?.state;
    if (!state || this.before?.step !== step) return undefined;
    const { ready } = this.before;
    const { shape } = step;
    // Failed it can only be by what was asked behind: a script can forget what was prepared.
    const isOver = session.transaction === 'idle';
    const observer = this.observerOn(session);
    const observed = isOver ? undefined : await observer.observe({ shape, notices, told: behind?.answer }, ready);
    // What was cut off is taken back, and the mark before it is still true.
    if (this.options.signal.aborted) return undefined;
    // What a script's own COMMIT or ROLLBACK TO has left is known to the server only.
    if (observed && shape.transaction === undefined) {
      this.marks.set(state, observed.after.mark);
      this.last = observed.after;
    } else this.marks.clear();
    return observed?.observation;
  }

  /** Somebody else has used the session, or a statement was refused: Postgres has counted that, too. */
  disturbed(): void {
    this.last = undefined;
  }

  private observerOn(session: Session): Observes {
    const { level, toldBy } = this.options;
    return level === 'compact' ? new CompactObserver(session) : new Observer(session, toldBy);
  }

  private countedAt(mark: Mark): Start['counted'] {
    return this.last?.mark === mark ? this.last.counted : nothingKnown;
  }
}

/** Whether a statement can be observed from where the one before it has left the transaction. */
export const isMarked = (statements: readonly StatementMove[], at: number, marks: Marks): boolean =>
  beginsAlone(statements, at) || markBefore(statements, at, marks) !== undefined;

/** What did not run has left things as they were. Undefined for the first statement of a transaction. */
function markBefore(statements: readonly StatementMove[], at: number, marks: Marks): Mark | undefined {
  for (let i = at; !beginsAlone(statements, i); i--) {
    const former = statements[i - 1];
    const mark = former && marks.get(former.state);
    if (mark) return mark;
    if (former?.state.known?.outcome.kind === 'ran') return undefined;
  }
  return undefined;
}

/** Its tool begins a transaction with it. */
function beginsAlone(statements: readonly StatementMove[], at: number): boolean {
  const [former, move] = [statements[at - 1], statements[at]];
  return !former || !move || move.mode === 'statements' || former.script !== move.script;
}
