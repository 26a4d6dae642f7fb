/**
 * Shadows that have the rows of the target as well: made beside the checks, which go on upon the schema alone until one
 * stands; made anew when the rows are others.
 */
import { Fault, passingFaults } from '../base/fault';
import { isAbort } from '../base/untilAborted';
import { megabytes } from '../base/words';
import type { Database } from '../database/database';
import { whileWanted } from '../database/onSession';
import type { Session } from '../database/session';
import type { EngineOptions } from '../project';
import { type Base, type DumpBase, withRows } from '../shadow/base';
import { roomForClusters } from '../shadow/clusterFolders';
import { copyRows } from '../shadow/copyRows';
import type { RowSource } from '../shadow/rowSource';
import { censusOf, type RowCensus } from '../shadow/rowsOfTarget';
import type { Access } from './access';
import type { Target } from './target';
import type { Workshop } from './workshop';

/** Shortest time between two looks at the rows, in milliseconds. */
const lookAgainMs = 30_000;
/** Most of the time that copying may take: rows that change all day are not copied all day. */
const mostBusy = 1 / 20;
/** A copy that takes longer is given up, in milliseconds. */
const longestCopyMs = 60_000;
/** How long the target may take to tell how many rows it has, in milliseconds. */
const censusMs = 5_000;

/** What the copies need of the bench. */
export interface CopyGround {
  readonly target: Pick<Database, 'open' | 'label'>;
  readonly access: Access;
  readonly log: (line: string) => void;
  /** In bytes; 0 for no copies at all. */
  readonly limit: number;
  liveBase(signal: AbortSignal): Promise<Base>;
  /** A new place for a shadow of the live schema. */
  newWorkshop(wished: readonly string[], signal: AbortSignal): Promise<Workshop>;
  /** What the checks stand upon now; undefined before the first. */
  standing(): Workshop | undefined;
}

/** In megabytes; the default that package.json declares. */
export const usualDataLimit = 100;

/** In bytes. To a server that the user names rows go only when the user has said how many may. */
export function dataLimitOf({ shadow, shadowDataLimit }: EngineOptions, { kind, info }: Target): number {
  if (kind === 'embedded') return 0;
  // What staging and production hold goes to no other machine unless somebody says so.
  const isOthers = info.environment !== undefined && info.environment.role !== 'development';
  const usual = typeof shadow === 'object' || isOthers ? 0 : usualDataLimit;
  return (shadowDataLimit ?? usual) * 1_000_000;
}

/** A class because there is one copy at a time. */
export class RowCopies {
  /** When the rows are to be looked at again. */
  private dueAt = -Infinity;
  private doubted = false;
  private running: { readonly stop: AbortController; readonly done: Promise<unknown> } | undefined;
  /** Rows and schema that could not be copied: another try would come to the same. */
  private hopeless: string | undefined;
  private said: string | undefined;

  constructor(private readonly ground: CopyGround) {}

  /** The rows may be others: the next `renew` looks at them, however soon it comes. */
  suspect(): void {
    this.doubted = true;
  }

  /** As `suspect`, and what could not be copied is tried once more. */
  doubt(): void {
    this.suspect();
    this.hopeless = undefined;
  }

  /** Nothing that is known keeps them from being copied. */
  get areAwaited(): boolean {
    return this.ground.limit > 0 && this.said === undefined;
  }

  /** Ends what is under way; nothing of ours is connected to the target then. */
  async stop(): Promise<void> {
    this.running?.stop.abort();
    await this.running?.done;
  }

  /**
   * Copies the rows, when they are wanted and others than those that were copied last. Beside whatever runs.
   *
   * @param wished extensions that the migrations ask for
   * @returns a workshop whose place has them, for the caller to keep or to close; undefined for who asks meanwhile
   * @throws the reason of the signal
   */
  async renew(wished: readonly string[], signal?: AbortSignal): Promise<Workshop | undefined> {
    const due = this.doubted || performance.now() >= this.dueAt;
    if (this.ground.limit === 0 || this.running || !due) return undefined;
    this.doubted = false;
    this.dueAt = performance.now() + lookAgainMs;
    const stop = new AbortController();
    const done = this.tried(wished, signal ? AbortSignal.any([stop.signal, signal]) : stop.signal);
    this.running = { stop, done };
    try {
      const made = await done;
      if (signal?.aborted) await made?.place.close();
      signal?.throwIfAborted();
      return made;
    } finally {
      this.running = undefined;
    }
  }

  private async tried(wished: readonly string[], signal: AbortSignal): Promise<Workshop | undefined> {
    try {
      const census = await this.ground.access.question(() => this.census(signal), signal);
      return await this.renewed(census, wished, signal);
    } catch (error) {
      // Who has ended it knows why: we, or a check that we have waited for the schema with.
      const isEnded = signal.aborted || isAbort(error);
      if (isEnded || isPassing(error)) this.hopeless = undefined;
      if (isEnded) return undefined;
      if (isTimeout(error)) this.say(`to copy them takes longer than ${longestCopyMs / 1000} seconds`);
      else if (error instanceof Fault) this.say(error.message);
      else throw error;
      return undefined;
    }
  }

  private async census(signal: AbortSignal): Promise<RowCensus> {
    const ending = AbortSignal.any([signal, AbortSignal.timeout(censusMs)]);
    try {
      return await whileWanted(this.ground.target, 'read', ending, censusOf);
    } catch (error) {
      signal.throwIfAborted();
      if (!ending.aborted) throw error;
      throw new Fault('no-server', `${this.ground.target.label} does not tell how many rows it has.`, error);
    }
  }

  /** Undefined where there is nothing to copy, or no use in it. */
  private async renewed(
    census: RowCensus,
    wished: readonly string[],
    signal: AbortSignal,
  ): Promise<Workshop | undefined> {
    const { ground } = this;
    const base = await ground.liveBase(signal);
    if (base.kind !== 'dump') return undefined;
    const standing = ground.standing();
    const now = `${census.written} ${base.fingerprint}`;
    const former = standing?.copiedRows;
    if (former && now === `${former.written} ${former.upon}`) return undefined;
    const why = census.obstacle ?? this.tooMany(census) ?? tooTight(census, standing);
    if (why !== undefined) this.say(why);
    if (why === undefined && this.hopeless !== now) {
      this.hopeless = now;
      const made = await ground.access.copy(
        () => this.timed(() => this.workshopWith(base, census, wished, signal)),
        signal,
      );
      this.hopeless = undefined;
      return made;
    }
    // Former rows would tell what is no longer so.
    if (standing) standing.copiedRows = undefined;
    return undefined;
  }

  private tooMany({ bytes }: RowCensus): string | undefined {
    const { limit } = this.ground;
    return bytes < limit
      ? undefined
      : `they take ${megabytes(bytes)}, and rehearsal.shadowDataLimit is ${megabytes(limit)}`;
  }

  /** What comes to nothing keeps target and machine as busy as what does not. */
  private async timed<T>(copy: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await copy();
    } finally {
      const ended = performance.now();
      this.dueAt = ended + Math.max(lookAgainMs, (ended - begun) / mostBusy);
    }
  }

  private async workshopWith(
    base: DumpBase,
    { bytes, written }: RowCensus,
    wished: readonly string[],
    wanted: AbortSignal,
  ): Promise<Workshop> {
    const { ground } = this;
    const begun = performance.now();
    const signal = AbortSignal.any([wanted, AbortSignal.timeout(longestCopyMs)]);
    const workshop = await ground.newWorkshop(wished, signal);
    try {
      if (workshop.place.kind === 'embedded')
        throw new Fault('no-shadow', `the rows of a server are not copied to ${workshop.place.label}.`);
      const whole = withRows(base, this.sourceFor(workshop), `${written} ${begun}`);
      await workshop.place.fresh(whole, signal);
      workshop.copiedRows = { base: whole, upon: base.fingerprint, written };
      signal.throwIfAborted();
    } catch (error) {
      await workshop.place.close();
      throw error;
    }
    const ms = performance.now() - begun;
    this.said = undefined;
    ground.log(`shadow: rows of ${ground.target.label} (${megabytes(bytes)}) copied in ${ms.toFixed(0)} ms`);
    return workshop;
  }

  /** On the server of the target a shadow that is being made holds two connections: with this one none is left. */
  private sourceFor({ place }: Workshop): RowSource {
    const { access, target } = this.ground;
    const copyTo = (session: Session, signal: AbortSignal) => copyRows(target, session, signal);
    if (place.kind !== 'same-server') return { copyTo };
    return { copyTo: (session, signal) => access.question(() => copyTo(session, signal), signal) };
  }

  /** Once, until it is another reason or over. */
  private say(why: string): void {
    if (this.said !== why)
      this.ground.log(`shadow: the schema of ${this.ground.target.label} without its rows: ${why}`);
    this.said = why;
  }
}

/** Bytes that a new server of ours and its work may take, beside the rows: a template, the shadow, a copy of it. */
const roomForServer = 300_000_000;

/** A server beside that on which the checks stand must not take the room that they need. */
const tooTight = ({ bytes }: RowCensus, standing: Workshop | undefined): string | undefined =>
  standing?.place.kind === 'private' && roomForClusters() < roomForServer + 3 * bytes
    ? 'there is too little room for another server beside the one that rehearses'
    : undefined;

/** The same rows and schema may be copied later. */
const isPassing = (error: unknown): boolean => error instanceof Fault && passingFaults.has(error.code);

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';
