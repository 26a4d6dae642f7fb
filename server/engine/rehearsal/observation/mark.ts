/** What a transaction holds at one moment: a value, so that a rollback needs nothing but the former one. */
import type { Shape } from '../../sql/statement';
import { type Held, type HeldLock, relationLockHeld } from './held';
import { neededBy } from './needed';
import { relationClass, type Relations, relationsAfter } from './relations';
import type { Reports } from './reports';

export interface Mark {
  readonly locks: readonly HeldLock[];
  readonly relations: Relations;
  /** Objects with a higher oid are made later. */
  readonly newest: number;
  /** The server was asked for the names of relations up to this oid. */
  readonly named: number;
  /** Locked by statements that the server was not asked about: it may tell of weaker locks on them later on. */
  readonly guessed: ReadonlySet<number>;
}

export function markAfter(shape: Shape, before: Mark, held: Held, reports: Reports): Mark {
  const relations = relationsAfter(before.relations, held, reports);
  const oids = [...held.names.map(([oid]) => oid), ...oidsOf(held.locks ?? []), ...reports.made.map(({ oid }) => oid)];
  const newest = greatest(oids, before.newest);
  if (held.locks)
    return {
      locks: held.locks,
      relations,
      newest,
      named: greatest(oidsOf(held.locks), before.named),
      guessed: new Set(),
    };
  const guesses = guessedBy(shape, before, reports);
  const known = new Set(before.locks.map(({ key }) => key));
  return {
    locks: [...before.locks, ...guesses.filter(({ key }) => !known.has(key))],
    relations,
    newest,
    named: before.named,
    guessed: new Set([...before.guessed, ...oidsOf(guesses)]),
  };
}

/** By the rules; and what it has made is its own. */
export const guessedBy = (shape: Shape, { relations, newest }: Mark, { made }: Reports): HeldLock[] => [
  ...neededBy(shape, relations),
  ...made
    .filter(({ classId, oid, part }) => classId === relationClass && part === 0 && oid > newest)
    .map(({ oid }) => relationLockHeld(oid, 'ACCESS EXCLUSIVE')),
];

const oidsOf = (locks: readonly HeldLock[]): number[] =>
  locks.flatMap(({ on }) => (on.kind === 'relation' ? [on.oid] : []));

const greatest = (oids: readonly number[], least: number): number => oids.reduce((a, b) => Math.max(a, b), least);
