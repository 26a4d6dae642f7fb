/**
 * A second look at a script: what is wrong with the bodies of its functions, which routines it breaks, what the
 * catalogs say of each statement, what it was observed to do.
 *
 * Postgres lets all of that pass, and to find out takes longer than to run the script; so it comes after the answer.
 */
import { flat, shifted } from '../base/text';
import type { Notice, Session } from '../database/session';
import { factsFor } from '../probes/factsFor';
import { brokenRoutines, type Risk, routinesAtRisk, stillBroken } from './bodies/broken';
import { checkBody, holdsBody } from './bodies/checkBody';
import type { BodyProblem, BrokenRoutine } from './bodies/problem';
import type { StatementMove } from './moves';
import type { Observing } from './observation/observing';
import type { RunLimits, Step, Watch } from './run';
import type { Seen } from './state';

export interface LookOptions {
  /** The target has rows that the shadow lacks, so that facts about them are wanted. */
  readonly rowsAreMissing: boolean;
  readonly limits: RunLimits;
  /** Undefined where nobody wants to know what statements lock, read, write and change. */
  readonly observing: Observing | undefined;
}

/** Watches the statements of a script run, and looks at the whole behind the last one. */
export class SecondLook implements Watch {
  private readonly moves: ReadonlyMap<Step, StatementMove>;
  private readonly risks = new Map<Step, Risk>();

  constructor(
    private readonly statements: readonly StatementMove[],
    private readonly options: LookOptions,
  ) {
    this.moves = new Map(statements.map((move) => [move.step, move]));
  }

  async before(session: Session, step: Step): Promise<void> {
    this.risks.delete(step);
    const risk = await routinesAtRisk(session, step.statement, step.shape, this.options.limits);
    if (risk) this.risks.set(step, risk);
    await this.options.observing?.begin(session, step);
  }

  async after(session: Session, step: Step, notices: readonly Notice[]): Promise<void> {
    const { statement, shape } = step;
    const { limits, rowsAreMissing, observing } = this.options;
    const observation = await observing?.end(session, step, notices);
    const risk = this.risks.get(step);
    // A DO block has done its work at the end of the script, and what it needed may be gone.
    const bodies = shape.node === 'DoStmt' ? await checkBody(session, statement, shape, limits) : [];
    this.saw(step, {
      bodies: bodies.map((it) => ownRange(it, step)),
      breaks: risk ? await brokenRoutines(session, risk, limits) : [],
      facts: rowsAreMissing ? await factsFor(session, statement) : undefined,
      observation,
    });
  }

  /**
   * On the state behind the script: functions may need what comes behind them in it, and it may have mended what it broke.
   *
   * @throws the reason of the signal, between two bodies
   */
  async atEnd(session: Session, signal: AbortSignal): Promise<void> {
    const { limits } = this.options;
    const broken = this.statements.flatMap(({ state }) => state.seen?.breaks ?? []);
    const still = new Set<BrokenRoutine>(await stillBroken(session, broken, limits));
    for (const { step, state } of this.statements) {
      signal.throwIfAborted();
      const { seen } = state;
      if (!seen) continue;
      if (seen.breaks.length > 0) this.saw(step, { breaks: seen.breaks.filter((it) => still.has(it)) });
      if (!holdsBody(step.shape) || step.shape.node === 'DoStmt') continue;
      const bodies = await checkBody(session, step.statement, step.shape, limits);
      this.saw(step, { bodies: bodies.map((it) => ownRange(it, step)) });
    }
  }

  private saw(step: Step, seen: Partial<Seen>): void {
    const state = this.moves.get(step)?.state;
    if (state) state.seen = { ...nothing, ...state.seen, ...seen, text: flat(step.statement.text) };
  }
}

const nothing: Omit<Seen, 'text'> = { bodies: [], breaks: [], facts: undefined, observation: undefined };

const ownRange = (problem: BodyProblem, { statement }: Step): BodyProblem => ({
  ...problem,
  range: shifted(problem.range, -statement.range.start),
});
