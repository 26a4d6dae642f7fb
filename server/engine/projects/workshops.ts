/** Which places for shadows does a bench have? They are chosen, kept from check to check, replaced and given back. */
import type { DiskCache } from '../base/diskCache';
import { onSession } from '../database/onSession';
import type { EngineOptions } from '../project';
import { createChain } from '../rehearsal/chain';
import type { Base } from '../shadow/base';
import { type ChosenPlace, choosePlace, type PlaceWishes, traitsOf } from '../shadow/choosePlace';
import { noSetUp, type SetUp } from '../shadow/setUp';
import type { World } from '../world';
import type { Access } from './access';
import type { LiveTarget } from './live';
import type { LiveSchema } from './liveSchema';
import { connectionOf, type Target } from './target';
import { extensionsFor, type Workshop, type WorkshopKind } from './workshop';

/** What took less to replay is there as soon as an image of it would be. */
const worthKeepingMs = 300;

export interface WorkshopGround {
  readonly target: Target;
  readonly access: Access;
  readonly world: World;
  readonly options: EngineOptions;
  readonly cache: DiskCache;
  readonly live: LiveTarget;
  readonly schema: LiveSchema;
}

/** A class because it owns servers and databases. What it holds is used and changed in turn only. */
export class Workshops {
  private readonly held = new Map<WorkshopKind, Workshop>();

  constructor(private readonly ground: WorkshopGround) {}

  at(kind: WorkshopKind): Workshop | undefined {
    return this.held.get(kind);
  }

  all(): Iterable<Workshop> {
    return this.held.values();
  }

  /** All shadows are known to live on servers of our own. */
  get areApart(): boolean {
    return this.held.size > 0 && [...this.held.values()].every(({ place }) => !place.shared);
  }

  /** On a server that others use, what a rehearsal has locked is let go: roles, for example, belong to all databases. */
  async rest(): Promise<void> {
    for (const { place, chain } of this.held.values()) if (place.shared) await chain.rest();
  }

  /** The one that is there, when it has the extensions; else a new one. */
  async fitting(kind: WorkshopKind, wished: readonly string[], signal: AbortSignal): Promise<Workshop> {
    const { schema } = await this.ground.live.read(signal);
    const former = this.held.get(kind);
    if (former && extensionsFor(schema?.setUp, wished).every((it) => former.extensions.has(it))) return former;
    await this.discard(kind);
    const made = await this.make(kind, wished, signal);
    this.ground.world.log(`shadow: ${made.place.label}, because ${made.place.because}`);
    this.held.set(kind, made);
    return made;
  }

  /** Beside whatever runs. It belongs to the caller. */
  async make(kind: WorkshopKind, wished: readonly string[], signal: AbortSignal): Promise<Workshop> {
    const { live, schema, cache, world } = this.ground;
    const seen = (await live.read(signal)).schema;
    const asked = extensionsFor(seen?.setUp, wished);
    const base = seen && kind === 'live' ? await schema.atHand(seen) : undefined;
    const place = await this.choose(seen?.setUp, asked, base, signal);
    const today = () => world.now().toISOString().slice(0, 10);
    const shelf = { cache, today, worthMs: worthKeepingMs, log: world.log };
    return { place, chain: createChain(place, shelf), extensions: new Set(asked), hasServed: false };
  }

  /** In the place of the former one, which ends. */
  async put(kind: WorkshopKind, workshop: Workshop): Promise<void> {
    const former = this.held.get(kind);
    this.held.set(kind, workshop);
    await former?.place.close();
  }

  /** A check stands upon this workshop with rows, or waits for it: it is the live one from now on. */
  async adopt(workshop = this.held.get('withRows')): Promise<void> {
    if (!workshop) return;
    this.held.delete('withRows');
    await this.put('live', workshop);
  }

  async discard(kind: WorkshopKind): Promise<void> {
    const former = this.held.get(kind);
    this.held.delete(kind);
    await former?.place.close();
  }

  async discardAll(): Promise<void> {
    for (const kind of this.held.keys()) await this.discard(kind);
  }

  private async choose(
    setUp: SetUp | undefined,
    asked: readonly string[],
    base: Base | undefined,
    signal: AbortSignal,
  ): Promise<ChosenPlace> {
    const { world, options, target, cache, access } = this.ground;
    const wishes = {
      wish: typeof options.shadow === 'object' ? { url: connectionOf(options.shadow.url, world) } : options.shadow,
      target: target.parameters,
      itsServer: itsServer(target),
      setUp: setUp ?? noSetUp,
      extensions: asked,
      binaries: options.binaries,
      roots: options.roots,
      assets: world.assets,
      environment: world.environment,
      cache,
      base,
      log: world.log,
      onItsServer: <T>(make: () => Promise<T>) => access.question(make, signal),
    };
    if (target.kind === 'embedded') return choosePlace(wishes, undefined);
    const traits = await access.question(() => onSession(target.database.open('read', signal), traitsOf), signal);
    // Once begun it goes on without whoever asked: the next check, a keystroke later, wants a place as well.
    return choosePlace(wishes, traits);
  }
}

function itsServer({ info: { environment } }: Target): PlaceWishes['itsServer'] {
  if (environment?.readOnly) return 'never';
  return environment && environment.role !== 'development' ? 'onWish' : undefined;
}
