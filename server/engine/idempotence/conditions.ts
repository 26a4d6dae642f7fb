/** Conditions of SQL that tell from the catalogs whether a statement is still to be run. */
import type { ObjectWithArgs, TypeName } from 'libpg-query';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import { treesOf } from '../sql/parse';
import { type NameParts, partsOf, typeParts } from '../sql/tree';

export const isMissing = (catalog: string, where: string): string => `NOT EXISTS (${found(catalog, where)})`;
export const isThere = (catalog: string, where: string): string => `EXISTS (${found(catalog, where)})`;

const found = (catalog: string, where: string): string => `SELECT FROM ${catalog} WHERE ${where}`;

export const literal = (value: string): string => quoteLiteral(value).trimStart();

/** `conname = 'c'` */
export const named = (column: string, name: string): string => `${column} = ${literal(name)}`;

/** The object identifier of a relation, or of a composite type; NULL where there is none. */
export const relation = (parts: NameParts): string => `to_regclass(${literal(plainName(parts))})`;

/** Of a type; NULL where there is none. */
export const type = (parts: NameParts): string => `to_regtype(${literal(typeName(parts))})`;

export const schema = (name: string): string => `to_regnamespace(${literal(plainName([name]))})`;

/** A part of a relation, by name: `attrelid`, `attname`. */
export const ofRelation = (column: string, parts: NameParts): string => `${column} = ${relation(parts)}`;
export const ofType = (column: string, parts: NameParts): string => `${column} = ${type(parts)}`;

export const column = (table: NameParts, name: string): string =>
  `${ofRelation('attrelid', table)} AND ${named('attname', name)} AND NOT attisdropped`;

/** What is named within a schema, and may be written without: then it is the one that is found by that name. */
export function inSchema(prefix: string, isVisible: string, parts: NameParts): string {
  const [name = '', ofSchema] = parts.toReversed();
  const where = ofSchema === undefined ? `${isVisible}(oid)` : `${prefix}namespace = ${schema(ofSchema)}`;
  return `${named(`${prefix}name`, name)} AND ${where}`;
}

/** A routine; undefined where its arguments cannot be written so. */
export function routine({ objname, objargs = [], args_unspecified }: ObjectWithArgs): string | undefined {
  const name = plainName(partsOf(objname));
  if (args_unspecified) return `to_regproc(${literal(name)})`;
  const types = objargs.map((it) => ('TypeName' in it ? typeText(it.TypeName) : undefined));
  if (types.includes(undefined)) return undefined;
  return `to_regprocedure(${literal(`${name}(${types.join(', ')})`)})`;
}

/** A type without its modifiers, as `::regtype` reads it; undefined of what is no type by itself (`%TYPE`, SETOF). */
export function typeText(written: TypeName | undefined): string | undefined {
  if (!written || written.pct_type || written.setof) return undefined;
  const parts = typeParts(written);
  const own = parts.length === 2 && parts[0] === 'pg_catalog' ? parts.slice(1) : parts;
  return `${typeName(own)}${written.arrayBounds?.length ? '[]' : ''}`;
}

/** As plain as it can be: these functions read no keywords. */
const plainName = (parts: NameParts): string =>
  parts.map((it) => (/^[a-z_][a-z0-9_]*$/.test(it) ? it : quoteIdentifier(it))).join('.');

/** In an SQL statement, where keywords mean something else. */
export function identifier(name: string): string {
  const plain = plainName([name]);
  const [tree] = treesOf(`select ${plain} from ${plain}`);
  return tree && 'SelectStmt' in tree && 'ColumnRef' in (targetOf(tree.SelectStmt.targetList?.[0]) ?? {})
    ? plain
    : quoteIdentifier(name);
}

const targetOf = (node: unknown): object | undefined =>
  typeof node === 'object' && node !== null && 'ResTarget' in node
    ? (node.ResTarget as { val?: object }).val
    : undefined;

/** Types are read by the grammar, which has names of its own for some: `int`, `char`. */
function typeName(parts: NameParts): string {
  const plain = plainName(parts);
  const [tree] = treesOf(`select null::${plain}`);
  const cast = tree && 'SelectStmt' in tree ? targetOf(tree.SelectStmt.targetList?.[0]) : undefined;
  const read = cast && 'TypeCast' in cast ? typeParts((cast.TypeCast as { typeName?: TypeName }).typeName) : [];
  return read.join('.') === parts.join('.') ? plain : parts.map(quoteIdentifier).join('.');
}
