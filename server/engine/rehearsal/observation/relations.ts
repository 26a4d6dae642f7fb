/** Names of relations by oid: read once, then kept up with what the statements report. */
import type { TextRow } from '../../database/session';
import type { NeededLock, Shape } from '../../sql/statement';
import { firstOwnOid, type Held, type NameRow } from './held';
import type { Reports } from './reports';
import type { Routines } from './routines';

export interface Relation {
  /** `public.orders`; quoted where Postgres needs it. */
  readonly identity: string;
  readonly name: string;
  readonly schema: string;
  /** `table`, `index`… */
  readonly kind: string;
  /** Table of an index, parent of a partition or an heir. */
  readonly owner: number | undefined;
  /** 0 when it has none, or none that is known. */
  readonly file: number;
  /** It inherits from its owner without being a partition. */
  readonly heir: boolean;
}

/** `undefined` for what is known and not worth a word: tables that hold long values of others. */
type ByOid = ReadonlyMap<number, Relation | undefined>;

/** All of them are far more than a transaction changes, and are not copied for each statement. */
export interface Relations {
  readonly base: ByOid;
  /** Names that they bear in the base, and what belongs to them there. */
  readonly named: ReadonlyMap<string, readonly number[]>;
  readonly owned: ReadonlyMap<number, readonly number[]>;
  readonly changed: ByOid;
}

export interface Known {
  readonly relations: Relations;
  readonly schemas: ReadonlyMap<number, string>;
  /** Objects with a higher oid are made later. */
  readonly newest: number;
  readonly routines: Routines;
}

export const relationAt = ({ base, changed }: Relations, oid: number): Relation | undefined =>
  changed.has(oid) ? changed.get(oid) : base.get(oid);

const withChanged = (relations: Relations, more: readonly (readonly [number, Relation | undefined])[]): Relations =>
  more.length === 0 ? relations : { ...relations, changed: new Map([...relations.changed, ...more]) };

/** Whatever bears one of these names is not known any more. */
export const withoutNames = (relations: Relations, names: readonly string[]): Relations =>
  withChanged(
    relations,
    names.flatMap((name) => relationsCalled(relations, { name }).map((oid) => [oid, undefined] as const)),
  );

/** An unqualified name stands for whatever bears it: of two schemas' tables both are meant rather than none. */
export function relationsCalled(relations: Relations, { schema, name }: Pick<NeededLock, 'schema' | 'name'>): number[] {
  const isIt = (it: Relation | undefined): boolean =>
    it?.name === name && (schema === undefined || it.schema === schema);
  const { base, changed } = relations;
  const found = (relations.named.get(name) ?? []).filter((oid) => !changed.has(oid) && isIt(base.get(oid)));
  const since = indexOf(changed).named.get(name) ?? [];
  return since.length === 0 ? found : [...found, ...since.filter((oid) => isIt(changed.get(oid)))];
}

const rowKinds: ReadonlySet<string> = new Set(['table', 'materialized view', 'foreign table']);

export const holdsRows = ({ kind }: Relation): boolean => rowKinds.has(kind);

/** Indexes of tables; partitions and heirs of tables, and theirs. */
export function ownedBy(relations: Relations, oids: readonly number[]): number[] {
  if (oids.length === 0) return [];
  const since = indexOf(relations.changed).owned;
  const direct = oids.flatMap((oid) => [...(relations.owned.get(oid) ?? []), ...(since.get(oid) ?? [])]);
  return direct.length === 0 ? direct : [...direct, ...ownedBy(relations, direct)];
}

/** pg_class and pg_namespace, whose oids never change (`catalog/pg_class.h`). */
export const [relationClass, schemaClass] = [1259, 2615];

/** pg_toast (`catalog/pg_namespace.dat`): tables that hold long values of others, which are not worth a word. */
const toastSchema = 99;

/** Routines that run text of the database, not compiled code: those may read tables. */
const isRoutine = `p.oid >= ${firstOwnOid} and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace and p.prolang not in (
    select l.oid from pg_catalog.pg_language l where l.lanname in ('internal', 'c'))`;

/** Some milliseconds for hundreds of tables: the columns as arrays, because rows would cost twice as much. */
export const knownQuery = `
  select 'known',
    (select pg_catalog.json_build_array(pg_catalog.array_agg(c.oid::int8), pg_catalog.string_agg(
              case when c.relkind = 'r' and h.parent is not null and not c.relispartition then 'h' else c.relkind end, ''),
            pg_catalog.array_agg(c.relnamespace::int8), pg_catalog.array_agg(c.relname),
            pg_catalog.array_agg(coalesce(i.indrelid, h.parent)::int8), pg_catalog.array_agg(c.relfilenode::int8))
       from pg_catalog.pg_class c
       left join pg_catalog.pg_index i on i.indexrelid = c.oid
       left join (select p.inhrelid, pg_catalog.min(p.inhparent) as parent from pg_catalog.pg_inherits p group by 1) h on h.inhrelid = c.oid
      where c.oid >= ${firstOwnOid} and c.relnamespace <> ${toastSchema}),
    (select pg_catalog.json_agg(pg_catalog.json_build_array(n.oid::int8, n.nspname)) from pg_catalog.pg_namespace n),
    greatest((select pg_catalog.max(oid) from pg_catalog.pg_class), (select pg_catalog.max(oid) from pg_catalog.pg_proc),
             (select pg_catalog.max(oid) from pg_catalog.pg_type), (select pg_catalog.max(oid) from pg_catalog.pg_trigger),
             (select pg_catalog.max(oid) from pg_catalog.pg_rewrite)),
    (select pg_catalog.json_agg(p.proname) from pg_catalog.pg_proc p where ${isRoutine}),
    exists (select from pg_catalog.pg_depend d join pg_catalog.pg_proc p on p.oid = d.refobjid
             where d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and ${isRoutine}
               and d.classid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_constraint'::pg_catalog.regclass,
                                 'pg_catalog.pg_attrdef'::pg_catalog.regclass, 'pg_catalog.pg_event_trigger'::pg_catalog.regclass)),
    exists (select from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
             where ${isRoutine} and (l.lanname not in ('sql', 'plpgsql') or p.prosrc ~* '\\mexception\\s+when\\M|\\mtruncate\\M'))`;

type KnownColumns = readonly [
  oids: readonly number[] | null,
  kinds: string,
  schemas: readonly number[],
  names: readonly string[],
  owners: readonly (number | null)[],
  files: readonly number[],
];

/** @param row the answer to `knownQuery` */
export function readKnown([, columns, schemaRows, newest, routines, inSchema, losesCounts]: TextRow): Known {
  const schemas = new Map(JSON.parse(schemaRows ?? '[]') as readonly (readonly [number, string])[]);
  return {
    relations: indexed(rowsOf(JSON.parse(columns ?? '[]') as KnownColumns, schemas)),
    schemas,
    newest: Number(newest),
    routines: {
      names: new Set(JSON.parse(routines ?? '[]') as readonly string[]),
      inSchema: inSchema === 't',
      losesCounts: losesCounts === 't',
    },
  };
}

const rowsOf = (
  [oids, kinds, schemaOids, names, owners, files]: KnownColumns,
  schemas: ReadonlyMap<number, string>,
): (readonly [number, Relation | undefined])[] =>
  (oids ?? []).map((oid, i) =>
    relationOf([
      oid,
      kinds.charAt(i),
      schemas.get(schemaOids[i] ?? 0) ?? '',
      names[i] ?? '',
      owners[i] ?? null,
      files[i] ?? 0,
    ]),
  );

function indexed(rows: readonly (readonly [number, Relation | undefined])[]): Relations {
  const base = new Map(rows);
  return { base, ...indexFor(base), changed: new Map() };
}

export const noRelations = indexed([]);

type Index = Pick<Relations, 'named' | 'owned'>;

function indexFor(relations: ByOid): Index {
  const named = new Map<string, number[]>();
  const owned = new Map<number, number[]>();
  for (const [oid, relation] of relations) {
    if (!relation) continue;
    push(named, relation.name, oid);
    if (relation.owner !== undefined) push(owned, relation.owner, oid);
  }
  return { named, owned };
}

function push<Key>(found: Map<Key, number[]>, key: Key, oid: number): void {
  const former = found.get(key);
  if (former) former.push(oid);
  else found.set(key, [oid]);
}

const indexes = new WeakMap<ByOid, Index>();

/** Made when it is first asked for: most statements change no relation. */
function indexOf(changed: ByOid): Index {
  const index = indexes.get(changed) ?? indexFor(changed);
  indexes.set(changed, index);
  return index;
}

function relationOf([oid, kind, schema, name, owner, file]: NameRow): [number, Relation | undefined] {
  if (schema === 'pg_toast') return [oid, undefined];
  const shown = schema.startsWith('pg_temp_') ? 'pg_temp' : schema;
  return [
    oid,
    {
      identity: `${quoted(shown)}.${quoted(name)}`,
      name,
      schema: shown,
      kind: kinds[kind] ?? 'relation',
      owner: owner ?? undefined,
      file,
      heir: kind === 'h',
    },
  ];
}

/** As pg_class.relkind has them. */
const kinds: Readonly<Record<string, string>> = {
  r: 'table',
  h: 'table',
  p: 'table',
  i: 'index',
  I: 'index',
  S: 'sequence',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  c: 'composite type',
};

/** Only to be read by people: words that Postgres would quote as reserved stand plain. */
export const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** The relations after a statement, by what the server told. */
export function relationsAfter(shape: Shape, before: Relations, { names, files }: Held, { made }: Reports): Relations {
  const found = withChanged(before, names.map(relationOf));
  const table = made.find(({ classId, kind }) => classId === relationClass && kind === 'table')?.oid;
  const owner =
    table ?? (shape.node === 'IndexStmt' ? shape.locks.flatMap((it) => relationsCalled(before, it))[0] : undefined);
  const told = made.flatMap(({ classId, oid, part, identity, kind }) => {
    const former = relationAt(found, oid);
    if (classId !== relationClass || part !== 0 || identity === '' || former?.identity === identity) return [];
    const [schema = '', name = identity] = partsOf(identity);
    return [
      [
        oid,
        { owner: kind === 'index' ? owner : undefined, file: 0, heir: false, kind, ...former, identity, schema, name },
      ] as const,
    ];
  });
  const after = withChanged(found, told);
  const moved = [...files].flatMap(([oid, file]) => {
    const former = relationAt(after, oid);
    return former && former.file !== file ? [[oid, { ...former, file }] as const] : [];
  });
  return withChanged(after, moved);
}

const partsOf = (identity: string): string[] =>
  [...identity.matchAll(/"((?:[^"]|"")*)"|[^."]+/g)].map(([plain, inner]) => inner?.replaceAll('""', '"') ?? plain);
