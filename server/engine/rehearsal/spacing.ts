/**
 * Where does a long script keep its savepoints? Every one that stays open makes each look at a catalog dearer
 * (`TransactionIdIsCurrentTransactionId` in Postgres goes through them all), and each one that is missing costs a few
 * statements when an edit goes back to it.
 */

export interface Position {
  /** Index of the move, and how many there are. */
  readonly at: number;
  readonly of: number;
  /** Index of the first one that was edited: where the next edit will be. */
  readonly edited: number;
}

/** A script of so many statements keeps them all. */
const all = 250;
/** Around the edit all are kept. */
const near = 40;

export function keepsSavepoint({ at, of, edited }: Position): boolean {
  if (of <= all || Math.abs(at - edited) <= near) return true;
  return at % Math.ceil(of / all) === 0;
}
