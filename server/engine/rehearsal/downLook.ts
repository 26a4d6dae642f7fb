/**
 * A second look at down scripts: what their statements were observed to do. What they break is not asked: it is the way
 * back to where that was wanted.
 */
import type { Done, Session } from '../database/session';
import type { StatementMove } from './moves';
import type { Observing } from './observation/observing';
import type { Step, Watch } from './run';
import { askedUntil } from './secondLook';
import type { State } from './state';

export class DownLook implements Watch {
  private readonly states: ReadonlyMap<Step, State>;

  constructor(
    statements: readonly StatementMove[],
    private readonly observing: Observing,
    private readonly signal: AbortSignal,
  ) {
    this.states = new Map(statements.map(({ step, state }) => [step, state]));
  }

  before(session: Session, step: Step): Promise<string | undefined> {
    return askedUntil(this.signal, session, () => this.observing.begin(session, step));
  }

  async after(session: Session, step: Step, answer: Done): Promise<void> {
    const state = this.states.get(step);
    if (!state) return;
    const observation = await askedUntil(this.signal, session, () => this.observing.end(session, step, answer));
    state.seen = { facts: undefined, observation, bodies: [], broken: [] };
  }

  left(): Promise<void> {
    return Promise.resolve();
  }

  refused(): Promise<void> {
    return Promise.resolve();
  }

  /** Watches its own statements, and leaves all others to somebody else. */
  beside(other: Watch): Watch {
    const of = (step: Step): Watch => (this.states.has(step) ? this : other);
    return {
      before: (session, step) => of(step).before(session, step),
      after: (session, step, answer) => of(step).after(session, step, answer),
      left: (session, step) => of(step).left(session, step),
      refused: (session, step, refusal) => of(step).refused(session, step, refusal),
    };
  }
}
