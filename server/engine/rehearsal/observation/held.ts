/**
 * One question to the server: what does this session hold, what has it read and written so far?
 *
 * The answer comes as a notice, so that the question can go along with whatever is sent next; as texts, because rows
 * would cost more than all the rest.
 */
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

/** Since the transaction began; they never go down, not even with a rollback to a savepoint. */
export interface Counts {
  readonly scans: number;
  readonly returned: number;
  readonly fetched: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Rows that its newest index found when it was built. Not counted up; below 0 when it does not hold all of them. */
  readonly tuples: number;
}

export interface Held {
  /** Undefined when they were not asked for. */
  readonly locks: readonly HeldLock[] | undefined;
  /** Files of relations, by oid: of those that were asked for and have one. */
  readonly files: ReadonlyMap<number, number>;
  readonly counts: ReadonlyMap<number, Counts>;
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

const mine = `from pg_catalog.pg_lock_status() l where l.pid = pg_catalog.pg_backend_pid()`;

const count = (what: string): string => `pg_catalog.pg_stat_get_xact_${what}(it.oid)`;
const counters = [
  'numscans',
  'tuples_returned',
  'tuples_fetched',
  'tuples_inserted',
  'tuples_updated',
  'tuples_deleted',
];
const counted = `pg_catalog.string_agg(it.oid || ':' || case when files then coalesce(pg_catalog.pg_relation_filenode(it.oid), 0) else 0 end
      || ':' || ${counters.map(count).join(` || ',' || `)}
      || ',' || coalesce((
        select case when i.indpred is null then greatest(0, c.reltuples)::int8 else -1 end
          from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
         where i.indrelid = it.oid order by c.oid desc limit 1), -1), ' ')`;

/** The columns of a NameRow, of the relation `c`. */
export const nameColumns = `pg_catalog.json_build_array(c.oid::int8,
    case when c.relkind = 'r' and not c.relispartition and exists (select from pg_catalog.pg_inherits p where p.inhrelid = c.oid)
      then 'h' else c.relkind end, n.nspname, c.relname,
    coalesce((select i.indrelid from pg_catalog.pg_index i where i.indexrelid = c.oid),
             (select p.inhparent from pg_catalog.pg_inherits p where p.inhrelid = c.oid limit 1))::int8,
    coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::int8)`;

/**
 * The body of a PL/pgSQL block with three variables in reach:
 * - `newest oid`: names are told of relations with a higher one, and locks; neither when it is null
 * - `counted oid[]`: relations whose counts are told; null for all that are locked
 * - `files boolean`: their files are told as well
 *
 * @param state SQLSTATE of the notice
 */
export const tellHeld = (state: string): string => `
    if newest is not null then
      select pg_catalog.string_agg(case l.locktype when 'relation' then 'r' || l.relation
                 when 'object' then 'o' || l.classid || '.' || l.objid
                 else 'a' || l.classid || ',' || l.objid || ',' || l.objsubid end || ':' || l.mode, ' '),
             pg_catalog.array_agg(l.relation) filter (where l.relation > newest),
             pg_catalog.array_agg(distinct l.relation) filter (where l.relation is not null and counted is null)
        into locks, fresh, touched ${mine} and (l.relation >= ${firstOwnOid} or l.locktype in ('object', 'advisory'));
      locks := coalesce(locks, '');
      if fresh is not null then
        select pg_catalog.json_agg(${nameColumns}) into names
          from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = any (fresh);
      end if;
    elsif counted is null then
      select pg_catalog.array_agg(distinct l.relation) into touched ${mine} and l.relation >= ${firstOwnOid};
    end if;
    touched := coalesce(counted, touched);
    if pg_catalog.cardinality(touched) > 0 then
      select ${counted} into counts from pg_catalog.unnest(touched) as it (oid)
       where files or ${['numscans', 'tuples_fetched', 'tuples_inserted', 'tuples_updated', 'tuples_deleted'].map(count).join(' + ')} > 0;
    end if;
    raise info using errcode = '${state}', message = 'held', detail = pg_catalog.json_build_array(locks, counts, names);`;

export const heldVariables = 'locks text; fresh oid[]; touched oid[]; counts text; names json;';

export function readHeld(detail: string): Held {
  const [locks, counts, names] = JSON.parse(detail) as readonly [
    string | null,
    string | null,
    readonly NameRow[] | null,
  ];
  const counted = (counts ?? '').split(' ').flatMap((it) => (it === '' ? [] : [it.split(':')]));
  return {
    locks: locks?.split(' ').flatMap(readLock),
    files: new Map(counted.flatMap(([oid, file]) => (file === '0' ? [] : [[Number(oid), Number(file)] as const]))),
    counts: new Map(counted.map(([oid, , numbers = '']) => [Number(oid), readCounts(numbers)])),
    names: names ?? [],
  };
}

/** Modes of predicate locks are left out: nobody waits for them. */
function readLock(line: string): HeldLock[] {
  const [name = '', modeName = ''] = line.split(':');
  const mode = modes.get(modeName);
  const rest = name.slice(1);
  if (!mode) return [];
  switch (name[0]) {
    case 'r':
      return [{ key: line, on: { kind: 'relation', oid: Number(rest) }, mode }];
    case 'o': {
      const [classId, oid] = rest.split('.').map(Number);
      return [{ key: line, on: { kind: 'object', classId: classId ?? 0, oid: oid ?? 0 }, mode }];
    }
    default:
      return [{ key: line, on: { kind: 'advisory', numbers: rest }, mode }];
  }
}

export const noneHeld: Held = { locks: undefined, files: new Map(), counts: new Map(), names: [] };

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

function readCounts(text: string): Counts {
  const [scans = 0, returned = 0, fetched = 0, inserted = 0, updated = 0, deleted = 0, tuples = -1] = text
    .split(',')
    .map(Number);
  return { scans, returned, fetched, inserted, updated, deleted, tuples };
}

/** Of a relation that was never read or written. */
export const noCounts: Counts = { scans: 0, returned: 0, fetched: 0, inserted: 0, updated: 0, deleted: 0, tuples: -1 };
