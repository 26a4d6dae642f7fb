/**
 * A chain of migrations on one shadow: base, first script, second script…
 *
 * The shadow stands before the last script that was asked for, so that editing it runs nothing but it. What a script
 * did is remembered by what it and everything before it are, so that nothing is run twice for the same answer.
 */
import { createHash } from 'node:crypto';
import { Fault } from '../base/fault';
import type { Laps } from '../base/laps';
import type { LayoutName, Script } from '../layouts/layout';
import type { CheckRoom } from '../project';
import type { Base } from '../shadow/base';
import type { Shadow, ShadowPlace } from '../shadow/place';
import { type Learned, reachingIn, reachingNames } from '../sql/reachingSchema';
import type { Rehearsal } from './commit';
import type { Outcome, PlacedOutcome } from './outcome';
import { type Policy, prepare } from './prepare';
import { advance, type Rehearsed, rehearse } from './rehearse';
import type { RunLimits } from './run';
import type { SequenceMemo } from './sequences';

/** A migration as the chain runs it. */
export interface Link {
  readonly up: ScriptFile;
  readonly down: ScriptFile | undefined;
}

export interface ScriptFile {
  readonly path: string;
  /** The whole file. */
  readonly text: string;
  /** Those of one direction, in the order they run. */
  readonly scripts: readonly Script[];
}

/** What one link did. */
export interface LinkResult {
  readonly link: Link;
  readonly up: readonly PlacedOutcome[];
  /** Empty when it was not asked for. */
  readonly down: readonly PlacedOutcome[];
  readonly ms: number;
}

export interface ChainRequest {
  readonly base: Base;
  readonly links: readonly Link[];
  /** Which links are asked for; those before the last of them run too. */
  readonly wanted: (link: Link) => { readonly up: boolean; readonly down: boolean };
  /** The last link is being edited: leave the shadow before it. */
  readonly editing: boolean;
  readonly layout: LayoutName;
  readonly limits: RunLimits;
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

interface Known {
  readonly up: readonly Outcome[];
  readonly down: readonly Outcome[] | undefined;
  readonly ms: number;
}

/** A shadow and what is committed on it. */
interface Standing {
  readonly shadow: Shadow;
  /** Fingerprint of the base. */
  readonly base: string;
  /** The states it went through: one for each link whose effects are committed. */
  readonly states: string[];
  sequences: SequenceMemo;
}

/** Enough for a long history; the oldest are forgotten first. */
const mostRemembered = 5_000;

class ChainState {
  /** Undefined when there is no shadow, and while something is committed on it: cut off there it is of no use. */
  private standing: Standing | undefined;
  private readonly known = new Map<string, Known>();
  /** States whose outcomes are not to be believed any longer. */
  private readonly retired = new Set<string>();
  /** Statements that a connection ended at. */
  private readonly suspects = new Set<string>();
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
    const last = request.links.findLastIndex((link) => Object.values(request.wanted(link)).some(Boolean));
    const links = this.preparedAnew(request, last + 1);
    for (const [i, prepared] of links.entries()) {
      const { link, key, downs } = prepared;
      const wanted = { ...prepared, downs: request.wanted(link).down ? downs : [] };
      let result = this.known.get(key);
      const stay = i === last && request.editing;
      while (!result || isCutOff(result) || (wanted.downs.length > 0 && !result.down)) {
        laps.enter('shadow');
        const standing = await this.standBefore(i, links, request, signal);
        laps.enter('rehearsal');
        result = stay
          ? await this.rehearseOn(standing, wanted, request.limits, signal)
          : await this.advanceOn(standing, wanted, request.limits, signal);
      }
      onResult(resultOf(link, { ...result, down: wanted.downs.length > 0 ? result.down : undefined }));
    }
  }

  async dumps(request: ChainRequest, { from, to }: { from: number; to: number }, signal: AbortSignal) {
    const links = this.prepared(request, to);
    const before = await (await this.standBefore(from, links, request, signal)).shadow.dump(signal);
    const after = await (await this.standBefore(to, links, request, signal)).shadow.dump(signal);
    const outcomes = links.slice(from).flatMap(({ key }) => this.known.get(key)?.up ?? []);
    return { before, after, refused: outcomes.filter(({ kind }) => kind !== 'ran').length };
  }

  private prepared(request: ChainRequest, count: number): PreparedLink[] {
    return prepareAll(request, this.place, count, this.reachingOf(request.base), this.retired);
  }

  /**
   * What may have been refused by chance is tried again with each check: locks that others held; what took too long
   * only where it is asked for last, for it would hold up every check of a later file.
   */
  private preparedAnew(request: ChainRequest, count: number): PreparedLink[] {
    for (;;) {
      const links = this.prepared(request, count);
      const chance = links.find(({ key }, i) => {
        const { up = [], down = [] } = this.known.get(key) ?? {};
        const states = i === count - 1 ? ['40P01', '55P03', '57014'] : ['40P01', '55P03'];
        return [...up, ...down].some((it) => it.kind === 'refused' && states.includes(it.refusal.sqlState));
      });
      if (!chance) return links;
      this.retired.add(chance.state);
    }
  }

  /** Takes everything back. */
  private rehearseOn(
    { shadow, sequences }: Standing,
    link: PreparedLink,
    limits: RunLimits,
    signal: AbortSignal,
  ): Promise<Known> {
    const { ups, downs } = this.sparing(link);
    return this.remembered(link, () => rehearse(shadow, ups, downs, sequences, limits, signal));
  }

  /** Takes only the down scripts back. */
  private async advanceOn(
    standing: Standing,
    link: PreparedLink,
    limits: RunLimits,
    signal: AbortSignal,
  ): Promise<Known> {
    const { ups, downs } = this.sparing(link);
    this.standing = undefined;
    const result = await this.remembered(link, () => advance(standing.shadow, ups, downs, limits, signal));
    this.standing = { ...standing, states: [...standing.states, link.state], sequences: {} };
    return result;
  }

  /** What has ended a session, or would have taken too long, is not tried again. */
  private sparing({ key, ups, downs }: PreparedLink): Pick<PreparedLink, 'ups' | 'downs'> {
    const known = this.known.get(key);
    return { ups: withoutRunaways(ups, known?.up), downs: withoutRunaways(downs, known?.down) };
  }

  private async remembered({ key, downs }: PreparedLink, work: () => Promise<Rehearsed>): Promise<Known> {
    const begun = performance.now();
    const { up, after } = await work();
    const former = this.known.get(key);
    for (const outcome of [...up, ...(after ?? [])]) if (outcome.kind === 'ended') this.suspect(key, outcome);
    const known = {
      up: merged(former?.up, up),
      down: downs.length > 0 && after ? merged(former?.down, after) : former?.down,
      ms: former && !isCutOff(former) ? former.ms : performance.now() - begun,
    };
    this.known.delete(key);
    this.known.set(key, known);
    const oldest = this.known.keys().next();
    if (this.known.size > mostRemembered && !oldest.done) this.known.delete(oldest.value);
    return known;
  }

  /**
   * The first time it may be chance that the connection ended just then.
   *
   * @throws {Fault} `connection-lost` the first time
   */
  private suspect(key: string, { statement, message }: Extract<Outcome, { kind: 'ended' }>): void {
    const name = `${key} ${statement.range.start}`;
    if (this.suspects.has(name)) return;
    this.suspects.add(name);
    throw new Fault('connection-lost', `${message}.`);
  }

  /** Brings the shadow into the state just before link `index`. */
  private async standBefore(
    index: number,
    links: readonly PreparedLink[],
    { base, limits }: ChainRequest,
    signal: AbortSignal,
  ): Promise<Standing> {
    for (;;) {
      const standing = await this.standWithin(index, links, base, signal);
      const next = links[standing.states.length];
      if (standing.states.length === index || !next) return standing;
      // What ends the session is known by then, and spared when this begins anew.
      await this.advanceOn(standing, { ...next, downs: [] }, limits, signal);
    }
  }

  /** A shadow in one of the states on the way to link `index`. */
  private async standWithin(
    index: number,
    links: readonly PreparedLink[],
    base: Base,
    signal: AbortSignal,
  ): Promise<Standing> {
    const now = this.standing;
    const stands =
      now &&
      !now.shadow.session.lost &&
      now.base === base.fingerprint &&
      now.states.length <= index &&
      now.states.every((state, i) => state === links[i]?.state);
    if (stands) return now;
    this.standing = undefined;
    const shadow = await this.place.fresh(base, signal);
    return (this.standing = { shadow, base: base.fingerprint, states: [], sequences: {} });
  }

  /** Read once for each base. */
  private reachingOf(base: Base): readonly Learned[] {
    if (this.reaching.base !== base.fingerprint)
      this.reaching = { base: base.fingerprint, live: base.kind === 'dump' ? reachingIn(base.sql) : [] };
    return this.reaching.live;
  }
}

interface PreparedLink {
  readonly link: Link;
  /** Names what the scripts and all that stands before them have made of the base. */
  readonly state: string;
  /** The same and what else the outcomes hold: places in files, the down script. */
  readonly key: string;
  readonly ups: readonly Rehearsal[];
  readonly downs: readonly Rehearsal[];
}

/**
 * The first `count` links, cut into steps; what earlier ones define is known to later ones.
 *
 * @param retired states that go by a new name, and with them all that come after
 */
function prepareAll(
  request: ChainRequest,
  place: ShadowPlace,
  count: number,
  live: readonly Learned[],
  retired: ReadonlySet<string>,
): PreparedLink[] {
  const learned = [...live];
  const reaching = reachingNames(learned);
  const policy = { shared: place.shared, layout: request.layout };
  let former = `${request.base.fingerprint} ${place.kind} ${request.layout}`;
  return request.links.slice(0, count).map((link) => {
    let state = stateAfter(link, former);
    while (retired.has(state)) state += '+';
    former = state;
    const ups = stepsOf(link.up, { ...policy, reaching });
    learned.push(...ups.flatMap(({ steps }) => steps.map(({ shape }) => shape)).filter(teaches));
    const downs = request.wanted(link).down ? stepsOf(link.down, { ...policy, reaching: reachingNames(learned) }) : [];
    return { link, state, key: `${state} ${placesOf(link)}`, ups, downs };
  });
}

const stepsOf = (file: ScriptFile | undefined, policy: Policy): Rehearsal[] =>
  (file?.scripts ?? []).map((script) => prepare(file?.text ?? '', script, policy));

const teaches = ({ defines, relays }: Learned): boolean => defines.length + relays.length > 0;

function withoutRunaways(rehearsals: readonly Rehearsal[], known: readonly Outcome[] = []): Rehearsal[] {
  const runaways = new Set(known.filter(isRunaway).map(({ statement }) => statement.range.start));
  if (runaways.size === 0) return [...rehearsals];
  return rehearsals.map(({ mode, steps }) => ({
    mode,
    steps: steps.map((step) =>
      runaways.has(step.statement.range.start) ? { ...step, skip: { kind: 'sessionEnded' } as const } : step,
    ),
  }));
}

const isRunaway = (outcome: Outcome): boolean =>
  outcome.kind === 'ended' || (outcome.kind === 'refused' && outcome.refusal.sqlState === '57014');

/** What was spared this time keeps its former outcome. */
const merged = (former: readonly Outcome[] | undefined, now: readonly Outcome[]): readonly Outcome[] =>
  now.map((outcome, i) => {
    const before = former?.[i];
    return before && isRunaway(before) ? before : outcome;
  });

/** Whether statements were left out because the session had ended. */
const isCutOff = ({ up, down = [] }: Known): boolean =>
  [...up, ...down].some((it) => it.kind === 'skipped' && it.reason.kind === 'sessionEnded');

function stateAfter({ up }: Link, former: string): string {
  const hash = createHash('sha256').update(former);
  for (const { mode, range } of up.scripts) {
    const text = up.text.slice(range.start, range.end);
    hash.update(`\n${mode} ${text.length} ${text}`);
  }
  return hash.digest('base64');
}

/** Outcomes hold ranges in their files, so a script that has moved is another one. */
function placesOf({ up, down }: Link): string {
  const hash = createHash('sha256');
  for (const file of down ? [up, down] : [up])
    hash.update(`${file.path} ${file.scripts.map(({ range }) => `${range.start}-${range.end}`).join(' ')}\n`);
  return hash.update(down?.text ?? '').digest('base64');
}

const resultOf = (link: Link, { up, down, ms }: Known): LinkResult => ({
  link,
  up: up.map((it) => ({ ...it, path: link.up.path })),
  down: (down ?? []).map((it) => ({ ...it, path: link.down?.path ?? link.up.path })),
  ms,
});
