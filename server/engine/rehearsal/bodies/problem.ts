/** What is wrong with a body. */
import type { TextRange } from '../../base/text';
import type { Refusal } from '../../database/session';

/** Something in a body that Postgres will refuse when it gets there. */
export interface BodyProblem {
  /**
   * - `refused`: it will be, when the code gets there
   * - `uncompiled`: the declarations are; that means something only where they were not before
   */
  readonly kind: 'refused' | 'uncompiled';
  /** In the body. */
  readonly range: TextRange;
  readonly refusal: Refusal;
}

export interface BrokenRoutine {
  readonly oid: string;
  /** For people: `app.total(integer)`. */
  readonly signature: string;
  readonly body: string;
  readonly problem: BodyProblem;
}
