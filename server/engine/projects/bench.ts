/**
 * What is kept for one folder and one target between two calls: what is known of the target, and the shadows.
 *
 * Two chains: one upon the live schema for pending migrations, one from nothing for those that are applied.
 */
import { join } from 'node:path';
import { type DiskCache, diskCache } from '../base/diskCache';
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { histories, historyOptions } from '../history/all';
import type { History } from '../history/history';
import type { LayoutName } from '../layouts/layout';
import type { EngineOptions, Glance, Occasion } from '../project';
import { createChain } from '../rehearsal/chain';
import { type Base, emptyBase, emptyLike, fileBase } from '../shadow/base';
import { type ChosenPlace, choosePlace } from '../shadow/choosePlace';
import { embeddedLabel } from '../shadow/embeddedPlace';
import { noSetUp, type SetUp } from '../shadow/setUp';
import type { World } from '../world';
import type { Access } from './access';
import { comingBack, inTime, isSeen, type Live } from './live';
import { LiveSchema, schemaSeen } from './liveSchema';
import { NextStart } from './nextStart';
import { RowAnswers } from './rowAnswers';
import { dataLimitOf, RowCopies } from './rowCopies';
import { connectionOf, type Target } from './target';
import { fileStamp, TargetWatch } from './targetWatch';
import { extensionsFor, isGone, isSpoilt, type Workshop, type WorkshopKind } from './workshop';

/** How long the transaction of a rehearsal stays open on a server that others use. */
const restMs = 5_000;
/** Of what is kept on the disk for the next start, some tens of megabytes each. */
const cacheBytes = 1_000_000_000;
/** How long it may be silent before people are told what is waited for. */
const silenceMs = 3_000;
/** What took less to replay is there as soon as an image of it would be. */
const worthKeepingMs = 300;

export class Bench {
  readonly history: History;
  readonly rowAnswers: RowAnswers;
  readonly rowCopies: RowCopies;
  private known: Promise<Live> | undefined;
  private readonly schema: LiveSchema;
  private readonly cache: DiskCache;
  private readonly nextStart: NextStart;
  /** Why the last look at the target has failed. */
  private unseen: Fault | undefined;
  private readonly workshops = new Map<WorkshopKind, Workshop>();
  private queue: Promise<unknown> = Promise.resolve();
  private readonly watch: TargetWatch;
  private looking: Promise<Glance> | undefined;
  private readonly passing = new Set<AbortController>();
  /** Another one whenever the target was changed by us. */
  private era = 0;
  private resting: NodeJS.Timeout | undefined;

  constructor(
    layout: LayoutName,
    readonly target: Target,
    private readonly world: World,
    private readonly options: EngineOptions,
    private readonly access: Access,
  ) {
    for (const warning of target.parameters?.warnings ?? []) world.log(`${target.info.label}: ${warning}`);
    this.rowAnswers = new RowAnswers(target.database, access, world.log, () => this.rowCopies.suspect());
    this.cache = diskCache(join(world.storage, 'prepared'), cacheBytes, world.log);
    this.schema = new LiveSchema(target.database, access, this.cache);
    this.nextStart = new NextStart(world.log);
    this.rowCopies = new RowCopies({
      target: target.database,
      access,
      log: world.log,
      limit: target.kind === 'embedded' ? 0 : dataLimitOf(options),
      liveBase: (signal) => this.liveBase(signal),
      newWorkshop: (wished, signal) => this.newWorkshop('copied', wished, signal),
      standing: () => this.workshops.get('copied') ?? this.workshops.get('live'),
    });
    this.history = histories[layout](historyOptions(layout, target.parameters, target.environment));
    this.watch = new TargetWatch(target, this.history, access, world.log);
  }

  /** Forgets what was seen of the target; the shadows stay and are compared with what is seen next. */
  refresh(): void {
    this.known = undefined;
    this.schema.forget();
    this.rowAnswers.forget();
    this.rowCopies.doubt();
  }

  /**
   * Beside the checks. Nothing is asked of a target that nobody has asked about, or that is being changed by us; one that
   * could not be looked at is tried again.
   *
   * @returns whether somebody else has changed schema or history; what was seen of them is then forgotten; or rows, which
   *   are then asked and copied anew
   */
  refreshIfMoved(occasion: Occasion): Promise<Glance> {
    this.looking ??= this.glance(occasion).finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async glance(occasion: Occasion): Promise<Glance> {
    const { known } = this;
    if (this.watch.isPaused) return 'same';
    if (!known) return this.unseen && comingBack.has(this.unseen.code) ? this.seeAgain() : 'same';
    if (!(await isSeen(known))) return 'silent';
    const glance = await this.watch.look(occasion);
    if (this.known !== known) return 'same';
    if (glance === 'moved') this.refresh();
    if (glance === 'rows') this.suspectRows();
    return glance;
  }

  private suspectRows(): void {
    this.rowAnswers.doubt();
    this.rowCopies.suspect();
  }

  private async seeAgain(): Promise<Glance> {
    return (await isSeen((this.known ??= this.lookAnew()))) ? 'moved' : 'silent';
  }

  /** Not beside a check or a look, whose session would be in the way of a copy; and upon what is there now. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const alone = async (): Promise<T> => {
      this.nextStart.stop();
      await Promise.all([this.looking, this.rowCopies.stop(), this.schema.rest()]);
      this.era++;
      this.refresh();
      for (const workshop of this.workshops.values()) workshop.copied = undefined;
      await this.rest();
      return work();
    };
    return this.soon(() => this.watch.paused(alone));
  }

  /** All shadows are known to live on servers of our own. */
  private get isApart(): boolean {
    return this.workshops.size > 0 && [...this.workshops.values()].every(({ place }) => !place.shared);
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

  /** What took long to make is put on the disk, as far as it is not there. */
  private async keep(signal: AbortSignal): Promise<void> {
    const writes = await this.inTurn(async () => {
      const all: ((() => Promise<void>) | undefined)[] = [];
      for (const { chain } of this.workshops.values()) all.push(await chain.keep(signal));
      return all;
    });
    signal.throwIfAborted();
    await Promise.all(writes.map(async (write) => write?.()));
    const place = this.workshops.get('live')?.place;
    if (place?.keep) await place.keep(await this.liveBase(signal), signal);
  }

  /** One at a time: a shadow has one session. Where it may be on the server of the target, nothing else is there. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const begin = () => (this.isApart ? work() : this.watch.paused(work));
    const turn = this.queue.then(begin, begin);
    // The caller hears of a failure; the next turn only waits for the end.
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** In turn, as soon as it can be: what is done in passing gives way. */
  soon<T>(work: () => Promise<T>): Promise<T> {
    for (const it of this.passing) it.abort();
    return this.inTurn(work);
  }

  /**
   * In turn, for what nobody waits for: it ends when something is wanted `soon`, and begins again after that.
   *
   * @param work given a signal that ends it
   */
  async inPassing<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const way = new AbortController();
      this.passing.add(way);
      try {
        return await this.inTurn(() => work(AbortSignal.any([signal, way.signal])));
      } catch (error) {
        if (signal.aborted || !way.signal.aborted) throw error;
      } finally {
        this.passing.delete(way);
      }
    }
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
    look.then(
      () => (this.unseen = undefined),
      // Whoever waits for it hears of a failure, and perhaps nobody does any more.
      (error: unknown) => {
        this.forget(look);
        this.unseen = error instanceof Fault ? error : undefined;
      },
    );
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
    const { target, watch } = this;
    // Nothing has to be started to see what is in a database that nobody has made yet.
    if (target.kind === 'embedded' && fileStamp(target.path) === undefined) {
      watch.seeNothing();
      return { server: embeddedLabel, history: this.history.ofNothing(), schema: undefined };
    }
    return watch.see(async (session, { history, catalog }) => ({
      server: session.server.label,
      history,
      schema: target.kind === 'server' ? await schemaSeen(session, catalog) : undefined,
    }));
  }

  /** The same one until `refresh`, or until `confirm` has found another. */
  private async liveBase(signal: AbortSignal): Promise<Base> {
    const { schema } = await this.live(signal);
    return schema ? this.schema.read(schema, signal) : this.embeddedBase();
  }

  /**
   * Whether the live schema was truly what the shadows stand upon; if not, they are made upon the true one from now on.
   * Quick, but for the first time.
   */
  async confirm(signal: AbortSignal): Promise<boolean> {
    const { schema } = await this.live(signal);
    return schema === undefined || (await this.schema.confirm(schema, signal));
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
    const { schema } = await this.live(signal);
    return schema ? emptyLike(schema.setUp) : emptyBase;
  }

  /**
   * In turn only. A place that has gone, or that a script has spoilt, is replaced by a new one, once; then `use` is
   * called again.
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
    this.nextStart.wait();
    for (let tries = 1; ; tries++) {
      const workshop = await this.workshop(kind, wished, signal);
      const base = kind === 'replay' ? await this.emptyBase(signal) : await this.baseFor(workshop, signal);
      try {
        const result = await use(workshop, base);
        workshop.hasServed = true;
        if (workshop.place.shared) this.restSoon();
        this.nextStart.soon((quiet) => this.keep(quiet));
        return result;
      } catch (error) {
        // The next one finds out by itself whether the place is still there.
        signal.throwIfAborted();
        if (!isGone(error) && !isSpoilt(error, workshop)) throw error;
        this.world.log(`shadow: ${error.message}`);
        await this.discard(kind);
        if (tries === 2 && isGone(error)) throw new Fault('shadow-lost', error.detail, error);
        if (tries === 2 || !(isGone(error) || workshop.hasServed)) throw error;
      }
    }
  }

  private async workshop(kind: WorkshopKind, wished: readonly string[], signal: AbortSignal): Promise<Workshop> {
    const { schema } = await this.live(signal);
    const former = this.workshops.get(kind);
    if (former && extensionsFor(schema?.setUp, wished).every((it) => former.extensions.has(it))) return former;
    await this.discard(kind);
    const made = await this.newWorkshop(kind, wished, signal);
    this.world.log(`shadow: ${made.place.label}, because ${made.place.because}`);
    this.workshops.set(kind, made);
    return made;
  }

  private async newWorkshop(kind: WorkshopKind, wished: readonly string[], signal: AbortSignal): Promise<Workshop> {
    const { schema } = await this.live(signal);
    const asked = extensionsFor(schema?.setUp, wished);
    const base = schema && kind === 'live' ? await this.schema.atHand(schema) : undefined;
    const place = await this.choose(schema?.setUp, asked, base, signal);
    const { log, now } = this.world;
    const today = () => now().toISOString().slice(0, 10);
    const shelf = { cache: this.cache, today, worthMs: worthKeepingMs, log };
    return { place, chain: createChain(place, shelf), extensions: new Set(asked), hasServed: false };
  }

  /**
   * Beside whatever runs.
   *
   * @param wished as for withWorkshop
   * @returns whether there is a workshop with rows, or with newer ones, for the next check
   */
  async copyRows(wished: readonly string[]): Promise<boolean> {
    // Beside a shadow on the target's own server it would take more connections than a window may have.
    if (this.workshops.get('live')?.place.kind === 'same-server') return false;
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

  private async choose(
    setUp: SetUp | undefined,
    asked: readonly string[],
    base: Base | undefined,
    signal: AbortSignal,
  ): Promise<ChosenPlace> {
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
      cache: this.cache,
      base,
      log: world.log,
    };
    if (target.kind === 'embedded') return choosePlace(wishes, undefined);
    // Once begun it goes on without whoever asked: the next check, a keystroke later, wants a place as well.
    return this.access.question(
      async () => withSession(await target.database.open('read', signal), (session) => choosePlace(wishes, session)),
      signal,
    );
  }

  /** Ends the shadows and their servers, after what runs on them; the next check makes new ones. */
  async close(): Promise<void> {
    await this.nextStart.end();
    this.era++;
    await this.rowCopies.stop();
    await this.inTurn(async () => {
      await this.schema.rest();
      for (const kind of this.workshops.keys()) await this.discard(kind);
    });
  }
}

async function withSession<T>(session: Session, use: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
