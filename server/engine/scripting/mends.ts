/**
 * What pg-delta 1.0.0-alpha.34 makes wrong, mended in what it is given and in what it gives. Each was seen on real
 * servers; the proof tells what is still wrong.
 */
import type { Fact, StableId } from '@supabase/pg-delta/core';
import type { Action } from '@supabase/pg-delta/plan';
import { quoteName } from '../database/quote';
import { type Catalog, type Facts, factsAs } from './catalog';

/** Facts as it gets them right. */
export function mendedFacts(from: Facts, to: Facts): { readonly from: Facts; readonly to: Facts } {
  const collated = collationsInTypes(from, to);
  return { from: withFacts(from, collated), to: withFacts(to, collated) };
}

/**
 * A column of another collation is another column to it, which is dropped with its values and made anew. Postgres changes
 * the collation as a part of the type; so that is how it is told.
 */
function collationsInTypes(from: Facts, to: Facts): ReadonlyMap<Fact, Fact> {
  const changed = from.facts().flatMap((it) => {
    const other = it.id.kind === 'column' ? to.get(it.id) : undefined;
    return other && other.payload['collation'] !== it.payload['collation'] ? [it, other] : [];
  });
  return new Map(changed.map((it) => [it, collated(it)]));
}

function collated(fact: Fact): Fact {
  const { collation, type, ...payload } = fact.payload;
  const written = typeof collation === 'string' ? collation : 'pg_catalog."default"';
  return { ...fact, payload: { ...payload, collation: null, type: `${textOf(type)} COLLATE ${written}` } };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function withFacts(facts: Facts, replaced: ReadonlyMap<Fact, Fact>): Facts {
  const left = facts.facts().filter((it) => !saysNotNullTwice(it, facts));
  if (left.length === facts.facts().length && replaced.size === 0) return facts;
  return factsAs(
    facts,
    left.map((it) => replaced.get(it) ?? it),
  );
}

/** From 17 on a domain's NOT NULL is a constraint, too; it would be written twice, which Postgres refuses. */
function saysNotNullTwice({ id, parent, payload }: Fact, facts: Facts): boolean {
  return (
    id.kind === 'constraint' &&
    parent?.kind === 'domain' &&
    facts.get(parent)?.payload['notNull'] === true &&
    textOf(payload['def']).startsWith('NOT NULL')
  );
}

/**
 * Its statements, mended and in an order that works.
 *
 * @param from as it was given
 */
export function mendedActions(actions: readonly Action[], from: Facts, to: Catalog): Action[] {
  const owned = ownedSequences(from);
  const mended = actions
    .filter(({ sql }) => !owned.some((name) => sql.startsWith(`ALTER SEQUENCE ${name} OWNER TO `)))
    .filter((it, n, all) => !isNeedlessDefault(it, n, all, from) && !isNeedlessRevoke(it, from, to.facts))
    .filter((it, _, all) => !isRevokedWhole(it, all))
    .map((it) => (makesWholeIndex(it, to) ? { ...it, sql: onChildrenToo(it.sql) } : it))
    .map((it) => ({ ...it, sql: it.sql.replaceAll('__pgdelta_replaced', '__former') }));
  return [...mended.filter((it) => !grantsColumns(it)), ...mended.filter(grantsColumns)];
}

/** Postgres gives them the owner of their table, and refuses another one. */
const ownedSequences = (facts: Facts): string[] =>
  facts
    .facts()
    .flatMap(({ id, payload }) =>
      id.kind === 'sequence' && payload['ownedBy'] != null ? [quoteName(id.schema, id.name)] : [],
    );

/** It takes away what somebody may do before it grants anything, also from those who may do nothing yet. */
function isNeedlessRevoke({ sql, verb, produces: [id] }: Action, from: Facts, to: Facts): boolean {
  if (verb !== 'create' || id?.kind !== 'acl' || !sql.startsWith('REVOKE ALL ')) return false;
  const { target, grantee } = id;
  const owns = (facts: Facts): boolean =>
    facts.outgoingEdges(target).some((it) => it.kind === 'owner' && it.to.kind === 'role' && it.to.name === grantee);
  const isGivenMore = grantee === 'PUBLIC' || owns(from) || owns(to) || to.facts().some((it) => grants(it.id, grantee));
  return from.has(target) && !from.has(id) && !isGivenMore;
}

const grants = (id: StableId, grantee: string): boolean => id.kind === 'defaultPrivilege' && id.grantee === grantee;

/** What is taken away on the whole table is so on its columns. */
function isRevokedWhole({ sql }: Action, all: readonly Action[]): boolean {
  const whole = sql.replace(/^REVOKE ALL \(.*\) ON /, 'REVOKE ALL ON ');
  return whole !== sql && all.some((it) => it.sql === whole);
}

/**
 * Around a change of type it drops a default that is not there, too, or that another statement drops as well; and sets
 * one that another statement sets as well, before it is dropped.
 */
function isNeedlessDefault({ sql, verb, consumes }: Action, n: number, all: readonly Action[], from: Facts): boolean {
  const isSame = (it: Action): boolean => it.sql === sql;
  if (/ SET DEFAULT /.test(sql)) return verb === 'alter' && all.findLastIndex(isSame) > n;
  if (!sql.endsWith(' DROP DEFAULT')) return false;
  const [column] = consumes;
  const isThere = column !== undefined && from.childrenOf(column).some(({ id }) => id.kind === 'default');
  return all.findIndex(isSame) < n || (verb === 'alter' && !isThere);
}

const makesWholeIndex = ({ verb, produces }: Action, { partialIndexes }: Catalog): boolean =>
  verb === 'create' && produces.some((id) => id.kind === 'index' && !partialIndexes.has(quoteName(id.schema, id.name)));

/** Postgres describes the index of a partitioned table so, which would stay invalid: nobody makes those of its children. */
const onChildrenToo = (sql: string): string =>
  sql.replace(/^(CREATE (?:UNIQUE )?INDEX (?:"(?:[^"]|"")*"|\S+) ON) ONLY /, '$1 ');

/** A REVOKE on the table takes away what was granted on its columns; it stands behind some of these. */
const grantsColumns = ({ sql, produces, consumes }: Action): boolean =>
  sql.startsWith('GRANT') && [...produces, ...consumes].some((id) => id.kind === 'acl' && id.column !== undefined);
