/**
 * Which locks does a statement need on the relations that it names? Sources: Postgres documentation, "Explicit
 * Locking", and the calls of table_open in the server; test/sql/locks.test.ts compares the rules with a server.
 *
 * What it needs on others (indexes, partitions, tables behind views) only the server can tell.
 */
import type { Node, ObjectType, RangeVar } from 'libpg-query';
import { alterTableNeeds, besides, type Need, referencesIn } from './alterTableLocks';
import { type LockMode, modeOf } from './lockModes';
import type { NeededLock } from './statement';
import { lastOf, type NodeOf, objectParts, relationParts, type Tag, tagOf, textOf, visit } from './tree';

/** @param trees the statements of one text; usually one */
export const locksOf = (trees: readonly Node[]): NeededLock[] => trees.flatMap(locksOfTree);

/** Statements may hold others: data is changed in WITH, tables are made in CREATE SCHEMA. */
function locksOfTree(tree: Node): NeededLock[] {
  const needs: Need[] = [];
  visit(tree, (tag, fields) => void needs.push(...needsOf(tag, fields)));
  const locks = needs.flatMap((it) => lockOn(...it));
  return [...locks, ...readsIn(tree, new Set(needs.map(([, relation]) => relation)))];
}

/** ONLY in the statement keeps it from going on. */
function lockOn(mode: LockMode, relation: RangeVar | undefined, extent: NeededLock['extent'] = 'only'): NeededLock[] {
  const parts = relationParts(relation);
  const [name, schema] = [lastOf(parts), parts.at(-2)];
  if (name === '') return [];
  return [
    { mode, name, ...(schema === undefined ? {} : { schema }), extent: relation?.inh === true ? extent : 'only' },
  ];
}

/** Whatever else is named is read, except what the statement itself calls so (WITH). */
function readsIn(tree: Node, told: ReadonlySet<RangeVar | undefined>): NeededLock[] {
  const called = new Set<string>();
  visit(tree, (_, value) => {
    if ('ctename' in value && typeof value.ctename === 'string') called.add(value.ctename);
  });
  return relationsWithin(tree)
    .filter((it) => !told.has(it))
    .filter(({ schemaname, relname = '' }) => schemaname !== undefined || !called.has(relname))
    .flatMap((relation) => lockOn('ACCESS SHARE', relation, reading.has(tagOf(tree)) ? 'heirs' : 'only'));
}

/** Statements that read rows now; others only look up what they name. */
const reading: ReadonlySet<string> = new Set<Tag>([
  'CopyStmt',
  'CreateTableAsStmt',
  'DeclareCursorStmt',
  'DeleteStmt',
  'ExplainStmt',
  'InsertStmt',
  'MergeStmt',
  'SelectStmt',
  'UpdateStmt',
]);

type Rule<T extends Tag> = (node: NodeOf<T>) => readonly Need[];

const needsOf = (tag: string, fields: unknown): readonly Need[] =>
  (rules as Readonly<Record<string, ((fields: unknown) => readonly Need[]) | undefined>>)[tag]?.(fields) ?? [];

const rules: { readonly [T in Tag]?: Rule<T> } = {
  AlterTableStmt: alterTableNeeds,
  AlterObjectSchemaStmt: ({ relation }) => [['ACCESS EXCLUSIVE', relation]],
  RenameStmt: ({ relation, renameType }) => [
    [
      renameType === 'OBJECT_INDEX' ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
      relation,
      renameType === 'OBJECT_COLUMN' || renameType === 'OBJECT_TABCONSTRAINT' ? 'heirs' : 'only',
    ],
  ],

  CreateStmt: ({ relation, tableElts = [], constraints = [], inhRelations = [], partbound }) => [
    ['ACCESS EXCLUSIVE', relation],
    ...[...tableElts, ...constraints].flatMap(referencesIn).map((it): Need => ['SHARE ROW EXCLUSIVE', it]),
    ...relationsIn(inhRelations).map((it): Need => [partbound ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE', it]),
  ],
  IndexStmt: ({ relation, concurrent }) => [[concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE', relation, 'partitions']],
  CreateStatsStmt: ({ relations }) => relationsIn(relations).map((it) => ['SHARE UPDATE EXCLUSIVE', it]),
  CreateTrigStmt: ({ relation, row }) => [['SHARE ROW EXCLUSIVE', relation, row ? 'partitions' : 'only']],
  RuleStmt: ({ relation }) => [['ACCESS EXCLUSIVE', relation]],
  CreatePolicyStmt: ({ table }) => [['ACCESS EXCLUSIVE', table]],
  AlterPolicyStmt: ({ table }) => [['ACCESS EXCLUSIVE', table]],
  ViewStmt: ({ view }) => [['ACCESS EXCLUSIVE', view]],
  AlterSeqStmt: ({ sequence, options = [] }) => [['SHARE ROW EXCLUSIVE', sequence], ...options.flatMap(sequenceOwner)],
  CreatePublicationStmt: ({ pubobjects }) => publishedIn(pubobjects),
  AlterPublicationStmt: ({ pubobjects }) => publishedIn(pubobjects),
  CommentStmt: ({ objtype, object }) => commented(objtype, object),
  DropStmt: ({ removeType, objects = [], concurrent }) =>
    objects.map((it) => [concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE', dropped(removeType, it)]),

  TruncateStmt: ({ relations }) => relationsIn(relations).map((it) => ['ACCESS EXCLUSIVE', it, 'heirs']),
  LockStmt: ({ relations, mode = 1 }) => relationsIn(relations).map((it) => [modeOf(mode), it, 'heirs']),
  VacuumStmt: ({ rels = [], options = [], is_vacuumcmd }) => {
    const full = is_vacuumcmd === true && options.some((it) => 'DefElem' in it && it.DefElem.defname === 'full');
    const mode = full ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE';
    return rels.flatMap((it): Need[] => ('VacuumRelation' in it ? [[mode, it.VacuumRelation.relation]] : []));
  },
  ClusterStmt: ({ relation, indexname }) => [
    ['ACCESS EXCLUSIVE', relation],
    ['ACCESS EXCLUSIVE', besides(relation, indexname)],
  ],
  ReindexStmt: ({ relation, kind, params = [] }) => {
    if (params.some((it) => 'DefElem' in it && it.DefElem.defname === 'concurrently'))
      return [['SHARE UPDATE EXCLUSIVE', relation]];
    return [[kind === 'REINDEX_OBJECT_INDEX' ? 'ACCESS EXCLUSIVE' : 'SHARE', relation]];
  },
  RefreshMatViewStmt: ({ relation, concurrent }) => [[concurrent ? 'EXCLUSIVE' : 'ACCESS EXCLUSIVE', relation]],

  InsertStmt: ({ relation }) => [['ROW EXCLUSIVE', relation]],
  UpdateStmt: ({ relation }) => [['ROW EXCLUSIVE', relation, 'heirs']],
  DeleteStmt: ({ relation }) => [['ROW EXCLUSIVE', relation, 'heirs']],
  MergeStmt: ({ relation }) => [['ROW EXCLUSIVE', relation, 'heirs']],
  CopyStmt: ({ relation, is_from }) => [[is_from ? 'ROW EXCLUSIVE' : 'ACCESS SHARE', relation]],
  SelectStmt: ({ lockingClause = [], fromClause }) => {
    if (lockingClause.length === 0) return [];
    const named = lockingClause.flatMap((it) =>
      'LockingClause' in it ? relationsIn(it.LockingClause.lockedRels).map(({ relname }) => relname) : [],
    );
    return relationsWithin(fromClause)
      .filter(({ relname, alias }) => named.length === 0 || named.includes(alias?.aliasname ?? relname))
      .map((it) => ['ROW SHARE', it, 'heirs']);
  },
};

const relationsIn = (nodes: readonly Node[] = []): RangeVar[] =>
  nodes.flatMap((node) => ('RangeVar' in node ? [node.RangeVar] : []));

function relationsWithin(tree: unknown): RangeVar[] {
  const found: RangeVar[] = [];
  visit(tree, (_, value) => {
    if ('relname' in value) found.push(value as RangeVar);
  });
  return found;
}

/** `OWNED BY table.column`. */
function sequenceOwner(option: Node): Need[] {
  if (!('DefElem' in option) || option.DefElem.defname !== 'owned_by') return [];
  const [relname, schemaname] = objectParts(option.DefElem.arg).slice(0, -1).toReversed();
  return relname === undefined
    ? []
    : [['ACCESS SHARE', { relname, ...(schemaname === undefined ? {} : { schemaname }) }]];
}

const publishedIn = (objects: readonly Node[] = []): Need[] =>
  objects.flatMap((node): Need[] => {
    const table = 'PublicationObjSpec' in node ? node.PublicationObjSpec.pubtable?.relation : undefined;
    return table ? [['SHARE UPDATE EXCLUSIVE', table]] : [];
  });

const relationTypes: ReadonlySet<ObjectType> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_INDEX',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
]);

/** Their names stand behind that of a table. */
const partTypes: ReadonlySet<ObjectType> = new Set([
  'OBJECT_COLUMN',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
  'OBJECT_POLICY',
]);

function commented(type: ObjectType | undefined, object: Node | undefined): Need[] {
  const relation = type && ownerIn(type, object);
  const part = type && partTypes.has(type) && type !== 'OBJECT_COLUMN';
  return relation ? [[part ? 'ACCESS SHARE' : 'SHARE UPDATE EXCLUSIVE', relation]] : [];
}

const dropped = (type: ObjectType | undefined, object: Node): RangeVar | undefined => type && ownerIn(type, object);

/** The relation that is meant, or that the meant one is a part of. */
function ownerIn(type: ObjectType, object: Node | undefined): RangeVar | undefined {
  const all = object && 'List' in object ? (object.List.items ?? []).map(textOf) : objectParts(object);
  const parts = partTypes.has(type) ? all.slice(0, -1) : relationTypes.has(type) ? all : [];
  const [relname, schemaname] = [parts.at(-1), parts.at(-2)];
  return relname === undefined
    ? undefined
    : { relname, inh: true, ...(schemaname === undefined ? {} : { schemaname }) };
}
