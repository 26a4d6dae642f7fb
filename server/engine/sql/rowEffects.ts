/**
 * What does a statement ask of the rows that are there, and what does it do to them?
 *
 * Told by its syntax tree alone. What is not known to leave rows alone counts as if it changed any of them.
 */
import type { AlterTableCmd, Constraint, Node, RangeVar } from 'libpg-query';
import { clausesOf, type Using, usingOf } from './clauses';
import { shapeOf, treesOf } from './parse';
import type { Shape } from './statement';
import { foldedName, tokensOf } from './tokens';
import { codeIn, lastOf, type NameParts, objectParts, partsOf, relationParts, tagOf, visit } from './tree';

/**
 * - `none`: no row is read, written or measured
 * - `alters`: ALTER TABLE; what each of its clauses asks
 * - `indexes`: CREATE INDEX that compares or computes values
 * - `makes`: a table without rows; `parent` when it takes a part of that one's
 * - `fills`: a table with the rows of a query
 * - `renames`, `renamesColumn`, `drops`: where rows are found changes
 * - `constrains`: a domain gets a constraint, or one of its constraints is validated
 * - `writes`: rows of these tables, and whatever the functions do that it calls
 * - `anything`
 */
export type RowEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'anything' }
  | {
      readonly kind: 'alters';
      readonly table: NameParts;
      /** Whether children are altered too. */
      readonly reach: 'only' | 'all';
      readonly clauses: readonly Clause[];
    }
  | {
      readonly kind: 'indexes';
      readonly table: NameParts;
      readonly reach: 'only' | 'all';
      readonly name: string | undefined;
    }
  | { readonly kind: 'makes'; readonly table: NameParts; readonly parent: NameParts | undefined }
  | { readonly kind: 'fills'; readonly table: NameParts }
  | { readonly kind: 'renames'; readonly from: NameParts; readonly to: NameParts }
  | { readonly kind: 'renamesColumn'; readonly table: NameParts; readonly from: string; readonly to: string }
  | { readonly kind: 'drops'; readonly tables: readonly NameParts[] }
  | {
      readonly kind: 'constrains';
      readonly domain: NameParts;
      readonly constraint: string | undefined;
      readonly notNull: boolean;
    }
  | { readonly kind: 'writes'; readonly tables: readonly NameParts[]; readonly calls: readonly string[] };

/** One clause of ALTER TABLE. `name` is as Postgres folds it; undefined where Postgres chooses one. */
export type Clause =
  | { readonly kind: 'addColumn'; readonly column: string; readonly ifNotExists: boolean }
  | {
      readonly kind: 'addConstraint';
      readonly type: ConstraintType;
      readonly name: string | undefined;
      readonly column: string | undefined;
      readonly byIndex: boolean;
    }
  | { readonly kind: 'setNotNull'; readonly column: string }
  | { readonly kind: 'validate'; readonly name: string }
  /** SET EXPRESSION of a generated column. */
  | { readonly kind: 'recompute'; readonly column: string }
  | { readonly kind: 'retype'; readonly column: string; readonly using: Using | undefined }
  | { readonly kind: 'attach'; readonly partition: NameParts }
  /** Rows move to or from a table that is named or not. */
  | { readonly kind: 'regroups'; readonly other: NameParts }
  | { readonly kind: 'none' };

/** As `contype` in pg_constraint. */
export type ConstraintType = 'c' | 'f' | 'n' | 'p' | 'u' | 'x';

/** @param text one statement */
export function rowEffectOf(text: string): RowEffect {
  const shape = shapeOf(text);
  const known = effects.get(shape);
  if (known) return known;
  const [tree, ...others] = treesOf(text);
  const effect: RowEffect = !tree || others.length > 0 ? { kind: 'anything' } : effectOf(tree, text);
  effects.set(shape, effect);
  return effect;
}

/** The same text has the same shape as long as that is remembered. */
const effects = new WeakMap<Shape, RowEffect>();

function effectOf(tree: Node, text: string): RowEffect {
  if ('AlterTableStmt' in tree) {
    const { relation, cmds = [], objtype } = tree.AlterTableStmt;
    if (objtype !== 'OBJECT_TABLE') return { kind: objtype === 'OBJECT_FOREIGN_TABLE' ? 'anything' : 'none' };
    const clauses = clausesIn(cmds, text);
    if (clauses.every(({ kind }) => kind === 'none')) return { kind: 'none' };
    return { kind: 'alters', table: relationParts(relation), reach: reachOf(relation), clauses };
  }
  if ('IndexStmt' in tree) {
    const { relation, idxname: name, unique, indexParams = [] } = tree.IndexStmt;
    const computes = indexParams.some((it) => 'IndexElem' in it && it.IndexElem.expr !== undefined);
    if (!unique && !computes) return { kind: 'none' };
    return { kind: 'indexes', table: relationParts(relation), reach: reachOf(relation), name };
  }
  if ('CreateStmt' in tree) {
    const { relation, partbound, inhRelations } = tree.CreateStmt;
    const parent = partbound ? objectParts(inhRelations?.[0]) : undefined;
    return { kind: 'makes', table: relationParts(relation), parent };
  }
  if ('RenameStmt' in tree || 'AlterObjectSchemaStmt' in tree) return moved(tree);
  if ('DropStmt' in tree) return dropped(tree.DropStmt.removeType, tree.DropStmt.objects);
  if ('AlterDomainStmt' in tree) {
    const { typeName, subtype, name, def } = tree.AlterDomainStmt;
    const constraint = subtype === 'C' && def && 'Constraint' in def ? def.Constraint : undefined;
    const notNull = subtype === 'O' || constraint?.contype === 'CONSTR_NOTNULL';
    if (!constraint && !notNull && subtype !== 'V') return { kind: 'none' };
    return {
      kind: 'constrains',
      domain: partsOf(typeName),
      constraint: constraint ? constraint.conname : name,
      notNull,
    };
  }
  return written(tree);
}

const reachOf = (relation: RangeVar | undefined): 'only' | 'all' => (relation?.inh ? 'all' : 'only');

function written(tree: Node): RowEffect {
  if ('CreateTableAsStmt' in tree) return { kind: 'fills', table: relationParts(tree.CreateTableAsStmt.into?.rel) };
  if ('SelectStmt' in tree && tree.SelectStmt.intoClause)
    return { kind: 'fills', table: relationParts(tree.SelectStmt.intoClause.rel) };
  if ('TruncateStmt' in tree) {
    const { relations = [], behavior } = tree.TruncateStmt;
    if (behavior === 'DROP_CASCADE') return { kind: 'anything' };
    return { kind: 'writes', tables: relations.map(objectParts), calls: [] };
  }
  if ('CopyStmt' in tree) {
    const { relation, is_from, is_program } = tree.CopyStmt;
    if (is_program) return { kind: 'anything' };
    if (is_from) return { kind: 'writes', tables: [relationParts(relation)], calls: [] };
  }
  if ('DoStmt' in tree) return inBlock(codeIn(tree.DoStmt.args).text);
  if ('TransactionStmt' in tree)
    return { kind: /ROLLBACK/.test(tree.TransactionStmt.kind ?? '') ? 'anything' : 'none' };
  if (queries.has(tagOf(tree))) return { kind: 'writes', ...writesIn(tree) };
  return { kind: leavesRows.has(tagOf(tree)) ? 'none' : 'anything' };
}

/** A block without these words changes no row, and no table that has some; the functions that it calls may. */
function inBlock(code: string): RowEffect {
  const tokens = tokensOf(code).filter(({ kind }) => kind !== 'comment');
  if (tokens.some(({ kind, text }) => (kind === 'word' ? loud.test(text) : kind === 'dollarString')))
    return { kind: 'anything' };
  return { kind: 'writes', tables: [], calls: callsIn(code) };
}

/** Names that stand before a parenthesis: every function that is called is among them. */
export function callsIn(code: string): string[] {
  const tokens = tokensOf(code).filter(({ kind }) => kind !== 'comment');
  const names = tokens.filter(({ kind }, i) => /^(?:word|quoted)/.test(kind) && tokens[i + 1]?.text === '(');
  return names.map(({ text }) => foldedName(text));
}

const loud = /^(?:insert|update|delete|merge|truncate|copy|execute|call|alter|drop|refresh|commit|rollback|do)$/i;

const queries: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
]);

function writesIn(tree: Node): { readonly tables: NameParts[]; readonly calls: string[] } {
  const tables: NameParts[] = [];
  const calls: string[] = [];
  visit(tree, (key, value: { relation?: RangeVar; funcname?: Node[] }) => {
    if (queries.has(key) && key !== 'SelectStmt' && key !== 'CopyStmt') tables.push(relationParts(value.relation));
    if (key === 'FuncCall') calls.push(lastOf(partsOf(value.funcname)));
  });
  return { tables, calls };
}

const leavesRows: ReadonlySet<string> = new Set([
  ...['AlterDatabaseSetStmt', 'AlterDefaultPrivilegesStmt', 'AlterEnumStmt', 'AlterExtensionStmt', 'AlterFunctionStmt'],
  ...['AlterOwnerStmt', 'AlterPolicyStmt', 'AlterRoleSetStmt', 'AlterRoleStmt', 'AlterSeqStmt', 'AlterStatsStmt'],
  ...[
    'AlterTSConfigurationStmt',
    'AlterTSDictionaryStmt',
    'AlterTypeStmt',
    'CheckPointStmt',
    'ClusterStmt',
    'CommentStmt',
  ],
  ...['CompositeTypeStmt', 'ConstraintsSetStmt', 'CreateDomainStmt', 'CreateEnumStmt', 'CreateExtensionStmt'],
  ...['CreateFunctionStmt', 'CreatePolicyStmt', 'CreatePublicationStmt', 'CreateRangeStmt', 'CreateRoleStmt'],
  ...['CreateSchemaStmt', 'CreateSeqStmt', 'CreateStatsStmt', 'CreateTrigStmt', 'DropRoleStmt', 'GrantRoleStmt'],
  ...['GrantStmt', 'LockStmt', 'ReindexStmt', 'ReplicaIdentityStmt', 'RuleStmt', 'SecLabelStmt', 'VacuumStmt'],
  ...['VariableSetStmt', 'VariableShowStmt', 'ViewStmt', 'RefreshMatViewStmt', 'DefineStmt', 'NotifyStmt'],
]);

function moved(tree: Extract<Node, { RenameStmt: unknown } | { AlterObjectSchemaStmt: unknown }>): RowEffect {
  if ('AlterObjectSchemaStmt' in tree) {
    const { objectType, relation, newschema = '' } = tree.AlterObjectSchemaStmt;
    const from = relationParts(relation);
    if (objectType === 'OBJECT_TABLE') return { kind: 'renames', from, to: [newschema, lastOf(from)] };
    return { kind: objectType === 'OBJECT_TYPE' || objectType === 'OBJECT_DOMAIN' ? 'anything' : 'none' };
  }
  const { renameType = '', relationType, relation, subname = '', newname = '' } = tree.RenameStmt;
  const from = relationParts(relation);
  if (renameType === 'OBJECT_TABLE') return { kind: 'renames', from, to: [...from.slice(0, -1), newname] };
  if (renameType === 'OBJECT_COLUMN' && relationType === 'OBJECT_TABLE')
    return { kind: 'renamesColumn', table: from, from: subname, to: newname };
  return {
    kind: ['OBJECT_SCHEMA', 'OBJECT_TYPE', 'OBJECT_DOMAIN', 'OBJECT_FOREIGN_TABLE'].includes(renameType)
      ? 'anything'
      : 'none',
  };
}

function dropped(type: string | undefined, objects: readonly Node[] = []): RowEffect {
  if (type === 'OBJECT_TABLE') return { kind: 'drops', tables: objects.map(objectParts) };
  // With CASCADE whole tables may go.
  return {
    kind: ['OBJECT_SCHEMA', 'OBJECT_EXTENSION', 'OBJECT_TYPE', 'OBJECT_DOMAIN'].includes(type ?? '')
      ? 'anything'
      : 'none',
  };
}

function clausesIn(cmds: readonly Node[], text: string): Clause[] {
  const texts = clausesOf(text);
  const known = texts.length === cmds.length;
  return cmds.map((node, i): Clause => {
    if (!('AlterTableCmd' in node)) return { kind: 'none' };
    return clauseOf(node.AlterTableCmd, known ? (texts[i] ?? '') : '');
  });
}

function clauseOf({ subtype, name = '', def, missing_ok }: AlterTableCmd, text: string): Clause {
  switch (subtype) {
    case 'AT_AddColumn': {
      const column = def && 'ColumnDef' in def ? (def.ColumnDef.colname ?? '') : '';
      return { kind: 'addColumn', column, ifNotExists: missing_ok === true };
    }
    case 'AT_AddConstraint':
      return def && 'Constraint' in def ? addedConstraint(def.Constraint) : { kind: 'none' };
    case 'AT_SetNotNull':
      return { kind: 'setNotNull', column: name };
    case 'AT_ValidateConstraint':
      return { kind: 'validate', name };
    case 'AT_SetExpression':
      return { kind: 'recompute', column: name };
    case 'AT_AlterColumnType':
      return retyped(name, def, text);
    case 'AT_AttachPartition':
      return { kind: 'attach', partition: partitionOf(def) };
    case 'AT_DetachPartition':
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return { kind: 'regroups', other: partitionOf(def) };
    default:
      return { kind: 'none' };
  }
}

/** Without the text of its USING nobody knows what becomes of the values: as if rows came from elsewhere. */
function retyped(column: string, def: Node | undefined, text: string): Clause {
  const written = def && 'ColumnDef' in def && def.ColumnDef.raw_default !== undefined;
  const using = written ? usingOf(text) : undefined;
  if (written && !using) return { kind: 'regroups', other: [] };
  return { kind: 'retype', column, using };
}

const types: { readonly [Type in NonNullable<Constraint['contype']>]?: ConstraintType } = {
  CONSTR_CHECK: 'c',
  CONSTR_FOREIGN: 'f',
  CONSTR_NOTNULL: 'n',
  CONSTR_PRIMARY: 'p',
  CONSTR_UNIQUE: 'u',
  CONSTR_EXCLUSION: 'x',
};

function addedConstraint({ contype, conname, indexname, keys }: Constraint): Clause {
  const type = contype && types[contype];
  if (!type) return { kind: 'none' };
  return {
    kind: 'addConstraint',
    type,
    name: conname ?? indexname,
    column: type === 'n' ? lastOf(partsOf(keys)) : undefined,
    byIndex: indexname !== undefined,
  };
}

function partitionOf(def: Node | undefined): NameParts {
  if (!def) return [];
  return 'PartitionCmd' in def ? relationParts(def.PartitionCmd.name) : objectParts(def);
}
