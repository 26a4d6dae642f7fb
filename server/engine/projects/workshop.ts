/** A place for shadows and the chain of migrations that is rehearsed there. */
import { Fault } from '../base/fault';
import type { Chain } from '../rehearsal/chain';
import type { Base } from '../shadow/base';
import type { ChosenPlace } from '../shadow/choosePlace';
import type { SetUp } from '../shadow/setUp';

/**
 * - `live`: upon the live schema, for what is pending
 * - `withRows`: the same with the rows as well, until a check has stood upon it and it becomes the live one
 * - `replay`: from nothing, for what is applied
 */
export type WorkshopKind = 'live' | 'withRows' | 'replay';

export interface Workshop {
  readonly place: ChosenPlace;
  readonly chain: Chain;
  /** Extensions that the place was chosen for. */
  readonly extensions: ReadonlySet<string>;
  hasServed: boolean;
  /** Undefined when its place has no rows, or former ones. */
  copiedRows?: CopiedRows | undefined;
}

/** Which rows were copied, and upon which schema. */
export interface CopiedRows {
  /** The live schema with them. */
  readonly base: Base;
  /** Fingerprint of the live schema. */
  readonly upon: string;
  /** As RowCensus.written. */
  readonly written: string;
}

/** Those of the target, and those that the migrations ask for and its server has. */
export const extensionsFor = (setUp: SetUp | undefined, wished: readonly string[]): readonly string[] => [
  ...(setUp?.extensions ?? []),
  ...wished.filter((it) => setUp?.available.has(it)),
];

/** The place has gone: `no-server` is said of a place that was there before. */
export const isGone = (error: unknown): error is Fault =>
  error instanceof Fault && ['shadow-lost', 'connection-lost', 'no-server', 'wrong-server'].includes(error.code);

/**
 * Nobody but scripts changes a server of ours: what it refuses us it will refuse for ever. A full disk is not the
 * server's fault.
 */
export const isSpoilt = (error: unknown, { place }: Workshop): error is Fault =>
  place.kind === 'private' && error instanceof Fault && error.code !== 'disk-full';
