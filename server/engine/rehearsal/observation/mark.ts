/** What a transaction holds at one moment: a value, so that a rollback needs nothing but the former one. */
import type { Shape } from '../../sql/statement';
import { type Held, type HeldLock, type Locks, relationLockHeld } from './held';
import { neededBy } from './needed';
import { type Known, relationAt, relationClass, type Relations, relationsAfter } from './relations';
import type { Reports } from './reports';
import { type Routines, routinesAfter } from './routines';

export interface Mark {
  readonly locks: Locks;
  readonly relations: Relations;
  /** Objects with a higher oid are made later. */
  readonly newest: number;
  /** The server was asked for the names of relations up to this oid. */
  readonly named: number;
  /** Locked by statements that the server was not asked about: it may tell of weaker locks on them later on. */
  readonly guessed: ReadonlySet<number>;
  /** Keys of locks that statements of the script needed. */
  readonly own: ReadonlySet<string>;
  readonly routines: Routines;
  /** When the script began. */
  readonly begin: {
    /** Keys of locks that were held by then: by earlier scripts in the same transaction, which their tool would have ended. */
    readonly held: ReadonlySet<string>;
    /** Objects with a higher oid were made by the script. */
    readonly newest: number;
    readonly schemas: ReadonlyMap<number, string>;
  };
}

export function markAtBegin({ relations, newest, schemas, routines }: Known, locks: Locks): Mark {
  const begin = { held: new Set(locks.keys()), newest, schemas };
  return { locks, relations, newest, named: newest, guessed: new Set(), own: new Set(), routines, begin };
}

/** An earlier statement of the script holds it. */
export const isHeld = (key: string, { locks, own, begin }: Mark): boolean =>
  locks.has(key) && (own.has(key) || !begin.held.has(key));

/** @param needed as of `neededBy` or `guessedBy` */
export function markAfter(shape: Shape, before: Mark, held: Held, reports: Reports, needed: readonly HeldLock[]): Mark {
  const { begin, locks } = before;
  const names = held.names.map(([oid]) => oid);
  const told = held.locks ? oidsOf([...held.locks.values()]) : [];
  const common = {
    relations: relationsAfter(shape, before.relations, held, reports),
    newest: greatest([...names, ...told, ...reports.made.map(({ oid }) => oid)], before.newest),
    named: greatest([...names, ...told], before.named),
    own: withMore(before.own, keysOf(needed)),
    routines: routinesAfter(shape, before.routines),
    begin,
  };
  if (held.locks) return { ...common, locks: held.locks, guessed: new Set() };
  const more = needed.filter(({ key }) => !locks.has(key));
  return {
    ...common,
    locks: more.length === 0 ? locks : new Map([...locks, ...more.map((it) => [it.key, it] as const)]),
    guessed: withMore(before.guessed, oidsOf(needed)),
  };
}

/** The same set when it holds them already, which is the usual case. */
const withMore = <T>(all: ReadonlySet<T>, more: readonly T[]): ReadonlySet<T> =>
  more.every((it) => all.has(it)) ? all : new Set([...all, ...more]);

const keysOf = (locks: readonly HeldLock[]): string[] => locks.map(({ key }) => key);

/** By the rules; what it has made or written anew is its own. */
export function guessedBy(
  shape: Shape,
  { relations, newest }: Mark,
  { files, names }: Held,
  { made }: Reports,
): HeldLock[] {
  const fresh = made.filter(({ classId, oid, part }) => classId === relationClass && part === 0 && oid > newest);
  const indexes = rewritten(relations, files).filter((oid) => relationAt(relations, oid)?.kind === 'index');
  const own = new Set([...fresh.map(({ oid }) => oid), ...names.map(([oid]) => oid), ...indexes]);
  return [...neededBy(shape, relations), ...[...own].map((oid) => relationLockHeld(oid, 'ACCESS EXCLUSIVE'))];
}

/** Relations that have another file now. */
export function rewritten(before: Relations, files: Held['files']): number[] {
  const found: number[] = [];
  for (const [oid, file] of files) {
    const former = relationAt(before, oid);
    if (former && former.file !== 0 && former.file !== file && former.kind !== 'sequence') found.push(oid);
  }
  return found;
}

const oidsOf = (locks: readonly HeldLock[]): number[] =>
  locks.flatMap(({ on }) => (on.kind === 'relation' ? [on.oid] : []));

const greatest = (oids: readonly number[], least: number): number => oids.reduce((a, b) => Math.max(a, b), least);
