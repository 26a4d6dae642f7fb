/**
 * Rows for which an expression cannot be computed, or its value not become what a column takes.
 *
 * Only Postgres knows, by trying. A DO block catches what it says of each row; it makes no function and writes nothing.
 */
import { quoteLiteral } from '../database/quote';
import type { ColumnFacts, TableFacts } from './facts';
import { type Conversion, mostCounted, mostShown } from './probe';
import { type FoundRows, fromRows } from './rows';

/** A table together with where its rows are. */
export interface Place {
  readonly table: TableFacts;
  readonly rows: FoundRows;
}

/**
 * @param expression sees a row of the table
 * @param column takes the value; undefined when it only has to be computed
 */
export function refusesValue({ table, rows }: Place, expression: string, column: ColumnFacts | undefined): Conversion {
  const from = fromRows(rows, table.name, 'all');
  // A variable of a domain that is not null could not even be declared.
  const assigned = column !== undefined && column.typeKind !== 'd';
  const value = column && !assigned ? `(${expression})::${column.type}` : `(${expression})`;
  const code: Code = { from, value, type: assigned ? column.type : undefined };
  return {
    kind: 'convert',
    planSql: `select ${column ? `(${value})::${column.type}` : value} from ${from}`,
    tryAll: block(code, 'rehearsal_row record;', tryAll(code)),
    countEach: block(code, declarations, tryEach(code, mostCounted, '')),
    findEach: block(code, declarations, tryEach(code, mostShown - 1, collect)),
    rowsSql:
      `select * from ${from} where tableoid::text || ctid::text = ` +
      `any(pg_catalog.string_to_array(pg_catalog.current_setting('rehearsal.places'), ' '))`,
  };
}

interface Code {
  readonly from: string;
  readonly value: string;
  /** Of the variable that takes the value as the column would: by assignment, which refuses what a cast would cut off. */
  readonly type: string | undefined;
}

const declarations = `rehearsal_row record; rehearsal_bad bigint := 0; rehearsal_places text := '';`;

function block({ type }: Code, declared: string, body: string): string {
  const variable = type === undefined ? '' : `rehearsal_value ${type};`;
  // Names mean columns wherever they could mean either.
  const text = `#variable_conflict use_column\ndeclare ${declared} ${variable}\nbegin\n${body}\nend`;
  return `do language plpgsql ${quoteLiteral(text)}`;
}

const tryAll = ({ from, value, type }: Code): string => `
  for rehearsal_row in select ${value} as rehearsal_value from ${from} loop
    ${type === undefined ? 'null' : 'rehearsal_value := rehearsal_row.rehearsal_value'};
  end loop;`;

/** Data exceptions and violated constraints (of a domain); whatever else goes wrong ends it. */
const tryEach = ({ from, value, type }: Code, most: number, found: string): string => `
  for rehearsal_row in select tableoid as rehearsal_table, ctid as rehearsal_place from ${from} loop
    begin
      ${type === undefined ? `perform ${value}` : `select ${value} into rehearsal_value`} from ${from}
       where tableoid = rehearsal_row.rehearsal_table and ctid = rehearsal_row.rehearsal_place;
    exception when data_exception or integrity_constraint_violation or raise_exception then
      rehearsal_bad := rehearsal_bad + 1;${found}
      exit when rehearsal_bad > ${most};
    end;
  end loop;
  perform pg_catalog.set_config('rehearsal.count', rehearsal_bad::text, true);
  perform pg_catalog.set_config('rehearsal.places', rehearsal_places, true);`;

const collect = `
      rehearsal_places := rehearsal_places || ' ' ||
        rehearsal_row.rehearsal_table::text || rehearsal_row.rehearsal_place::text;`;
