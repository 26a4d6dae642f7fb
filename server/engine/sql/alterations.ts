/** Which columns, tables, types and functions will be others than those who depend on them know? */
import type { AlterTableCmd, Node, ObjectType } from 'libpg-query';
import type { Alteration } from './statement';
import { type ByTag, dispatch, lastOf, type NameParts, objectParts, relationParts, partsOf } from './tree';

export function alterationsOf(tree: Node): Alteration[] {
  const found: Alteration[] = [];
  dispatch(handlers, tree, found);
  return found;
}

const handlers: ByTag<[Alteration[]]> = {
  AlterTableStmt({ relation, cmds = [], objtype }, found) {
    const kind = objtype === 'OBJECT_TYPE' ? 'type' : 'relation';
    for (const node of cmds) {
      const changed = 'AlterTableCmd' in node ? columnChanged(node.AlterTableCmd) : undefined;
      if (changed) found.push({ kind, ...named(relationParts(relation)), ...changed });
    }
  },
  RenameStmt({ renameType, relationType, relation, object, subname, newname = '' }, found) {
    const whole = relation ? relationParts(relation) : objectParts(object);
    if (renameType === 'OBJECT_COLUMN' || renameType === 'OBJECT_ATTRIBUTE') {
      const kind = relationType === 'OBJECT_TYPE' ? 'type' : 'relation';
      found.push({ change: 'renamed', kind, ...named(whole), column: newname, former: subname ?? '' });
    } else {
      const kind = renameType && renamedKinds[renameType];
      if (kind) found.push(moved(kind, whole, [...whole.slice(0, -1), newname]));
    }
  },
  AlterObjectSchemaStmt({ objectType, relation, object, newschema = '' }, found) {
    const whole = relation ? relationParts(relation) : objectParts(object);
    const kind = objectType && renamedKinds[objectType];
    if (kind) found.push(moved(kind, whole, [newschema, lastOf(whole)]));
  },
  AlterDomainStmt: ({ typeName }, found) => {
    found.push({ change: 'retyped', kind: 'type', ...named(partsOf(typeName)) });
  },
  AlterEnumStmt: ({ typeName }, found) => {
    found.push({ change: 'retyped', kind: 'type', ...named(partsOf(typeName)) });
  },
  AlterTypeStmt: ({ typeName }, found) => {
    found.push({ change: 'retyped', kind: 'type', ...named(partsOf(typeName)) });
  },
};

function columnChanged({ subtype, name = '', def }: AlterTableCmd): Pick<Alteration, 'change' | 'column'> | undefined {
  switch (subtype) {
    case 'AT_AddColumn':
      return def && 'ColumnDef' in def ? { change: 'added', column: def.ColumnDef.colname ?? '' } : undefined;
    case 'AT_DropColumn':
      return { change: 'dropped', column: name };
    case 'AT_AlterColumnType':
      return { change: 'retyped', column: name };
    default:
      return undefined;
  }
}

const renamedKinds: { readonly [Type in ObjectType]?: Alteration['kind'] } = {
  OBJECT_TABLE: 'relation',
  OBJECT_VIEW: 'relation',
  OBJECT_MATVIEW: 'relation',
  OBJECT_SEQUENCE: 'relation',
  OBJECT_FOREIGN_TABLE: 'relation',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
};

const moved = (kind: Alteration['kind'], from: NameParts, to: NameParts): Alteration => ({
  change: 'renamed',
  kind,
  ...named(to),
  former: lastOf(from),
});

function named(parts: NameParts): Pick<Alteration, 'schema' | 'name'> {
  const schema = parts.at(-2);
  return { name: lastOf(parts), ...(schema === undefined ? {} : { schema }) };
}
