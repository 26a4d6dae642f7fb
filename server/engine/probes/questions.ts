/** Constraints as questions: the rows that break one, as Postgres itself finds them when it validates it. */
import { quoteIdentifier, quoteLiteral, quoteName } from '../database/quote';
import { type Place, refusesValue } from './conversion';
import type { ColumnFacts, ConstraintFacts, IndexFacts, TableFacts } from './facts';
import { mostCounted, mostShown, type Question } from './probe';
import { columnOf, fromRows, type Rows } from './rows';

/** @param where a condition that the bad rows fulfil */
export function rowsWhere({ table, rows }: Place, where: string, reach: 'only' | 'all'): Question {
  const from = fromRows(rows, table.name, reach);
  return {
    kind: 'count',
    countSql: `select pg_catalog.count(*) from (select from ${from} where ${where} limit ${mostCounted + 1}) as bad`,
    rowsSql: `select * from ${from} where ${where} limit ${mostShown}`,
    ifItFails: undefined,
  };
}

/** A composite value whose fields are all null is no null, though \`IS NULL\` says so. */
export const isNull = ({ name, typeKind }: ColumnFacts, table?: string): string =>
  `${nameOf(name, table)} ${typeKind === 'c' ? 'is not distinct from null' : 'is null'}`;

const isThere = ({ name, typeKind }: ColumnFacts, table?: string): string =>
  `${nameOf(name, table)} ${typeKind === 'c' ? 'is distinct from null' : 'is not null'}`;

const nameOf = (name: string, table: string | undefined): string =>
  table === undefined ? quoteIdentifier(name) : quoteName(table, name);

/** Partitions belong to their table; for all others an index knows the rows of one table only. */
const reachOf = ({ kind }: TableFacts): 'only' | 'all' => (kind === 'p' ? 'all' : 'only');

/** @returns undefined when the index compares in a way of its own */
export function sameKeys(place: Place, index: IndexFacts): Question | undefined {
  if (index.keys.length === 0 || !index.keys.every(({ usualEquality }) => usualEquality)) return undefined;
  const keys = keysOf(index);
  const from = fromRows(place.rows, place.table.name, reachOf(place.table));
  const conditions = [
    ...(index.predicate === null ? [] : [`(${index.predicate})`]),
    ...(index.nullsNotDistinct ? [] : keys.map((key) => `${key} is distinct from null`)),
  ];
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const list = keys.join(', ');
  return {
    kind: 'count',
    countSql:
      `select coalesce(pg_catalog.sum(n), 0) from (select pg_catalog.count(*) as n from ${from}${where} ` +
      `group by ${list} having pg_catalog.count(*) > 1 limit ${mostCounted + 1}) as same`,
    rowsSql:
      `select * from (select *, pg_catalog.count(*) over (partition by ${list}) as "rows with this key" ` +
      `from ${from}${where} order by ${list}) as same where "rows with this key" > 1 limit ${mostShown}`,
    ifItFails: undefined,
  };
}

/** CASE keeps Postgres from computing an expression for rows that the predicate leaves out. */
function keysOf({ keys, predicate, columns }: IndexFacts): string[] {
  return keys.map(({ text, collation }, i) => {
    const guarded = predicate === null || columns[i] !== 0 ? text : `(case when (${predicate}) then ${text} end)`;
    return collation === null ? guarded : `${guarded} collate ${collation}`;
  });
}

/** Rows that exclude another row. */
export function excluded({ table, rows }: Place, { operators }: ConstraintFacts, index: IndexFacts): Question {
  const from = fromRows(rows, table.name, reachOf(table));
  const keys = keysOf(index).map((key, i) => `${key} as k${i}`);
  const where = index.predicate === null ? '' : ` where ${index.predicate}`;
  const keyed = `(select tableoid as t, ctid as c, ${keys.join(', ')} from ${from}${where})`;
  const conflict = operators.map((operator, i) => `one.k${i} ${operator} other.k${i}`).join(' and ');
  const bad =
    `from ${keyed} as one where exists (select from ${keyed} as other ` +
    `where (one.t, one.c) <> (other.t, other.c) and ${conflict})`;
  return {
    kind: 'count',
    countSql: `select pg_catalog.count(*) from (select ${bad} limit ${mostCounted + 1}) as bad`,
    rowsSql: `select * from ${from} where (tableoid, ctid) in (select one.t, one.c ${bad}) limit ${mostShown}`,
    ifItFails: undefined,
  };
}

/**
 * Rows whose key is not in the other table (\`RI_Initial_Check\` in the server).
 *
 * @param parent where the rows of the other table are
 */
export function orphans(
  { table, rows }: Place,
  { columns, operators, references }: ConstraintFacts,
  other: TableFacts,
  parent: Exclude<Rows, { kind: 'unknown' }>,
): Question | undefined {
  const keys = columns.map((number) => columnOf(table, number)).filter((it) => it !== undefined);
  const theirs = (references?.columns ?? []).map((number) => columnOf(other, number)).filter((it) => it !== undefined);
  if (!references || keys.length !== columns.length || theirs.length !== keys.length) return undefined;
  const from = fromRows(rows, 'child', reachOf(table));
  const set = keys.map((key) => isThere(key, 'child')).join(references.matchFull ? ' or ' : ' and ');
  const matches = keys.map((key, i) => {
    const collation = references.collations[i];
    const value = `${quoteName('child', key.name)}${collation ? ` collate ${collation}` : ''}`;
    return `${quoteName('parent', theirs[i]?.name ?? '')} ${operators[i] ?? '='} ${value}`;
  });
  const missing =
    parent.kind === 'none'
      ? ''
      : ` and not exists (select from ${fromRows(parent, 'parent', reachOf(other))} where ${matches.join(' and ')})`;
  const bad = `from ${from} where (${set})${missing}`;
  return {
    kind: 'count',
    countSql: `select pg_catalog.count(*) from (select ${bad} limit ${mostCounted + 1}) as bad`,
    rowsSql: `select * ${bad} limit ${mostShown}`,
    ifItFails: undefined,
  };
}

/** Rows for which a condition is false, or cannot be told. */
export function rowsAgainst(place: Place, condition: string, reach: 'only' | 'all'): Question {
  const question = rowsWhere(place, `not (${condition})`, reach);
  // What fails in a value that an earlier clause makes is told of that one.
  if (place.rows.layers.length > 0 || question.kind === 'convert') return question;
  return { ...question, ifItFails: refusesValue(place, condition, undefined) };
}

/** Rows whose text, or what else is cast, is no label of an enum. */
export const noLabel = (place: Place, value: string, labels: readonly string[]): Question =>
  rowsWhere(place, `(${value})::text <> all (array[${labels.map(quoteLiteral).join(', ')}]::text[])`, 'all');
