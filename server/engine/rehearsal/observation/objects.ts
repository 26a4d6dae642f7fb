/** What a statement created, altered and dropped, and what went with that. */
import type { Dependent, ObjectName } from './observation';
import type { Dropped, Made, Reports } from './reports';

export interface Objects {
  readonly created: readonly ObjectName[];
  readonly altered: readonly ObjectName[];
  readonly dropped: readonly ObjectName[];
  readonly dependents: readonly Dependent[];
}

/** @param newest oid; what has a higher one was made by this statement */
export function reportedObjects({ made, dropped }: Reports, newest: number): Objects {
  const named = unique(made.filter(isWorthAWord));
  const isNew = ({ oid, tag, part }: Made): boolean => tag.startsWith('CREATE') && part === 0 && oid > newest;
  return {
    created: named.filter(isNew).map(objectName),
    altered: named.filter((it) => !isNew(it)).map(objectName),
    dropped: dropped.filter(({ original }) => original).map(objectName),
    dependents: cascaded(dropped),
  };
}

/** REINDEX is told by what was written anew; before 17 Postgres reports none. */
const isWorthAWord = ({ identity, tag }: Made): boolean =>
  identity !== '' && tag !== 'REINDEX' && !identity.startsWith('pg_toast.');

/** CREATE TABLE reports an index, a sequence, and both once more when they are changed. */
function unique(made: readonly Made[]): Made[] {
  const seen = new Set<string>();
  return made.filter(({ classId, oid, part }) => {
    const key = `${classId} ${oid} ${part}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const objectName = ({ kind, identity }: Made | Dropped): ObjectName => ({ kind, identity });

/**
 * What depended on what was dropped. The parts of a table go without saying, but not those that a table loses with a
 * column: indexes and constraints.
 */
function cascaded(dropped: readonly Dropped[]): Dependent[] {
  const losesColumn = dropped.some(({ original, kind }) => original && kind.endsWith('column'));
  const owners = dropped.filter(({ kind }) => /table$|view$/.test(kind)).map(({ identity }) => ` on ${identity}`);
  return dropped
    .filter(({ original, normal }) => !original && (normal || losesColumn))
    .filter(({ kind, identity }) => !isImplied(kind, identity) && !owners.some((it) => identity.endsWith(it)))
    .map(({ kind, identity }) => ({ kind, identity, effect: 'dropped' }));
}

/** Row types, tables for long values, the rules that make a view, defaults. */
const isImplied = (kind: string, identity: string): boolean =>
  ['type', 'toast table', 'default value'].includes(kind) ||
  identity.startsWith('pg_toast.') ||
  (kind === 'rule' && identity.startsWith('"_RETURN" ')) ||
  (kind === 'trigger' && identity.startsWith('"RI_ConstraintTrigger'));
