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
import type { CheckRoom } from '../project';
import { reachingOf } from '../shadow/base';
import { armed } from '../sql/disarmed';
import type { Shadow, ShadowPlace } from '../shadow/place';
import { leadsBack, type Verdict, type WayBack } from '../verification';
import { isLooked, Learning } from './learning';
import type { Link } from './link';
import { LinkCutter, type PreparedLink } from './moves';
import type { PlacedOutcome } from './outcome';
import { sharesWithLater } from './together';
import { teachShapes, teachStates, verdictsIn } from './prepared/knowledge';
import { PreparedStates, type Shelf } from './prepared/preparedStates';
import { roundTrip } from './roundTrip/roundTrip';
import { wayBack } from './roundTrip/wayBack';
import { Standings } from './standing';
import { type State, States } from './state';
import { Telling } from './telling';
import { type ChainRequest, isBelieved, isKnown, type LinkResult, type Walk } from './walk';

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
  /**
   * A second look at the links that are asked for, after `run`, or before it where the shadow is another one.
   *
   * @returns whether `run` may have something new to tell now
   * @throws as `run`
   */
  look(request: ChainRequest, signal: AbortSignal): Promise<boolean>;
  /** Its shadow is not there any more: somebody else has used the place. The next `run` makes one again. */
  forgetShadow(): void;
  /** Leaves no transaction open: for servers that others use. The next `run` begins one again. */
  rest(): Promise<void>;
  /**
   * Takes the state before what is open for the next start, when it took long to replay; for a moment when nobody waits.
   *
   * @returns writes it to the disk, beside whatever runs; undefined when there is nothing to keep
   */
  keep(signal: AbortSignal): Promise<(() => Promise<void>) | undefined>;
  /** Schema dumps before link `index` and after it. Neither is remembered. */
  dumps(
    request: ChainRequest,
    index: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<{ before: string; after: string; refused: number }>;
  /**
   * What `read` tells of the shadow behind so many links, for each of these counts, which rise; it leaves nothing there.
   * None of it is remembered.
   */
  behind<T>(
    request: ChainRequest,
    counts: readonly number[],
    read: (shadow: Shadow) => Promise<T>,
    signal: AbortSignal,
  ): Promise<readonly Behind<T>[]>;
  /** Up and down again, on copies of the state before the link. Not remembered. */
  roundTrip(request: ChainRequest, wish: RoundTripRequest, signal: AbortSignal): Promise<RoundTripResult>;
}

export interface Behind<T> {
  readonly told: T;
  /** Of the up scripts of each link up to there. */
  readonly outcomes: readonly (readonly PlacedOutcome[])[];
}

/** How a link is tried both ways. */
export interface RoundTripRequest {
  readonly index: number;
  /** Whether another way back is looked for where there is none that leads back. */
  readonly finds: boolean;
}

export interface RoundTripResult {
  readonly verdict: Verdict;
  /** Where one was looked for and found. */
  readonly way?: WayBack;
}

/** @param shelf where states are kept between two starts; undefined for chains that are for once */
export function createChain(place: ShadowPlace, shelf?: Shelf): Chain {
  const state = new ChainState(place, shelf && new PreparedStates(place, shelf));
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
    look: (request, signal) => again(state, () => state.look(request, signal)),
    forgetShadow: () => state.forgetShadow(),
    rest: () => state.rest(),
    keep: (signal) => again(state, () => state.keep(signal)),
    dumps: (request, index, signal) => again(state, () => state.dumps(request, index, signal)),
    behind: (request, counts, read, signal) => again(state, () => state.behind(request, counts, read, signal)),
    roundTrip: (request, wish, signal) => again(state, () => state.roundTrip(request, wish, signal)),
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

class ChainState {
  private readonly states = new States();
  private readonly cutter = new LinkCutter();
  private readonly telling = new Telling();
  private readonly standings: Standings;
  private readonly learning: Learning;
  /** The walk that was made last. */
  private last: Walk | undefined;
  /** The root whose prepared states were asked for. */
  private recalled: State | undefined;

  constructor(
    private readonly place: ShadowPlace,
    private readonly prepared: PreparedStates | undefined,
  ) {
    this.standings = new Standings(place, prepared);
    this.learning = new Learning(this.standings, this.telling);
  }

  forgetShadow(): void {
    this.standings.forget();
  }

  async run(
    request: ChainRequest,
    onResult: (result: LinkResult) => void,
    laps: Laps<CheckRoom>,
    signal: AbortSignal,
  ): Promise<void> {
    laps.enter('files');
    await this.recall(withoutNeed(request), signal);
    const walk = this.walkOf(request, laps, signal);
    this.last = walk;
    for (const [i, prepared] of walk.prepared.entries()) {
      const ways = request.wanted(prepared.link).down ? [prepared.up, prepared.down] : [prepared.up];
      while (!ways.every(isKnown) || (request.manner !== 'first' && ways.some(isBelieved)))
        await this.learning.learn(i, ways.length > 1, walk);
      if (request.manner === 'whole') await this.learning.lookAgain(i, walk);
      onResult(this.telling.resultOf(prepared, ways));
      this.telling.keep(prepared);
    }
    if (this.standings.isWornOut) await this.learning.renew(walk);
  }

  async look(request: ChainRequest, signal: AbortSignal): Promise<boolean> {
    const walk = this.walkOf({ ...request, manner: 'again' }, new Laps<CheckRoom>('rehearsal'), signal);
    const ways = ({ link, up, down }: PreparedLink) => (request.wanted(link).down ? [up, down] : [up]);
    let anything = walk.prepared.some((it) => ways(it).some(isBelieved));
    const unlooked = walk.prepared.filter((it) => !isLooked(it));
    for (const i of walk.prepared.keys()) anything = (await this.learning.lookAgain(i, walk)) || anything;
    return anything || unlooked.some(isLooked);
  }

  rest(): Promise<void> {
    return this.standings.rest();
  }

  async keep(signal: AbortSignal): Promise<(() => Promise<void>) | undefined> {
    const walk = this.last && { ...this.last, signal };
    if (!walk || !this.prepared || walk.rowsAreAsked) return undefined;
    const found = await this.standings.worthKeeping(walk, this.prepared.worthMs);
    const write = found && (await this.prepared.take(walk, walk.prepared.slice(0, found.count), found.shadow));
    const tell = this.prepared.tell(walk, write !== undefined);
    if (found) {
      await this.standings.taken(walk);
      await this.learning.stand(walk);
    }
    if (!write && !tell) return undefined;
    return async () => {
      await Promise.all([write?.(), tell?.()]);
      if (write) this.standings.kept();
    };
  }

  /** What an earlier process has learned of the links before what is open, or is to be looked at as a whole. */
  private async recall(request: ChainRequest, signal: AbortSignal): Promise<void> {
    const root = this.rootOf(request);
    if (!this.prepared || request.rowsAreAsked || this.recalled === root) return;
    this.recalled = root;
    const wants = (link: Link) => Object.values(request.wanted(link)).some(Boolean);
    const matters = request.links.findIndex((it) => request.isOpen(it) || (request.manner === 'whole' && wants(it)));
    const knowledge = await this.prepared.knowledge(request, firstOf(matters, request.links.length), signal);
    if (knowledge) {
      teachShapes(knowledge, request.links);
      const cut = this.cut(request, knowledge.length);
      teachStates(knowledge, cut);
      for (const { link, verdicts } of verdictsIn(knowledge, cut)) this.telling.judge(link, verdicts);
    }
    if (request.manner === 'first') await this.believe(request, request.links.findLastIndex(wants) + 1, this.prepared);
  }

  /** What an earlier process said of the same scripts is the first answer; the second look tries them. */
  private async believe(request: ChainRequest, count: number, prepared: PreparedStates): Promise<void> {
    const told = await prepared.told(request, count);
    if (!told) return;
    const { from, knowledge } = told;
    teachShapes(knowledge, request.links.slice(from));
    const cut = this.cut(request, count).slice(from);
    for (const state of teachStates(knowledge, cut)) state.believed = true;
    for (const { link, verdicts } of verdictsIn(knowledge, cut)) this.telling.expect(link, verdicts);
  }

  private walkOf(asked: ChainRequest, laps: Laps<CheckRoom>, signal: AbortSignal): Walk {
    const request = withoutNeed(asked);
    const last = request.links.findLastIndex((link) => Object.values(request.wanted(link)).some(Boolean));
    return {
      ...request,
      prepared: this.cutAnew(request, last + 1),
      // What comes before what is being edited stays as it is.
      firstOpen:
        request.oneTransaction && request.manner !== 'whole'
          ? 0
          : firstOf(request.links.findIndex(request.isOpen), last + 1),
      root: this.rootOf(request),
      laps,
      signal,
    };
  }

  async dumps(request: ChainRequest, { from, to }: { from: number; to: number }, signal: AbortSignal) {
    const [before, after] = await this.behind(request, [from, to], (shadow) => shadow.dump(signal), signal);
    if (!before || !after) throw new Error('each count is told of');
    const refused = after.outcomes.slice(from).flat();
    return {
      before: armed(before.told),
      after: armed(after.told),
      refused: refused.filter(({ kind }) => kind !== 'ran').length,
    };
  }

  async behind<T>(
    asked: ChainRequest,
    counts: readonly number[],
    read: (shadow: Shadow) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Behind<T>[]> {
    const request = withoutNeed(asked);
    const last = counts.at(-1) ?? 0;
    // What an image has brought about was told when it was made.
    await this.recall(request, signal);
    const prepared = this.cut(request, last);
    const laps = new Laps<CheckRoom>('shadow');
    const firstOpen = request.oneTransaction ? 0 : last;
    const walk: Walk = { ...request, prepared, firstOpen, root: this.rootOf(request), laps, signal };
    if (request.oneTransaction)
      for (const [i, { up }] of prepared.entries()) while (!isKnown(up)) await this.learning.learn(i, false, walk);
    const outcomesTo = (count: number) =>
      prepared.slice(0, count).map(({ link, up }) => this.telling.outcomesOf(up, link.up.path, 'up'));
    const behind: Behind<T>[] = [];
    for (const count of counts) {
      const told = await read((await this.standings.before(count, walk)).shadow);
      behind.push({ told, outcomes: outcomesTo(count) });
    }
    return behind;
  }

  async roundTrip(
    request: ChainRequest,
    { index, finds }: RoundTripRequest,
    signal: AbortSignal,
  ): Promise<RoundTripResult> {
    const prepared = this.cut(request, index + 1);
    const wanted = prepared[index];
    if (!wanted) throw new Error('only links that are there are asked for');
    const laps = new Laps<CheckRoom>('shadow');
    const walk: Walk = { ...request, prepared, firstOpen: index, root: this.rootOf(request), laps, signal };
    const { shadow } = await this.standings.before(index, walk);
    const { link, up, down, reaching } = wanted;
    const trip = {
      shadow,
      reaching,
      up: { path: link.up.path, rehearsals: up.rehearsals },
      down: link.down && { path: link.down.path, rehearsals: down.rehearsals },
      limits: request.limits,
      signal,
    };
    const verdict = await roundTrip(trip);
    if (!finds || leadsBack(verdict) || verdict.kind === 'untried') return { verdict };
    const found = await wayBack(trip);
    if (found.kind === 'found') return { verdict, way: found.way };
    return { verdict: verdict.kind === 'missing' ? { kind: 'impossible', why: found.why } : verdict };
  }

  private rootOf({ base, psql, oneTransaction }: ChainRequest): State {
    const together = oneTransaction ? ' in one transaction' : '';
    return this.states.root(
      `${base.fingerprint} ${this.place.kind}${psql === undefined ? '' : ` psql ${psql}`}${together}`,
    );
  }

  private cut(request: ChainRequest, count: number): PreparedLink[] {
    const policy = {
      shared: this.place.shared,
      psql: request.psql,
      oneTransaction: request.oneTransaction === true,
      live: reachingOf(request.base),
    };
    return this.cutter.cut(request.links, count, this.rootOf(request), policy);
  }

  /**
   * What may have been refused by chance is tried again with each check: locks that others held; what took too long
   * only where it is asked for last, for it would hold up every check of a later file, and where no rows are what it
   * took long for.
   */
  private cutAnew(request: ChainRequest, count: number): PreparedLink[] {
    const links = this.cut(request, count);
    if (request.manner === 'again') return links;
    const { base, manner } = request;
    const isSlow = manner === 'first' && base.kind === 'dump' && base.rows !== undefined;
    const chance = links.flatMap(({ link, up, down }, i) => {
      if (request.manner === 'first' && !request.isOpen(link)) return [];
      const sqlStates = i === count - 1 && !isSlow ? ['40P01', '55P03', '57014'] : ['40P01', '55P03'];
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
}

/** What nothing depends on is left out: a long transaction is dear. */
const withoutNeed = (request: ChainRequest): ChainRequest =>
  request.oneTransaction && !sharesWithLater(request.links) ? { ...request, oneTransaction: false } : request;

/** @param found -1 for none */
const firstOf = (found: number, none: number): number => (found < 0 ? none : found);
