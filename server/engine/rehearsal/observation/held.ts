/** What the server is asked: what does this session hold, what has it read and written so far? */
import type { TextRow } from '../../database/session';
import { type LockMode, lockModes } from '../../sql/lockModes';

/** A lock of a session of ours. */
export interface HeldLock {
  /** Names lock and mode; the same one for the same lock. */
  readonly key: string;
  readonly on:
    | { readonly kind: 'relation'; readonly oid: number }
    | { readonly kind: 'object'; readonly classId: number; readonly oid: number }
    | { readonly kind: 'advisory'; readonly numbers: string };
  readonly mode: LockMode;
}

/**
 * What Postgres has counted since the transaction began, or a little longer. A rollback to a savepoint takes nothing off
 * it, but a TRUNCATE does, when the savepoint before it is released.
 */
export interface Counts {
  readonly scans: number;
  readonly returned: number;
  readonly fetched: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

export type Locks = ReadonlyMap<string, HeldLock>;

export interface Held {
  /** By their keys; undefined when they were not asked for. */
  readonly locks: Locks | undefined;
  /** Files of relations, by oid: of those that were asked for and have one. */
  readonly files: ReadonlyMap<number, number>;
  readonly counts: ReadonlyMap<number, Counts>;
  /** Rows that the newest index of a table found when it was built; of those that hold all. */
  readonly indexed: ReadonlyMap<number, number>;
  /** Relations that are newer than the one asked with. */
  readonly names: readonly NameRow[];
}

/** oid, relkind (`h`: a table that inherits without being a partition), schema, name, table of an index or parent, file. */
export type NameRow = readonly [
  oid: number,
  kind: string,
  schema: string,
  name: string,
  owner: number | null,
  file: number,
];

/** Oids below are those of the system's own catalogs (FirstNormalObjectId in access/transam.h). */
export const firstOwnOid = 16_384;

const count = (what: string, oid: string): string => `pg_catalog.pg_stat_get_xact_${what}(${oid})`;
const counters = [
  'numscans',
  'tuples_fetched',
  'tuples_inserted',
  'tuples_updated',
  'tuples_deleted',
  'tuples_returned',
];
const countersOf = (oid: string): string => counters.map((it) => `${count(it, oid)}::text`).join(', ');
/** Rows are returned by nothing but scans, and those are counted as well. */
const isCounted = (oid: string): string =>
  `${counters
    .slice(0, -1)
    .map((it) => count(it, oid))
    .join(' + ')} > 0`;

const name = `
  select 'name', c.oid::text,
    case when c.relkind = 'r' and not c.relispartition and exists (select from pg_catalog.pg_inherits p where p.inhrelid = c.oid)
      then 'h' else c.relkind::text end, n.nspname::text, c.relname::text,
    coalesce((select i.indrelid from pg_catalog.pg_index i where i.indexrelid = c.oid),
             (select p.inhparent from pg_catalog.pg_inherits p where p.inhrelid = c.oid limit 1))::text, c.relfilenode::text, null, null
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;

/** The relations that are newer than this one. */
export const namesQuery = `${name} where c.oid > $1`;

/** All locks of the session but those on the system's own catalogs, in one text, and the names of relations that are newer than this one. */
export const locksQuery = `
  with mine as materialized (
    select l.locktype, l.relation, l.classid, l.objid, l.objsubid, l.mode from pg_catalog.pg_lock_status() l
     where l.pid = pg_catalog.pg_backend_pid() and (l.relation >= ${firstOwnOid} or l.locktype in ('object', 'advisory')))
  select 'locks', pg_catalog.string_agg(
           case l.locktype when 'relation' then 'r' || l.relation when 'object' then 'o' || l.classid || '.' || l.objid
             else 'a' || l.classid || ',' || l.objid || ',' || l.objsubid end || ':' || l.mode, ' '),
         null, null, null, null, null, null, null from mine l
  union all ${name} where c.oid = any (array(select l.relation from mine l where l.relation > $1))`;

/**
 * The same, and what was counted of each relation that is locked: of all, with their files, or only of those that have
 * counted something.
 */
export const lockedQuery = `${locksQuery}
  union all
  select 'counts', it.oid::text, case when $2 then pg_catalog.pg_relation_filenode(it.oid)::text end, ${countersOf('it.oid')}
    from (select distinct l.relation from mine l where l.relation is not null) it (oid) where $2 or ${isCounted('it.oid')}`;

/** What was counted of each of these relations, with its file. */
export const countsQuery = `
  select 'counts', it.oid, pg_catalog.pg_relation_filenode(it.oid), ${countersOf('it.oid')} from pg_catalog.unnest($1) it (oid)`;

/** What was counted of each table that has counted something. */
export const allCountsQuery = `
  select 'counts', c.oid, null, ${countersOf('c.oid')} from pg_catalog.pg_class c
   where c.oid >= ${firstOwnOid} and c.relkind in ('r', 'm', 'p', 'f') and ${isCounted('c.oid')}`;

/** How many rows the newest index of each of these tables holds, when it holds all. */
export const indexedQuery = `
  select 'indexed', i.indrelid, greatest(0, c.reltuples)::int8
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
   where i.indrelid = any ($1) and i.indpred is null
     and i.indexrelid = (select pg_catalog.max(o.indexrelid) from pg_catalog.pg_index o where o.indrelid = i.indrelid)`;

export const oidsOf = (oids: readonly number[]): string => `'{${oids.join()}}'`;

/**
 * @param rows of any of these queries
 * @param former locks that are known: most of them are held still
 */
export function readHeld(rows: readonly TextRow[], former: Locks = new Map()): Held {
  if (rows.length === 0) return noneHeld;
  let locks: Locks | undefined;
  const [files, counts] = [new Map<number, number>(), new Map<number, Counts>()];
  const indexed = new Map<number, number>();
  const names: NameRow[] = [];
  for (const row of rows) {
    const [what, first, second] = row;
    if (what === 'locks') locks = readLocks(first ?? '', former);
    else if (what === 'indexed') indexed.set(Number(first), Number(second));
    else if (what === 'name') names.push(readName(row));
    else if (what === 'counts') {
      counts.set(Number(first), readCounts(row));
      if (second && second !== '0') files.set(Number(first), Number(second));
    }
  }
  return { locks, files, counts, indexed, names };
}

/** Where nothing was asked. */
const noneHeld: Held = { locks: undefined, files: new Map(), counts: new Map(), indexed: new Map(), names: [] };

const readName = ([, oid, kind, schema, name, owner, file]: TextRow): NameRow => [
  Number(oid),
  kind ?? '',
  schema ?? '',
  name ?? '',
  owner ? Number(owner) : null,
  Number(file),
];

function readLocks(text: string, former: Locks): Locks {
  const found = new Map<string, HeldLock>();
  for (const key of text.split(' ')) {
    const lock = former.get(key) ?? readLock(key);
    if (lock) found.set(key, lock);
  }
  return found;
}

/** Modes of predicate locks are left out: nobody waits for them. */
function readLock(line: string): HeldLock | undefined {
  const [name = '', modeName = ''] = line.split(':');
  const mode = modes.get(modeName);
  const rest = name.slice(1);
  if (!mode) return undefined;
  switch (name[0]) {
    case 'r':
      return { key: line, on: { kind: 'relation', oid: Number(rest) }, mode };
    case 'o': {
      const [classId, oid] = rest.split('.').map(Number);
      return { key: line, on: { kind: 'object', classId: classId ?? 0, oid: oid ?? 0 }, mode };
    }
    default:
      return { key: line, on: { kind: 'advisory', numbers: rest }, mode };
  }
}

/** As if the server had told it. */
export const relationLockHeld = (oid: number, mode: LockMode): HeldLock => ({
  key: `r${oid}:${nameOf(mode)}`,
  on: { kind: 'relation', oid },
  mode,
});

/** `ShareUpdateExclusiveLock`, as pg_locks calls it. */
const nameOf = (mode: LockMode): string =>
  `${mode
    .split(' ')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('')}Lock`;

const modes: ReadonlyMap<string, LockMode> = new Map(lockModes.map((mode) => [nameOf(mode), mode]));

/** In the order of `counters`. */
const readCounts = ([, , , scans, fetched, inserted, updated, deleted, returned]: TextRow): Counts => ({
  scans: Number(scans),
  returned: Number(returned),
  fetched: Number(fetched),
  inserted: Number(inserted),
  updated: Number(updated),
  deleted: Number(deleted),
});

/** Of a relation that was never read or written. */
export const noCounts: Counts = { scans: 0, returned: 0, fetched: 0, inserted: 0, updated: 0, deleted: 0 };
