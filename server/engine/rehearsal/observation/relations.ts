/** Names of relations by oid: read once, then kept up with what the statements report. */
import type { Session } from '../../database/session';
import type { NeededLock, Shape } from '../../sql/statement';
import { firstOwnOid, type Held, nameColumns, type NameRow } from './held';
import type { Reports } from './reports';

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
}

export const relationAt = ({ base, changed }: Relations, oid: number): Relation | undefined =>
  changed.has(oid) ? changed.get(oid) : base.get(oid);

const withChanged = (relations: Relations, more: readonly (readonly [number, Relation | undefined])[]): Relations =>
  more.length === 0 ? relations : { ...relations, changed: new Map([...relations.changed, ...more]) };

/** An unqualified name stands for whatever bears it: of two schemas' tables both are meant rather than none. */
export function relationsCalled(relations: Relations, { schema, name }: Pick<NeededLock, 'schema' | 'name'>): number[] {
  const isIt = (it: Relation | undefined): boolean =>
    it?.name === name && (schema === undefined || it.schema === schema);
  const { base, changed } = relations;
  const found = (relations.named.get(name) ?? []).filter((oid) => !changed.has(oid) && isIt(base.get(oid)));
  for (const [oid, it] of changed) if (isIt(it)) found.push(oid);
  return found;
}

/** All that hold rows. */
export const tablesOf = ({ base, changed }: Relations): number[] =>
  [...new Map([...base, ...changed])].flatMap(([oid, it]) =>
    it && /table$|^materialized view$/.test(it.kind) ? [oid] : [],
  );

/** Indexes of tables; partitions and heirs of tables, and theirs. */
export function ownedBy(relations: Relations, oids: readonly number[]): number[] {
  if (oids.length === 0) return [];
  const changed = [...relations.changed].filter(([, it]) => it?.owner !== undefined && oids.includes(it.owner));
  const direct = [...oids.flatMap((oid) => relations.owned.get(oid) ?? []), ...changed.map(([oid]) => oid)];
  return [...direct, ...ownedBy(relations, direct)];
}

/** pg_class and pg_namespace, whose oids never change (`catalog/pg_class.h`). */
export const [relationClass, schemaClass] = [1259, 2615];

/** Some milliseconds for hundreds of tables. */
export async function readKnown(session: Session): Promise<Known> {
  const [row] = await session.rows<{
    names: readonly NameRow[] | null;
    schemas: readonly (readonly [number, string])[];
    newest: string;
  }>(`
    select (select pg_catalog.json_agg(${nameColumns}) from pg_catalog.pg_class c
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid >= ${firstOwnOid}) as names,
           (select pg_catalog.json_agg(pg_catalog.json_build_array(oid::int8, nspname)) from pg_catalog.pg_namespace) as schemas,
           greatest((select pg_catalog.max(oid) from pg_catalog.pg_class), (select pg_catalog.max(oid) from pg_catalog.pg_proc),
                    (select pg_catalog.max(oid) from pg_catalog.pg_type), (select pg_catalog.max(oid) from pg_catalog.pg_trigger),
                    (select pg_catalog.max(oid) from pg_catalog.pg_rewrite))::text as newest`);
  if (!row) throw new Error('a select without FROM has one row');
  return {
    relations: indexed((row.names ?? []).map(relationOf)),
    schemas: new Map(row.schemas),
    newest: Number(row.newest),
  };
}

function indexed(rows: readonly (readonly [number, Relation | undefined])[]): Relations {
  const named = new Map<string, number[]>();
  const owned = new Map<number, number[]>();
  for (const [oid, relation] of rows) {
    if (!relation) continue;
    named.set(relation.name, [...(named.get(relation.name) ?? []), oid]);
    if (relation.owner !== undefined) owned.set(relation.owner, [...(owned.get(relation.owner) ?? []), oid]);
  }
  return { base: new Map(rows), named, owned, changed: new Map() };
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
const quoted = (name: string): string => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

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
