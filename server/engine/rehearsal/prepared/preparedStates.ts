/**
 * States of a chain that an earlier process has replayed and kept on the disk, so that a long history is not replayed
 * at every start.
 */
import type { DiskCache } from '../../base/diskCache';
import { Fault } from '../../base/fault';
import { jsonIn } from '../../base/json';
import type { Base } from '../../shadow/base';
import type { Shadow, ShadowPlace } from '../../shadow/place';
import type { PreparedLink } from '../moves';
import type { ChainRequest, Walk } from '../walk';
import { type Entry, packEntry, unpackEntry } from './entry';
import { fingerprintsOf } from './fingerprints';
import { type Knowledge, knowledgeOf } from './knowledge';

/** Where they are kept. */
export interface Shelf {
  readonly cache: DiskCache;
  /** `2026-11-26`. */
  readonly today: () => string;
  /** A replay that took less is as quick as a start from an image, in milliseconds. */
  readonly worthMs: number;
  readonly log: (line: string) => void;
}

interface Found {
  /** How many links lead to it. */
  readonly count: number;
  readonly key: string;
  readonly entry: Entry;
}

/** What an earlier process said of links, without a state that it could be asked again upon. */
export interface Told {
  /** Index of the first link. */
  readonly from: number;
  readonly knowledge: Knowledge;
}

/** Counts what an entry holds and how it is read: another format, another number. */
const format = 2;

/** A state, and a shadow that is being brought into it. */
interface Ahead extends Found {
  readonly shadow: Promise<Shadow>;
}

/** A class because it begins with a shadow while there is still something to read about the way to it. */
export class PreparedStates {
  private ahead: Ahead | undefined;
  /** What was kept last. */
  private lastTold: string | undefined;

  constructor(
    private readonly place: ShadowPlace,
    private readonly shelf: Shelf,
  ) {}

  get worthMs(): number {
    return this.shelf.worthMs;
  }

  /**
   * What is known of the first links of a request, `most` at most; as many as there is a state behind. Where others
   * follow, a shadow is begun already, which `begin` gives.
   */
  async knowledge(request: ChainRequest, most: number, signal: AbortSignal): Promise<Knowledge | undefined> {
    const found = await this.find(request, most);
    if (found && most < request.links.length) {
      const shadow = this.shadowOf(request, found, signal);
      // Who asks for it hears of a failure.
      shadow.catch(() => undefined);
      this.ahead = { ...found, shadow };
    }
    return found?.entry.knowledge;
  }

  /** A shadow in the state behind the first links of a request; as many as can be had without a replay, `most` at most. */
  async begin(request: Walk, most: number): Promise<{ readonly shadow: Shadow; readonly count: number } | undefined> {
    const keys = this.keysOf(request, most);
    const { ahead } = this;
    this.ahead = undefined;
    // A place makes one shadow at a time.
    const early = ahead && (await this.usable(ahead, ahead.shadow));
    if (early && keys[ahead.count - 1] === ahead.key) return { shadow: early, count: ahead.count };
    for (;;) {
      const found = await this.find(request, most);
      if (!found) return undefined;
      const shadow = await this.usable(found, this.shadowOf(request, found, request.signal));
      if (shadow) return { shadow, count: found.count };
    }
  }

  private shadowOf({ base }: ChainRequest, { key, entry }: Found, signal: AbortSignal): Promise<Shadow> {
    return this.place.fresh(base, signal, { key, read: () => Promise.resolve(entry.image) });
  }

  /** A state that is of no use is thrown away. */
  private async usable({ key }: Found, shadow: Promise<Shadow>): Promise<Shadow | undefined> {
    try {
      return await shadow;
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'not-readable') throw error;
      this.shelf.log(`a prepared state is thrown away: ${error.message}`);
      await this.shelf.cache.remove(key);
      return undefined;
    }
  }

  /**
   * Takes what is committed on a shadow: the state behind these links.
   *
   * @returns writes it to the disk, when it can be kept; the shadow is not needed for that
   */
  async take(
    request: ChainRequest,
    links: readonly PreparedLink[],
    shadow: Shadow,
  ): Promise<(() => Promise<void>) | undefined> {
    const key = this.keysOf(request, links.length).at(-1);
    const knowledge = knowledgeOf(links);
    const image = key && knowledge ? await shadow.image?.() : undefined;
    if (!key || !knowledge || !image) return undefined;
    return async () => {
      await this.shelf.cache.put(key, packEntry({ knowledge, image }));
      this.shelf.log(`the state behind ${links.length} migrations is kept for the next start`);
    };
  }

  /**
   * What an earlier process said of the last of the first `count` links, and of those before it that have no state of
   * their own; undefined when they were others.
   */
  async told(request: ChainRequest, count: number): Promise<Told | undefined> {
    const key = toldKey(this.keysOf(request, count));
    const file = key && (await this.shelf.cache.read(key));
    return file ? toldIn(file) : undefined;
  }

  /**
   * Takes what is known of the links of a walk, for `told`.
   *
   * @param kept whether the state before the first open link is being kept
   * @returns writes it to the disk; undefined when it is there, or incomplete
   */
  tell(walk: Walk, kept: boolean): (() => Promise<void>) | undefined {
    const keys = this.keysOf(walk, walk.prepared.length);
    const key = toldKey(keys);
    const before = keys[walk.firstOpen - 1];
    const from = kept || (before !== undefined && this.shelf.cache.has(before)) ? walk.firstOpen : 0;
    const links = walk.prepared.slice(from);
    if (key === undefined || this.lastTold === key || links.length === 0) return undefined;
    const knowledge = knowledgeOf(links);
    if (!knowledge) return undefined;
    const told: Told = { from, knowledge };
    return async () => {
      await this.shelf.cache.put(key, JSON.stringify(told));
      this.lastTold = key;
    };
  }

  private async find(request: ChainRequest, most: number): Promise<Found | undefined> {
    const keys = this.keysOf(request, most);
    for (let count = keys.length; count > 0; count--) {
      const key = keys[count - 1] ?? '';
      const file = await this.shelf.cache.read(key);
      const entry = file && unpackEntry(file);
      if (entry) return { count, key, entry };
      if (file) await this.shelf.cache.remove(key);
    }
    return undefined;
  }

  private keysOf({ links, base, psql }: ChainRequest, count: number): readonly string[] {
    const { kind, imagesOf } = this.place;
    if (imagesOf === undefined) return [];
    const origin = JSON.stringify([format, imagesOf, kind, psql ?? null, identityOf(base)]);
    return fingerprintsOf(links.slice(0, count), origin, this.shelf.today());
  }
}

function toldKey(keys: readonly string[]): string | undefined {
  const last = keys.at(-1);
  return last === undefined ? undefined : `told-${last}`;
}

/** Undefined when it is damaged. */
const toldIn = (file: Buffer): Told | undefined => jsonIn(String(file)) as Told | undefined;

const identityOf = ({ kind, fingerprint }: Base): readonly string[] => [kind, fingerprint];
