/** What a statement did to the database, seen from inside its transaction. Plain values. */
import type { LockMode } from '../../sql/lockModes';

/**
 * How much is observed.
 *
 * - `compact`: what the statement itself tells; the server is asked nothing behind it
 * - `full`: everything
 */
export type ObservationLevel = 'off' | 'compact' | 'full';

export interface Observation {
  /** Every lock that the statement needs and that lasts to the end of its transaction. */
  readonly locks: readonly Lock[];
  /** Tables, materialized views and indexes whose files were written anew. */
  readonly rewrites: readonly Rewrite[];
  readonly scans: readonly Scan[];
  readonly rows: readonly RowCount[];
  readonly created: readonly ObjectName[];
  readonly altered: readonly ObjectName[];
  /** Those that were meant; what went with them stands in `dependents`. */
  readonly dropped: readonly ObjectName[];
  readonly dependents: readonly Dependent[];
  /**
   * Who told the objects.
   *
   * - `server`: Postgres itself, by event triggers
   * - `grammar`: only what the statement names; event triggers need a superuser
   */
  readonly toldBy: 'server' | 'grammar';
  /** It was observed at `compact`: all of this is true, but there may be more in each list, and more that is `held`. */
  readonly partial?: true;
}

/** Of an object that this transaction has made nobody else knows, so that nobody waits for it. */
interface Seen {
  readonly unseen?: true;
}

export interface Lock extends Seen {
  readonly mode: LockMode;
  /** `public.orders`; quoted where Postgres needs it. */
  readonly object: string;
  /** `table`, `index`, `schema`, `advisory lock`… */
  readonly kind: string;
  /** An earlier statement of the transaction holds it already; this one needs it by itself, too. */
  readonly held?: true;
}

export interface Rewrite extends Seen {
  readonly object: string;
  readonly kind: string;
}

export interface Scan extends Seen {
  readonly table: string;
  /** How often it was read from the beginning to the end, also when it has no rows; 0 when only by an index. */
  readonly scans: number;
  readonly rows: number;
}

export interface RowCount extends Seen {
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface ObjectName {
  /** As Postgres calls it: `table`, `table column`, `function`. */
  readonly kind: string;
  /** As Postgres writes it: `public.orders`, `mine on public.orders`. */
  readonly identity: string;
}

/**
 * Something else that the statement touches.
 *
 * - `dropped`: gone with what was dropped
 * - `changed`: follows silently; a view goes on calling a renamed column by its old name
 * - `mayBreak`: a function whose text mentions what is no more, or is another now
 * - `invalidated`: prepared statements that select all columns of it fail once with "cached plan must not change result type"
 */
export interface Dependent extends ObjectName {
  readonly effect: 'dropped' | 'changed' | 'mayBreak' | 'invalidated';
}
