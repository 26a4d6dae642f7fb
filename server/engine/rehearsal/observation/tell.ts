/** Puts together what a statement did from what the server told. Pure. */
import { strengthOf } from '../../sql/lockModes';
import type { Alteration, Shape } from '../../sql/statement';
import { type Counts, type Held, type HeldLock, type Locks, relationLockHeld } from './held';
import { isHeld, type Mark, rewritten } from './mark';
import { strongestByOid, strongestEach } from './needed';
import { namedObjects } from './named';
import { reportedObjects } from './objects';
import type { Dependent, Lock, Observation, Rewrite, RowCount, Scan } from './observation';
import { holdsRows, type Relation, relationAt, relationClass, relationsCalled, schemaClass } from './relations';
import type { Reports } from './reports';

export interface Scene {
  readonly before: Mark;
  readonly after: Mark;
  readonly reports: Reports;
  readonly held: Held;
  /** What it needs by the rules. */
  readonly needed: readonly HeldLock[];
  /** What this statement has read and written. */
  readonly counts: ReadonlyMap<number, Counts>;
  /** Who depends on what it altered; not on what it dropped. */
  readonly dependents: readonly Dependent[];
  readonly toldBy: Observation['toldBy'];
  /** Of the server, for example 160004. */
  readonly versionNumber: number;
}

export function observationOf(shape: Shape, scene: Scene): Observation {
  const { before, reports, toldBy } = scene;
  const objects = toldBy === 'server' ? reportedObjects(reports, before.newest) : namedObjects(shape, scene);
  const { dependents, ...named } = objects;
  return {
    locks: locksOf(scene),
    rewrites: rewritesOf(scene),
    scans: scansOf(scene),
    rows: rowsOf(scene),
    ...named,
    dependents: unique([...dependents, ...scene.dependents, ...shape.alters.flatMap((it) => plansOn(it, scene))]),
    toldBy,
  };
}

/** The server tells them in no order. */
const sorted = <T>(all: readonly T[], key: (it: T) => string): T[] =>
  all.length < 2 ? [...all] : all.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));

const unique = (dependents: readonly Dependent[]): Dependent[] => [
  ...new Map(dependents.map((it) => [`${it.kind} ${it.identity}`, it] as const)).values(),
];

/** It was not there before this transaction. */
const unseen = (oid: number, { before }: Scene): { unseen?: true } =>
  oid > before.begin.newest ? { unseen: true } : {};

const relationIn = ({ before, after }: Scene, oid: number): Relation | undefined =>
  relationAt(after.relations, oid) ?? relationAt(before.relations, oid);

function locksOf(scene: Scene): Lock[] {
  const { before, held, needed } = scene;
  const fresh = held.locks ? told(held.locks, scene) : needed.filter(({ key }) => !before.locks.has(key));
  const strongest = strongestByOid(fresh);
  const again = strongestEach([...needed, ...shownBy(scene)]).filter(({ key, on, mode }) => {
    const stronger = on.kind === 'relation' ? strongest.get(on.oid) : undefined;
    return before.locks.has(key) && (!stronger || strengthOf(stronger) < strengthOf(mode));
  });
  const locks = [
    ...fresh.flatMap((it) => lockOf(it, scene)),
    ...again.flatMap((it) =>
      lockOf(it, scene).map((lock): Lock => (isHeld(it.key, before) ? { ...lock, held: true } : lock)),
    ),
  ];
  return sorted(locks, ({ object, mode }) => `${object} ${9 - strengthOf(mode)}`);
}

/** Who writes rows or files has the lock for it, also where the statement does not name the table. */
function shownBy({ before, held, counts }: Scene): HeldLock[] {
  const written = [...counts].filter(([, it]) => it.inserted + it.updated + it.deleted > 0);
  return [
    ...written.map(([oid]) => relationLockHeld(oid, 'ROW EXCLUSIVE')),
    ...rewritten(before.relations, held.files).map((oid) => relationLockHeld(oid, 'ACCESS EXCLUSIVE')),
  ];
}

/**
 * What the server tells and was not held before; without what statements did that it was not asked about: weaker locks
 * on what they locked, and all on what they made.
 */
function told(locks: Locks, { before, reports, needed }: Scene): HeldLock[] {
  const fresh = [...locks.values()].filter(({ key }) => !before.locks.has(key));
  if (before.guessed.size === 0 || fresh.length === 0) return fresh;
  const wanted = new Set(needed.map(({ key }) => key));
  const made = new Set(reports.made.map(({ oid }) => oid));
  const strongest = strongestByOid([...before.locks.values()]);
  return fresh.filter(({ key, on, mode }) => {
    if (on.kind !== 'relation' || wanted.has(key)) return true;
    const stronger = before.guessed.has(on.oid) ? strongest.get(on.oid) : undefined;
    if (stronger) return strengthOf(stronger) < strengthOf(mode);
    return on.oid <= before.named || made.has(on.oid) || on.oid > before.newest;
  });
}

/** Nothing for what nobody could name: files of a rewrite that are gone again, parts of what was dropped. */
function lockOf({ on, mode }: HeldLock, scene: Scene): Lock[] {
  switch (on.kind) {
    case 'relation':
      return relationLock(on.oid, mode, scene);
    case 'advisory':
      return [{ mode, object: on.numbers, kind: 'advisory lock' }];
    case 'object':
      // Whatever names a schema or a type takes this one, and only its DROP waits for it.
      return mode === 'ACCESS SHARE' ? [] : objectLock(on.classId, on.oid, mode, scene);
  }
}

function relationLock(oid: number, mode: Lock['mode'], scene: Scene): Lock[] {
  const relation = relationIn(scene, oid);
  const told = scene.reports.dropped.find((it) => it.classId === relationClass && it.oid === oid);
  const [object, kind] = relation ? [relation.identity, relation.kind] : [told?.identity, told?.kind];
  if (object === undefined || kind === undefined || object.startsWith('pg_toast.')) return [];
  return [{ mode, object, kind, ...unseen(oid, scene) }];
}

function objectLock(classId: number, oid: number, mode: Lock['mode'], scene: Scene): Lock[] {
  const isIt = (it: { readonly classId: number; readonly oid: number }) => it.classId === classId && it.oid === oid;
  const { dropped, made } = scene.reports;
  const told = dropped.find((it) => it.original && isIt(it)) ?? made.find(isIt);
  const schema = classId === schemaClass ? scene.before.begin.schemas.get(oid) : undefined;
  if (told) return [{ mode, object: told.identity, kind: told.kind, ...unseen(oid, scene) }];
  return schema === undefined ? [] : [{ mode, object: schema, kind: 'schema' }];
}

function rewritesOf(scene: Scene): Rewrite[] {
  const rewrites = rewritten(scene.before.relations, scene.held.files).flatMap((oid) => {
    const relation = relationAt(scene.before.relations, oid);
    return relation ? [{ object: relation.identity, kind: relation.kind, ...unseen(oid, scene) }] : [];
  });
  return sorted(rewrites, ({ object }) => object);
}

/** What was counted for tables: `make` decides whether it is worth a word. */
function counted<T extends { readonly table: string }>(
  scene: Scene,
  make: (table: string, counts: Counts, oid: number) => T | undefined,
): (T & { unseen?: true })[] {
  const all: (T & { unseen?: true })[] = [];
  for (const [oid, counts] of scene.counts) {
    const relation = relationIn(scene, oid);
    const made = relation && holdsRows(relation) ? make(relation.identity, counts, oid) : undefined;
    if (made) all.push({ ...made, ...unseen(oid, scene) });
  }
  return sorted(all, ({ table }) => table);
}

/** The build of an index also counts rows that were taken back and are still in the file, but the index knows how many there are. */
const scansOf = (scene: Scene): Scan[] =>
  counted(scene, (table, { scans, returned, fetched }, oid) => {
    const read = returned + fetched;
    const tuples = scene.held.indexed.get(oid);
    const rows = tuples === undefined ? read : Math.min(read, scans * tuples);
    return scans > 0 || fetched > 0 ? { table, scans, rows } : undefined;
  });

const rowsOf = (scene: Scene): RowCount[] =>
  counted(scene, (table, { inserted, updated, deleted }) =>
    inserted + updated + deleted > 0 ? { table, inserted, updated, deleted } : undefined,
  );

/** The rows of a table with other columns are not those that prepared statements expect. */
function plansOn(alteration: Alteration, { after }: Scene): Dependent[] {
  if (alteration.kind !== 'relation' || alteration.column === undefined) return [];
  return relationsCalled(after.relations, alteration).flatMap((oid) => {
    const relation = relationAt(after.relations, oid);
    return relation && holdsRows(relation)
      ? [{ kind: 'prepared statements', identity: relation.identity, effect: 'invalidated' }]
      : [];
  });
}
