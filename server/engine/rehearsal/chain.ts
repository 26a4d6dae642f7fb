/**
 * A chain of migrations on one shadow: base, first script, second script…
 *
 * What stands before the first migration that was asked for is committed on the shadow; from there on the scripts are
 * in one open transaction (`stack.ts`), so that an edit runs nothing but what it changed. Scripts that commit are run
 * on copies of what is committed. What a statement did is remembered by what it and everything before it are
 * (`state.ts`), so that nothing is run twice for the same answer.
 */
import { Fault } from '../base/fault';
import { Laps } from '../base/laps';
import type { LayoutName } from '../layouts/layout';
import type { CheckRoom } from '../project';
import type { Base } from '../shadow/base';
import type { Shadow, ShadowPlace } from '../shadow/place';
import { type Learned, reachingIn } from '../sql/reachingSchema';
import { refusedAtEnd, type Rehearsal } from './commit';
import type { Link } from './link';
import { LinkCutter, type PreparedLink, type StatementMove, type Way } from './moves';
import { isRunaway, type Outcome, type PlacedOutcome } from './outcome';
import { placed } from './placing';
import { advance, isDoubtful, type Rehearsed, rehearse } from './rehearse';
import type { RunLimits } from './run';
import type { SequenceMemo } from './sequences';
import { Stack } from './stack';
import { type Known, type State, States } from './state';

/** What one link did. */
export interface LinkResult {
  readonly link: Link;
  readonly up: readonly PlacedOutcome[];
  /** Empty when it was not asked for. */
  readonly down: readonly PlacedOutcome[];
  /** What its statements took. */
  readonly ms: number;
}

export interface ChainRequest {
  readonly base: Base;
  readonly links: readonly Link[];
  /** Which links are asked for; those before the last of them run too. */
  readonly wanted: (link: Link) => { readonly up: boolean; readonly down: boolean };
  /** Which links are being edited: from the first of them on, the way back is kept. */
  readonly isOpen: (link: Link) => boolean;
  readonly layout: LayoutName;
  readonly limits: RunLimits;
  /** Called now and then while an open link takes long, with what its statements did before where they have not run yet. */
  readonly onProvisional?: (result: LinkResult) => void;
}

export interface Chain {
  /**
   * @param onResult called for each link up to the last one asked for, in order
   * @param laps told where the time goes
   * @throws {Fault} `shadow-lost` when the shadow went away twice; what the place throws when it cannot be made
   */
  run(
    request: ChainRequest,
    onResult: (result: LinkResult) => void,
    laps: Laps<CheckRoom>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Schema dumps before link `index` and after it. Neither is remembered. */
  dumps(
    request: ChainRequest,
    index: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<{ before: string; after: string; refused: number }>;
}

export function createChain(place: ShadowPlace): Chain {
  const state = new ChainState(place);
  return {
    run: (request, onResult, laps, signal) => {
      const told = new Set<Link>();
      return again(state, () =>
        state.run(
          request,
          (result) => {
            if (told.has(result.link)) return;
            told.add(result.link);
            onResult(result);
          },
          laps,
          signal,
        ),
      );
    },
    dumps: (request, index, signal) => again(state, () => state.dumps(request, index, signal)),
  };
}

/** A shadow that got lost is built anew, once. One that has filled the disk goes: what is rolled back stays in its files. */
async function again<T>(state: ChainState, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Fault) || !['connection-lost', 'disk-full'].includes(error.code)) throw error;
      state.forgetShadow();
      if (error.code === 'disk-full') throw error;
      if (tries === 2) throw new Fault('shadow-lost', error.detail, error);
    }
  }
}

/** When those who wait are told what is known so far, in milliseconds, and how often from then on. */
const soonMs = 60;
const againMs = 1_000;

/** A shadow and where it stands. */
interface Standing {
  readonly shadow: Shadow;
  /** What is committed on it. */
  readonly at: State;
  /** Upon that. */
  readonly stack: Stack;
  readonly sequences: SequenceMemo;
}

const standingAt = (shadow: Shadow, at: State): Standing => ({ shadow, at, stack: new Stack(shadow), sequences: {} });

class ChainState {
  /** Undefined when there is no shadow, and while something is committed on it: cut off there it is of no use. */
  private standing: Standing | undefined;
  private readonly states = new States();
  private readonly cutter = new LinkCutter();
  private readonly told = new WeakMap<Way, Told>();
  /** The links as they were told last, by the paths of their up files. */
  private readonly former = new Map<string, PreparedLink>();
  /** Statements that are not what they are in a transaction with savepoints. */
  private readonly singular = new Set<string>();
  private reaching: { readonly base: string; readonly live: readonly Learned[] } = { base: '', live: [] };

  constructor(private readonly place: ShadowPlace) {}

  forgetShadow(): void {
    this.standing = undefined;
  }

  async run(
    request: ChainRequest,
    onResult: (result: LinkResult) => void,
    laps: Laps<CheckRoom>,
    signal: AbortSignal,
  ): Promise<void> {
    laps.enter('files');
    const isWanted = (link: Link) => Object.values(request.wanted(link)).some(Boolean);
    const last = request.links.findLastIndex(isWanted);
    const walk: Walk = {
      ...request,
      prepared: this.cutAnew(request, last + 1),
      // What comes before what is being edited stays as it is.
      firstOpen: firstOf(request.links.findIndex(request.isOpen), last + 1),
      root: this.rootOf(request),
      laps,
      signal,
    };
    for (const [i, prepared] of walk.prepared.entries()) {
      const ways = request.wanted(prepared.link).down ? [prepared.up, prepared.down] : [prepared.up];
      while (!ways.every(isKnown)) await this.learn(i, ways.length > 1, walk);
      onResult(this.resultOf(prepared, ways));
      this.former.set(prepared.link.up.path, prepared);
    }
    if (this.standing?.stack.isWornOut) await this.renew(walk);
  }

  async dumps(request: ChainRequest, { from, to }: { from: number; to: number }, signal: AbortSignal) {
    const prepared = this.cut(request, to);
    const laps = new Laps<CheckRoom>('shadow');
    const walk: Walk = { ...request, prepared, firstOpen: to, root: this.rootOf(request), laps, signal };
    const before = await (await this.standBefore(from, walk)).shadow.dump(signal);
    const after = await (await this.standBefore(to, walk)).shadow.dump(signal);
    const outcomes = prepared.slice(from).flatMap(({ link, up }) => this.outcomesOf(up, link.up.path));
    return { before, after, refused: outcomes.filter(({ kind }) => kind !== 'ran').length };
  }

  /** Outcomes as they stand in the file now; the same list again as long as nothing has changed. */
  private outcomesOf(way: Way, path: string): readonly PlacedOutcome[] {
    const said = sayings(way, path);
    const known = this.told.get(way);
    if (known?.said.every((it, i) => it === said[i])) return known.outcomes;
    const outcomes = tellWay(way).map((it) => ({ ...it, path }));
    this.told.set(way, { said, outcomes });
    return outcomes;
  }

  private resultOf({ link }: PreparedLink, [up, down]: readonly Way[]): LinkResult {
    const ups = up ? this.outcomesOf(up, link.up.path) : [];
    const downs = down ? this.outcomesOf(down, downPathOf({ link })) : [];
    return { link, up: ups, down: downs, ms: msOf([...ups, ...downs]) };
  }

  /** @returns to be called often; it tells seldom */
  private provisionally(prepared: PreparedLink, down: boolean, { onProvisional }: Walk): () => void {
    if (!onProvisional) return () => {};
    let due = performance.now() + soonMs;
    const { link } = prepared;
    return () => {
      if (performance.now() < due) return;
      due = performance.now() + againMs;
      const former = this.former.get(link.up.path);
      const ups = provisionalOf(prepared.up, former?.up, link.up.path);
      const downs = down ? provisionalOf(prepared.down, former?.down, downPathOf(prepared)) : [];
      onProvisional({ link, up: ups, down: downs, ms: msOf([...ups, ...downs]) });
    };
  }

  private rootOf({ base, layout }: ChainRequest): State {
    return this.states.root(`${base.fingerprint} ${this.place.kind} ${layout}`);
  }

  private cut(request: ChainRequest, count: number): PreparedLink[] {
    const policy = { shared: this.place.shared, layout: request.layout, live: this.reachingOf(request.base) };
    return this.cutter.cut(request.links, count, this.rootOf(request), policy);
  }

  /**
   * What may have been refused by chance is tried again with each check: locks that others held; what took too long
   * only where it is asked for last, for it would hold up every check of a later file.
   */
  private cutAnew(request: ChainRequest, count: number): PreparedLink[] {
    const links = this.cut(request, count);
    const chance = links.flatMap(({ up, down }, i) => {
      const sqlStates = i === count - 1 ? ['40P01', '55P03', '57014'] : ['40P01', '55P03'];
      return [...up.statements, ...down.statements].filter(({ state: { known } }) => {
        const outcome = known?.outcome;
        return outcome?.kind === 'refused' && sqlStates.includes(outcome.refusal.sqlState);
      });
    });
    if (chance.length === 0) return links;
    for (const { state } of chance) state.retire();
    this.cutter.forget();
    return this.cut(request, count);
  }

  /** Finds out something about link `i` that is not known yet. */
  private async learn(i: number, down: boolean, walk: Walk): Promise<void> {
    const link = walk.prepared[i];
    if (!link) throw new Error('only links that were cut are asked for');
    if (i < walk.firstOpen) return this.learnByAdvance(link, down, i, walk);
    if (!this.isPlain(link, down)) return this.learnApart(link, down, i, walk);
    await this.learnOnStack(link, down, i, walk);
    const doubtful = [link.up, ...(down ? [link.down] : [])].flatMap(doubtfulMoves);
    for (const { state } of doubtful) {
      this.singular.add(state.key);
      state.known = undefined;
    }
  }

  private async learnOnStack(link: PreparedLink, down: boolean, i: number, walk: Walk): Promise<void> {
    const { prepared, firstOpen, limits, signal } = walk;
    let from = i;
    while (from > firstOpen && this.isPlain(prepared[from - 1], false)) from--;
    const standing = await this.standBetween(from, i, walk);
    const committed = committedOf(standing, walk, i);
    const moves = prepared.slice(committed, i + 1).flatMap(({ up }) => up.moves);
    walk.laps.enter('rehearsal');
    const onMade = this.provisionally(link, down, walk);
    const left = await standing.stack.bring(down ? [...moves, ...link.down.moves] : moves, limits, signal, onMade);
    if (left === 'stands') return;
    this.forgetShadow();
    for (const { state } of [...link.up.statements, ...link.down.statements]) this.singular.add(state.key);
  }

  /** Takes everything back. */
  private async learnApart(link: PreparedLink, down: boolean, i: number, walk: Walk): Promise<void> {
    const { shadow, sequences } = await this.standBefore(i, walk);
    const { ups, downs } = sparing(link, down);
    walk.laps.enter('rehearsal');
    learnAll(link, down, await rehearse(shadow, ups, downs, sequences, walk.limits, walk.signal));
  }

  /** Takes only the down scripts back. */
  private async learnByAdvance(link: PreparedLink, down: boolean, i: number, walk: Walk): Promise<void> {
    const standing = await this.standBefore(i, walk);
    walk.laps.enter('rehearsal');
    await this.advanceFrom(standing, link, down, walk);
  }

  private async advanceFrom({ shadow }: Standing, link: PreparedLink, down: boolean, walk: Walk): Promise<Standing> {
    const { ups, downs } = sparing(link, down);
    this.standing = undefined;
    learnAll(link, down, await advance(shadow, ups, downs, walk.limits, walk.signal));
    return (this.standing = standingAt(shadow, link.after));
  }

  /** Whether it can stand on a stack with others. */
  private isPlain(link: PreparedLink | undefined, down: boolean): boolean {
    const ways = link ? [link.up, ...(down ? [link.down] : [])] : [];
    return ways.every((way) => way.plain && way.moves.every(({ state }) => !this.singular.has(state.key)));
  }

  /** Brings the shadow into the state just before link `index`, with nothing open upon it. */
  private async standBefore(index: number, walk: Walk): Promise<Standing> {
    const standing = await this.standBetween(index, index, walk);
    await standing.stack.end();
    return standing;
  }

  /** A shadow on which at least `from` and at most `to` of the links are committed. */
  private async standBetween(from: number, to: number, walk: Walk): Promise<Standing> {
    walk.laps.enter('shadow');
    for (;;) {
      const standing = await this.standWithin(to, walk);
      const committed = committedOf(standing, walk, to);
      const next = walk.prepared[committed];
      if (committed >= from || !next) return standing;
      await standing.stack.end();
      // What ends the session is known by then, and spared when this begins anew.
      await this.advanceFrom(standing, next, false, walk);
    }
  }

  /** A shadow in one of the states on the way to link `index`. */
  private async standWithin(index: number, walk: Walk): Promise<Standing> {
    const now = this.standing;
    if (now && !now.shadow.session.lost && committedOf(now, walk, index) >= 0) return now;
    this.standing = undefined;
    const shadow = await this.place.fresh(walk.base, walk.signal);
    return (this.standing = standingAt(shadow, walk.root));
  }

  /** With all that is known already, so that the next edit finds it as it was. */
  private async renew(walk: Walk): Promise<void> {
    this.forgetShadow();
    const last = walk.prepared.length - 1;
    const link = walk.prepared[last];
    if (link && this.isPlain(link, false)) await this.learnOnStack(link, false, last, walk);
  }

  /** Read once for each base. */
  private reachingOf(base: Base): readonly Learned[] {
    if (this.reaching.base !== base.fingerprint)
      this.reaching = { base: base.fingerprint, live: base.kind === 'dump' ? reachingIn(base.sql) : [] };
    return this.reaching.live;
  }
}

/** A request with its links cut, and the signal that ends it. */
interface Walk extends ChainRequest {
  readonly prepared: readonly PreparedLink[];
  /** Index of the first link that may be edited. */
  readonly firstOpen: number;
  readonly root: State;
  readonly laps: Laps<CheckRoom>;
  readonly signal: AbortSignal;
}

/** @param found -1 for none */
const firstOf = (found: number, none: number): number => (found < 0 ? none : found);

/** How many links are committed on a shadow, `most` at most; -1 when it stands in no state on the way. */
function committedOf({ at }: Standing, { prepared, root }: Walk, most: number): number {
  for (let count = most; count > 0; count--) if (prepared[count - 1]?.after === at) return count;
  return at === root ? 0 : -1;
}

const isKnown = ({ statements }: Way): boolean => statements.every(({ state }) => state.known !== undefined);

/** What was known before stands in for what is not known yet. */
function provisionalOf(way: Way, last: Way | undefined, path: string): readonly PlacedOutcome[] {
  const before = new Map<string, Known[]>();
  for (const { state } of last?.statements ?? [])
    if (state.known) before.set(state.key, [...(before.get(state.key) ?? []), state.known]);
  return way.statements.flatMap(({ step, state }) => {
    const former = before.get(state.key)?.shift();
    const now = state.known ?? former;
    return now ? [{ ...placed(now, step), path }] : [];
  });
}

const downPathOf = ({ link }: Pick<PreparedLink, 'link'>): string => link.down?.path ?? link.up.path;

const msOf = (outcomes: readonly Outcome[]): number => outcomes.reduce((sum, it) => sum + ('ms' in it ? it.ms : 0), 0);

/** What is remembered of a way, and what its states said then. */
interface Told {
  readonly said: readonly unknown[];
  readonly outcomes: readonly PlacedOutcome[];
}

const sayings = ({ moves }: Way, path: string): readonly unknown[] => [
  path,
  ...moves.map(({ state }) => state.known ?? state.refusedAtEnd),
];

function tellWay({ moves }: Way): readonly Outcome[] {
  const all: Outcome[] = [];
  let script: Outcome[] = [];
  for (const move of moves) {
    if (move.kind === 'statement' && move.state.known) script.push(placed(move.state.known, move.step));
    if (move.kind !== 'end') continue;
    const { refusedAtEnd: refusal } = move.state;
    all.push(...(refusal ? refusedAtEnd(script, refusal) : script));
    script = [];
  }
  return all;
}

function doubtfulMoves(way: Way): StatementMove[] {
  const rehearsals = new Map(way.rehearsals.flatMap((it) => it.steps.map((step) => [step, it])));
  return way.statements.filter(({ step, state: { known } }) => {
    const rehearsal = rehearsals.get(step);
    return known && rehearsal && isDoubtful(rehearsal, known.outcome);
  });
}

/** What has ended a session, or would have taken too long, is not tried again. */
function sparing({ up, down }: PreparedLink, withDown: boolean): { ups: Rehearsal[]; downs: Rehearsal[] } {
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

function learnAll({ up, down }: PreparedLink, withDown: boolean, { up: ups, after }: Rehearsed): void {
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
}
