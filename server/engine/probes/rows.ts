/**
 * Where the rows of a table are found: on the target, under the names that they have there, and what the statements
 * that ran on the shadow since then have made of them.
 */
import { quoteIdentifier, quoteName } from '../database/quote';
import type { ColumnFacts, TableFacts } from './facts';

/**
 * - `target`: the rows are there; `layers` are what is done to each of them, in order
 * - `none`: the table was made since, and nothing has been put into it
 * - `unknown`: rows may have been written since
 */
export type Rows =
  | { readonly kind: 'target'; readonly schema: string; readonly name: string; readonly layers: readonly Layer[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** Each row anew: its columns, each with the expression that gives its value, which sees the row as it was before. */
export interface Layer {
  /** The table's name at that time, which expressions may use. */
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly value: string }[];
  /** Columns whose value nobody knows; they are left out, so that what asks for them gets no answer. */
  readonly unknown: readonly string[];
}

export type FoundRows = Extract<Rows, { kind: 'target' }>;

/**
 * An item for FROM, under the name that the table has now. It has `tableoid` and `ctid` too.
 *
 * @param reach `only`: without the rows of children
 */
export function fromRows({ schema, name, layers }: FoundRows, alias: string, reach: 'only' | 'all'): string {
  const table = `${reach === 'only' ? 'only ' : ''}${quoteName(schema, name)}`;
  const [first, ...rest] = layers;
  if (!first) return `${table} as ${quoteIdentifier(alias)}`;
  const inner = selectOf(first, table);
  const query = rest.reduce((below, layer) => selectOf(layer, `(${below})`), inner);
  return `(${query}) as ${quoteIdentifier(alias)}`;
}

function selectOf({ table, columns }: Layer, from: string): string {
  const values = columns.map(({ name, value }) => `${value} as ${quoteIdentifier(name)}`);
  return `select ${['tableoid', 'ctid', ...values].join(', ')} from ${from} as ${quoteIdentifier(table)}`;
}

/** A column as it is. */
export const kept = ({ name }: Pick<ColumnFacts, 'name'>): Layer['columns'][number] => ({
  name,
  value: quoteIdentifier(name),
});

/** The value that rows get in a column that is added, as an expression; undefined when each may get another one. */
export function addedValue({
  default: expression,
  sameForAll,
  identity,
  type,
  builtIn,
}: ColumnFacts): string | undefined {
  if (identity) return undefined;
  if (expression === null) return builtIn ? `null::${type}` : 'null';
  return sameForAll || isConstant(expression) ? `(${expression})::${type}` : undefined;
}

/** As Postgres writes a constant: `'x'::text`, `0`, `'-1'::integer`. */
const isConstant = (expression: string): boolean =>
  /^(?:'(?:[^']|'')*'|-?[\d.]+|\(-[\d.]+\)|true|false|NULL)(?:::[\w ".[\](),]+)?$/.test(expression);

export const columnOf = (table: TableFacts, number: number): ColumnFacts | undefined =>
  table.columns.find((it) => it.number === number);
