/** How it is said that rows are at fault: in the words of people, and in those of Postgres. */
import type { RefusedDefault } from './facts';
import type { Probe } from './probe';

export type Says = Pick<Probe, 'says' | 'sqlState' | 'refusal' | 'table' | 'constraint'>;

const said = (table: string, one: string, many: string): Probe['says'] => ({
  one: `row of ${table} ${one}`,
  many: `rows of ${table} ${many}`,
});

export const noValue = (table: string, column: string): Says => ({
  table,
  sqlState: '23502',
  says: said(table, `has no ${column}`, `have no ${column}`),
  refusal: `column "${column}" of relation "${table}" contains null values`,
});

export const brokenCheck = (table: string, constraint: string): Says => ({
  table,
  constraint,
  sqlState: '23514',
  says: said(table, `breaks ${constraint}`, `break ${constraint}`),
  refusal: `check constraint "${constraint}" of relation "${table}" is violated by some row`,
});

/** @param keys as they stand in the index */
export const duplicates = (table: string, index: string, keys: readonly string[]): Says => ({
  table,
  constraint: index,
  sqlState: '23505',
  says: said(table, `shares its ${keys.join(', ')} with another`, `share their ${keys.join(', ')} with another`),
  refusal: `could not create unique index "${index}"`,
});

export const conflicts = (table: string, constraint: string): Says => ({
  table,
  constraint,
  sqlState: '23P01',
  says: said(table, 'conflicts with another', 'conflict with another'),
  refusal: `could not create exclusion constraint "${constraint}"`,
});

export const missingParents = (table: string, constraint: string, columns: readonly string[], other: string): Says => ({
  table,
  constraint,
  sqlState: '23503',
  says: said(
    table,
    `matches no row of ${other} by ${columns.join(', ')}`,
    `match no row of ${other} by ${columns.join(', ')}`,
  ),
  refusal: `insert or update on table "${table}" violates foreign key constraint "${constraint}"`,
});

export const outOfBounds = (table: string): Says => ({
  table,
  sqlState: '23514',
  says: said(table, 'lies outside of its bounds', 'lie outside of its bounds'),
  refusal: `partition constraint of relation "${table}" is violated by some row`,
});

export const belongElsewhere = (table: string): Says => ({
  table,
  sqlState: '23514',
  says: said(table, 'belongs to the new partition', 'belong to the new partition'),
  refusal: `updated partition constraint for default partition "${table}" would be violated by some row`,
});

export const notOfDomain = (table: string, column: string): Says => ({
  table,
  sqlState: '23514',
  says: said(table, `breaks the constraint with its ${column}`, `break the constraint with their ${column}`),
  refusal: `column "${column}" of table "${table}" contains values that violate the new constraint`,
});

export const noDomainValue = (table: string, column: string): Says => ({
  ...noValue(table, column),
  refusal: `column "${column}" of table "${table}" contains null values`,
});

export const noDefault = (table: string, { column, sqlState, message }: RefusedDefault): Says => ({
  table,
  sqlState,
  says: said(table, `would break the domain of ${column}`, `would break the domain of ${column}`),
  refusal: message,
});

export const noConversion = (table: string, column: string, type: string): Says => ({
  table,
  sqlState: '22000',
  says: said(table, `cannot turn its ${column} into ${type}`, `cannot turn their ${column} into ${type}`),
  refusal: 'the conversion fails',
});

export const noEnumLabel = (table: string, column: string, type: string): Says => ({
  ...noConversion(table, column, type),
  sqlState: '22P02',
  refusal: `invalid input value for enum ${type}`,
});

export const notComputed = (table: string, what: string): Says => ({
  table,
  sqlState: '22000',
  says: said(table, `has no ${what} that can be computed`, `have no ${what} that can be computed`),
  refusal: 'the expression fails',
});
