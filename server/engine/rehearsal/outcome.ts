/** What one statement did in a rehearsal. */
import type { TextRange } from '../base/text';
import type { Notice, Refusal } from '../database/session';
import type { BodyProblem, BrokenRoutine } from './bodies/problem';
import type { Facts } from '../probes/facts';
import type { Shape, Statement } from '../sql/statement';
import type { Observation } from './observation/observation';

/**
 * - `ran`: Postgres did it, and it was taken back
 * - `refused`: Postgres refused it; `range` is the token to blame, in the file
 * - `ended`: the connection ended while it ran, each time it was tried
 * - `skipped`: not sent at all, and why
 */
export type Outcome =
  | {
      readonly kind: 'ran';
      readonly statement: Statement;
      readonly shape: Shape;
      readonly ms: number;
      readonly notices: readonly Notice[];
      /** As its command tag counts them: inserted, updated, deleted, selected, copied, moved. */
      readonly rows?: number;
      /** Undefined where nobody observed. */
      readonly observation?: Observation | undefined;
      /** What will be refused when the body that it holds is called; ranges in the file. */
      readonly bodies?: readonly BodyProblem[];
      /** Routines whose bodies it has made wrong. */
      readonly breaks?: readonly BrokenRoutine[];
      /** What the catalogs told while its effects were there; where rows of the target are asked. */
      readonly facts?: Facts | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly statement: Statement;
      readonly shape: Shape;
      readonly refusal: Refusal;
      readonly range: TextRange;
      readonly ms: number;
      /**
       * What the catalogs would tell if there were no rows, where rows of the target have refused it; which rows it would
       * have written, where it writes.
       */
      readonly facts?: Facts | undefined;
    }
  | { readonly kind: 'ended'; readonly statement: Statement; readonly shape: Shape; readonly message: string }
  | {
      readonly kind: 'skipped';
      readonly statement: Statement;
      readonly shape: Shape;
      readonly reason: SkipReason;
      /** What will be refused when the DO block that it is runs; ranges in the file. */
      readonly bodies?: readonly BodyProblem[];
    };

export type SkipReason =
  /** It would reach outside the shadow; `unread`: it needs what the shadow lacks for that reason, so nobody can read it. */
  | { readonly kind: 'reaches'; readonly says: string; readonly unread?: boolean }
  /** A line for psql, or with a variable that psql puts in. */
  | { readonly kind: 'psql' }
  /** The session was ended by an earlier statement, or by this one when it was tried before. */
  | { readonly kind: 'sessionEnded' };

/** An outcome together with the file that it belongs to. */
export type PlacedOutcome = Outcome & { readonly path: string };

/** It ends the session, or would take too long: nobody wants to see that again with every check. */
export const isRunaway = (outcome: Outcome): boolean =>
  outcome.kind === 'ended' || (outcome.kind === 'refused' && outcome.refusal.sqlState === '57014');
