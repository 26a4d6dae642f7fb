/** A place for shadows and the chain of migrations that is rehearsed there. */
import type { Chain } from '../rehearsal/chain';
import type { Base } from '../shadow/base';
import type { ShadowPlace } from '../shadow/place';

/**
 * - `live`: upon the live schema, for what is pending
 * - `copied`: the same with the rows as well, until a check has stood upon it and it becomes the live one
 * - `replay`: from nothing, for what is applied
 */
export type WorkshopKind = 'live' | 'copied' | 'replay';

export interface Workshop {
  readonly place: ShadowPlace;
  readonly chain: Chain;
  /** Extensions that the place was chosen for. */
  readonly extensions: ReadonlySet<string>;
  /** Undefined when its place has no rows, or former ones. */
  copied?: CopiedRows | undefined;
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
