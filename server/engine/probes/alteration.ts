/** What ALTER TABLE asks of the rows of its table, clause by clause. */
import { quoteIdentifier, quoteLiteral, quoteName } from '../database/quote';
import type { Clause, RowEffect } from '../sql/rowEffects';
import { lastOf } from '../sql/tree';
import { askedByConstraint, askedByForeignKey, askedByIndex, type Asked, columnsOf, noNulls, placeOf } from './asked';
import { type Place, refusesValue } from './conversion';
import type { ColumnFacts, ConstraintFacts, Facts, TableFacts } from './facts';
import { type Knowledge, laid, layersOf, type Performed, wasThere } from './knowledge';
import { noLabel, rowsAgainst, rowsWhere } from './questions';
import { belongElsewhere, noConversion, noDefault, noEnumLabel, notComputed, outOfBounds } from './words';

type Kind<K extends Clause['kind']> = Extract<Clause, { kind: K }>;

/** The table before the statement and after it: what computes values sees the former, what checks them the latter. */
interface Altered {
  readonly before: Place;
  readonly after: Place;
  readonly facts: Facts;
  readonly knowledge: Knowledge;
}

export function askedByAlteration(
  table: TableFacts,
  { clauses, reach }: Extract<RowEffect, { kind: 'alters' }>,
  facts: Facts,
  knowledge: Knowledge,
  performed: Performed,
): Asked[] {
  const attached = clauses.flatMap((it) => (it.kind === 'attach' ? askedByAttaching(table, it, facts, knowledge) : []));
  const before = placeOf(table, knowledge);
  // Rows of a partitioned table are rows of its partitions.
  if (!before || (reach === 'only' && table.kind === 'p')) return attached;
  const found = wasThere(performed, '42701');
  const rows = laid(before.rows, layersOf(table, clauses, found));
  if (rows.kind !== 'target') return attached;
  const altered = { before, after: { table, rows }, facts, knowledge };
  const added = newConstraints(table, clauses);
  const asked = clauses.flatMap((clause): Asked[] => {
    switch (clause.kind) {
      case 'addColumn':
        return found && clause.ifNotExists ? [] : askedByColumn(altered, clause);
      case 'addConstraint':
        return (added.get(clause) ?? []).flatMap((it) =>
          clause.byIndex ? askedByIndexed(altered.after, it) : askedByConstraint(altered.after, it, facts, knowledge),
        );
      case 'setNotNull':
        return columnNamed(table, clause.column).map((it) => noNulls(altered.after, it, reach));
      case 'validate':
        return constraintNamed(table, clause.name).flatMap((it) =>
          askedByConstraint(altered.after, it, facts, knowledge),
        );
      case 'retype':
        return columnNamed(table, clause.column).flatMap((it) => askedByType(altered, it, clause));
      case 'recompute':
        return columnNamed(table, clause.column).flatMap((it) => [
          ...askedByComputing(altered.before, it),
          ...askedAgain(altered, it),
        ]);
      case 'attach':
      case 'regroups':
      case 'none':
        return [];
    }
  });
  return [...attached, ...unique(asked)];
}

const columnNamed = ({ columns }: TableFacts, name: string): ColumnFacts[] => columns.filter((it) => it.name === name);

const constraintNamed = ({ constraints }: TableFacts, name: string): ConstraintFacts[] =>
  constraints.filter((it) => it.name === name);

/** Those without a written name are the newest of their type, in the order in which they stand. */
function newConstraints(table: TableFacts, clauses: readonly Clause[]): ReadonlyMap<Clause, ConstraintFacts[]> {
  const found = new Map<Clause, ConstraintFacts[]>();
  const left = [...table.constraints];
  for (const clause of clauses.toReversed()) {
    if (clause.kind !== 'addConstraint') continue;
    const { type, name, column } = clause;
    const number = table.columns.find((it) => it.name === column)?.number;
    const index = left.findLastIndex(
      (it) =>
        it.type === type &&
        (name === undefined || it.name === name) &&
        (number === undefined || it.columns.includes(number)),
    );
    found.set(clause, index < 0 ? [] : left.splice(index, 1));
  }
  return found;
}

/** The index is there already: its rows have different keys, and a primary key still wants them not to be null. */
const askedByIndexed = (after: Place, constraint: ConstraintFacts): Asked[] =>
  constraint.type === 'p' ? columnsOf(after.table, constraint).map((column) => noNulls(after, column, 'all')) : [];

/** A new column: its default has to be there where it must not be null, and all constraints on it are new. */
function askedByColumn(altered: Altered, { column: name }: Kind<'addColumn'>): Asked[] {
  const { table } = altered.after;
  return columnNamed(table, name).flatMap((column) => {
    const computed = askedByComputing(altered.before, column);
    const domain = altered.facts.refusedDefaults
      .filter((it) => it.column === name)
      .map((it) => ({
        ...asked(noDefault(table.name, it), []),
        question: rowsWhere(altered.before, 'true', 'all'),
        column: name,
      }));
    const notNull = column.notNull ? [noNulls(altered.after, column, 'all')] : [];
    return [...computed, ...domain, ...notNull, ...constraintsOn(altered, column)];
  });
}

const asked = (
  says: Asked['says'],
  code: readonly string[],
  functions: readonly string[] = [],
): Omit<Asked, 'question'> => ({
  says,
  code,
  functions,
});

function askedByComputing(before: Place, column: ColumnFacts): Asked[] {
  if (column.default === null || !column.stored) return [];
  const says = notComputed(before.table.name, column.name);
  return [
    {
      ...asked(says, [column.default, column.type]),
      question: refusesValue(before, column.default, column),
      column: column.name,
    },
  ];
}

/** The values have to become the new type; then all that speaks of the column is checked again. */
function askedByType(altered: Altered, column: ColumnFacts, { using }: Kind<'retype'>): Asked[] {
  const { before, facts } = altered;
  const { name, type, labels } = column;
  const expression = using?.text ?? quoteIdentifier(name);
  const { functions } = facts;
  const again = askedAgain(altered, column);
  if (labels && using?.cast !== undefined) {
    const says = noEnumLabel(before.table.name, name, type);
    return [
      { ...asked(says, [using.cast], functions), question: noLabel(before, using.cast, labels), column: name },
      ...again,
    ];
  }
  const says = noConversion(before.table.name, name, type);
  const question = refusesValue(before, expression, column);
  return [{ ...asked(says, [expression, type], functions), question, column: name }, ...again];
}

/** A column with other values: NOT NULL, and every constraint and unique index that it is a part of. */
function askedAgain(altered: Altered, column: ColumnFacts): Asked[] {
  const { after, facts, knowledge } = altered;
  const notNull = isKept(after.table, column) ? [noNulls(after, column, 'all')] : [];
  const byConstraints = constraintsOn(altered, column);
  const mine = new Set(after.table.constraints.map(({ index }) => index));
  const byIndexes = after.table.indexes
    .filter(({ id, columns }) => !mine.has(id) && (columns.includes(column.number) || columns.includes(0)))
    .flatMap((index) => askedByIndex(after, index));
  const children = facts.tables
    .filter(({ id }) => id !== after.table.id)
    .flatMap((child) => askedByChild(child, column, altered, facts, knowledge));
  return [...notNull, ...byConstraints, ...byIndexes, ...children];
}

/** NOT NULL, unless it is one that is not validated (since PostgreSQL 18). */
const isKept = ({ constraints }: TableFacts, { notNull, number }: ColumnFacts): boolean =>
  notNull && !constraints.some((it) => it.type === 'n' && it.columns.includes(number) && !it.validated);

/** Foreign keys of other tables that refer to a column with other values. */
function askedByChild(
  child: TableFacts,
  column: ColumnFacts,
  { after }: Altered,
  facts: Facts,
  knowledge: Knowledge,
): Asked[] {
  const place = placeOf(child, knowledge);
  const keys = child.constraints.filter(
    ({ validated, enforced, references }) =>
      validated && enforced && references?.table === after.table.id && references.columns.includes(column.number),
  );
  if (!place) return [];
  return keys.flatMap((it) => askedByForeignKey(place, it, facts, { rowsOf: () => after.rows }));
}

const constraintsOn = ({ after, facts, knowledge }: Altered, { number }: ColumnFacts): Asked[] =>
  after.table.constraints
    .filter(({ type, columns }) => type !== 'n' && columns.includes(number))
    .flatMap((it) => askedByConstraint(after, it, facts, knowledge));

/** A table that becomes a partition: its rows lie within the bounds, and keep what the partitioned table keeps. */
function askedByAttaching(
  parent: TableFacts,
  { partition }: Kind<'attach'>,
  facts: Facts,
  knowledge: Knowledge,
): Asked[] {
  const table = facts.tables.find((it, i) => i > 0 && it.name === lastOf(partition));
  const elsewhere = askedOfDefault(parent, facts, knowledge, table);
  const place = table && placeOf(table, knowledge);
  if (!table || !place) return elsewhere;
  const bound = boundOf(table, parent, knowledge);
  const outside =
    bound === undefined
      ? []
      : [{ ...asked(outOfBounds(table.name), [bound]), question: rowsAgainst(place, bound, 'all') }];
  const constraints = table.constraints.filter(({ type }) => type === 'f' || type === 'p' || type === 'u');
  return [
    ...outside,
    ...elsewhere,
    ...unique([
      ...table.indexes.filter(({ unique: it }) => it).flatMap((index) => askedByIndex(place, index)),
      ...constraints.flatMap((it) => askedByConstraint(place, it, facts, knowledge)),
    ]),
  ];
}

/** Rows of the default partition that belong to one that was made or attached just now. */
export function askedOfDefault(
  parent: TableFacts,
  { tables }: Facts,
  knowledge: Knowledge,
  except?: TableFacts,
): Asked[] {
  const table = tables.find(({ id }) => id === parent.defaultPartition);
  const place = table && table !== except ? placeOf(table, knowledge) : undefined;
  if (!table || !place) return [];
  const bound = boundOf(table, parent, knowledge);
  if (bound === undefined) return [];
  return [{ ...asked(belongElsewhere(table.name), [bound]), question: rowsAgainst(place, bound, 'all') }];
}

/** The bounds of a hash partition hold the number of its table, which is another one on the target. */
function boundOf({ bound }: TableFacts, parent: TableFacts, knowledge: Knowledge): string | undefined {
  if (bound === null) return undefined;
  const rows = knowledge.rowsOf(parent);
  const name = rows.kind === 'target' ? quoteLiteral(quoteName(rows.schema, rows.name)) : undefined;
  const text = name === undefined ? bound : bound.replaceAll(`'${parent.id}'::oid`, `${name}::regclass::oid`);
  return /'\d+'::oid/.test(text) ? undefined : text;
}

/** Two clauses may ask the same: that a column has a value, by NOT NULL and by PRIMARY KEY. */
function unique(all: readonly Asked[]): Asked[] {
  return [...new Map(all.map((it) => [JSON.stringify([it.says.sqlState, it.question]), it])).values()];
}
