/**
 * By which names is run later what a statement keeps: expressions and functions of tables, types, operators?
 *
 * Who uses a table runs what it keeps without saying so, and nothing at all shows where an operator, a cast or an event
 * trigger is used. So there are names here that nobody writes; `alongWith` leads to them from those that are written.
 */
import type {
  ColumnDef,
  Constraint,
  CreateStmt,
  DefElem,
  DefineStmt,
  Node,
  ObjectType,
  RangeVar,
  RenameStmt,
  TypeName,
} from 'libpg-query';
import { isBuiltInType } from './computing';
import type { Relay } from './statement';
import { type ByTag, dispatch, lastOf, type NameParts, objectParts, partsOf, typeParts, visit } from './tree';

/** Values of a type are made: of a domain, of the rows of a table, of what a function returns. */
export const typeNamed = (name: string): string => `type ${name}`;

/** Triggers, rules, policies, indexes, defaults and other expressions of a table. */
export const keptBy = (table: string): string => `kept by ${table}`;

/** What runs where no statement names it: checks of domains, operators, casts, event triggers… */
export const unseen = 'unseen';

/** Those that Postgres has for many types: their names say nothing. Followed by the types of their operands. */
export const isCommonOperator = (name: string): boolean => commonOperators.has(name);

const commonOperators: ReadonlySet<string> = new Set(
  '= <> != < > <= >= + - * / % ^ | & # ~ || && ~* !~ !~* ~~ !~~ ~~* !~~* @> <@ -> ->> #> #>> ? ?| ?& << >> @@'.split(
    ' ',
  ),
);

/** Other names that are used with one. */
export function alongWith(name: string): readonly string[] {
  if (name.startsWith(typeNamed(''))) return [];
  const table = name.startsWith(keptBy('')) ? name.slice(keptBy('').length) : name;
  return table === name ? [keptBy(name), typeNamed(name)] : [typeNamed(table)];
}

/** An operator, a cast, an event trigger, an index…, whose name is spoken of when it is dropped or changed. */
const objectNamed = (name: string): string => `object ${name}`;

/** How a statement has to do with what it names, for people; undefined when that says nothing of what it runs. */
export function usageOf(name: string): string | undefined {
  if (name.startsWith(objectNamed(''))) return `is about ${name.slice(objectNamed('').length)}`;
  if (name.startsWith(typeNamed(''))) return `uses ${name.slice(typeNamed('').length)}`;
  return isMadeOf(name) ? `uses ${name}` : undefined;
}

/** Whether something goes by a type or an operator, which may not be made where it reaches outside. */
export const isMadeOf = (name: string): boolean => name.startsWith(typeNamed('')) || /^[^\p{L}_]/u.test(name);

/** @returns the names that run what the statement keeps; none when it keeps nothing */
export function keepersIn(tree: Node): readonly string[] {
  const names: string[] = [];
  dispatch(keepers, tree, names);
  return names;
}

const keptByTable = (table: RangeVar | undefined): string => keptBy(table?.relname ?? '');

const keepers: ByTag<[string[]]> = {
  CreateStmt: ({ relation }, names) => names.push(keptByTable(relation)),
  CreateForeignTableStmt: ({ base }, names) => names.push(keptByTable(base?.relation)),
  AlterTableStmt: ({ relation, objtype }, names) =>
    names.push(objtype === 'OBJECT_TYPE' ? typeNamed(relation?.relname ?? '') : keptByTable(relation)),
  IndexStmt: ({ relation, idxname = '' }, names) => names.push(keptByTable(relation), objectNamed(idxname), unseen),
  CreateStatsStmt: ({ relations, defnames }, names) =>
    names.push(keptBy(lastOf(objectParts(relations?.[0]))), objectNamed(lastOf(partsOf(defnames))), unseen),
  CreateTrigStmt: ({ relation }, names) => names.push(keptByTable(relation)),
  RuleStmt: ({ relation }, names) => names.push(keptByTable(relation)),
  CreatePolicyStmt: ({ table }, names) => names.push(keptByTable(table)),
  AlterPolicyStmt: ({ table }, names) => names.push(keptByTable(table)),
  CreateDomainStmt: ({ domainname }, names) => names.push(typeNamed(lastOf(partsOf(domainname))), unseen),
  AlterDomainStmt: ({ typeName }, names) => names.push(typeNamed(lastOf(partsOf(typeName))), unseen),
  CreateRangeStmt: ({ typeName }, names) => names.push(typeNamed(lastOf(partsOf(typeName))), unseen),
  DefineStmt: (statement, names) => names.push(...keepersOfDefinition(statement)),
  CreateCastStmt: ({ sourcetype, targettype }, names) =>
    names.push(
      ...[sourcetype, targettype].map((type) => typeNamed(lastOf(typeParts(type)))),
      objectNamed(castNamed(typeParts(sourcetype), typeParts(targettype))),
      unseen,
    ),
  CreateOpClassStmt: ({ datatype, opclassname }, names) =>
    names.push(typeNamed(lastOf(typeParts(datatype))), objectNamed(lastOf(partsOf(opclassname))), unseen),
  AlterOpFamilyStmt: (_, names) => names.push(unseen),
  CreateTransformStmt: ({ type_name }, names) => names.push(typeNamed(lastOf(typeParts(type_name))), unseen),
  CreateConversionStmt: ({ conversion_name }, names) =>
    names.push(objectNamed(lastOf(partsOf(conversion_name))), unseen),
  CreateEventTrigStmt: ({ trigname = '' }, names) => names.push(objectNamed(trigname), unseen),
  CreateFdwStmt: ({ fdwname = '' }, names) => names.push(objectNamed(fdwname), unseen),
  AlterFdwStmt: ({ fdwname = '' }, names) => names.push(objectNamed(fdwname), unseen),
  CreateTableAsStmt: ({ into, objtype }, names) => {
    if (objtype === 'OBJECT_MATVIEW') names.push(into?.rel?.relname ?? '');
  },
  PrepareStmt: ({ name = '' }, names) => names.push(prepared(name)),
  DeclareCursorStmt: ({ portalname = '' }, names) => names.push(prepared(portalname)),
};

/** A prepared statement or a cursor. */
export const prepared = (name: string): string => `prepared ${name}`;

function keepersOfDefinition({ kind, defnames, definition = [] }: DefineStmt): string[] {
  const name = lastOf(partsOf(defnames));
  if (kind === 'OBJECT_TYPE') return [typeNamed(name), unseen];
  if (kind !== 'OBJECT_OPERATOR') return [];
  const operands = definition
    .map((node): DefElem => ('DefElem' in node ? node.DefElem : {}))
    .filter(({ defname = '' }) => /^(?:left|right)arg$/.test(defname))
    .map(({ arg }) => typeNamed(lastOf(objectParts(arg))));
  return [...(isCommonOperator(name) ? [] : [name]), ...operands, objectNamed(name), unseen];
}

/**
 * Objects that a statement drops or changes, as they are called in `keepersIn`: those that reach outside are not made
 * where nothing may, and it is no error that they are not there.
 */
export function objectsSpokenOf(tree: Node): string[] {
  const names: string[] = [];
  dispatch(speaking, tree, names);
  return names.map(objectNamed);
}

const speaking: ByTag<[string[]]> = {
  DropStmt: ({ removeType, objects = [] }, names) => names.push(...objects.flatMap((it) => nameSpoken(removeType, it))),
  CommentStmt: ({ objtype, object }, names) => names.push(...nameSpoken(objtype, object)),
  AlterOwnerStmt: ({ objectType, object }, names) => names.push(...nameSpoken(objectType, object)),
  AlterObjectSchemaStmt: ({ objectType, object }, names) => names.push(...nameSpoken(objectType, object)),
  RenameStmt: ({ renameType, object, relation }, names) =>
    names.push(...nameSpoken(renameType, relation ? { RangeVar: relation } : object)),
  AlterOperatorStmt: ({ opername }, names) => names.push(lastOf(partsOf(opername?.objname))),
  AlterEventTrigStmt: ({ trigname = '' }, names) => names.push(trigname),
  AlterFdwStmt: ({ fdwname = '' }, names) => names.push(fdwname),
  CreateForeignServerStmt: ({ fdwname = '' }, names) => names.push(fdwname),
  ReindexStmt: ({ relation }, names) => names.push(relation?.relname ?? ''),
};

function nameSpoken(type: ObjectType | undefined, object: Node | undefined): string[] {
  if (type === undefined || !unnamed.has(type)) return [];
  const items = object && 'List' in object ? (object.List.items ?? []) : [];
  return [
    type === 'OBJECT_CAST' ? castNamed(objectParts(items[0]), objectParts(items[1])) : lastOf(objectParts(object)),
  ];
}

const unnamed: ReadonlySet<ObjectType> = new Set([
  'OBJECT_CAST',
  'OBJECT_CONVERSION',
  'OBJECT_EVENT_TRIGGER',
  'OBJECT_FDW',
  'OBJECT_INDEX',
  'OBJECT_OPCLASS',
  'OBJECT_OPERATOR',
  'OBJECT_STATISTIC_EXT',
]);

const castNamed = (source: NameParts, target: NameParts): string => `${lastOf(source)} as ${lastOf(target)}`;

/** The functions of a cast, an operator class, a wrapper… that it names without calling them. */
export function functionsNamed(tree: Node): string[] {
  const names: string[] = [];
  dispatch(functionNames, tree, names);
  return names;
}

const functionNames: ByTag<[string[]]> = {
  CreateCastStmt: ({ func }, names) => names.push(lastOf(partsOf(func?.objname))),
  CreateTransformStmt: ({ fromsql, tosql }, names) =>
    names.push(lastOf(partsOf(fromsql?.objname)), lastOf(partsOf(tosql?.objname))),
  CreateConversionStmt: ({ func_name }, names) => names.push(lastOf(partsOf(func_name))),
  CreateTrigStmt: ({ funcname }, names) => names.push(lastOf(partsOf(funcname))),
  CreateEventTrigStmt: ({ funcname }, names) => names.push(lastOf(partsOf(funcname))),
  CreateOpClassStmt: ({ items }, names) => names.push(...classItems(items)),
  AlterOpFamilyStmt: ({ items }, names) => names.push(...classItems(items)),
  CreateFdwStmt: ({ func_options }, names) => names.push(...optionsNamed(func_options)),
  AlterFdwStmt: ({ func_options }, names) => names.push(...optionsNamed(func_options)),
  CreateRangeStmt: ({ params }, names) => names.push(...optionsNamed(params, /^(?:canonical|subtype_diff)$/)),
};

const classItems = (items: readonly Node[] = []): string[] =>
  items.map((it) => ('CreateOpClassItem' in it ? lastOf(partsOf(it.CreateOpClassItem.name?.objname)) : ''));

const optionsNamed = (options: readonly Node[] = [], wanted = /^/): string[] =>
  options
    .map((node): DefElem => ('DefElem' in node ? node.DefElem : {}))
    .flatMap(({ defname = '', arg }) => (arg && wanted.test(defname) ? [lastOf(objectParts(arg))] : []));

/**
 * Types that are spoken of in it, but for those that are built in.
 *
 * @param where `computed`: not those of columns of a new table without an expression, of which no value is made
 */
export function typesIn(root: unknown, where: 'anywhere' | 'computed' = 'anywhere'): Set<string> {
  const found = new Set<string>();
  visit(root, (key, value: TypeName & ColumnDef) => {
    if (where === 'computed' && (key === 'ofTypename' || (key === 'ColumnDef' && isBare(value)))) return false;
    if (!value.names || value.typemod === undefined || isBuiltInType(value)) return true;
    const parts = typeParts(value);
    for (const name of value.pct_type ? parts : parts.slice(-1)) found.add(typeNamed(name));
    return true;
  });
  return found;
}

const isBare = ({ constraints = [] }: ColumnDef): boolean =>
  constraints.every((it) => !('Constraint' in it && it.Constraint.raw_expr));

/** What the values are made of whose type a statement makes or changes: of its columns, of what a function returns. */
export function typeRelays(tree: Node, calls: ReadonlySet<string>): Relay[] {
  const names: string[] = [];
  dispatch(typed, tree, names);
  if (names.length === 0) return [];
  const isQuery = 'ViewStmt' in tree || 'CreateTableAsStmt' in tree || 'SelectStmt' in tree;
  const queried = isQuery ? [...calls].filter((name) => !isMadeOf(name)).map(typeNamed) : [];
  const inside = new Set([...typesIn(tree), ...queried]);
  return inside.size === 0 ? [] : names.map((name) => ({ name: typeNamed(name), calls: inside }));
}

const typed: ByTag<[string[]]> = {
  CreateStmt: ({ relation }, names) => names.push(relation?.relname ?? ''),
  CreateForeignTableStmt: ({ base }, names) => names.push(base?.relation?.relname ?? ''),
  AlterTableStmt: ({ relation }, names) => names.push(relation?.relname ?? ''),
  CompositeTypeStmt: ({ typevar }, names) => names.push(typevar?.relname ?? ''),
  CreateDomainStmt: ({ domainname }, names) => names.push(lastOf(partsOf(domainname))),
  CreateRangeStmt: ({ typeName }, names) => names.push(lastOf(partsOf(typeName))),
  CreateFunctionStmt: ({ funcname }, names) => names.push(lastOf(partsOf(funcname))),
  ViewStmt: ({ view }, names) => names.push(view?.relname ?? ''),
  CreateTableAsStmt: ({ into }, names) => names.push(into?.rel?.relname ?? ''),
  SelectStmt: ({ intoClause }, names) => {
    if (intoClause) names.push(intoClause.rel?.relname ?? '');
  },
};

/**
 * Who reads or writes a table does so with its heirs, and these keep what it keeps: its checks, triggers and types. So
 * does what gets another name.
 */
export function heirsIn(tree: Node): Relay[] {
  if ('CreateStmt' in tree) return parentsOf(tree.CreateStmt);
  if ('CreateForeignTableStmt' in tree) return parentsOf(tree.CreateForeignTableStmt.base ?? {});
  if ('RenameStmt' in tree) return renamed(tree.RenameStmt);
  if (!('AlterTableStmt' in tree)) return [];
  const { relation, cmds = [] } = tree.AlterTableStmt;
  const name = relation?.relname ?? '';
  return cmds.flatMap((node): Relay[] => {
    const def = 'AlterTableCmd' in node ? node.AlterTableCmd.def : undefined;
    if (def && 'PartitionCmd' in def) return inherits(def.PartitionCmd.name?.relname ?? '', name);
    return def && 'RangeVar' in def ? inherits(name, def.RangeVar.relname ?? '') : [];
  });
}

/** Who changes rows of a table changes those of the tables that refer to it, where their keys say so. */
export function referringIn(tree: Node): Relay[] {
  if (!('CreateStmt' in tree || 'AlterTableStmt' in tree)) return [];
  const { relation } = 'CreateStmt' in tree ? tree.CreateStmt : tree.AlterTableStmt;
  const name = relation?.relname ?? '';
  const relays: Relay[] = [];
  visit(tree, (key, { contype, pktable, fk_del_action = '', fk_upd_action = '' }: Constraint) => {
    if (key !== 'Constraint' || contype !== 'CONSTR_FOREIGN') return;
    const parent = pktable?.relname ?? '';
    relays.push({ name: emptied(parent), calls: new Set([keptBy(name), emptied(name)]) });
    if (/[cnd]/.test(fk_del_action + fk_upd_action))
      relays.push({ name: keptBy(parent), calls: new Set([keptBy(name)]) });
  });
  return relays;
}

/** Tables that a statement reaches without naming them, by names that nobody writes: also those that refer to one. */
export function tablesBehind(tree: Node): string[] {
  if ('VacuumStmt' in tree && !tree.VacuumStmt.rels) return [everyTable];
  if (!('TruncateStmt' in tree) || tree.TruncateStmt.behavior !== 'DROP_CASCADE') return [];
  return (tree.TruncateStmt.relations ?? []).map((it) => emptied(lastOf(objectParts(it))));
}

/** ANALYZE without a table reads foreign ones, too, where they belong to another. */
const everyTable = 'every table';

const emptied = (table: string): string => `emptied ${table}`;

const parentsOf = ({ relation, inhRelations = [], tableElts = [] }: CreateStmt): Relay[] => {
  const name = relation?.relname ?? '';
  const likes = tableElts.flatMap((it) =>
    'TableLikeClause' in it ? [it.TableLikeClause.relation?.relname ?? ''] : [],
  );
  return [
    ...inhRelations.flatMap((parent) => inherits(name, lastOf(objectParts(parent)))),
    ...likes.flatMap((it) => isLike(name, it)),
  ];
};

const renamed = ({ newname, subname, relation, object }: RenameStmt): Relay[] =>
  newname === undefined || subname !== undefined
    ? []
    : isLike(newname, relation?.relname ?? lastOf(objectParts(object)));

const inherits = (heir: string, parent: string): Relay[] => [
  { name: parent, calls: new Set([heir]) },
  { name: everyTable, calls: new Set([heir]) },
  ...isLike(heir, parent),
];

const isLike = (name: string, other: string): Relay[] => [
  { name: keptBy(name), calls: new Set([keptBy(other)]) },
  { name: typeNamed(name), calls: new Set([typeNamed(other)]) },
];
