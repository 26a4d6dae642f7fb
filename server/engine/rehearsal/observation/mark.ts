/** What a transaction holds at one moment: a value, so that a rollback needs nothing but the former one. */
import type { Shape } from '../../sql/statement';
import { type Held, type HeldLock, relationLockHeld } from './held';
import { neededBy } from './needed';
import { type Known, relationAt, relationClass, type Relations, relationsAfter } from './relations';
import type { Reports } from './reports';

export interface Mark {
  readonly locks: readonly HeldLock[];
  /** Their keys. */
  readonly keys: ReadonlySet<string>;
  readonly relations: Relations;
  /** Objects with a higher oid are made later. */
  readonly newest: number;
  /** The server was asked for the names of relations up to this oid. */
  readonly named: number;
  /** Locked by statements that the server was not asked about: it may tell of weaker locks on them later on. */
  readonly guessed: ReadonlySet<number>;
  /** Keys of locks that statements of the script needed. */
  readonly own: ReadonlySet<string>;
  /** When the script began. */
  readonly begin: {
    /** Keys of locks that were held by then: by earlier scripts in the same transaction, which their tool would have ended. */
    readonly held: ReadonlySet<string>;
    /** Objects with a higher oid were made by the script. */
    readonly newest: number;
    readonly schemas: ReadonlyMap<number, string>;
  };
}

export function markAtBegin({ relations, newest, schemas }: Known, locks: readonly HeldLock[]): Mark {
  const keys = keysOf(locks);
  const begin = { held: keys, newest, schemas };
  return { locks, keys, relations, newest, named: newest, guessed: new Set(), own: new Set(), begin };
}

/** An earlier statement of the script holds it. */
export const isHeld = (key: string, { keys, own, begin }: Mark): boolean =>
  keys.has(key) && (own.has(key) || !begin.held.has(key));

/** @param needed as of `neededBy` or `guessedBy` */
export function markAfter(shape: Shape, before: Mark, held: Held, reports: Reports, needed: readonly HeldLock[]): Mark {
  const relations = relationsAfter(shape, before.relations, held, reports);
  const oids = [...held.names.map(([oid]) => oid), ...oidsOf(held.locks ?? []), ...reports.made.map(({ oid }) => oid)];
  const newest = greatest(oids, before.newest);
  const { begin } = before;
  const own = new Set([...before.own, ...keysOf(needed)]);
  if (held.locks) {
    const named = greatest(oidsOf(held.locks), before.named);
    return { locks: held.locks, keys: keysOf(held.locks), relations, newest, named, guessed: new Set(), own, begin };
  }
  const more = needed.filter(({ key }) => !before.keys.has(key));
  const locks = more.length === 0 ? before.locks : [...before.locks, ...more];
  return {
    locks,
    keys: more.length === 0 ? before.keys : keysOf(locks),
    relations,
    newest,
    named: before.named,
    guessed: new Set([...before.guessed, ...oidsOf(needed)]),
    own,
    begin,
  };
}

const keysOf = (locks: readonly HeldLock[]): ReadonlySet<string> => new Set(locks.map(({ key }) => key));

/** By the rules; what it has made or written anew is its own. */
export function guessedBy(shape: Shape, { relations, newest }: Mark, { files }: Held, { made }: Reports): HeldLock[] {
  const fresh = made.filter(({ classId, oid, part }) => classId === relationClass && part === 0 && oid > newest);
  const indexes = rewritten(relations, files).filter((oid) => relationAt(relations, oid)?.kind === 'index');
  const own = new Set([...fresh.map(({ oid }) => oid), ...indexes]);
  return [...neededBy(shape, relations), ...[...own].map((oid) => relationLockHeld(oid, 'ACCESS EXCLUSIVE'))];
}

/** Relations that have another file now. */
export const rewritten = (before: Relations, files: Held['files']): number[] =>
  [...files].flatMap(([oid, file]) => {
    const former = relationAt(before, oid);
    return !former || former.file === 0 || former.file === file || former.kind === 'sequence' ? [] : [oid];
  });

const oidsOf = (locks: readonly HeldLock[]): number[] =>
  locks.flatMap(({ on }) => (on.kind === 'relation' ? [on.oid] : []));

const greatest = (oids: readonly number[], least: number): number => oids.reduce((a, b) => Math.max(a, b), least);
