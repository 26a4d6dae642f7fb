/**
 * The states that shadows go through: a tree whose root is the base, and whose branches are the statements that were
 * tried. A state stands for all that came before it, so what a statement did in it need not be asked twice.
 */
import { Fault } from '../base/fault';
import { flat } from '../base/text';
import type { BodyProblem, BrokenRoutine } from './bodies/problem';
import type { Facts } from '../probes/facts';
import type { Observation } from './observation/observation';
import type { Outcome } from './outcome';
import type { Step } from './run';

/** What is known of the step that leads to a state. */
export interface Known {
  readonly outcome: Outcome;
  /** Where the rows of a COPY began when it ran. */
  readonly rowsStart: number | undefined;
}

/** What was seen of a statement right after it ran, which holds whatever comes behind it. */
export interface Seen {
  readonly facts: Facts | undefined;
  /** Where somebody wants it. */
  readonly observation: Observation | undefined;
  /** Of a DO block, in its text. */
  readonly bodies: readonly BodyProblem[];
  /** Routines that were wrong then, and had not been before. */
  readonly broken: readonly BrokenRoutine[];
}

/** What is to be told of a statement, by the light of the whole script. */
export interface Verdict {
  /** The statement as it was. */
  readonly text: string;
  /** What will be refused when the body that it holds is called; ranges are those of the text. */
  readonly bodies: readonly BodyProblem[];
  /** Routines whose bodies it has made wrong. */
  readonly breaks: readonly BrokenRoutine[];
}

/** By the states behind the statements; those that nothing is said of are left out. */
export type Verdicts = ReadonlyMap<State, Verdict>;

/** A class because a state is itself: two with the same key behind other ones are not the same. */
export class State {
  /** Undefined until the step has been tried, and for steps that are no statements. */
  known: Known | undefined;
  /** Of a step that is the end of a script: what its deferred constraints said. */
  refusedAtEnd: Extract<Outcome, { kind: 'refused' }>['refusal'] | undefined;
  /** Of a step that is the end of a script: whether its deferred constraints were asked. */
  tried = false;
  /** Of a step that is a statement; undefined until it was looked at. */
  seen: Seen | undefined;
  /** Of a step that is the end of an up script; undefined until the script was looked at as a whole. */
  verdicts: Verdicts | undefined;
  /** Of a step that is the end of a script, up or down: its statements were observed. */
  observed = false;
  /** What is known comes from an earlier process, and is true only as far as nothing has changed that it depends on. */
  believed = false;
  /** The connection has ended here once, which may have been chance. */
  suspected = false;
  readonly #next = new Map<string, State>();

  constructor(
    private readonly former: State | undefined,
    /** Of the step that leads here. */
    readonly key: string,
    private readonly count: { states: number },
  ) {}

  /** The state behind a step; the same one for the same key. */
  next(key: string): State {
    const known = this.#next.get(key);
    if (known) return known;
    this.count.states++;
    const made = new State(this, key, this.count);
    this.#next.set(key, made);
    return made;
  }

  /**
   * @param outcome of the step that leads here
   * @throws {Fault} `connection-lost` the first time that the connection ends here: it may be chance
   */
  learn(outcome: Outcome, { rowsStart }: Step): void {
    if (outcome.kind === 'ended' && !this.suspected) {
      this.suspected = true;
      throw new Fault('connection-lost', `${outcome.message}.`);
    }
    // The file that the text was cut from need not be kept with it.
    const statement = { ...outcome.statement, text: flat(outcome.statement.text) };
    this.known = { outcome: { ...outcome, statement }, rowsStart };
    this.believed = false;
  }

  /** Takes it out of the tree with all behind it: the same step leads to a new state from now on. */
  retire(): void {
    const { former } = this;
    if (former && former.#next.get(this.key) === this) former.#next.delete(this.key);
  }
}

/** Enough for long histories and hours of typing; then all is forgotten, and told anew. */
const mostStates = 20_000;

/** The trees, one for each base. */
export class States {
  readonly #roots = new Map<string, State>();
  readonly #count = { states: 0 };

  /** @param base names the base, and whatever else all outcomes depend on */
  root(base: string): State {
    if (this.#count.states > mostStates) this.#forget();
    const known = this.#roots.get(base);
    if (known) return known;
    const made = new State(undefined, base, this.#count);
    this.#roots.set(base, made);
    return made;
  }

  #forget(): void {
    this.#roots.clear();
    this.#count.states = 0;
  }
}
