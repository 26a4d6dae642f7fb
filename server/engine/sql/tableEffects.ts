/**
 * What tables, indexes and domains bring along: constraints, indexes and sequences, also those without a written name.
 *
 * The names are those that Postgres gives when nothing of the database is in the way; an occupied one gets a number,
 * which only the database can tell.
 */
import type { AlterTableType, Constraint, Node } from 'libpg-query';
import { type Effects, partOf } from './effectList';
import { generatedName, joinedColumns, numbered } from './generatedNames';
import type { ObjectName } from './statement';
import {
  lastOf,
  type NameParts,
  type NodeOf,
  objectParts,
  partsOf,
  relationParts,
  textOf,
  typeParts,
  visit,
} from './tree';

export function createTable(
  { relation, tableElts = [], constraints = [] }: NodeOf<'CreateStmt'>,
  effects: Effects,
): void {
  effects.make('relation', relationParts(relation));
  const table = ownerOf(relationParts(relation), effects);
  for (const element of [...tableElts, ...constraints]) {
    if ('ColumnDef' in element) addParts(element.ColumnDef, table);
    if ('Constraint' in element) addConstraint(element.Constraint, table);
  }
}

export function alterTable({ relation, cmds = [] }: NodeOf<'AlterTableStmt'>, effects: Effects): void {
  const table = ownerOf(relationParts(relation), effects);
  for (const node of cmds) {
    if (!('AlterTableCmd' in node)) continue;
    const { subtype, name = '', def } = node.AlterTableCmd;
    if (subtype) alterations[subtype]?.(table, name, def);
  }
}

type Alteration = (table: Owner, name: string, def: Node | undefined) => void;

const alterations: { readonly [Type in AlterTableType]?: Alteration } = {
  AT_AddColumn(table, _, def) {
    if (!def || !('ColumnDef' in def)) return;
    table.effects.make('column', [def.ColumnDef.colname ?? ''], table.of);
    addParts(def.ColumnDef, table);
  },
  AT_DropColumn: ({ effects, of }, name) => effects.take('column', [name], of),
  AT_AddConstraint(table, _, def) {
    if (def && 'Constraint' in def) addConstraint(def.Constraint, table);
  },
  AT_DropConstraint: ({ effects, of }, name) => effects.take('constraint', [name], of),
  AT_SetNotNull: (table, name) => addNotNull(name, table),
  AT_AddIdentity: (table, name) => addSequence(name, table),
};

export function createIndex({ idxname, relation, ...index }: NodeOf<'IndexStmt'>, effects: Effects): void {
  const table = relationParts(relation);
  const schema = table.slice(0, -1);
  if (idxname !== undefined) effects.make('index', [...schema, idxname], partOf(table));
  else {
    const columns = [...(index.indexParams ?? []), ...(index.indexIncludingParams ?? [])].map(indexColumn);
    const name = generatedName(relation?.relname ?? '', joinedColumns(columns), 'idx');
    effects.make('index', [...schema, name], { ...partOf(table), implicit: true });
  }
}

export function createStatistics(
  { defnames, relations = [], exprs = [] }: NodeOf<'CreateStatsStmt'>,
  effects: Effects,
): void {
  const table = objectParts(relations[0]);
  if (defnames?.length) return effects.make('other', partsOf(defnames), partOf(table));
  const columns = exprs.map((node) => ('StatsElem' in node ? (node.StatsElem.name ?? 'expr') : 'expr'));
  const name = generatedName(lastOf(table), joinedColumns(columns), 'stat');
  effects.make('other', [...table.slice(0, -1), name], { ...partOf(table), implicit: true });
}

export function createDomain({ domainname, constraints = [] }: NodeOf<'CreateDomainStmt'>, effects: Effects): void {
  const parts = partsOf(domainname);
  effects.make('type', parts);
  const domain = ownerOf(parts, effects);
  for (const node of constraints) if ('Constraint' in node) addDomainConstraint(node.Constraint, domain);
}

export function alterDomain({ typeName, subtype, name = '', def }: NodeOf<'AlterDomainStmt'>, effects: Effects): void {
  const domain = ownerOf(partsOf(typeName), effects);
  if (subtype === 'C' && def && 'Constraint' in def) addDomainConstraint(def.Constraint, domain);
  if (subtype === 'X') effects.take('constraint', [name], domain.of);
}

/** VALUE is no column. */
function addDomainConstraint({ contype, conname }: Constraint, domain: Owner): void {
  addConstraint({ ...(contype ? { contype } : {}), ...(conname === undefined ? {} : { conname }) }, domain);
}

/** A table or domain whose parts are added; `taken` are the names that this statement has given so far. */
interface Owner {
  readonly schema: NameParts;
  readonly name: string;
  /** Of its parts. */
  readonly of: Pick<ObjectName, 'of' | 'ofSchema'>;
  readonly effects: Effects;
  readonly taken: Set<string>;
  /** Columns that are NOT NULL already. */
  readonly notNull: Set<string>;
}

const ownerOf = (parts: NameParts, effects: Effects): Owner => ({
  schema: parts.slice(0, -1),
  name: lastOf(parts),
  of: partOf(parts),
  effects,
  taken: new Set(),
  notNull: new Set(),
});

function addParts({ colname = '', typeName, constraints = [] }: NodeOf<'ColumnDef'>, table: Owner): void {
  for (const node of constraints) if ('Constraint' in node) addConstraint(node.Constraint, table, colname);
  const serial = /^(?:small|big)?serial[248]?$/.test(lastOf(typeParts(typeName)));
  if (serial) addSequence(colname, table);
  if (serial || constraints.some((it) => 'Constraint' in it && it.Constraint.contype === 'CONSTR_IDENTITY')) {
    addNotNull(colname, table);
  }
}

function addSequence(column: string, { schema, name, of, effects, taken }: Owner): void {
  const sequence = numbered(taken, (label) => generatedName(name, column, label), 'seq');
  effects.make('relation', [...schema, sequence], { ...of, implicit: true });
}

/** Postgres 18 keeps NOT NULL as a constraint with a name, one for each column; before it had none. */
function addNotNull(column: string, { name: table, of, effects, notNull }: Owner, conname?: string): void {
  if (notNull.has(column)) return;
  notNull.add(column);
  const name = conname ?? generatedName(table, column, 'not_null');
  effects.make('constraint', [name], {
    ...of,
    notNull: true,
    ...(conname === undefined ? { implicit: true } : {}),
  });
}

/** @param column of a constraint that stands in a column's definition */
function addConstraint(constraint: Constraint, owner: Owner, column = ''): void {
  const { schema, name: table, of, effects, taken } = owner;
  const { contype, conname, indexname } = constraint;
  if (contype === 'CONSTR_IDENTITY') return addSequence(column, owner);
  if (contype === 'CONSTR_NOTNULL') return addNotNull(column || lastOf(partsOf(constraint.keys)), owner, conname);
  const form = (contype && forms[contype]) ?? undefined;
  if (!form) return;
  if (indexname !== undefined) effects.take('index', [...schema, indexname], of);
  const columns = joinedColumns(form.columns(constraint, column));
  const name = conname ?? indexname ?? numbered(taken, (label) => generatedName(table, columns, label), form.label);
  const implicit = conname === undefined ? { implicit: true as const } : {};
  effects.make('constraint', [name], { ...of, ...implicit });
  if (form.index) effects.make('index', [...schema, name], { ...of, implicit: true });
  if (contype === 'CONSTR_PRIMARY') {
    for (const key of column === '' ? partsOf(constraint.keys) : [column]) addNotNull(key, owner);
  }
}

interface ConstraintForm {
  readonly label: string;
  /** Backed by an index of the same name. */
  readonly index: boolean;
  /** Those in the name. */
  columns(constraint: Constraint, column: string): string[];
}

const keys = ({ keys, including }: Constraint, column: string): string[] =>
  column === '' ? [...partsOf(keys), ...partsOf(including)] : [column];

const forms: { readonly [Type in NonNullable<Constraint['contype']>]?: ConstraintForm } = {
  CONSTR_PRIMARY: { label: 'pkey', index: true, columns: () => [] },
  CONSTR_UNIQUE: { label: 'key', index: true, columns: keys },
  CONSTR_EXCLUSION: { label: 'excl', index: true, columns: (it) => (it.exclusions ?? []).map(excludedColumn) },
  CONSTR_FOREIGN: {
    label: 'fkey',
    index: false,
    columns: ({ fk_attrs }, column) => (column === '' ? [...partsOf(fk_attrs)] : [column]),
  },
  CONSTR_CHECK: { label: 'check', index: false, columns: ({ raw_expr }) => checkedColumn(raw_expr) },
};

/** A check of exactly one column has it in its name, wherever it is written (`AddRelationNewConstraints`). */
function checkedColumn(expression: Node | undefined): string[] {
  const columns = new Set<string>();
  visit(expression, (key, value: { fields?: Node[] }) => {
    if (key === 'ColumnRef') columns.add(textOf(value.fields?.at(-1)));
  });
  return columns.size === 1 ? [...columns] : [];
}

const excludedColumn = (node: Node): string => indexColumn('List' in node ? node.List.items?.[0] : node);

/** The column of an index; for an expression the name that a query would give it (`FigureIndexColname`). */
function indexColumn(node: Node | undefined): string {
  if (!node || !('IndexElem' in node)) return '';
  return node.IndexElem.name ?? expressionName(node.IndexElem.expr);
}

function expressionName(expression: Node | undefined): string {
  for (let node = expression; node; ) {
    if ('ColumnRef' in node) return lastOf(partsOf(node.ColumnRef.fields)) || 'expr';
    if ('FuncCall' in node) return lastOf(partsOf(node.FuncCall.funcname));
    if ('CoalesceExpr' in node) return 'coalesce';
    if ('CaseExpr' in node) return 'case';
    if ('TypeCast' in node) {
      const inner = expressionName(node.TypeCast.arg);
      return inner === 'expr' ? lastOf(typeParts(node.TypeCast.typeName)) : inner;
    }
    if (!('CollateClause' in node)) return 'expr';
    node = node.CollateClause.arg;
  }
  return 'expr';
}
