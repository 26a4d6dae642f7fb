/**
 * Looks at the targets again and again while somebody is at the editor, so that what others do there is noticed; leaves
 * them alone when nobody is, and seldom bothers one that gives no answer.
 */
import type { Glance, Occasion } from '../engine/project';

/** Pauses in milliseconds: between two looks, and for a check that somebody waits for right now. */
const betweenMs = 1_500;
const laterMs = 250;
/** Of a target that is silent; from the first to the second twice as long each time. */
const silenceMs = { first: 2_000, longest: 60_000 };
/** Who has not done anything for so long is not at the editor. */
const awakeMs = 5 * 60_000;

export interface Looks {
  /** From now on the target of this project is looked at, too. */
  add(folder: string): void;
  /** Somebody is at the editor. */
  awake(): void;
  /** Somebody comes back to the editor: all are looked at, as soon as the last look is long enough ago. */
  soon(): void;
  /** Forgets all of them. */
  cancel(): void;
}

type Look = (occasion: Occasion) => Promise<Glance | 'later'>;

/**
 * @param look must not reject; `later` puts it off for a moment
 * @param now clock in milliseconds
 */
export function repeatedLooks(
  look: (folder: string, occasion: Occasion) => ReturnType<Look>,
  now: () => number = () => performance.now(),
): Looks {
  const rounds = new Map<string, Round>();
  let awakeUntil = now() + awakeMs;
  const stillAwake = (): void => {
    awakeUntil = now() + awakeMs;
  };

  return {
    add(folder) {
      if (rounds.has(folder)) return;
      const round = new Round((occasion) => look(folder, occasion), { now, isAwake: () => now() < awakeUntil });
      rounds.set(folder, round);
      round.next(betweenMs);
    },
    awake() {
      stillAwake();
      for (const round of rounds.values()) round.resume();
    },
    soon() {
      stillAwake();
      for (const round of rounds.values()) round.soon();
    },
    cancel() {
      for (const round of rounds.values()) round.end();
      rounds.clear();
    },
  };
}

/** The looks at one target, one after the other. */
class Round {
  private timer: NodeJS.Timeout | undefined;
  private begun = -Infinity;
  private silentMs = 0;
  private occasion: Occasion = 'passing';
  /** `asleep`: begins again when somebody comes. */
  private state: 'waiting' | 'looking' | 'asleep' | 'over' = 'asleep';

  constructor(
    private readonly look: Look,
    private readonly clock: { readonly now: () => number; readonly isAwake: () => boolean },
  ) {}

  next(pauseMs: number): void {
    clearTimeout(this.timer);
    this.state = 'waiting';
    this.timer = setTimeout(() => void this.go(), pauseMs).unref();
  }

  resume(): void {
    if (this.state === 'asleep') this.next(this.untilNext());
  }

  soon(): void {
    this.occasion = 'asked';
    if (this.state === 'waiting' || this.state === 'asleep') this.next(this.untilNext());
  }

  end(): void {
    clearTimeout(this.timer);
    this.state = 'over';
  }

  private async go(): Promise<void> {
    if (!this.clock.isAwake()) {
      this.state = 'asleep';
      return;
    }
    const { occasion } = this;
    this.occasion = 'passing';
    this.state = 'looking';
    this.begun = this.clock.now();
    const glance = await this.look(occasion);
    if (this.state !== 'looking') return;
    if (glance === 'later') {
      this.occasion = occasion;
      return this.next(laterMs);
    }
    this.silentMs = glance === 'silent' ? Math.min(silenceMs.longest, Math.max(silenceMs.first, 2 * this.silentMs)) : 0;
    this.next(this.silentMs || betweenMs);
  }

  private untilNext(): number {
    return Math.max(0, this.begun + betweenMs - this.clock.now());
  }
}
