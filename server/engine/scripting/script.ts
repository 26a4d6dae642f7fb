/** Statements that lead from one schema to another, with what is known of them before they are run. */

export interface Script {
  readonly statements: readonly ScriptStatement[];
  /** Kinds of objects of which nothing can be said: they are on one side at least, and are not compared. */
  readonly unmodelled: readonly string[];
}

export interface ScriptStatement {
  /** Without a semicolon at its end. */
  readonly sql: string;
  /**
   * - `inside`: it may stand in a transaction with others
   * - `committed`: it may, but what it makes can be used only when that is committed (a new value of an enum)
   * - `outside`: Postgres refuses it in a transaction
   */
  readonly transaction: 'inside' | 'committed' | 'outside';
  /** Whose rows or values it throws away, and which sequences begin again. */
  readonly loses: readonly Loss[];
}

export type Loss = LostRows | LostPlace;

export interface LostRows {
  readonly kind: 'table' | 'column';
  readonly schema: string;
  readonly table: string;
  /** Of a column. */
  readonly column?: string;
}

/** Of a sequence that is made: how far one of its name was before, nothing tells. */
export interface LostPlace {
  readonly kind: 'sequence';
  readonly schema: string;
  readonly name: string;
  /** Where it begins. */
  readonly start: string;
}

/** As text of a file: each statement on lines of its own, in the order in which they are run. */
export const textOf = ({ statements }: Script): string => statements.map(({ sql }) => `${sql};\n`).join('');
