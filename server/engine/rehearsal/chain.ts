/**
 * A chain of migrations on one shadow: base, first script, second script…
 *
 * The shadow stands before the last script that was asked for, so that editing it runs nothing but it. What a script
 * did is remembered by what it and everything before it are, so that nothing is run twice for the same answer.
 */
import { createHash } from 'node:crypto';
import { Fault } from '../base/fault';
import type { LayoutName, Script } from '../layouts/layout';
import type { Base } from '../shadow/base';
import type { Shadow, ShadowPlace } from '../shadow/place';
import { shapeOf } from '../sql/parse';
import { statementsOf } from '../sql/scan';
import type { Reach } from '../sql/statement';
import type { PlacedOutcome } from './findings';
import type { Outcome } from './outcome';
import { learn, prepare } from './prepare';
import { advance, type Rehearsal, rehearse } from './rehearse';
import type { RunLimits } from './run';

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
   * @throws {Fault} `shadow-lost` when the shadow went away twice; what the place throws when it cannot be made
   */
  run(request: ChainRequest, onResult: (result: LinkResult) => void, signal: AbortSignal): Promise<void>;
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
    async run(request, onResult, signal) {
      try {
        await state.run(request, onResult, signal);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'connection-lost') throw error;
        state.forgetShadow();
        await lostTwice(() => state.run(request, onResult, signal));
      }
    },
    dumps: (request, index, signal) => state.dumps(request, index, signal),
  };
}

async function lostTwice<T>(again: () => Promise<T>): Promise<T> {
  try {
    return await again();
  } catch (error) {
    if (error instanceof Fault && error.code === 'connection-lost') throw new Fault('shadow-lost', error.detail, error);
    throw error;
  }
}

interface Known {
  readonly up: readonly Outcome[];
  readonly down: readonly Outcome[] | undefined;
  readonly ms: number;
}

/** Enough for a long history; the oldest are forgotten first. */
const mostRemembered = 5_000;

class ChainState {
  private shadow: Shadow | undefined;
  private base = '';
  /** Keys of the links whose effects are committed on the shadow. */
  private position: string[] = [];
  private readonly known = new Map<string, Known>();
  private reaching: { readonly base: string; readonly live: ReadonlyMap<string, Reach> } = {
    base: '',
    live: new Map(),
  };

  constructor(private readonly place: ShadowPlace) {}

  forgetShadow(): void {
    this.shadow = undefined;
  }

  async run(request: ChainRequest, onResult: (result: LinkResult) => void, signal: AbortSignal): Promise<void> {
    const last = request.links.findLastIndex((link) => Object.values(request.wanted(link)).some(Boolean));
    const links = prepareAll(request, this.place, last + 1, this.reachingOf(request.base));
    for (const [i, prepared] of links.entries()) {
      const { link, key } = prepared;
      const wantsDown = request.wanted(link).down && prepared.downs.length > 0;
      const known = this.known.get(key);
      if (known && (!wantsDown || known.down)) {
        onResult(resultOf(link, known));
        continue;
      }
      await this.standBefore(i, links, request, signal);
      const result = await this.rehearseLink(
        prepared,
        wantsDown,
        i === last && request.editing,
        request.limits,
        signal,
      );
      onResult(resultOf(link, result));
    }
  }

  async dumps(request: ChainRequest, { from, to }: { from: number; to: number }, signal: AbortSignal) {
    const links = prepareAll(request, this.place, to, this.reachingOf(request.base));
    const before = await (await this.standBefore(from, links, request, signal)).dump(signal);
    const after = await (await this.standBefore(to, links, request, signal)).dump(signal);
    const outcomes = links.slice(from).flatMap(({ key }) => this.known.get(key)?.up ?? []);
    return { before, after, refused: outcomes.filter(({ kind }) => kind === 'refused').length };
  }

  private async rehearseLink(
    { key, ups, downs }: PreparedLink,
    wantsDown: boolean,
    stay: boolean,
    limits: RunLimits,
    signal: AbortSignal,
  ): Promise<Known> {
    if (!this.shadow) throw new Error('a shadow stands before the link');
    const begun = performance.now();
    const run = stay ? rehearse : advance;
    const { up, after } = await run(this.shadow, ups, wantsDown ? downs : [], limits, signal);
    if (!stay) this.position.push(key);
    const known = { up, down: wantsDown ? after : undefined, ms: performance.now() - begun };
    this.remember(key, known);
    return known;
  }

  /** Brings the shadow into the state just before link `index`. */
  private async standBefore(
    index: number,
    links: readonly PreparedLink[],
    { base, limits }: ChainRequest,
    signal: AbortSignal,
  ): Promise<Shadow> {
    const stands =
      this.base === base.fingerprint &&
      this.position.length <= index &&
      this.position.every((key, i) => key === links[i]?.key);
    if (!this.shadow || this.shadow.session.lost || !stands) {
      this.shadow = undefined;
      this.position = [];
      this.shadow = await this.place.fresh(base, signal);
      this.base = base.fingerprint;
    }
    for (const { key, ups } of links.slice(this.position.length, index)) {
      const begun = performance.now();
      const { up } = await advance(
        this.shadow,
        withoutRunaways(ups, this.known.get(key)?.up ?? []),
        [],
        limits,
        signal,
      );
      this.position.push(key);
      if (!this.known.has(key)) this.remember(key, { up, down: undefined, ms: performance.now() - begun });
    }
    return this.shadow;
  }

  /** Read once for each base. */
  private reachingOf(base: Base): ReadonlyMap<string, Reach> {
    if (this.reaching.base !== base.fingerprint) this.reaching = { base: base.fingerprint, live: reachingIn(base) };
    return this.reaching.live;
  }

  private remember(key: string, known: Known): void {
    this.known.delete(key);
    this.known.set(key, known);
    const oldest = this.known.keys().next();
    if (this.known.size > mostRemembered && !oldest.done) this.known.delete(oldest.value);
  }
}

interface PreparedLink {
  readonly link: Link;
  readonly key: string;
  readonly ups: readonly Rehearsal[];
  readonly downs: readonly Rehearsal[];
}

/** The first `count` links, cut into steps; what earlier ones define is known to later ones. */
function prepareAll(
  request: ChainRequest,
  place: ShadowPlace,
  count: number,
  live: ReadonlyMap<string, Reach>,
): PreparedLink[] {
  const reaching = new Map(live);
  const keys = keysOf(request, place);
  const steps = (file: ScriptFile | undefined, known: Map<string, Reach>): Rehearsal[] => {
    const policy = { shared: place.shared, layout: request.layout, reaching: known };
    return (file?.scripts ?? []).map((script) => prepare(file?.text ?? '', script, policy));
  };
  return request.links.slice(0, count).map((link, i) => {
    const ups = steps(link.up, reaching);
    const downs = request.wanted(link).down ? steps(link.down, new Map(reaching)) : [];
    return { link, key: keys[i] ?? '', ups, downs };
  });
}

/** What the functions and views of the live schema reach. */
function reachingIn(base: Base): ReadonlyMap<string, Reach> {
  const reaching = new Map<string, Reach>();
  for (const { text } of base.kind === 'dump' ? statementsOf(base.sql) : [])
    if (/^create\s+(?:function|procedure|view|materialized)/i.test(text)) learn(shapeOf(text), reaching);
  return reaching;
}

/** What was cut off once is not tried again on the way to a later script. */
function withoutRunaways(rehearsals: readonly Rehearsal[], known: readonly Outcome[]): Rehearsal[] {
  const runaways = new Set(
    known
      .filter((it) => it.kind === 'refused' && it.refusal.sqlState === '57014')
      .map(({ statement }) => statement.range.start),
  );
  if (runaways.size === 0) return [...rehearsals];
  return rehearsals.map(({ mode, steps }) => ({
    mode,
    steps: steps.map((step) =>
      runaways.has(step.statement.range.start) ? { ...step, skip: { kind: 'engineEnded' } as const } : step,
    ),
  }));
}

/** A key for each link: what it is, and all that stands before it. */
function keysOf({ base, links, layout }: ChainRequest, place: ShadowPlace): string[] {
  let former = `${base.fingerprint} ${place.kind} ${layout}`;
  return links.map(({ up, down }) => {
    const hash = createHash('sha256').update(former);
    for (const { direction, mode, range } of up.scripts)
      hash.update(`\n${direction} ${mode} ${up.text.slice(range.start, range.end)}`);
    const key = hash.digest('base64');
    former = key;
    // A changed down script asks for a new rehearsal, and moves nothing behind it.
    return `${key} ${createHash('sha256')
      .update(`${offsetsOf(up)} ${down ? offsetsOf(down) + down.text : ''}`)
      .digest('base64')}`;
  });
}

/** Outcomes hold ranges in their file, so a script that has moved is another one. */
const offsetsOf = ({ scripts, path }: ScriptFile): string =>
  `${path} ${scripts.map(({ range }) => range.start).join(' ')}`;

const resultOf = (link: Link, { up, down, ms }: Known): LinkResult => ({
  link,
  up: up.map((it) => ({ ...it, path: link.up.path })),
  down: (down ?? []).map((it) => ({ ...it, path: link.down?.path ?? link.up.path })),
  ms,
});
