/** What is told of migrations before anything is changed: checks, previews, comparisons. */
import type { Edit, TextRange } from './base/text';
import type { ObjectChange } from './changes';
import type { Notice } from './database/session';
import type { Finding, Place } from './finding';
import type { Observation } from './rehearsal/observation/observation';

/** Why shadows live where they do. */
export interface PlaceChoice {
  /** For people: `binaries of PostgreSQL 16.4 are in /usr/lib/postgresql/16/bin`. */
  readonly placeBecause: string;
  /** What cannot be told there, a sentence each. */
  readonly placeLimits: readonly string[];
}

export interface Check extends PlaceChoice {
  /** `private PostgreSQL 16.4`. */
  readonly rehearsedOn: string;
  /** Which of the four places. */
  readonly place: 'private' | 'same-server' | 'url' | 'embedded';
  readonly serverVersion: string;
  /** What it stood upon: `schema and data of shop_dev@localhost:5432`, `schema of …` without the rows. */
  readonly upon: string;
  /** From the question to the answer. */
  readonly ms: number;
}

/**
 * What a check spends its time with:
 *
 * - `turn`: waiting for the one before it
 * - `target`: what it holds and what was applied
 * - `files`: reading and cutting them
 * - `shadow`: making it, with the schema of the target, and bringing it into the state before the migration
 * - `rehearsal`: running its statements
 * - `findings`: telling what came of them
 */
export type CheckRoom = 'turn' | 'target' | 'files' | 'shadow' | 'rehearsal' | 'findings';

export interface FileCheck extends PlaceChoice {
  readonly path: string;
  /** It takes long: statements that have not run yet are told of as they were. The whole follows. */
  readonly provisional?: true;
  /** The second look is still to come: what it tells of bodies and routines is missing. */
  readonly unlooked?: true;
  readonly version: string;
  /** Milliseconds that the migration took when it was last run, which may have been for an earlier check. */
  readonly ms: number;
  /** Milliseconds of this check by room; what serves several files is counted with the first that is told. */
  readonly rooms: Readonly<Partial<Record<CheckRoom, number>>>;
  /** `private PostgreSQL 16.4, schema and data of shop_dev@localhost:5432`. */
  readonly rehearsedOn: string;
  readonly statements: number;
  readonly findings: readonly Finding[];
  /** Whether it stood upon the rows that the target has. */
  readonly rows: 'there' | 'missing';
  /** What each statement did, in their order. */
  readonly outcomes: readonly StatementOutcome[];
}

/** What one statement did in a rehearsal; `range` is that of the statement, without its semicolon. */
export type StatementOutcome = { readonly range: TextRange } & (
  | {
      readonly kind: 'ran';
      readonly ms: number;
      readonly notices: readonly Notice[];
      /** As its command tag counts them. */
      readonly rows?: number;
      /** Undefined where nobody observed. */
      readonly observation?: Observation;
    }
  | { readonly kind: 'refused'; readonly ms: number; readonly sqlState: string; readonly message: string }
  /** It ended the connection. */
  | { readonly kind: 'ended'; readonly message: string }
  /** Not run, because it reaches outside, is for psql, or the session had ended. */
  | { readonly kind: 'skipped'; readonly reason: 'reaches' | 'psql' | 'sessionEnded' }
);

/** Values of the user: shown on request, kept nowhere, never logged. */
export interface RowsAtFault {
  readonly table: string;
  /** What is wrong with them: `rows of orders have no email`. */
  readonly says: string;
  readonly columns: readonly string[];
  /** As Postgres writes them; null for NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** There are more than are given. */
  readonly more: boolean;
}

export interface Preview {
  /** Canonical SQL text of the whole schema. */
  readonly before: string;
  readonly after: string;
  readonly changes: readonly ObjectChange[];
  readonly rehearsedOn: string;
  /** Statements that were refused or not rehearsed, so that `after` is without them. */
  readonly refused: number;
  /**
   * What a check finds that keeps these migrations from being applied, also what only the rows of the target refuse:
   * `after` may be with such a statement.
   */
  readonly errors: readonly (Finding & Place)[];
}

export interface Idempotence {
  /**
   * - `already`: there is nothing to rewrite: run twice it changes nothing
   * - `rewritten`: run twice, the new text does what the old one does once
   * - `partly`: the first run is the same; the second one is refused, or changes something, at what is `left`
   * - `differs`: the first run is not the same, so that it is of no use
   * - `refused`: the text as it is is refused by Postgres, which comes first
   */
  readonly verdict: 'already' | 'rewritten' | 'partly' | 'differs' | 'refused';
  /** The target has it: what is written into its file counts as edited since. */
  readonly isApplied: boolean;
  readonly text: string;
  /** Of the text as it was, in order. */
  readonly edits: readonly Edit[];
  /** Statements of the text as it was that became others. */
  readonly changed: readonly TextRange[];
  /** Statements of the text as it was that do something else when they are run again, and why; whole sentences. */
  readonly left: readonly { readonly range: TextRange; readonly why: string }[];
  /** What the second run changes; or the first one, where it `differs`. */
  readonly changes: readonly ObjectChange[];
  /** Tables whose rows it changes. */
  readonly tables: readonly string[];
  readonly rehearsedOn: string;
}

/** What is other in a later database than in a snapshot. */
export interface SnapshotDifference extends Pick<Preview, 'before' | 'after' | 'changes'> {
  /** Of every table in either of them; null where there is no such table. */
  readonly rows: readonly { readonly table: string; readonly before: number | null; readonly after: number | null }[];
}
