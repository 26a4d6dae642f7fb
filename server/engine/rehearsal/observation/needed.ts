/** Locks by the rules of the grammar: those of foreseen statements, and those that their transaction holds already. */
import { type LockMode, strengthOf } from '../../sql/lockModes';
import type { NeededLock, Shape } from '../../sql/statement';
import { type HeldLock, relationLockHeld } from './held';
import { ownedBy, relationAt, type Relations, relationsCalled } from './relations';

/** What the statement needs on relations that it names, and on their partitions. */
export function neededBy(shape: Shape, relations: Relations): HeldLock[] {
  const locks = shape.locks.flatMap((need) =>
    meant(need, shape, relations).map((oid) => relationLockHeld(oid, need.mode)),
  );
  return strongestEach(locks);
}

/** Whether the rules know it all here: every name stands for one relation, or for one that the statement makes. */
export function isForeseen({ foreseen, locks, makes, node }: Shape, relations: Relations): boolean {
  if (foreseen === 'nothing') return false;
  const made = new Set(makes.map(({ name }) => name));
  return locks.every((need) => {
    const called = relationsCalled(relations, need);
    if (called.length === 0) return made.has(need.name);
    return called.length === 1 && (node !== 'DropStmt' || isAlone(called, relations));
  });
}

/** An index of a table that is known and has no parts in partitions; a view. */
const isAlone = (called: readonly number[], relations: Relations): boolean =>
  ownedBy(relations, called).length === 0 &&
  called.every((oid) => relationAt(relations, oid)?.kind !== 'index' || tableOf(relations, oid).length > 0);

/** A relation that is read and changed is locked twice; the stronger lock counts. */
export function strongestEach(locks: readonly HeldLock[]): HeldLock[] {
  const found = new Map<string, HeldLock>();
  for (const lock of locks) {
    const [name = ''] = lock.key.split(':');
    const former = found.get(name);
    if (!former || strengthOf(former.mode) < strengthOf(lock.mode)) found.set(name, lock);
  }
  return [...found.values()];
}

/** Itself and where else the lock goes; the table of an index that is dropped. */
function meant(need: NeededLock, { node }: Shape, relations: Relations): number[] {
  const called = relationsCalled(relations, need);
  if (node === 'DropStmt') return [...called, ...called.flatMap((oid) => tableOf(relations, oid))];
  if (need.extent === 'only') return called;
  const below = ownedBy(relations, called).filter((oid) => {
    const relation = relationAt(relations, oid);
    return relation?.kind !== 'index' && (need.extent === 'heirs' || !relation?.heir);
  });
  return [...called, ...below];
}

function tableOf(relations: Relations, oid: number): number[] {
  const relation = relationAt(relations, oid);
  return relation?.kind === 'index' && relation.owner !== undefined ? [relation.owner] : [];
}

/** The strongest mode for each relation. */
export function strongestByOid(locks: readonly HeldLock[]): ReadonlyMap<number, LockMode> {
  const found = new Map<number, LockMode>();
  for (const { on, mode } of locks) {
    if (on.kind !== 'relation') continue;
    const former = found.get(on.oid);
    if (!former || strengthOf(former) < strengthOf(mode)) found.set(on.oid, mode);
  }
  return found;
}
