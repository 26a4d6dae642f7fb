/** What a chain is asked, and what it knows when it sets out to answer. */
import type { Laps } from '../base/laps';
import type { ReadByPsql } from '../layouts/layout';
import type { CheckRoom } from '../project';
import type { Base } from '../shadow/base';
import type { Link } from './link';
import type { PreparedLink, Way } from './moves';
import type { PlacedOutcome } from './outcome';
import type { ObservationLevel } from './observation/observation';
import type { RunLimits, Running } from './run';
import type { State } from './state';

/** What one link did. */
export interface LinkResult {
  readonly link: Link;
  readonly up: readonly PlacedOutcome[];
  /** Empty when it was not asked for. */
  readonly down: readonly PlacedOutcome[];
  /** What its statements took. */
  readonly ms: number;
  /** The second look at its up scripts has spoken, of these or of former ones with the same statements. */
  readonly looked: boolean;
}

export interface ChainRequest {
  readonly base: Base;
  readonly links: readonly Link[];
  /** Which links are asked for; those before the last of them run too. */
  readonly wanted: (link: Link) => { readonly up: boolean; readonly down: boolean };
  /** Which links are being edited: from the first of them on, the way back is kept. */
  readonly isOpen: (link: Link) => boolean;
  /** As Layout.psql. */
  readonly psql?: ReadByPsql | undefined;
  /** Its tool would run the up scripts of all links in one transaction: none of them is ever committed before another. */
  readonly oneTransaction?: boolean;
  readonly limits: RunLimits;
  /** Called now and then while an open link takes long, with what its statements did before where they have not run yet. */
  readonly onProvisional?: (result: LinkResult) => void;
  /**
   * - `first`: answers at once; `look` is asked for later
   * - `again`: after `look`; nothing is tried again that was tried a moment ago
   * - `whole`: answers wait for the second look
   */
  readonly manner: 'first' | 'again' | 'whole';
  /**
   * Which links are looked at beside those that are open; where the manner is `whole`, beside those asked for.
   *
   * - `all`: what is committed before the open ones as it is committed, for it cannot be looked at later without
   *   replaying it; what is asked for behind them
   * - `none`: no other, save what is committed where rows are asked for
   */
  readonly othersLookedAt: 'all' | 'none';
  /** The target has rows that the shadow lacks, or may have others by now. */
  readonly rowsAreAsked: boolean;
  /** How much somebody wants to know of what each statement locks, reads, writes and changes. */
  readonly observe: ObservationLevel;
}

/** A request with its links cut, and the signal that ends it. */
export interface Walk extends ChainRequest {
  readonly prepared: readonly PreparedLink[];
  /** Index of the first link that may be edited. */
  readonly firstOpen: number;
  readonly root: State;
  readonly laps: Laps<CheckRoom>;
  readonly signal: AbortSignal;
}

export const runningOf = ({ limits, signal }: Walk): Running => ({ ...limits, signal });

/** The moves of links from one index up to another, which is left out. */
export const movesBetween = ({ prepared }: Walk, from: number, to: number): PreparedLink['up']['moves'] =>
  prepared.slice(from, to).flatMap(({ up }) => up.moves);

export const isKnown = ({ moves }: Way): boolean =>
  moves.every(({ kind, state }) =>
    kind === 'statement' ? state.known !== undefined : kind === 'begin' || state.tried,
  );

/** Told by an earlier process, and not tried since. */
export const isBelieved = ({ statements }: Way): boolean => statements.some(({ state }) => state.believed);
