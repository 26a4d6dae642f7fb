/**
 * A second look at a script: what is wrong with the bodies of its functions, which routines it breaks, what the
 * catalogs say of each statement, what it was observed to do.
 *
 * Postgres lets all of that pass, and to find out takes longer than to run the script; so it comes after the answer.
 */
import { flat } from '../base/text';
import { interruptible } from '../database/interruptible';
import type { Done, Refusal, Session } from '../database/session';
import { isOfRows } from '../probes/ask';
import { factsFor } from '../probes/factsFor';
import { factsWithoutRows } from '../probes/factsWithoutRows';
import { inText } from '../sql/places';
import { rowEffectOf } from '../sql/rowEffects';
import type { Statement } from '../sql/statement';
import { brokenRoutines, type Risk, routinesAtRisk, stillBroken } from './bodies/broken';
import { checkBody, holdsBody } from './bodies/checkBody';
import type { BodyProblem, BrokenRoutine } from './bodies/problem';
import type { StatementMove } from './moves';
import type { Outcome } from './outcome';
import type { Observing } from './observation/observing';
import type { RunLimits, Step, Watch } from './run';
import type { Seen, State, Verdict, Verdicts } from './state';

export interface LookOptions {
  /** The target has rows that the shadow lacks or may have others by now, so that facts about them are wanted. */
  readonly rowsAreAsked: boolean;
  /** The shadow has rows of the target, which may be what a statement is refused for. */
  readonly rowsAreThere: boolean;
  readonly limits: RunLimits;
  /** Undefined where nobody wants to know what statements lock, read, write and change. */
  readonly observing: Observing | undefined;
  readonly signal: AbortSignal;
}

/** Watches the statements of a script run, and looks at the whole behind the last one. */
export class SecondLook implements Watch {
  private readonly states: ReadonlyMap<Step, State>;
  private readonly risks = new Map<Step, Risk>();

  constructor(
    private readonly statements: readonly StatementMove[],
    private readonly options: LookOptions,
  ) {
    this.states = new Map(statements.map(({ step, state }) => [step, state]));
  }

  async before(session: Session, step: Step): Promise<string | undefined> {
    this.risks.delete(step);
    const { limits, observing } = this.options;
    if (!this.states.has(step)) {
      observing?.disturbed();
      return undefined;
    }
    const risk = await this.asked(session, () => routinesAtRisk(session, step.statement, step.shape, limits));
    if (risk) this.risks.set(step, risk);
    if (risk) observing?.disturbed();
    return this.asked(session, async () => observing?.begin(session, step));
  }

  async after(session: Session, step: Step, answer: Done): Promise<void> {
    const state = this.states.get(step);
    if (state) state.seen = await this.asked(session, () => this.seen(session, step, answer));
  }

  /** A DO block that must not be run is looked at all the same: nothing of it runs for that. */
  async left(session: Session, step: Step): Promise<void> {
    const state = this.states.get(step);
    if (!state || !isOver(step)) return;
    const { statement, shape } = step;
    const bodies = await this.asked(session, () => checkBody(session, statement, shape, this.options.limits));
    const own = bodies.map((it) => ownRange(it, step));
    state.seen = { facts: undefined, observation: undefined, bodies: own, broken: [] };
  }

  /**
   * What is known of a statement that only rows refuse is asked as if there were none; of one that would have written
   * some, which these are.
   */
  async refused(session: Session, step: Step, refusal: Refusal): Promise<void> {
    const state = this.states.get(step);
    const { limits } = this.options;
    if (!state || !isRefusalLookedAt(step, refusal, this.options)) return;
    const facts = await this.asked(session, () =>
      writesRows(step.statement)
        ? factsFor(session, step.statement)
        : factsWithoutRows(session, step, limits.statementMs),
    );
    state.seen = { facts, observation: undefined, bodies: [], broken: [] };
  }

  /**
   * On the state behind the script: functions may need what comes behind them in it, and it may have mended what it broke.
   *
   * @throws the reason of the signal
   */
  async atEnd(session: Session): Promise<Verdicts> {
    const { limits } = this.options;
    const broken = this.statements.flatMap(({ state }) => state.seen?.broken ?? []);
    const still = new Set<BrokenRoutine>(await this.asked(session, () => stillBroken(session, broken, limits)));
    const verdicts = new Map<State, Verdict>();
    for (const { step, state } of this.statements) {
      const did = state.known?.outcome.kind;
      if (did !== 'ran' && did !== 'skipped') continue;
      const { statement, shape } = step;
      const isFunction = holdsBody(shape) && !isOver(step);
      const problems = isFunction
        ? await this.asked(session, () => checkBody(session, statement, shape, limits))
        : undefined;
      const bodies = problems?.map((it) => ownRange(it, step)) ?? state.seen?.bodies ?? [];
      const breaks = state.seen?.broken.filter((it) => still.has(it)) ?? [];
      if (bodies.length + breaks.length > 0) verdicts.set(state, { text: flat(statement.text), bodies, breaks });
    }
    return verdicts;
  }

  private async seen(session: Session, step: Step, answer: Done): Promise<Seen> {
    const { statement, shape } = step;
    const { limits, rowsAreAsked, observing } = this.options;
    // First, before the other questions have read something.
    const observation = await observing?.end(session, step, answer);
    const risk = this.risks.get(step);
    if (risk || rowsAreAsked || isOver(step)) observing?.disturbed();
    const bodies = isOver(step) ? await checkBody(session, statement, shape, limits) : [];
    return {
      bodies: bodies.map((it) => ownRange(it, step)),
      broken: risk ? await brokenRoutines(session, risk, limits) : [],
      facts: rowsAreAsked ? await factsFor(session, statement) : undefined,
      observation,
    };
  }

  private asked<T>(session: Session, ask: () => Promise<T>): Promise<T> {
    return askedUntil(this.options.signal, session, ask);
  }
}

/** To interrupt the embedded engine is to end it. @throws the reason of the signal */
export async function askedUntil<T>(signal: AbortSignal, session: Session, ask: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return session.server.engine === 'embedded' ? await ask() : await interruptible(session, signal, ask);
  } finally {
    // What was cut off has seen nothing, and what it throws is of no interest.
    signal.throwIfAborted();
  }
}

/** Whether there is something to know of a statement that was refused so. */
export function isRefusalLookedAt(
  { statement }: Pick<Step, 'statement'>,
  refusal: Refusal,
  { rowsAreAsked, rowsAreThere }: Pick<LookOptions, 'rowsAreAsked' | 'rowsAreThere'>,
): boolean {
  return rowsAreAsked && (writesRows(statement) || (rowsAreThere && isOfRows(refusal)));
}

const writesRows = ({ text }: Statement): boolean => rowEffectOf(text).kind === 'writes';

/** A DO block has done its work at the end of the script, and what it needed may be gone. */
const isOver = ({ shape }: Pick<Step, 'shape'>): boolean => shape.node === 'DoStmt';

/** A DO block that was not run, for what it reaches. */
export const isBlockLeft = (outcome: Outcome): boolean =>
  outcome.kind === 'skipped' && outcome.reason.kind === 'reaches' && isOver(outcome);

const ownRange = (problem: BodyProblem, { statement }: Step): BodyProblem => ({
  ...problem,
  range: { start: inText(problem.range.start, statement), end: inText(problem.range.end, statement) },
});
