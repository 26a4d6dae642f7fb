/** Observes the statements of scripts while they run, each from where the one before it has left its transaction. */
import type { Notice, Session } from '../../database/session';
import type { StatementMove } from '../moves';
import type { Step } from '../run';
import type { State } from '../state';
import type { Mark } from './mark';
import type { Observation } from './observation';
import { type Baseline, Observer } from './observer';
import type { Form } from './questions';

/** Marks behind the states of one transaction, for as long as it stands there. */
export type Marks = Map<State, Mark>;

/** A class because it goes along with the statements. */
export class Observing {
  private readonly marks: Marks;
  private readonly form: Form;
  private readonly signal: AbortSignal;
  private readonly places: ReadonlyMap<Step, number>;
  /** What was known before the statement that runs now. */
  private before: { readonly step: Step; readonly mark: Mark; readonly baseline: Baseline } | undefined;

  /** @param statements of a file, in their order */
  constructor(
    private readonly statements: readonly StatementMove[],
    { marks, form, signal }: { readonly marks: Marks; readonly form: Form; readonly signal: AbortSignal },
  ) {
    this.marks = marks;
    this.form = form;
    this.signal = signal;
    this.places = new Map(statements.map(({ step }, i) => [step, i]));
  }

  /** Right before the statement. */
  async begin(session: Session, step: Step): Promise<void> {
    this.before = undefined;
    const at = this.places.get(step);
    const move = at === undefined ? undefined : this.statements[at];
    // A statement that is a transaction by itself holds nothing any more when it can be asked about.
    if (at === undefined || !move) return;
    if (session.transaction !== 'open') return this.marks.clear();
    const observer = new Observer(session, this.form);
    const mark = markBefore(this.statements, at, this.marks) ?? (await observer.begin());
    if (!mark) return;
    this.before = { step, mark, baseline: await observer.baseline(step.shape, mark) };
    // Should it be refused, it is taken back to here.
    this.marks.set(move.state, mark);
  }

  /** Right behind it, when it ran. */
  async end(session: Session, step: Step, notices: readonly Notice[]): Promise<Observation | undefined> {
    const state = this.statements[this.places.get(step) ?? -1]?.state;
    if (!state || this.before?.step !== step) return undefined;
    const { mark, baseline } = this.before;
    const { shape } = step;
    const isOpen = session.transaction === 'open';
    const observer = new Observer(session, this.form);
    const observed = isOpen ? await observer.observe({ shape, notices }, mark, baseline) : undefined;
    // What was cut off is taken back, and the mark before it is still true.
    if (this.signal.aborted) return undefined;
    // What a script's own COMMIT or ROLLBACK TO has left is known to the server only.
    if (observed && shape.transaction === undefined) this.marks.set(state, observed.after);
    else this.marks.clear();
    return observed?.observation;
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
