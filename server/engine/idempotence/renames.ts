/** Other names and other schemas: what has got them already is not there under the old ones. */
import type { NodeOf } from '../sql/tree';
import { objectParts, relationParts } from '../sql/tree';
import * as catalog from './conditions';
import { kindWords, relationTypes } from './kinds';
import { clause, guarded, kept, type Treatment, tried, type Written } from './treatment';

type Rename = NodeOf<'RenameStmt'>;

export function rename(node: Rename, written: Written): Treatment {
  const { renameType, relation, object, subname = '', missing_ok } = node;
  const table = relationParts(relation);
  const part = (from: string, owner: string, name: string): Treatment =>
    guarded(catalog.isThere(from, `${catalog.ofRelation(owner, table)} AND ${catalog.named(name, subname)}`));
  switch (renameType) {
    case 'OBJECT_COLUMN':
    case 'OBJECT_ATTRIBUTE':
      return guarded(catalog.isThere('pg_attribute', catalog.column(table, subname)));
    case 'OBJECT_TABCONSTRAINT':
      return part('pg_constraint', 'conrelid', 'conname');
    case 'OBJECT_DOMCONSTRAINT':
      return guarded(
        catalog.isThere(
          'pg_constraint',
          `${catalog.ofType('contypid', objectParts(object))} AND ${catalog.named('conname', subname)}`,
        ),
      );
    case 'OBJECT_TRIGGER':
      return part('pg_trigger', 'tgrelid', 'tgname');
    case 'OBJECT_POLICY':
      return part('pg_policy', 'polrelid', 'polname');
    case 'OBJECT_RULE':
      return part('pg_rewrite', 'ev_class', 'rulename');
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      return guarded(`${catalog.type(relation ? table : objectParts(object))} IS NOT NULL`);
    case 'OBJECT_SCHEMA':
      return guarded(`${catalog.schema(subname)} IS NOT NULL`);
    case 'OBJECT_ROLE':
      return guarded(catalog.isThere('pg_roles', catalog.named('rolname', subname)));
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
    case 'OBJECT_ROUTINE':
    case 'OBJECT_AGGREGATE':
      return ofRoutine(object);
    default:
      if (!renameType || !relationTypes.has(renameType)) return tried;
      return missing_ok ? kept : clause(written, kindWords(renameType), 'IF EXISTS');
  }
}

export function moveToSchema(node: NodeOf<'AlterObjectSchemaStmt'>, written: Written): Treatment {
  const { objectType, object, missing_ok, newschema = '' } = node;
  if (objectType && relationTypes.has(objectType))
    return missing_ok ? kept : clause(written, kindWords(objectType), 'IF EXISTS');
  switch (objectType) {
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN': {
      const parts = objectParts(object);
      const moved = catalog.type([newschema, parts.at(-1) ?? '']);
      return guarded(`${catalog.type(parts)} IS NOT NULL AND ${moved} IS NULL`);
    }
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
    case 'OBJECT_ROUTINE':
    case 'OBJECT_AGGREGATE':
      return ofRoutine(object);
    default:
      return tried;
  }
}

function ofRoutine(object: Rename['object']): Treatment {
  const routine = object && 'ObjectWithArgs' in object ? catalog.routine(object.ObjectWithArgs) : undefined;
  return routine === undefined ? tried : guarded(`${routine} IS NOT NULL`);
}
