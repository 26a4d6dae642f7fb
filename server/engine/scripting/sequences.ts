/**
 * A sequence that is made anew begins at its start, whatever was taken from it before. Where it numbers a column that is
 * there already, it goes on behind what that holds; else nobody knows how far it was, and that is told.
 */
import type { StableId } from '@supabase/pg-delta/core';
import type { Action } from '@supabase/pg-delta/plan';
import { quoteIdentifier, quoteLiteral, quoteName } from '../database/quote';
import type { Catalog, Facts } from './catalog';
import { evenlyQuoted, type Keywords } from './evenQuotes';
import type { LostPlace, ScriptStatement } from './script';

interface Name {
  readonly schema: string;
  readonly name: string;
}

interface Column extends Name {
  readonly kind: 'column';
  readonly table: string;
}

interface Options {
  readonly start: string;
  readonly increment: string;
}

interface Sequence extends Name, Options {
  /** Which it numbers. */
  readonly column?: Column;
}

/**
 * @param statements one for each of the actions
 * @param from before them
 */
export function withSequencesGoingOn(
  statements: readonly ScriptStatement[],
  actions: readonly Action[],
  from: Facts,
  { facts, keywords }: Catalog,
): ScriptStatement[] {
  const made = actions.flatMap((it, at) =>
    madeBy(it).map((name) => ({ ...sequenceIn(facts, name), at, behind: lastNaming(actions, name) })),
  );
  const begin = made.filter(({ column }) => !column || (from.has(column) && !isOfIntegers(facts, column)));
  return statements.flatMap((statement, n) => {
    const lost = begin.filter(({ at }) => at === n).map(placeOf);
    const goOn = made.flatMap(({ column, behind, ...it }) =>
      behind === n && column && from.has(column) && isOfIntegers(facts, column) ? goingOn(it, column, keywords) : [],
    );
    return [{ ...statement, loses: [...statement.loses, ...lost] }, ...goOn];
  });
}

/** One that only gets another name is destroyed as well. */
const madeBy = ({ produces, destroys }: Action): Name[] =>
  destroys.some(({ kind }) => kind === 'sequence')
    ? []
    : produces.flatMap((it) => (it.kind === 'sequence' ? [{ schema: it.schema, name: it.name }] : []));

const lastNaming = (actions: readonly Action[], { schema, name }: Name): number => {
  const isIt = (it: StableId): boolean => it.kind === 'sequence' && it.schema === schema && it.name === name;
  return actions.findLastIndex(({ produces, consumes }) => produces.some(isIt) || consumes.some(isIt));
};

/** As pg-delta tells of a sequence. */
interface Told extends Options {
  readonly ownedBy: { readonly schema: string; readonly table: string; readonly column: string } | null;
}

/** As it tells of a column; the sequence of an identity is no fact of its own. */
interface Identity {
  readonly sequence: Name;
  readonly options: Options;
}

function sequenceIn(facts: Facts, { schema, name }: Name): Sequence {
  const own = facts.get({ kind: 'sequence', schema, name });
  if (own) {
    const { start, increment, ownedBy } = own.payload as unknown as Told;
    const column = ownedBy && { ...ownedBy, kind: 'column' as const, name: ownedBy.column };
    return { schema, name, start, increment, ...(column && { column }) };
  }
  for (const { id, payload } of facts.facts()) {
    const identity = id.kind === 'column' ? (payload['identity'] as Identity | null | undefined) : undefined;
    if (id.kind !== 'column' || identity?.sequence.schema !== schema || identity.sequence.name !== name) continue;
    return { schema, name, ...identity.options, column: { ...id, kind: 'column' } };
  }
  throw new Error('what is made is wanted');
}

const isOfIntegers = (facts: Facts, column: Column): boolean => {
  const type = facts.get(column)?.payload['type'];
  return type === 'smallint' || type === 'integer' || type === 'bigint';
};

const placeOf = ({ schema, name, start }: Sequence): LostPlace => ({ kind: 'sequence', schema, name, start });

/** Nothing where there are no rows, or all are before its start. */
function goingOn({ start, increment }: Options, { schema, table, name }: Column, keywords: Keywords): ScriptStatement {
  const descends = increment.startsWith('-');
  const relation = quoteName(schema, table);
  const inQuotes = quoteLiteral(evenlyQuoted(relation, keywords)).trim();
  const sequence = `pg_catalog.pg_get_serial_sequence(${inQuotes}, ${quoteLiteral(name).trim()})`;
  const last = `pg_catalog.${descends ? 'min' : 'max'}(${quoteIdentifier(name)})`;
  return {
    sql: `SELECT pg_catalog.setval(${sequence}, ${last}) FROM ${relation} HAVING ${last} ${descends ? '<=' : '>='} ${start}`,
    transaction: 'inside',
    loses: [],
  };
}
