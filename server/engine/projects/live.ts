/** What is known of a target: looked at once, and believed until it is forgotten or others have changed it. */
import { Fault, orFault, passingFaults } from '../base/fault';
import { untilAborted } from '../base/untilAborted';
import type { AppliedMemory } from '../history/appliedMemory';
import type { History, HistoryState } from '../history/history';
import type { Glance, Occasion } from '../project';
import { embeddedLabel } from '../shadow/embeddedPlace';
import type { World } from '../world';
import { schemaSeen, type SchemaSeen } from './liveSchema';
import type { Beginning } from '../shadow/setUp';
import type { Target } from './target';
import { fileStamp, type TargetWatch } from './targetWatch';

/** What a look at the target has told. */
export interface Live {
  readonly server: string;
  readonly history: HistoryState;
  /** Undefined for the embedded engine. */
  readonly schema: SchemaSeen | undefined;
}

/** And what is remembered of that database. */
export interface LiveDatabase extends Live {
  readonly remembered: AppliedMemory;
}

/** How long it may be silent before people are told what is waited for. */
const silenceMs = 3_000;

/** What may pass without anybody changing settings here, so that it is worth another look. */
const comingBack = new Set<string>([...passingFaults, 'no-database', 'history-moved']);

/** What to do when others have changed the target. */
export interface OnChange {
  /** Schema or history. */
  readonly moved: () => void;
  readonly rows: () => void;
}

export class LiveTarget {
  private lastLook: Promise<Live> | undefined;
  /** Why the last look has failed. */
  private failure: Fault | undefined;

  constructor(
    private readonly target: Target,
    private readonly beginning: Beginning,
    private readonly history: History,
    private readonly watch: TargetWatch,
    private readonly tell: World['tell'],
    private readonly onChange: OnChange,
  ) {}

  /** The next one who asks looks anew. */
  forget(): void {
    this.lastLook = undefined;
  }

  /**
   * @throws {Fault} when the target does not answer, or its history is not this tool's; the next call tries again
   * @throws the reason of the signal when that comes first
   */
  async read(signal?: AbortSignal): Promise<Live> {
    const look = (this.lastLook ??= this.lookAnew());
    // A look that this caller no longer waits for goes on, for the next one.
    return this.patiently(() => untilAborted(look, signal));
  }

  /**
   * Nothing is asked of a target that nobody has asked about, or that is being changed by us; one that could not be looked
   * at is tried again.
   *
   * @returns what somebody else has changed
   */
  async glance(occasion: Occasion): Promise<Glance> {
    const look = this.lastLook;
    if (this.watch.isPaused) return 'same';
    if (!look) return this.failure && comingBack.has(this.failure.code) ? this.seeAgain() : 'same';
    if (!(await isSeen(look))) return 'silent';
    const glance = await this.watch.look(occasion);
    if (this.lastLook !== look) return 'same';
    if (glance === 'moved') this.onChange.moved();
    if (glance === 'rows') this.onChange.rows();
    return glance;
  }

  /** Waits for an answer of the target, and says so when it is long in coming. */
  async patiently<T>(answer: () => Promise<T>): Promise<T> {
    const { info } = this.target;
    if (info.engine === 'embedded') return answer();
    const told = setTimeout(() => this.tell({ kind: 'waiting', target: info.label }), silenceMs);
    try {
      return await answer();
    } finally {
      clearTimeout(told);
    }
  }

  private async seeAgain(): Promise<Glance> {
    return (await isSeen((this.lastLook ??= this.lookAnew()))) ? 'moved' : 'silent';
  }

  private lookAnew(): Promise<Live> {
    const look = this.look();
    look.then(
      () => (this.failure = undefined),
      // Whoever waits for it hears of a failure, and perhaps nobody does any more.
      (error: unknown) => {
        if (this.lastLook === look) this.lastLook = undefined;
        this.failure = error instanceof Fault ? error : undefined;
      },
    );
    return look;
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
      schema: target.kind === 'server' ? await schemaSeen(session, catalog, this.beginning) : undefined,
    }));
  }
}

/** Whether the look has come to something; what went wrong is told to who asked for it. */
const isSeen = async (look: Promise<Live>): Promise<boolean> => !((await orFault(look)) instanceof Fault);
