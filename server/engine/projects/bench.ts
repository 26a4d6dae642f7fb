/**
 * What is kept for one folder and one target between two calls: what is known of the target, and the shadows.
 *
 * Two chains: one upon the live schema for pending migrations, one from nothing for those that are applied.
 */
import { join } from 'node:path';
import { diskCache } from '../base/diskCache';
import { Fault } from '../base/fault';
import { histories } from '../history/all';
import { type AppliedMemory, appliedMemory, upgradeMemory } from '../history/appliedMemory';
import type { History } from '../history/history';
import type { ToolSettings } from '../layouts/layout';
import type { MigrationFolder } from '../layouts/migration';
import type { EngineOptions, Glance, Occasion } from '../project';
import type { Base } from '../shadow/base';
import type { World } from '../world';
import type { Access } from './access';
import { Bases } from './bases';
import { type LiveDatabase, LiveTarget } from './live';
import { LiveSchema } from './liveSchema';
import type { Neighbour } from './neighbours';
import { NextStart } from './nextStart';
import { RowAnswers } from './rowAnswers';
import { dataLimitOf, RowCopies } from './rowCopies';
import { RowRefusals } from './rowRefusals';
import { beginningOf, type Target } from './target';
import { TargetWatch } from './targetWatch';
import { ShadowTurns } from './turns';
import { isGone, isSpoilt, type Workshop, type WorkshopKind } from './workshop';
import { Workshops } from './workshops';

/** How long the transaction of a rehearsal stays open on a server that others use. */
const openTransactionMs = 5_000;
/** Of what is kept on the disk for the next start, some tens of megabytes each. */
const cacheBytes = 1_000_000_000;

interface BenchSurroundings {
  /** Called when what was seen of the target is forgotten. */
  readonly onForget: () => void;
  readonly world: World;
  readonly options: EngineOptions;
  readonly access: Access;
}

export class Bench implements Neighbour {
  private readonly world: World;
  private readonly access: Access;
  private readonly onForget: () => void;
  readonly history: History;
  readonly rowAnswers: RowAnswers;
  readonly rowCopies: RowCopies;
  readonly rowRefusals: RowRefusals;
  readonly turns = new ShadowTurns((work) => this.unlessApart(work));
  private readonly watch: TargetWatch;
  private readonly liveTarget: LiveTarget;
  private readonly schema: LiveSchema;
  private readonly bases: Bases;
  private readonly workshops: Workshops;
  private readonly nextStart: NextStart;
  private glancing: Promise<Glance> | undefined;
  /** Another one whenever the target was changed by us. */
  private era = 0;
  private resting: NodeJS.Timeout | undefined;
  private readonly memories = new Map<string, AppliedMemory>();

  constructor(
    private readonly folder: MigrationFolder,
    readonly target: Target,
    settings: ToolSettings,
    { world, options, access, onForget }: BenchSurroundings,
  ) {
    this.world = world;
    this.access = access;
    this.onForget = onForget;
    const { database } = target;
    const { log } = world;
    for (const warning of target.parameters?.warnings ?? []) log(`${target.info.label}: ${warning}`);
    const cache = diskCache(join(world.storage, 'prepared'), cacheBytes, log);
    this.history = histories[folder.layout.name](settings);
    this.watch = new TargetWatch(target, this.history, access, log);
    const beginning = beginningOf(target, folder.layout);
    this.liveTarget = new LiveTarget(target, beginning, this.history, this.watch, world.tell, {
      moved: () => this.refresh(),
      rows: () => this.suspectRows(),
    });
    this.schema = new LiveSchema(database, access, cache);
    this.bases = new Bases(target, beginning, this.liveTarget, this.schema);
    const live = this.liveTarget;
    this.workshops = new Workshops({ target, access, world, options, cache, live, schema: this.schema });
    this.nextStart = new NextStart(log);
    this.rowAnswers = new RowAnswers(database, access, log, () => this.rowCopies.suspect());
    this.rowRefusals = new RowRefusals(cache, target.info.id, folder.path);
    this.rowCopies = new RowCopies({
      target: database,
      access,
      log,
      limit: dataLimitOf(options, target),
      liveBase: (signal) => this.bases.ofLiveSchema(signal),
      newWorkshop: (wished, signal) => this.workshops.make('withRows', wished, signal),
      standing: () => this.workshops.at('withRows') ?? this.workshops.at('live'),
    });
    access.neighbours.join(this).catch((error: unknown) => log(`shadow: ${String(error)}`));
  }

  /** Forgets what was seen of the target; the shadows stay and are compared with what is seen next. */
  refresh(): void {
    this.liveTarget.forget();
    this.schema.forget();
    this.rowAnswers.forget();
    this.rowCopies.doubt();
    this.onForget();
  }

  /**
   * Beside the checks.
   *
   * @returns whether somebody else has changed schema or history; what was seen of them is then forgotten; or rows, which
   *   are then asked and copied anew
   */
  refreshIfMoved(occasion: Occasion): Promise<Glance> {
    this.glancing ??= this.liveTarget.glance(occasion).finally(() => {
      this.glancing = undefined;
    });
    return this.glancing;
  }

  private suspectRows(): void {
    this.rowAnswers.doubt();
    this.rowCopies.suspect();
  }

  /** As LiveTarget.read. */
  async live(signal?: AbortSignal): Promise<LiveDatabase> {
    const seen = await this.liveTarget.read(signal);
    return { ...seen, remembered: this.memoryOf(seen.schema?.database ?? '', seen.history.table) };
  }

  /** @param database as DatabaseIdentity says; empty for the embedded one */
  private memoryOf(database: string, table: string): AppliedMemory {
    const { world, folder, target, memories } = this;
    const databaseId = `${target.info.id}\n${database}`;
    const key = `${databaseId}\n${table}`;
    const known = memories.get(key);
    if (known) return known;
    const about = { databaseId, targetId: target.info.id, folder: folder.path, table };
    try {
      upgradeMemory(world.storage, about);
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      world.log(`what was applied to ${target.info.label} is not remembered: ${cause.message}`);
    }
    const memory = appliedMemory(world.storage, about, world.now);
    memories.set(key, memory);
    return memory;
  }

  /** As LiveTarget.patiently. */
  patiently<T>(answer: () => Promise<T>): Promise<T> {
    return this.liveTarget.patiently(answer);
  }

  /** As Access.question. */
  question<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.access.question(ask, signal);
  }

  /** As Bases.dump. */
  liveDump(signal: AbortSignal): Promise<string> {
    return this.bases.dump(signal);
  }

  /** As Bases.confirm. */
  confirm(signal: AbortSignal): Promise<boolean> {
    return this.bases.confirm(signal);
  }

  /** Of the live schema, as it truly is. */
  async schemaFingerprint(signal: AbortSignal): Promise<string> {
    await this.confirm(signal);
    return (await this.bases.ofLiveSchema(signal)).fingerprint;
  }

  /** As pg_dump tells it. */
  async schemaText(signal: AbortSignal): Promise<string> {
    await this.confirm(signal);
    const base = await this.bases.ofLiveSchema(signal);
    return base.kind === 'dump' ? base.sql : this.question(() => this.target.database.dump(signal), signal);
  }

  /** In turn, for what changes the target: no project of this window is in the way of it. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.access.neighbours.alone(this, work);
  }

  /** Not beside a check or a look, whose session would be in the way of a copy; and upon what is there now. */
  standBack<T>(work: () => Promise<T>): Promise<T> {
    const alone = async (): Promise<T> => {
      this.nextStart.stop();
      await Promise.all([this.glancing, this.rowCopies.stop(), this.schema.rest(), this.rowRefusals.forget()]);
      this.era++;
      this.refresh();
      for (const workshop of this.workshops.all()) workshop.copiedRows = undefined;
      await this.rest();
      return work();
    };
    return this.turns.soon(() => this.watch.paused(alone));
  }

  /** Where the shadow may be on the server of the target, nothing else is there. */
  private unlessApart<T>(work: () => Promise<T>): Promise<T> {
    return this.workshops.areApart ? work() : this.watch.paused(work);
  }

  private async rest(): Promise<void> {
    clearTimeout(this.resting);
    await this.workshops.rest();
  }

  private restSoon(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.turns.inTurn(() => this.rest()).catch((error: unknown) => this.world.log(`shadow: ${String(error)}`));
    }, openTransactionMs).unref();
  }

  /** What took long to make is put on the disk, as far as it is not there; after whatever somebody has asked for. */
  private async keep(signal: AbortSignal): Promise<void> {
    const writes = await this.turns.inPassing(async (ending) => {
      const all: ((() => Promise<void>) | undefined)[] = [];
      for (const { chain } of this.workshops.all()) all.push(await chain.keep(ending));
      return all;
    }, signal);
    signal.throwIfAborted();
    await Promise.all(writes.map(async (write) => write?.()));
    await this.turns.beside(async (ending) => {
      const place = this.workshops.at('live')?.place;
      if (place?.keep) await place.keep(await this.bases.ofLiveSchema(ending), ending);
    }, signal);
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
      const workshop = await this.workshops.fitting(kind, wished, signal);
      const base = await this.bases.of(kind, workshop, signal);
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
        await this.workshops.discard(kind);
        if (tries === 2 && isGone(error)) throw new Fault('shadow-lost', error.detail, error);
        if (tries === 2 || !(isGone(error) || workshop.hasServed)) throw error;
      }
    }
  }

  /**
   * Beside whatever runs.
   *
   * @param wished as for withWorkshop
   * @returns whether there is a workshop with rows, or with newer ones, for the next check; or none for what was told of
   *   former ones
   */
  async copyRows(wished: readonly string[]): Promise<boolean> {
    // Beside a shadow on the target's own server it would take more connections than a window may have.
    if (this.workshops.at('live')?.place.kind === 'same-server') return false;
    const { era } = this;
    const copy = await this.rowCopies.renew(wished);
    if (copy) return this.turns.inTurn(() => this.take(copy, era));
    return !this.rowCopies.areAwaited && this.rowRefusals.giveUp();
  }

  /** What was copied before we have changed the target ourselves is of no use, nor is anything when all has ended. */
  private async take(copy: Workshop, era: number): Promise<boolean> {
    const isWanted = era === this.era;
    await (isWanted ? this.workshops.put('withRows', copy) : copy.place.close());
    return isWanted;
  }

  /** There are new rows, for the next check to stand upon. */
  get hasNewRows(): boolean {
    return this.workshops.at('withRows') !== undefined;
  }

  /** In turn only. As Workshops.adopt. */
  adoptRows(workshop?: Workshop): Promise<void> {
    return this.workshops.adopt(workshop);
  }

  /** Ends the shadows and their servers, after what runs on them; the next check makes new ones. */
  async close(): Promise<void> {
    this.access.neighbours.leave(this);
    try {
      await this.nextStart.end();
      this.era++;
      await this.rowCopies.stop();
      await this.turns.inTurn(async () => {
        await this.schema.rest();
        await this.workshops.discardAll();
      });
    } finally {
      await this.access.release();
    }
  }
}
