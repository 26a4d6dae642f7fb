/**
 * What is kept for one folder and one target between two calls: what is known of the target, and the shadows.
 *
 * Two chains: one upon the live schema for pending migrations, one from nothing for those that are applied.
 */
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { histories, historyOptions } from '../history/all';
import type { History, HistoryState } from '../history/history';
import type { LayoutName } from '../layouts/layout';
import type { EngineOptions } from '../project';
import { createChain } from '../rehearsal/chain';
import { type Base, emptyBase, emptyLike, fileBase, liveBase } from '../shadow/base';
import { catalogStamp } from '../shadow/catalogStamp';
import { choosePlace } from '../shadow/choosePlace';
import type { ShadowPlace } from '../shadow/place';
import { noSetUp, readSetUp, type SetUp } from '../shadow/setUp';
import type { World } from '../world';
import { RowAnswers } from './rowAnswers';
import { dataLimitOf, RowCopies } from './rowCopies';
import { connectionOf, type Target } from './target';
import type { Workshop, WorkshopKind } from './workshop';

/** What a look at the target has told. */
export interface Live {
  /** Of the target as it was just before it was looked at: another one when somebody has changed it. */
  readonly stamp: string;
  readonly server: string;
  readonly history: HistoryState;
  /** Undefined for the embedded engine. */
  readonly setUp: SetUp | undefined;
}

/** How long the target may take to tell all of it. */
const lookMs = 20_000;
/** How long the transaction of a rehearsal stays open on a server that others use. */
const restMs = 5_000;
/** How long it may be silent before people are told what is waited for. */
const silenceMs = 3_000;

export class Bench {
  readonly history: History;
  readonly rowAnswers: RowAnswers;
  readonly rowCopies: RowCopies;
  private known: Promise<Live> | undefined;
  private base: Promise<Base> | undefined;
  private readonly workshops = new Map<WorkshopKind, Workshop>();
  private queue: Promise<unknown> = Promise.resolve();
  private looking: Promise<boolean> | undefined;
  private changing = false;
  /** Another one whenever the target was changed by us. */
  private era = 0;
  private resting: NodeJS.Timeout | undefined;

  constructor(
    layout: LayoutName,
    readonly target: Target,
    private readonly world: World,
    private readonly options: EngineOptions,
  ) {
    for (const warning of target.parameters?.warnings ?? []) world.log(`${target.info.label}: ${warning}`);
    this.rowAnswers = new RowAnswers(target.database, world.log);
    this.rowCopies = new RowCopies({
      target: target.database,
      log: world.log,
      limit: target.kind === 'embedded' ? 0 : dataLimitOf(options),
      liveBase: (signal) => this.liveBase(signal),
      newWorkshop: (wished, signal) => this.newWorkshop(wished, signal),
      standing: () => this.workshops.get('copied') ?? this.workshops.get('live'),
    });
    this.history = histories[layout](historyOptions(layout, target.parameters, target.environment));
  }

  /** Forgets what was seen of the target; the shadows stay and are compared with what is seen next. */
  refresh(): void {
    this.known = undefined;
    this.base = undefined;
    this.rowAnswers.forget();
    this.rowCopies.doubt();
  }

  /**
   * Beside the checks, on a connection of its own that ends with it. A target that nothing is known of, or that is
   * being changed by us, is looked at anew in any case.
   *
   * @returns whether somebody else has changed schema or history; what was seen of them is then forgotten
   */
  refreshIfMoved(): Promise<boolean> {
    this.looking ??= this.hasMoved().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async hasMoved(): Promise<boolean> {
    const { known } = this;
    if (!known || this.changing) return false;
    try {
      const { stamp } = await known;
      const now = await this.stamp();
      if (now === stamp || this.known !== known) return false;
      this.refresh();
      return true;
    } catch (error) {
      // What needs the target will say so; a rehearsal on what is known of it does not.
      if (!(error instanceof Fault)) throw error;
      this.world.log(`${this.target.info.label} could not be looked at: ${error.message}`);
      return false;
    }
  }

  private async stamp(): Promise<string> {
    const { target, history } = this;
    if (target.kind === 'embedded') return fileStamp(target.path) ?? '';
    const session = await target.database.open('read');
    const limit = setTimeout(() => void session.close(), lookMs);
    try {
      return stampOf(await catalogStamp(session), await history.read(session));
    } finally {
      clearTimeout(limit);
      await session.close();
    }
  }

  /** Not beside a check or a look, whose session would be in the way of a copy; and upon what is there now. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      await Promise.all([this.looking, this.rowCopies.stop()]);
      this.changing = true;
      this.era++;
      this.refresh();
      for (const workshop of this.workshops.values()) workshop.copied = undefined;
      await this.rest();
      try {
        return await work();
      } finally {
        this.changing = false;
      }
    });
  }

  /** On a server that others use, what a rehearsal has locked is let go: roles, for example, belong to all databases. */
  private async rest(): Promise<void> {
    clearTimeout(this.resting);
    for (const { place, chain } of this.workshops.values()) if (place.shared) await chain.rest();
  }

  private restSoon(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.inTurn(() => this.rest()).catch((error: unknown) => this.world.log(`shadow: ${String(error)}`));
    }, restMs).unref();
  }

  /** One at a time: a shadow has one session. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work, work);
    // The caller hears of a failure; the next turn only waits for the end.
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /**
   * @throws {Fault} when the target does not answer, or its history is not this tool's; the next call tries again
   * @throws an AbortError when `signal` comes first
   */
  async live(signal?: AbortSignal): Promise<Live> {
    const known = (this.known ??= this.lookAnew());
    try {
      return await this.patiently(() => inTime(known, this.target.info.label, signal));
    } catch (error) {
      // A look that this caller no longer waits for goes on, for the next one.
      if (!signal?.aborted) this.forget(known);
      throw error;
    }
  }

  private lookAnew(): Promise<Live> {
    const look = this.look();
    // Whoever waits for it hears of a failure, and perhaps nobody does any more.
    look.catch(() => this.forget(look));
    return look;
  }

  private forget(look: Promise<Live>): void {
    if (this.known === look) this.known = undefined;
  }

  /** Waits for an answer of the target, and says so when it is long in coming. */
  async patiently<T>(answer: () => Promise<T>): Promise<T> {
    const { info } = this.target;
    if (info.engine === 'embedded') return answer();
    const told = setTimeout(() => this.world.tell({ kind: 'waiting', target: info.label }), silenceMs);
    try {
      return await answer();
    } finally {
      clearTimeout(told);
    }
  }

  private async look(): Promise<Live> {
    const { target } = this;
    const file = target.kind === 'embedded' ? (fileStamp(target.path) ?? '') : undefined;
    const session = await target.database.open('read');
    const limit = setTimeout(() => void session.close(), lookMs);
    try {
      const catalog = file === undefined ? await catalogStamp(session) : undefined;
      const history = await this.history.read(session);
      const setUp = target.kind === 'server' ? await readSetUp(session) : undefined;
      const stamp = catalog === undefined ? (file ?? '') : stampOf(catalog, history);
      return { stamp, server: session.server.label, history, setUp };
    } finally {
      clearTimeout(limit);
      await session.close();
    }
  }

  /** The live schema, dumped once until `refresh`. */
  private async liveBase(signal: AbortSignal): Promise<Base> {
    const { setUp } = await this.live(signal);
    this.base ??= setUp ? liveBase(this.target.database, setUp, signal) : Promise.resolve(this.embeddedBase());
    try {
      return await this.base;
    } catch (error) {
      this.base = undefined;
      throw error;
    }
  }

  /** Rows that were copied upon another schema are of no use. */
  private async baseFor({ copied }: Workshop, signal: AbortSignal): Promise<Base> {
    const live = await this.liveBase(signal);
    return copied?.upon === live.fingerprint ? copied.base : live;
  }

  private embeddedBase(): Base {
    if (this.target.kind !== 'embedded') throw new Error('a server has a set-up');
    const { path } = this.target;
    const stamp = fileStamp(path);
    return stamp === undefined ? emptyBase : fileBase(path, stamp);
  }

  /** An empty database like the target's, for a replay from the first migration on. */
  private async emptyBase(signal: AbortSignal): Promise<Base> {
    const { setUp } = await this.live(signal);
    return setUp ? emptyLike(setUp) : emptyBase;
  }

  /**
   * In turn only. A place that has gone is replaced by a new one, once; then `use` is called again.
   *
   * @param wished extensions that the migrations ask for
   * @throws {Fault} `shadow-lost` when the new place has gone as well; what choosing a place throws
   */
  async withWorkshop<T>(
    kind: WorkshopKind,
    wished: readonly string[],
    use: (workshop: Workshop, base: Base) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      const workshop = await this.workshop(kind, wished, signal);
      const base = kind === 'replay' ? await this.emptyBase(signal) : await this.baseFor(workshop, signal);
      try {
        const result = await use(workshop, base);
        if (workshop.place.shared) this.restSoon();
        return result;
      } catch (error) {
        // The next one finds out by itself whether the place is still there.
        signal.throwIfAborted();
        if (!isGone(error)) throw error;
        this.world.log(`shadow: ${error.message}`);
        await this.discard(kind);
        if (tries === 2) throw new Fault('shadow-lost', error.detail, error);
      }
    }
  }

  private async workshop(kind: WorkshopKind, wished: readonly string[], signal: AbortSignal): Promise<Workshop> {
    const { setUp } = await this.live(signal);
    const former = this.workshops.get(kind);
    if (former && extensionsFor(setUp, wished).every((it) => former.extensions.has(it))) return former;
    await this.discard(kind);
    const made = await this.newWorkshop(wished, signal);
    this.world.log(`shadow: ${made.place.label}`);
    this.workshops.set(kind, made);
    return made;
  }

  private async newWorkshop(wished: readonly string[], signal: AbortSignal): Promise<Workshop> {
    const { setUp } = await this.live(signal);
    const asked = extensionsFor(setUp, wished);
    const place = await this.choose(setUp, asked, signal);
    return { place, chain: createChain(place), extensions: new Set(asked) };
  }

  /**
   * Beside whatever runs.
   *
   * @param wished as for withWorkshop
   * @returns whether there is a workshop with rows, or with newer ones, for the next check
   */
  async copyRows(wished: readonly string[]): Promise<boolean> {
    const { era } = this;
    const copy = await this.rowCopies.renew(wished);
    return copy !== undefined && this.inTurn(() => this.take(copy, era));
  }

  /** What was copied before we have changed the target ourselves is of no use, nor is anything when all has ended. */
  private async take(copy: Workshop, era: number): Promise<boolean> {
    const isWanted = era === this.era;
    await (isWanted ? this.put('copied', copy) : copy.place.close());
    return isWanted;
  }

  get hasCopy(): boolean {
    return this.workshops.has('copied');
  }

  /** In turn only. A check stands upon the workshop with the rows, or waits for it: it is the live one from now on. */
  async adopt(copy = this.workshops.get('copied')): Promise<void> {
    if (!copy) return;
    this.workshops.delete('copied');
    await this.put('live', copy);
  }

  private async put(kind: WorkshopKind, workshop: Workshop): Promise<void> {
    const former = this.workshops.get(kind);
    this.workshops.set(kind, workshop);
    await former?.place.close();
  }

  private async discard(kind: WorkshopKind): Promise<void> {
    const former = this.workshops.get(kind);
    this.workshops.delete(kind);
    await former?.place.close();
  }

  private async choose(setUp: SetUp | undefined, asked: readonly string[], signal: AbortSignal): Promise<ShadowPlace> {
    const { world, options, target } = this;
    const wishes = {
      wish: typeof options.shadow === 'object' ? { url: connectionOf(options.shadow.url, world) } : options.shadow,
      target: target.parameters,
      setUp: setUp ?? noSetUp,
      extensions: asked,
      binaries: options.binaries,
      roots: options.roots,
      assets: world.assets,
      environment: world.environment,
      log: world.log,
    };
    if (target.kind === 'embedded') return choosePlace(wishes, undefined);
    // Once begun it goes on without whoever asked: the next check, a keystroke later, wants a place as well.
    return withSession(await target.database.open('read', signal), (session) => choosePlace(wishes, session));
  }

  /** Ends the shadows and their servers, after what runs on them; the next check makes new ones. */
  async close(): Promise<void> {
    this.era++;
    await this.rowCopies.stop();
    return this.inTurn(async () => {
      for (const kind of this.workshops.keys()) await this.discard(kind);
    });
  }
}

/** Those of the target, and those that the migrations ask for and its server has. */
const extensionsFor = (setUp: SetUp | undefined, wished: readonly string[]): readonly string[] => [
  ...(setUp?.extensions ?? []),
  ...wished.filter((it) => setUp?.available.has(it)),
];

/** Undefined when there is no such file. */
function fileStamp(path: string): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false });
  return file && `${file.mtimeMs} ${file.size} ${file.ino}`;
}

/** Rows of the history are data, which move no catalog. */
const stampOf = (catalog: string, { exists, versions, blocked }: HistoryState): string =>
  JSON.stringify([catalog, exists, versions, blocked]);

/** A connection that has gone silent, behind a proxy for example, neither answers nor ends. */
async function inTime<T>(look: Promise<T>, label: string, signal: AbortSignal | undefined): Promise<T> {
  const over = new AbortController();
  const ending = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
  const late = delay(lookMs, undefined, { signal: ending }).then(() => {
    throw new Fault('no-server', `${label} gave no answer within ${lookMs / 1000} seconds.`);
  });
  try {
    return await Promise.race([look, late]);
  } finally {
    over.abort();
  }
}

/** The place has gone: `no-server` is said of a place that was there before. */
const isGone = (error: unknown): error is Fault =>
  error instanceof Fault && ['shadow-lost', 'connection-lost', 'no-server'].includes(error.code);

async function withSession<T>(session: Session, use: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** @throws {Fault} `remote-target` unless the user has confirmed the name of a target on another machine */
export function demandConsent({ info }: Target, confirmedName: string | undefined): void {
  if (info.local || confirmedName === info.name) return;
  throw new Fault('remote-target', `${info.label} can only be changed after its name (${info.name}) was confirmed.`);
}
