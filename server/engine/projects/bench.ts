/**
 * What is kept for one folder and one target between two calls: what is known of the target, and the shadows.
 *
 * Two chains: one upon the live schema for pending migrations, one from nothing for those that are applied.
 */
import { statSync } from 'node:fs';
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { histories, historyOptions } from '../history/all';
import type { History, HistoryState } from '../history/history';
import type { LayoutName } from '../layouts/layout';
import type { EngineOptions } from '../project';
import { type Chain, createChain } from '../rehearsal/chain';
import { type Base, emptyBase, emptyLike, fileBase, liveBase } from '../shadow/base';
import { choosePlace } from '../shadow/choosePlace';
import type { ShadowPlace } from '../shadow/place';
import { noSetUp, readSetUp, type SetUp } from '../shadow/setUp';
import type { World } from '../world';
import { connectionOf, type Target } from './target';

/** What a look at the target has told. */
export interface Live {
  readonly server: string;
  readonly history: HistoryState;
  /** Undefined for the embedded engine. */
  readonly setUp: SetUp | undefined;
}

export interface Workshop {
  readonly place: ShadowPlace;
  readonly chain: Chain;
}

export class Bench {
  readonly history: History;
  private known: Promise<Live> | undefined;
  private base: Promise<Base> | undefined;
  private readonly workshops = new Map<'live' | 'replay', Promise<Workshop>>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    layout: LayoutName,
    readonly target: Target,
    private readonly world: World,
    private readonly options: EngineOptions,
  ) {
    this.history = histories[layout](historyOptions(layout, target.parameters, target.environment));
  }

  /** Forgets what was seen of the target; the shadows stay and are compared with what is seen next. */
  refresh(): void {
    this.known = undefined;
    this.base = undefined;
  }

  /** One at a time: a shadow has one session. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work, work);
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** @throws {Fault} when the target does not answer, or its history is not this tool's; the next call tries again */
  async live(): Promise<Live> {
    this.known ??= this.look();
    try {
      return await this.known;
    } catch (error) {
      this.known = undefined;
      throw error;
    }
  }

  private async look(): Promise<Live> {
    const { target } = this;
    const session = await target.database.open('read');
    try {
      const history = await this.history.read(session);
      const setUp = target.kind === 'server' ? await readSetUp(session) : undefined;
      return { server: session.server.label, history, setUp };
    } finally {
      await session.close();
    }
  }

  /** The live schema, dumped once until `refresh`. */
  async liveBase(signal: AbortSignal): Promise<Base> {
    const { setUp } = await this.live();
    this.base ??= setUp ? liveBase(this.target.database, setUp, signal) : Promise.resolve(this.embeddedBase());
    try {
      return await this.base;
    } catch (error) {
      this.base = undefined;
      throw error;
    }
  }

  private embeddedBase(): Base {
    if (this.target.kind !== 'embedded') throw new Error('a server has a set-up');
    const { path } = this.target;
    const file = statSync(path, { throwIfNoEntry: false });
    return file ? fileBase(path, `${file.mtimeMs} ${file.size} ${file.ino}`) : emptyBase;
  }

  /** An empty database like the target's, for a replay from the first migration on. */
  async emptyBase(): Promise<Base> {
    const { setUp } = await this.live();
    return setUp ? emptyLike(setUp) : emptyBase;
  }

  /** @param texts of the migrations: the extensions that they ask for */
  workshop(kind: 'live' | 'replay', texts: readonly string[]): Promise<Workshop> {
    const known = this.workshops.get(kind);
    if (known) return known;
    const made = this.makeWorkshop(texts);
    this.workshops.set(kind, made);
    made.catch(() => this.workshops.delete(kind));
    return made;
  }

  private async makeWorkshop(texts: readonly string[]): Promise<Workshop> {
    const { setUp } = await this.live();
    const place = await this.choose(setUp, extensionsIn(texts));
    this.world.log(`shadow: ${place.label}`);
    return { place, chain: createChain(place) };
  }

  private async choose(setUp: SetUp | undefined, asked: readonly string[]): Promise<ShadowPlace> {
    const { world, options, target } = this;
    const wishes = {
      wish: typeof options.shadow === 'object' ? { url: connectionOf(options.shadow.url, world) } : options.shadow,
      target: target.parameters,
      setUp: setUp ?? noSetUp,
      extensions: [...new Set([...(setUp?.extensions ?? []), ...asked])],
      binaries: options.binaries,
      roots: options.roots,
      assets: world.assets,
      environment: world.environment,
      log: world.log,
    };
    if (target.kind === 'embedded') return choosePlace(wishes, undefined);
    return withSession(await target.database.open('read'), (session) => choosePlace(wishes, session));
  }

  /** Drops what this bench holds, for example after a fault that a new place may not have. */
  async close(): Promise<void> {
    const places = await Promise.allSettled(this.workshops.values());
    this.workshops.clear();
    for (const it of places) if (it.status === 'fulfilled') await it.value.place.close();
  }
}

async function withSession<T>(session: Session, use: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** Read from the text alone, so that the engine can be chosen before anything runs. */
const extensionsIn = (texts: readonly string[]): string[] =>
  texts.flatMap((text) =>
    [...text.matchAll(/\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([\w-]+)"?/gi)].map(([, name = '']) =>
      name.toLowerCase(),
    ),
  );

/** @throws {Fault} `remote-target` unless the user has confirmed the name of a target on another machine */
export function demandConsent({ info }: Target, confirmedName: string | undefined): void {
  if (info.local || confirmedName === info.name) return;
  throw new Fault('remote-target', `${info.label} can only be changed after its name (${info.name}) was confirmed.`);
}
