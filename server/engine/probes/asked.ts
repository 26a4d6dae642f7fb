/** Constraints of a table as questions to its rows. */
import { type Place, refusesValue } from './conversion';
import type { ColumnFacts, ConstraintFacts, Facts, IndexFacts, TableFacts } from './facts';
import type { Knowledge } from './knowledge';
import type { Question } from './probe';
import { excluded, isNull, orphans, rowsAgainst, rowsWhere, sameKeys } from './questions';
import { columnOf } from './rows';
import { brokenCheck, conflicts, duplicates, missingParents, notComputed, noValue, type Says } from './words';

/** A question with what it is about. */
export interface Asked {
  readonly says: Says;
  readonly question: Question;
  /** Expressions in it that are not our own. */
  readonly code: readonly string[];
  /** Functions outside of pg_catalog that it calls, by `language name`. */
  readonly functions: readonly string[];
  /** That is to blame, when the statement names it. */
  readonly column?: string;
}

export function placeOf(table: TableFacts, knowledge: Pick<Knowledge, 'rowsOf'>): Place | undefined {
  const rows = knowledge.rowsOf(table);
  return rows.kind === 'target' ? { table, rows } : undefined;
}

/** What a constraint that is validated now asks, and that one only. */
export function askedByConstraint(
  place: Place,
  constraint: ConstraintFacts,
  facts: Facts,
  knowledge: Knowledge,
): Asked[] {
  if (!constraint.validated || !constraint.enforced) return [];
  switch (constraint.type) {
    case 'c':
      return askedByCheck(place, constraint);
    case 'f':
      return askedByForeignKey(place, constraint, facts, knowledge);
    case 'n':
      return columnsOf(place.table, constraint).map((column) => noNulls(place, column, reachOf(constraint)));
    case 'p':
      return [
        ...askedByKey(place, constraint),
        ...columnsOf(place.table, constraint).map((column) => noNulls(place, column, 'all')),
      ];
    case 'u':
    case 'x':
      return askedByKey(place, constraint);
    default:
      return [];
  }
}

export const columnsOf = (table: TableFacts, { columns }: Pick<ConstraintFacts, 'columns'>): ColumnFacts[] =>
  columns.map((number) => columnOf(table, number)).filter((it) => it !== undefined);

export const noNulls = (place: Place, column: ColumnFacts, reach: 'only' | 'all'): Asked => ({
  says: noValue(place.table.name, column.name),
  question: rowsWhere(place, isNull(column), reach),
  code: [],
  functions: [],
  column: column.name,
});

const reachOf = ({ onlyHere }: ConstraintFacts): 'only' | 'all' => (onlyHere ? 'only' : 'all');

function askedByCheck(place: Place, constraint: ConstraintFacts): Asked[] {
  const { name, expression, functions } = constraint;
  if (expression === null) return [];
  return [
    {
      says: brokenCheck(place.table.name, name),
      question: rowsAgainst(place, expression, reachOf(constraint)),
      code: [expression],
      functions,
    },
  ];
}

/** A unique constraint, a primary key or an exclusion: what its index asks. */
function askedByKey(place: Place, constraint: ConstraintFacts): Asked[] {
  const index = place.table.indexes.find(({ id }) => id === constraint.index);
  if (!index) return [];
  if (constraint.operators.length === 0) return askedByIndex(place, index);
  const code = codeOf(index);
  const functions = [...index.functions, ...constraint.functions];
  return [
    {
      says: conflicts(place.table.name, constraint.name),
      question: excluded(place, constraint, index),
      code,
      functions,
    },
  ];
}

/** What building an index asks: that its expressions can be computed, and no two rows have the same key if it is unique. */
export function askedByIndex(place: Place, index: IndexFacts): Asked[] {
  const { name, keys, columns, functions, predicate } = index;
  const common = { code: codeOf(index), functions };
  const computed = keys.flatMap(({ text }, i): Asked[] => {
    if (columns[i] !== 0) return [];
    const guarded = predicate === null ? text : `case when (${predicate}) then ${text} end`;
    return [
      { ...common, says: notComputed(place.table.name, text), question: refusesValue(place, guarded, undefined) },
    ];
  });
  const question = index.unique ? sameKeys(place, index) : undefined;
  if (!question) return computed;
  const says = duplicates(
    place.table.name,
    name,
    keys.map(({ text }) => text),
  );
  return [...computed, { ...common, says, question }];
}

const codeOf = ({ keys, predicate }: IndexFacts): string[] => [...keys.map(({ text }) => text), predicate ?? ''];

export function askedByForeignKey(
  place: Place,
  constraint: ConstraintFacts,
  { tables }: Facts,
  knowledge: Pick<Knowledge, 'rowsOf'>,
): Asked[] {
  const { references, name, period, functions } = constraint;
  const other = tables.find(({ id }) => id === references?.table);
  if (!other || period) return [];
  const parent = other.id === place.table.id ? place.rows : knowledge.rowsOf(other);
  const question = parent.kind === 'unknown' ? undefined : orphans(place, constraint, other, parent);
  if (!question) return [];
  const names = columnsOf(place.table, constraint).map((column) => column.name);
  return [{ says: missingParents(place.table.name, name, names, other.name), question, code: [], functions }];
}
