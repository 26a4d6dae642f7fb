/**
 * What a PL/pgSQL body consists of, as far as names and types in it matter. All ranges are in the body.
 *
 * What is computed is left out: whether a branch is taken, how often a loop runs.
 */
import type { TextRange } from '../../base/text';

/** Text that PL/pgSQL hands to the SQL engine. */
export interface Piece {
  /**
   * - `statement`: a whole SQL statement
   * - `rows`: the query of RETURN QUERY
   * - `call`: CALL and its arguments
   * - `expression`: what follows SELECT
   */
  readonly kind: 'statement' | 'rows' | 'call' | 'expression';
  readonly range: TextRange;
  /** Its `INTO target`, which PL/pgSQL takes out before. */
  readonly into?: TextRange;
}

export interface Block {
  readonly label: string | undefined;
  readonly declarations: readonly Declaration[];
  readonly body: readonly Code[];
  readonly handlers: readonly Handler[];
}

export type Declaration =
  | {
      readonly kind: 'variable';
      /** As written. */
      readonly name: string;
      /** As written, with its collation: `users.id%type`. */
      readonly type: string;
      readonly initial: Piece | undefined;
    }
  | { readonly kind: 'alias'; readonly name: string; readonly of: string }
  | { readonly kind: 'cursor'; readonly name: string; readonly cursor: BoundCursor };

export interface BoundCursor {
  /** Declarations as written: `low int`, `high int`. */
  readonly parameters: readonly string[];
  readonly query: Piece;
  /** The whole declaration, as written. */
  readonly text: string;
}

export interface Handler {
  /** Folded: `others`, `undefined_table`, `42p01`. */
  readonly conditions: readonly string[];
  /** Whether it passes an error on, its own or the one it got. */
  readonly raises: boolean;
  readonly body: readonly Code[];
}

export type Code =
  | { readonly kind: 'sql'; readonly piece: Piece }
  /** Utility statements, which have no names to resolve before they run. */
  | { readonly kind: 'utility'; readonly range: TextRange }
  | Assignment
  | { readonly kind: 'block'; readonly block: Block }
  /** May be passed over. */
  | { readonly kind: 'branch'; readonly body: readonly Code[] }
  | Loop;

export interface Loop {
  readonly kind: 'loop';
  readonly range: TextRange;
  readonly label: string | undefined;
  /** The variable that the loop brings along. */
  readonly variable: { readonly name: string; readonly type: 'integer' | 'record' } | undefined;
  /** What each round assigns. */
  readonly assignment: Assignment | undefined;
  readonly body: readonly Code[];
}

/** Whole variables get new values, and records with them a new row type. */
export interface Assignment {
  readonly kind: 'assignment';
  /** Folded. */
  readonly names: readonly string[];
  /** Where the row type can be read; undefined when it shows only when the code runs. */
  readonly source: Piece | BoundCursor | undefined;
}
