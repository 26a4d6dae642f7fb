/** What the rows of one target have answered: remembered for a while, so that typing does not ask the same again and again. */
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { probe, type ProbeLimits, rowsAtFault } from '../probes/ask';
import { type Answer, idOf, type Probe } from '../probes/probe';
import type { RowsAtFault } from '../project';
import type { Access } from './access';

const limits: ProbeLimits = { probeMs: 2_000 };

/** Rows change without a sign: an older answer is not believed. */
const freshMs = 15_000;
/** The oldest are forgotten first. */
const mostRemembered = 500;

export class RowAnswers {
  private readonly kept = new Map<string, { readonly answer: Answer; readonly at: number }>();
  private readonly asked = new Map<string, Probe>();
  private doubtedAt = -Infinity;

  /** @param onContradiction the shadow has refused what the rows of the target do not */
  constructor(
    private readonly target: Pick<Database, 'open' | 'label'>,
    private readonly access: Access,
    private readonly log: (line: string) => void,
    readonly onContradiction: () => void,
  ) {}

  /** Somebody has changed the target. */
  forget(): void {
    this.kept.clear();
  }

  /** Somebody may have changed rows: what was answered is told until they have answered again. */
  doubt(): void {
    this.doubtedAt = performance.now();
  }

  /** In their order, however old; undefined when one of them was never asked for. */
  known(probes: readonly Probe[]): readonly Answer[] | undefined {
    const answers = probes.map((it) => this.kept.get(idOf(it))?.answer);
    return answers.every((it) => it !== undefined) ? answers : undefined;
  }

  areFresh(probes: readonly Probe[]): boolean {
    return probes.every((it) => this.remembered(it) !== undefined);
  }

  /**
   * In their order. A target that does not answer leaves all of them unknown.
   *
   * @throws the reason of the signal
   */
  async answers(probes: readonly Probe[], signal: AbortSignal): Promise<readonly Answer[]> {
    const open = probes.filter((it) => !this.remembered(it));
    const fresh = new Map(open.map((it) => [idOf(it), it]));
    try {
      const put = () => probe(this.target, [...fresh.values()], limits, signal);
      const answers = fresh.size > 0 ? await this.access.question(put, signal) : [];
      for (const [i, [id, it]] of [...fresh].entries()) this.remember(id, it, answers[i]);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      this.log(`the rows of ${this.target.label} could not be asked: ${error.message}`);
    }
    return probes.map((it) => this.remembered(it) ?? { kind: 'unknown', why: 'the target does not answer' });
  }

  /** @throws {Fault} `rows-unknown` when nothing was asked under this name */
  rowsAtFault(id: string, signal: AbortSignal): Promise<RowsAtFault> {
    const asked = this.asked.get(id);
    if (!asked) throw new Fault('rows-unknown', 'they were not asked for lately.');
    return this.access.question(() => rowsAtFault(this.target, asked, limits, signal), signal);
  }

  private remembered(it: Probe): Answer | undefined {
    const known = this.kept.get(idOf(it));
    const since = Math.max(this.doubtedAt, performance.now() - freshMs);
    return known && known.at > since ? known.answer : undefined;
  }

  private remember(id: string, it: Probe, answer: Answer | undefined): void {
    if (!answer) return;
    this.kept.set(id, { answer, at: performance.now() });
    this.asked.set(id, it);
    for (const map of [this.kept, this.asked]) {
      const oldest = map.keys().next();
      if (map.size > mostRemembered && !oldest.done) map.delete(oldest.value);
    }
  }
}
