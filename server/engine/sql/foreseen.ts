/**
 * What do the rules know of a statement, so that nobody has to ask the server? test/sql/locks.test.ts compares every lock
 * that a server takes for such a statement, and whether it reads rows.
 */
import type { AlterTableCmd, AlterTableType, Constraint, ConstrType, Node, ObjectType, TypeName } from 'libpg-query';
import type { Shape } from './statement';
import { codeIn, lastOf, type NodeOf, type Tag, typeParts } from './tree';

type Foreseen = Shape['foreseen'];

/** @param trees the statements of one text; usually one */
export const foreseenOf = (trees: readonly Node[]): Foreseen =>
  least(trees.flatMap((tree) => Object.entries(tree).map(([tag, fields]) => foreseenOfNode(tag, fields))));

const order: readonly Foreseen[] = ['nothing', 'locks', 'all'];

/** All of it is foreseen only as far as each part is. */
const least = (parts: readonly Foreseen[]): Foreseen => order.find((it) => parts.includes(it)) ?? 'nothing';

const foreseenOfNode = (tag: string, fields: unknown): Foreseen =>
  (rules as Readonly<Record<string, ((fields: unknown) => Foreseen) | undefined>>)[tag]?.(fields) ?? 'nothing';

const all = (): Foreseen => 'all';
const allIf = (condition: boolean): Foreseen => (condition ? 'all' : 'nothing');

/** Some statements always, some under conditions, all others never. */
const rules: { readonly [T in Tag]?: (node: NodeOf<T>) => Foreseen } = {
  AlterPolicyStmt: all,
  CompositeTypeStmt: all,
  CreateEnumStmt: all,
  CreatePolicyStmt: all,
  CreateStatsStmt: all,
  LockStmt: all,
  VariableSetStmt: all,
  ViewStmt: all,
  CommentStmt: ({ objtype }) => allIf(objtype !== undefined && relations.has(objtype)),
  CreateDomainStmt: ({ typeName }) => allIf(isBuiltIn(typeName)),
  // Bodies in SQL are analysed, which locks what they read.
  CreateFunctionStmt: ({ options, sql_body }) => allIf(!sql_body && codeIn(options).language === 'plpgsql'),
  CreateSchemaStmt: ({ schemaElts = [] }) => allIf(schemaElts.length === 0),
  CreateSeqStmt: ({ options = [] }) =>
    allIf(!options.some((it) => 'DefElem' in it && it.DefElem.defname === 'owned_by')),
  CreateStmt: ({ inhRelations = [], partbound }) => allIf(!partbound && inhRelations.length === 0),
  CreateTrigStmt: ({ isconstraint }) => allIf(isconstraint !== true),
  // With CASCADE only the server knows what goes along.
  DropStmt: ({ removeType, behavior, concurrent }) =>
    allIf(
      !concurrent && behavior !== 'DROP_CASCADE' && (removeType === 'OBJECT_INDEX' || removeType === 'OBJECT_VIEW'),
    ),
  IndexStmt: ({ concurrent }) => (concurrent ? 'nothing' : 'locks'),
  RenameStmt: ({ renameType }) => allIf(renameType !== undefined && relations.has(renameType)),
  AlterTableStmt: ({ cmds = [], objtype }) =>
    objtype === 'OBJECT_TABLE'
      ? least(cmds.map((it) => ('AlterTableCmd' in it ? foreseenOfCommand(it.AlterTableCmd) : 'nothing')))
      : 'nothing',
};

/** COMMENT and RENAME lock these, or what they are a part of; of others something that is no relation. */
const relations: ReadonlySet<ObjectType> = new Set(['OBJECT_TABLE', 'OBJECT_COLUMN', 'OBJECT_VIEW', 'OBJECT_INDEX']);

const plainCommands: ReadonlySet<AlterTableType> = new Set([
  'AT_ColumnDefault',
  'AT_DropNotNull',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_EnableRowSecurity',
  'AT_DisableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_NoForceRowSecurity',
  'AT_EnableTrig',
  'AT_EnableAlwaysTrig',
  'AT_EnableReplicaTrig',
  'AT_DisableTrig',
  'AT_DropCluster',
  'AT_SetCompression',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_SetStorage',
]);

function foreseenOfCommand({ subtype, def }: AlterTableCmd): Foreseen {
  switch (subtype) {
    case undefined:
      return 'nothing';
    case 'AT_SetNotNull':
      return 'locks';
    case 'AT_AddConstraint':
      return def && 'Constraint' in def ? foreseenOfConstraint(def.Constraint) : 'nothing';
    case 'AT_AddColumn':
      return def && 'ColumnDef' in def ? foreseenOfColumn(def.ColumnDef) : 'nothing';
    default:
      return allIf(plainCommands.has(subtype));
  }
}

/** Rows are compared with a check at once, or later by VALIDATE CONSTRAINT. */
function foreseenOfConstraint({ contype, skip_validation }: Constraint): Foreseen {
  if (contype !== 'CONSTR_CHECK') return 'nothing';
  return skip_validation === true ? 'all' : 'locks';
}

/** Not where a sequence or another table is locked, or an index is made that nobody reports. */
function foreseenOfColumn({ typeName, constraints = [] }: NodeOf<'ColumnDef'>): Foreseen {
  const parts = constraints.flatMap((it) => ('Constraint' in it ? [it.Constraint] : []));
  if (parts.some(({ contype, raw_expr }) => contype === undefined || others.has(contype) || isSequence(raw_expr)))
    return 'nothing';
  if (/serial/.test(lastOf(typeParts(typeName)))) return 'nothing';
  const isFilled = parts.some(({ contype, raw_expr }) => contype === 'CONSTR_DEFAULT' && isValue(raw_expr));
  const quick = parts.every((it) => isQuick(it) || (it.contype === 'CONSTR_NOTNULL' && isFilled));
  return isBuiltIn(typeName) && quick ? 'all' : 'locks';
}

const others: ReadonlySet<ConstrType> = new Set([
  'CONSTR_FOREIGN',
  'CONSTR_IDENTITY',
  'CONSTR_EXCLUSION',
  'CONSTR_PRIMARY',
  'CONSTR_UNIQUE',
]);

const isSequence = (expression: Node | undefined): boolean =>
  /nextval|setval|currval/.test(JSON.stringify(expression) ?? '');

/** Without a default, or with a constant: nothing is written anew. */
const isQuick = ({ contype, raw_expr }: Constraint): boolean =>
  contype === 'CONSTR_NULL' || (contype === 'CONSTR_DEFAULT' && isConstant(raw_expr));

/** Rows that are there have it at once, so that none of them can be without one. */
const isValue = (node: Node | undefined): boolean =>
  node !== undefined &&
  (('A_Const' in node && node.A_Const.isnull !== true) || ('TypeCast' in node && isValue(node.TypeCast.arg)));

const isConstant = (node: Node | undefined): boolean =>
  node !== undefined && ('A_Const' in node || ('TypeCast' in node && isConstant(node.TypeCast.arg)));

/** Names of types that no domain can hide behind, unless somebody has put a schema before pg_catalog. */
function isBuiltIn(type: TypeName | undefined): boolean {
  if (type?.setof) return false;
  const parts = typeParts(type);
  if (parts.length === 2) return parts[0] === 'pg_catalog' && !/serial/.test(lastOf(parts));
  return parts.length === 1 && builtIn.has(lastOf(parts));
}

const builtIn: ReadonlySet<string> = new Set([
  'text',
  'date',
  'uuid',
  'json',
  'jsonb',
  'bytea',
  'timestamptz',
  'inet',
  'money',
  'int4range',
  'int8range',
  'numrange',
  'tsrange',
  'tstzrange',
  'daterange',
  'tsvector',
  'xml',
]);
