/**
 * What the server is asked, as prepared statements: they are parsed and planned once for a session instead of at every
 * question, which would cost more than the answer. They need no right and stand in no catalog, so that they are in no
 * dump and survive every ROLLBACK; where a script has DEALLOCATEd them they are prepared anew.
 *
 * Each answers with rows of texts that begin with a name.
 */
import { ownName } from '../../database/ownNames';
import { dependentsQuery } from './dependents';
import { allCountsQuery, countsQuery, indexedQuery, lockedQuery, locksQuery, namesQuery } from './held';
import { knownQuery } from './relations';

/** Types of the parameters, and what is asked. */
const statements = {
  known: ['', knownQuery],
  locks: ['(oid)', locksQuery],
  locked: ['(oid, boolean)', lockedQuery],
  counts: ['(oid[])', countsQuery],
  all_counts: ['', allCountsQuery],
  indexed: ['(oid[])', indexedQuery],
  names: ['(oid)', namesQuery],
  dependents: ['(text, text, text, text[])', dependentsQuery],
} as const;

export type Prepared = keyof typeof statements;

export const prepareAll: readonly string[] = Object.entries(statements).map(
  ([which, [types, query]]) => `prepare ${ownName(which)}${types} as ${query}`,
);

/** One row when they are there. */
export const isPrepared = `select 'prepared' from pg_catalog.pg_prepared_statements where name = '${ownName('known')}'`;

/** @param literals the parameters as SQL */
export const asked = (which: Prepared, literals: readonly string[] = []): string =>
  `execute ${ownName(which)}${literals.length === 0 ? '' : `(${literals.join(', ')})`}`;

/**
 * How they are planned when they are asked first: once, because a plan for each set of parameters would cost more than
 * it saves, and by index, because catalogs are far larger than what is asked of them.
 */
export const planning: readonly string[] = [
  'set local plan_cache_mode = force_generic_plan',
  'set local enable_seqscan = off',
];
