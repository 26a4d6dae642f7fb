/** What would a statement bring into being, and what would it take away? */
import type { Node, ObjectType } from 'libpg-query';
import { alterDomain, alterTable, createDomain, createIndex, createStatistics, createTable } from './tableEffects';
import { type ByTag, dispatch, lastOf, type NameParts, objectParts, partsOf, relationParts, typeParts } from './tree';
import { Effects, type Kind, partOf } from './effectList';

/** @param trees the statements of one text; usually one */
export function effectsOf(trees: readonly Node[]): Pick<Effects, 'makes' | 'takes'> {
  const effects = new Effects();
  for (const tree of trees) dispatch(handlers, tree, effects);
  return effects;
}

/** What each kind of object is called in `ObjectName`; all others are `other`. */
const kinds: { readonly [Type in ObjectType]?: Kind } = {
  OBJECT_TABLE: 'relation',
  OBJECT_VIEW: 'relation',
  OBJECT_MATVIEW: 'relation',
  OBJECT_SEQUENCE: 'relation',
  OBJECT_FOREIGN_TABLE: 'relation',
  OBJECT_INDEX: 'index',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
  OBJECT_AGGREGATE: 'function',
  OBJECT_SCHEMA: 'schema',
  OBJECT_ROLE: 'role',
  OBJECT_EXTENSION: 'extension',
  OBJECT_COLUMN: 'column',
  OBJECT_ATTRIBUTE: 'column',
  OBJECT_TABCONSTRAINT: 'constraint',
  OBJECT_DOMCONSTRAINT: 'constraint',
};

const kindOf = (type: ObjectType | undefined): Kind => (type && kinds[type]) ?? 'other';

/** Makes an object whose name is one word. */
const simple =
  <Field extends string>(kind: Kind, field: Field) =>
  (node: { readonly [F in Field]?: string }, effects: Effects): void =>
    effects.make(kind, [node[field] ?? '']);

const handlers: ByTag<[Effects]> = {
  CreateStmt: createTable,
  AlterTableStmt: alterTable,
  IndexStmt: createIndex,
  CreateStatsStmt: createStatistics,
  CreateDomainStmt: createDomain,
  AlterDomainStmt: alterDomain,
  CreateForeignTableStmt: ({ base = {} }, effects) => createTable(base, effects),

  ViewStmt: ({ view }, effects) => effects.make('relation', relationParts(view)),
  CreateTableAsStmt: ({ into }, effects) => effects.make('relation', relationParts(into?.rel)),
  SelectStmt: ({ intoClause }, effects) => {
    if (intoClause) effects.make('relation', relationParts(intoClause.rel));
  },
  CreateSeqStmt: ({ sequence }, effects) => effects.make('relation', relationParts(sequence)),

  CompositeTypeStmt: ({ typevar }, effects) => effects.make('type', relationParts(typevar)),
  CreateEnumStmt: ({ typeName }, effects) => effects.make('type', partsOf(typeName)),
  CreateRangeStmt: ({ typeName }, effects) => createRange(partsOf(typeName), effects),
  AlterEnumStmt: ({ typeName, oldVal, newVal }, effects) => {
    const of = partOf(partsOf(typeName));
    if (newVal !== undefined) effects.make('other', [newVal], of);
    if (oldVal !== undefined) effects.take('other', [oldVal], of);
  },

  CreateFunctionStmt: ({ funcname }, effects) => effects.make('function', partsOf(funcname)),
  DefineStmt: ({ kind, defnames }, effects) => effects.make(kindOf(kind), partsOf(defnames)),
  CreateTrigStmt: ({ trigname = '', relation, isconstraint }, effects) => {
    effects.make('other', [trigname], partOf(relationParts(relation)));
    if (isconstraint) effects.make('constraint', [trigname], { ...partOf(relationParts(relation)), implicit: true });
  },
  RuleStmt: ({ rulename = '', relation }, effects) =>
    effects.make('other', [rulename], partOf(relationParts(relation))),
  CreatePolicyStmt: ({ policy_name = '', table }, effects) =>
    effects.make('other', [policy_name], partOf(relationParts(table))),

  CreateSchemaStmt: ({ schemaname, authrole, schemaElts = [] }, effects) => {
    const schema = schemaname ?? authrole?.rolename ?? '';
    effects.make('schema', [schema]);
    const inside = effectsOf(schemaElts);
    for (const made of inside.makes) {
      effects.makes.push({ schema, ...(made.of === undefined ? {} : { ofSchema: schema }), ...made });
    }
  },
  CreateRoleStmt: simple('role', 'role'),
  CreateExtensionStmt: simple('extension', 'extname'),
  CreatedbStmt: simple('other', 'dbname'),
  CreateTableSpaceStmt: simple('other', 'tablespacename'),
  CreateSubscriptionStmt: simple('other', 'subname'),
  CreatePublicationStmt: simple('other', 'pubname'),
  CreateForeignServerStmt: simple('other', 'servername'),
  CreateFdwStmt: simple('other', 'fdwname'),
  CreateEventTrigStmt: simple('other', 'trigname'),
  CreatePLangStmt: simple('other', 'plname'),
  CreateAmStmt: simple('other', 'amname'),
  PrepareStmt: simple('other', 'name'),
  DeclareCursorStmt: simple('other', 'portalname'),
  CreateOpClassStmt: ({ opclassname }, effects) => effects.make('other', partsOf(opclassname)),
  CreateOpFamilyStmt: ({ opfamilyname }, effects) => effects.make('other', partsOf(opfamilyname)),
  CreateConversionStmt: ({ conversion_name }, effects) => effects.make('other', partsOf(conversion_name)),
  CreateCastStmt: ({ sourcetype, targettype }, effects) =>
    effects.make('other', [castName(typeParts(sourcetype), typeParts(targettype))]),
  CreateTransformStmt: ({ type_name, lang = '' }, effects) =>
    effects.make('other', [`${lastOf(typeParts(type_name))} for ${lang}`]),
  CreateUserMappingStmt: ({ user, servername = '' }, effects) =>
    effects.make('other', [user?.rolename ?? 'public'], { of: servername }),
  ImportForeignSchemaStmt: ({ local_schema = '', list_type, table_list = [] }, effects) => {
    if (list_type !== 'FDW_IMPORT_SCHEMA_LIMIT_TO') return;
    for (const table of table_list) effects.make('relation', [local_schema, lastOf(objectParts(table))]);
  },

  DropStmt: ({ removeType, objects = [] }, effects) => {
    for (const object of objects) drop(removeType, object, effects);
  },
  DropRoleStmt: ({ roles = [] }, effects) => {
    for (const role of roles) effects.take('role', objectParts(role));
  },
  DropdbStmt: ({ dbname = '' }, effects) => effects.take('other', [dbname]),
  DropTableSpaceStmt: ({ tablespacename = '' }, effects) => effects.take('other', [tablespacename]),
  DropSubscriptionStmt: ({ subname = '' }, effects) => effects.take('other', [subname]),
  DropUserMappingStmt: ({ user, servername = '' }, effects) =>
    effects.take('other', [user?.rolename ?? 'public'], { of: servername }),
  DeallocateStmt: ({ name }, effects) => {
    if (name !== undefined) effects.take('other', [name]);
  },
  ClosePortalStmt: ({ portalname }, effects) => {
    if (portalname !== undefined) effects.take('other', [portalname]);
  },

  RenameStmt: ({ renameType, relation, object, subname, newname = '' }, effects) => {
    const kind = kindOf(renameType);
    const whole = relation ? relationParts(relation) : objectParts(object);
    // The name of a part stands in subname: a column, a constraint, a trigger. So do the names of roles and schemas.
    if (subname === undefined) effects.move(kind, whole, [...whole.slice(0, -1), newname]);
    else effects.move(kind, [subname], [newname], partOf(whole));
  },
  AlterObjectSchemaStmt: ({ objectType, relation, object, newschema = '' }, effects) => {
    const parts = relation ? relationParts(relation) : withoutMethod(objectType, objectParts(object));
    effects.move(kindOf(objectType), parts, [newschema, lastOf(parts)]);
  },
};

const castName = (source: NameParts, target: NameParts): string => `${lastOf(source)} as ${lastOf(target)}`;

/** `daterange` brings `datemultirange`, `stay` brings `stay_multirange` (`makeMultirangeTypeName` in the server). */
function createRange(parts: NameParts, effects: Effects): void {
  effects.make('type', parts);
  const name = lastOf(parts);
  const multirange = name.includes('range') ? name.replace('range', 'multirange') : `${name}_multirange`;
  effects.make('type', [...parts.slice(0, -1), multirange], { implicit: true });
}

function drop(type: ObjectType | undefined, object: Node, effects: Effects): void {
  const parts = withoutMethod(type, objectParts(object));
  const items = 'List' in object ? (object.List.items ?? []).map(objectParts) : [];
  const [first = [], second = []] = items;
  if (type === 'OBJECT_TRIGGER' || type === 'OBJECT_POLICY' || type === 'OBJECT_RULE') {
    effects.take('other', parts.slice(-1), partOf(parts.slice(0, -1)));
  } else if (type === 'OBJECT_CAST') effects.take('other', [castName(first, second)]);
  else if (type === 'OBJECT_TRANSFORM') effects.take('other', [`${lastOf(first)} for ${lastOf(second)}`]);
  else effects.take(kindOf(type), parts);
}

/** Operator classes and families are named behind their access method. */
const withoutMethod = (type: ObjectType | undefined, parts: NameParts): NameParts =>
  type === 'OBJECT_OPCLASS' || type === 'OBJECT_OPFAMILY' ? parts.slice(1) : parts;
