/** Where does the shadow of a chain stand, and how is it brought to where it is wanted? */
import type { Shadow, ShadowPlace } from '../shadow/place';
import type { Rehearsal } from './commit';
import type { PreparedLink, StatementMove, Way } from './moves';
import type { PreparedStates } from './prepared/preparedStates';
import { isRunaway, type Outcome } from './outcome';
import { advance, type Rehearsed } from './rehearse';
import { installObserver, removeObserver } from './observation/install';
import type { Observation } from './observation/observation';
import { speakOfEventTriggers } from './observation/spokenOf';
import type { SequenceMemo } from './sequences';
import { Stack } from './stack';
import type { State } from './state';
import { runningOf, type Walk } from './walk';

/** A shadow and where it stands. */
export interface Standing {
  readonly shadow: Shadow;
  /** What is committed on it. */
  readonly at: State;
  /** Upon that. */
  readonly stack: Stack;
  readonly sequences: SequenceMemo;
  /** Who tells there what statements make. */
  readonly toldBy: Observation['toldBy'];
}

/** Commits the next link on a shadow. */
export type Advance = (standing: Standing, link: PreparedLink, walk: Walk) => Promise<unknown>;

/** A class because there is one shadow, and everybody has to know where it stands. */
export class Standings {
  /** Undefined when there is no shadow, and while something is committed on it: cut off there it is of no use. */
  private standing: Standing | undefined;
  /** What it took to commit what no image had. */
  private replayedMs = 0;
  /** Their roles may make no event triggers. */
  private readonly silent = new WeakSet<Shadow>();

  constructor(
    private readonly place: ShadowPlace,
    private readonly prepared: PreparedStates | undefined,
  ) {}

  get isWornOut(): boolean {
    return this.standing?.stack.isWornOut === true;
  }

  forget(): void {
    this.standing = undefined;
  }

  /** Leaves no transaction open. */
  async rest(): Promise<void> {
    if (this.standing && !this.standing.shadow.session.lost) await this.standing.stack.end();
  }

  /**
   * What is committed before the first open link, when it took long enough to be kept for the next start; then nothing
   * is open upon it.
   */
  async worthKeeping(
    walk: Walk,
    worthMs: number,
  ): Promise<{ readonly shadow: Shadow; readonly count: number } | undefined> {
    const { standing } = this;
    if (!standing || standing.shadow.session.lost) return undefined;
    const count = committedOf(standing, walk, walk.firstOpen);
    if (count <= 0 || this.replayedMs < worthMs) return undefined;
    await standing.stack.end();
    // It would be kept, too, and the next start may want none.
    if (standing.toldBy === 'server') {
      this.standing = undefined;
      await removeObserver(standing.shadow.session);
      this.standing = standingAt(standing.shadow, standing.at, 'grammar');
    }
    return { shadow: standing.shadow, count };
  }

  /** What `worthKeeping` has given was taken: who was sent away for that is there again. */
  async taken(walk: Walk): Promise<void> {
    const { standing } = this;
    if (!standing || standing.shadow.session.lost) return;
    this.standing = undefined;
    const toldBy = await this.ask(standing.shadow, tellerFor(walk));
    this.standing = standingAt(standing.shadow, standing.at, toldBy);
  }

  /** What `worthKeeping` has given is on the disk, so that it is not given again. */
  kept(): void {
    this.replayedMs = 0;
  }

  /**
   * Brings the shadow into the state just before link `index`, with nothing open upon it.
   *
   * @param advance as of `between`
   */
  async before(index: number, walk: Walk, advance?: Advance): Promise<Standing> {
    const standing = await this.between(index, index, walk, advance);
    await standing.stack.end();
    return standing;
  }

  /**
   * A shadow on which at least `from` and at most `to` of the links are committed.
   *
   * @param advance commits a link on the way there, by `advanceFrom`
   */
  async between(from: number, to: number, walk: Walk, advance?: Advance): Promise<Standing> {
    walk.laps.enter('shadow');
    for (;;) {
      const standing = await this.within(to, walk);
      const committed = committedOf(standing, walk, to);
      const next = walk.prepared[committed];
      if (committed >= from || !next) return standing;
      await standing.stack.end();
      // What ends the session is known by then, and spared when this begins anew.
      await (advance ? advance(standing, next, walk) : this.advanceFrom(standing, next, false, walk));
    }
  }

  /** A shadow in one of the states on the way to link `index`. */
  private async within(index: number, walk: Walk): Promise<Standing> {
    const now = this.standing;
    const isLeft = !now || now.shadow.session.lost;
    if (!isLeft && committedOf(now, walk, index) >= 0) return this.toldRight(now, index, walk);
    this.standing = undefined;
    this.replayedMs = 0;
    const begun = await this.prepared?.begin(walk, index);
    const at = begun && walk.prepared[begun.count - 1]?.after;
    const shadow = begun?.shadow ?? (await this.place.fresh(walk.base, walk.signal));
    return (this.standing = standingAt(shadow, at ?? walk.root, await this.ask(shadow, tellerFor(walk))));
  }

  /** Who made the shadow may have wanted another teller. To change it takes what is open back, and no more. */
  private async toldRight(now: Standing, index: number, walk: Walk): Promise<Standing> {
    const { shadow, at, stack, toldBy } = now;
    const wanted = tellerFor(walk);
    if (!wanted || wanted === toldBy || (wanted === 'server' && this.silent.has(shadow))) return now;
    await stack.end();
    if (shadow.session.lost) return this.within(index, walk);
    this.standing = undefined;
    if (wanted === 'grammar') await removeObserver(shadow.session);
    return (this.standing = standingAt(shadow, at, await this.ask(shadow, wanted)));
  }

  /** Not in a transaction. @returns who tells from now on */
  private async ask(shadow: Shadow, wanted: Observation['toldBy'] | undefined): Promise<Observation['toldBy']> {
    if (wanted !== 'server') return 'grammar';
    if (await installObserver(shadow.session)) return 'server';
    this.silent.add(shadow);
    return 'grammar';
  }

  /** Commits the next link, and tells what it did; its down scripts are taken back. */
  async advanceFrom({ shadow, toldBy }: Standing, link: PreparedLink, down: boolean, walk: Walk): Promise<Standing> {
    const { ups, downs } = sparing(link, down);
    this.standing = undefined;
    const begun = performance.now();
    const done = await advance(shadow, ups, downs, runningOf(walk));
    // Committed by itself it is another one than in the transaction of all of them, of which its states tell.
    if (!walk.oneTransaction) learnAll(link, down, done);
    else if (down && done.after) learnWay(link.down, done.after);
    this.replayedMs += performance.now() - begun;
    return (this.standing = standingAt(shadow, link.after, toldBy));
  }
}

/** How many links are committed on a shadow, `most` at most; -1 when it stands in no state on the way. */
export function committedOf({ at }: Standing, { prepared, root }: Walk, most: number): number {
  for (let count = most; count > 0; count--) if (prepared[count - 1]?.after === at) return count;
  return at === root ? 0 : -1;
}

function standingAt(shadow: Shadow, at: State, toldBy: Observation['toldBy']): Standing {
  const sequences: SequenceMemo = {};
  return { shadow, at, stack: new Stack(shadow, sequences), sequences, toldBy };
}

/** Who is to tell what statements make: with event triggers it is Postgres itself. Undefined where nobody cares. */
function tellerFor({ observe, links, base }: Walk): Observation['toldBy'] | undefined {
  if (speakOfEventTriggers(links, base)) return 'grammar';
  return observe === 'full' ? 'server' : undefined;
}

/** What has ended a session, or would have taken too long, is not tried again. */
export function sparing({ up, down }: PreparedLink, withDown: boolean): { ups: Rehearsal[]; downs: Rehearsal[] } {
  return { ups: withoutRunaways(up), downs: withDown ? withoutRunaways(down) : [] };
}

function withoutRunaways(way: Way): Rehearsal[] {
  const runaways = new Set(way.statements.filter(isKnownRunaway).map(({ step }) => step));
  return way.rehearsals.map(({ mode, steps }) => ({
    mode,
    steps: steps.map((step) => (runaways.has(step) ? { ...step, skip: { kind: 'sessionEnded' } as const } : step)),
  }));
}

const isKnownRunaway = ({ state: { known } }: StatementMove): boolean =>
  known !== undefined && isRunaway(known.outcome);

export function learnAll({ up, down }: PreparedLink, withDown: boolean, { up: ups, after }: Rehearsed): void {
  learnWay(up, ups);
  if (withDown && after) learnWay(down, after);
}

/** What was spared this time keeps its former outcome; what was left out because the session had ended has none yet. */
function learnWay(way: Way, outcomes: readonly Outcome[]): void {
  // It is told by the outcomes themselves here.
  for (const { state } of way.moves) state.refusedAtEnd = undefined;
  for (const [i, move] of way.statements.entries()) {
    const outcome = outcomes[i];
    if (!outcome || isKnownRunaway(move)) continue;
    if (outcome.kind === 'skipped' && outcome.reason.kind === 'sessionEnded') continue;
    move.state.learn(outcome, move.step);
  }
  if (way.statements.every(({ state }) => state.known)) for (const { state } of way.moves) state.tried = true;
}
