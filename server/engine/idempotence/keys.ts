/** The columns and unique keys of tables, as a dump of their schema tells them. */
import type { Node } from 'libpg-query';
import { objectsOf } from '../schema/schemaText';
import { treesOf } from '../sql/parse';
import { lastOf, type NameParts, partsOf, relationParts } from '../sql/tree';

export interface TableKeys {
  /** In their order. */
  readonly columns: readonly string[];
  /** Each of columns only, without a condition and checked at once; the primary one first. */
  readonly keys: readonly (readonly string[])[];
}

/** @returns undefined of a table that is not known, or when the name may stand for several */
export type KeysOf = (table: NameParts) => TableKeys | undefined;

/** @param dump as pg_dump --schema-only gives it */
export function keysIn(dump: string): KeysOf {
  const tables = new Map<string, { readonly columns: string[]; readonly keys: string[][] }>();
  for (const { type, text } of objectsOf(dump)) {
    if (type !== 'TABLE' && type !== 'CONSTRAINT' && type !== 'INDEX') continue;
    for (const tree of treesOf(text)) read(tree, tables);
  }
  return (parts) => {
    if (parts.length > 1) return tables.get(parts.join('.'));
    const suffix = `.${lastOf(parts)}`;
    const names = [...tables.keys()].filter((it) => it.endsWith(suffix));
    return names.length === 1 ? tables.get(names[0] ?? '') : undefined;
  };
}

type Tables = Map<string, { readonly columns: string[]; readonly keys: string[][] }>;

function read(tree: Node, tables: Tables): void {
  if ('CreateStmt' in tree) {
    const { relation, tableElts = [] } = tree.CreateStmt;
    const columns = tableElts.flatMap((it) => ('ColumnDef' in it ? (it.ColumnDef.colname ?? []) : []));
    tables.set(relationParts(relation).join('.'), { columns, keys: [] });
  } else if ('AlterTableStmt' in tree) {
    const table = tables.get(relationParts(tree.AlterTableStmt.relation).join('.'));
    for (const command of tree.AlterTableStmt.cmds ?? []) addConstraint(command, table?.keys);
  } else if ('IndexStmt' in tree) {
    const { unique, whereClause, indexParams = [], relation, nulls_not_distinct } = tree.IndexStmt;
    const columns = indexParams.flatMap((it) => ('IndexElem' in it ? (it.IndexElem.name ?? []) : []));
    const isKey = unique && !whereClause && columns.length === indexParams.length;
    if (isKey && !nulls_not_distinct) tables.get(relationParts(relation).join('.'))?.keys.push(columns);
  }
}

function addConstraint(node: Node, keys: string[][] | undefined): void {
  const def = 'AlterTableCmd' in node ? node.AlterTableCmd.def : undefined;
  if (!def || !('Constraint' in def) || def.Constraint.deferrable) return;
  const columns = [...partsOf(def.Constraint.keys)];
  if (def.Constraint.contype === 'CONSTR_PRIMARY') keys?.unshift(columns);
  if (def.Constraint.contype === 'CONSTR_UNIQUE') keys?.push(columns);
}
