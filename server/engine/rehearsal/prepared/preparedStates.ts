/**
 * States of a chain that an earlier process has replayed and kept on the disk, so that a long history is not replayed
 * at every start.
 */
import type { DiskCache } from '../../base/diskCache';
import { Fault } from '../../base/fault';
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

/** Counts what an entry holds and how it is read: another format, another number. */
const format = 1;

/** A class because it keeps in memory what it has read last, for those who ask for another part of it. */
export class PreparedStates {
  private last: Found | undefined;

  constructor(
    private readonly place: ShadowPlace,
    private readonly shelf: Shelf,
  ) {}

  get worthMs(): number {
    return this.shelf.worthMs;
  }

  /** What is known of the first links of a request, `most` at most; as many as there is a state behind. */
  async knowledge(request: ChainRequest, most: number): Promise<Knowledge | undefined> {
    this.last = await this.find(request, most);
    return this.last?.entry.knowledge;
  }

  /** A shadow in the state behind the first links of a request; as many as can be had without a replay, `most` at most. */
  async begin(request: Walk, most: number): Promise<{ readonly shadow: Shadow; readonly count: number } | undefined> {
    for (;;) {
      const found = await this.find(request, most);
      this.last = undefined;
      if (!found) return undefined;
      const { count, key, entry } = found;
      try {
        const read = () => Promise.resolve(entry.image);
        return { shadow: await this.place.fresh(request.base, request.signal, { key, read }), count };
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'not-readable') throw error;
        this.shelf.log(`a prepared state is thrown away: ${error.message}`);
        await this.shelf.cache.remove(key);
      }
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

  private async find(request: ChainRequest, most: number): Promise<Found | undefined> {
    const keys = this.keysOf(request, most);
    for (let count = keys.length; count > 0; count--) {
      const key = keys[count - 1] ?? '';
      if (this.last?.key === key) return this.last;
      const file = await this.shelf.cache.read(key);
      const entry = file && unpackEntry(file);
      if (entry) return { count, key, entry };
      if (file) await this.shelf.cache.remove(key);
    }
    return undefined;
  }

  private keysOf({ links, base, layout }: ChainRequest, count: number): readonly string[] {
    const { kind, imagesOf } = this.place;
    if (imagesOf === undefined) return [];
    const origin = JSON.stringify([format, imagesOf, kind, layout, identityOf(base)]);
    return fingerprintsOf(links.slice(0, count), origin, this.shelf.today());
  }
}

const identityOf = ({ kind, fingerprint }: Base): readonly string[] => [kind, fingerprint];
