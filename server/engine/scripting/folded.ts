/**
 * What goes with its table or column needs no statement of its own. pg-delta gives one to each foreign key, and to all
 * that stands on a column that goes. Hung below what it goes with, it goes without, and in an order that Postgres takes.
 */
import type { Fact, StableId } from '@supabase/pg-delta/core';
import { quoteName } from '../database/quote';
import { type Facts, factsAs } from './catalog';

interface Table {
  readonly schema: string;
  readonly name: string;
}

interface Going {
  readonly facts: Facts;
  goes(id: StableId): boolean;
  /** Which tables have to go after a table, because of its foreign keys that go with it; by `keyOf`. */
  readonly after: Map<string, Set<string>>;
}

/** The facts to go from, hung so. The same ones where nothing goes with something else. */
export function folded(from: Facts, to: Facts): Facts {
  const gone = from.facts().filter(({ id }) => !to.has(id));
  const going: Going = {
    facts: from,
    goes: (id) => from.has(id) && !to.has(id),
    after: new Map(),
  };
  const hung = new Map<Fact, Fact>();
  for (const fact of gone) {
    const below = belowItsHost(fact, going);
    if (below) hung.set(fact, below);
  }
  const facts = from.facts().map((it) => hung.get(it) ?? it);
  return hung.size === 0 ? from : factsAs(from, facts);
}

/** Undefined where it goes by a statement of its own, or hangs there already. */
function belowItsHost(fact: Fact, going: Going): Fact | undefined {
  const { id, parent, payload } = fact;
  if (id.kind === 'publicationRel') {
    const table = { kind: 'table', schema: id.schema, name: id.table } as const;
    return going.goes(table) ? { ...fact, parent: table } : undefined;
  }
  if (!(id.kind === 'constraint' || id.kind === 'index') || parent?.kind !== 'table') return undefined;
  const isForeignKey = payload['type'] === 'f';
  // One of that type never goes with anything to pg-delta.
  const folding = isForeignKey ? { ...fact, payload: { ...payload, type: 'c' } } : fact;
  if (going.goes(parent)) return isForeignKey && isInNoWay(fact, parent, going) ? folding : undefined;
  const column = columnThatTakes(fact, parent, going);
  return column && { ...folding, parent: column };
}

/** Postgres drops constraints and indexes with any column of theirs. Of several always the first, so that no circle arises. */
function columnThatTakes({ id }: Fact, table: Table, { facts, goes }: Going): StableId | undefined {
  const needed = facts.outgoingEdges(id).map(({ to }) => to);
  // A foreign key to its own table goes with what refers, not with what is referred to.
  if (needed.some((it) => goes(it) && isKeyOf(table, it, facts.get(it)?.parent))) return undefined;
  const columns = needed.flatMap((it) => (it.kind === 'column' && goes(it) && isSame(ofColumn(it), table) ? [it] : []));
  return columns.toSorted((one, other) => (one.name < other.name ? -1 : 1))[0];
}

const isKeyOf = (table: Table, { kind }: StableId, parent: StableId | undefined): boolean =>
  (kind === 'constraint' || kind === 'index') && parent?.kind === 'table' && isSame(parent, table);

/** Where foreign keys refer to one another's tables in a circle, one of them has to go before. */
function isInNoWay({ id }: Fact, table: Table, { facts, after }: Going): boolean {
  const own = keyOf(table);
  const others = facts
    .outgoingEdges(id)
    .flatMap(({ to }) => (to.kind === 'column' ? [keyOf(ofColumn(to))] : []))
    .filter((it) => it !== own);
  if (others.some((it) => leadsTo(own, it, after))) return false;
  after.set(own, new Set([...(after.get(own) ?? []), ...others]));
  return true;
}

function leadsTo(end: string, start: string, after: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const reached = new Set([start]);
  for (const at of reached) for (const next of after.get(at) ?? []) reached.add(next);
  return reached.has(end);
}

const ofColumn = ({ schema, table }: { readonly schema: string; readonly table: string }): Table => ({
  schema,
  name: table,
});
const keyOf = ({ schema, name }: Table): string => quoteName(schema, name);
const isSame = (one: Table, other: Table): boolean => keyOf(one) === keyOf(other);
