/** What the catalogs of the shadow tell about a statement that ran there; plain values that can be remembered. */

/** Names a table: its schema and its own name, in the shadow. */
export type TableKey = string;

export const tableKey = ({ schema, name }: Pick<TableFacts, 'schema' | 'name'>): TableKey =>
  JSON.stringify([schema, name]);

export interface Facts {
  /** Of the session that ran it: what is written without a schema in it means this. */
  readonly searchPath: string;
  /** The table that the statement is about, as it is now, first; then those that its constraints speak of. */
  readonly tables: readonly TableFacts[];
  readonly domain: DomainFacts | undefined;
  /** Columns that were added, and whose default their domain does not take. */
  readonly refusedDefaults: readonly RefusedDefault[];
  /** Functions outside of pg_catalog that the statement may call, by `language name`. */
  readonly functions: readonly string[];
  /** Names of operators of the user between types that questions may be made of. */
  readonly operators: readonly string[];
  /** A cast that nobody has to write may run a function of the user. */
  readonly casts: boolean;
  /** Tables whose rows may be others now. */
  readonly touched: readonly TableKey[] | 'all';
  /** What a statement that writes names and the shadow has not, last parts of their names. */
  readonly missing: { readonly tables: readonly string[]; readonly functions: readonly string[] };
}

export interface RefusedDefault {
  readonly column: string;
  readonly sqlState: string;
  readonly message: string;
}

export interface TableFacts {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  /** As `relkind` in pg_class. */
  readonly kind: string;
  readonly temporary: boolean;
  /** Those that inherit from it, directly or not: partitions too. */
  readonly heirs: readonly TableKey[];
  /** What the rows of a partition have to satisfy. */
  readonly bound: string | null;
  /** The default partition of a partitioned table. */
  readonly defaultPartition: number | null;
  /** In their order. */
  readonly columns: readonly ColumnFacts[];
  /** The newest last. */
  readonly constraints: readonly ConstraintFacts[];
  /** The newest last. */
  readonly indexes: readonly IndexFacts[];
}

export interface ColumnFacts {
  readonly number: number;
  readonly name: string;
  /** Qualified, with its modifiers. */
  readonly type: string;
  /** As `typtype` in pg_type. */
  readonly typeKind: string;
  /** Of pg_catalog: there on every server. */
  readonly builtIn: boolean;
  /** It is built in, an enum, or a domain over one of these: comparing such values runs nothing of the user's. */
  readonly plain: boolean;
  /** Of an enum. */
  readonly labels: readonly string[] | null;
  readonly notNull: boolean;
  /** Expression of the default, or that computes a generated column. */
  readonly default: string | null;
  /** Postgres has kept one value for all rows that were there when the column was added. */
  readonly sameForAll: boolean;
  readonly generated: boolean;
  /** Generated, and computed when it is written: a virtual column is computed by who reads it. */
  readonly stored: boolean;
  readonly identity: boolean;
}

export interface ConstraintFacts {
  readonly id: number;
  readonly name: string;
  /** As `contype` in pg_constraint. */
  readonly type: string;
  readonly validated: boolean;
  readonly enforced: boolean;
  /** Rows of children are not looked at. */
  readonly onlyHere: boolean;
  /** WITHOUT OVERLAPS, or a foreign key with PERIOD. */
  readonly period: boolean;
  /** Numbers of columns. */
  readonly columns: readonly number[];
  /** Of a check. */
  readonly expression: string | null;
  readonly index: number;
  /** Qualified, one for each column: of an exclusion between two rows, of a foreign key from the referenced column on. */
  readonly operators: readonly string[];
  /** Of a foreign key. */
  readonly references: References | null;
  /** Functions outside of pg_catalog, by `language name`. */
  readonly functions: readonly string[];
}

export interface References {
  readonly table: number;
  readonly columns: readonly number[];
  /** Of the referenced columns, qualified; null where the type has none. */
  readonly collations: readonly (string | null)[];
  readonly matchFull: boolean;
}

export interface IndexFacts {
  readonly id: number;
  readonly name: string;
  readonly unique: boolean;
  readonly nullsNotDistinct: boolean;
  readonly predicate: string | null;
  readonly keys: readonly IndexKey[];
  /** Numbers of the columns that are keys by themselves; 0 for an expression. */
  readonly columns: readonly number[];
  /** Functions outside of pg_catalog, by `language name`. */
  readonly functions: readonly string[];
}

export interface IndexKey {
  /** A column, quoted, or an expression, in parentheses where it needs some. */
  readonly text: string;
  /** Qualified; null where the type has none. */
  readonly collation: string | null;
  /** Two values are equal for the index if and only if GROUP BY takes them to be. */
  readonly usualEquality: boolean;
}

export interface DomainFacts {
  readonly name: string;
  /** Qualified. */
  readonly base: string;
  readonly notNull: boolean;
  /** The newest last. */
  readonly constraints: readonly Pick<
    ConstraintFacts,
    'id' | 'name' | 'type' | 'validated' | 'expression' | 'functions'
  >[];
  /** Columns of tables with rows of their own that have the domain, or one that is made of it. */
  readonly columns: readonly { readonly table: number; readonly column: string }[];
}
