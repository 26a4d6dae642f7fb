/**
 * Where in a script does a savepoint stand? Each costs as much as a small statement, and as long as it stands it makes
 * every look at a catalog dearer (`TransactionIdIsCurrentTransactionId` in Postgres goes through them all); where none
 * is, an edit, or the first refusal there, runs the few statements since the last one once more.
 */

export interface Position {
  /** Index of the move, and how many there are. */
  readonly at: number;
  readonly of: number;
  /** Index of the first one that was edited: where the next edit will be. */
  readonly edited: number;
}

/** What has run since the last savepoint. */
export interface Unguarded {
  /** How many moves. */
  readonly moves: number;
  /** Milliseconds that they took. */
  readonly ms: number;
  /** They may have used sequences: then a savepoint costs a look at those, too. */
  readonly used: boolean;
}

/** A script has no more than about so many. */
const all = 250;

export function needsSavepoint({ at, of, edited }: Position, { moves, ms, used }: Unguarded): boolean {
  if (at === edited) return true;
  // Most edits are made at the end.
  if (!used && at >= of - 2) return true;
  const most = used ? 24 : 8;
  return moves >= Math.max(most, of / all) || ms >= most;
}
