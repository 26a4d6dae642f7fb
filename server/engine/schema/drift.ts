/** In what a schema is another one than what its migrations make: object by object, without what is none of them. */
import type { ObjectChange } from '../project';
import { isMoreThanOrder } from './comparable';
import { differenceOf } from './difference';
import { objectsOf, partsOf, type SchemaObject, usualOwner, withOwners } from './schemaText';

/** What the migrations neither make nor are to make. */
export interface LeftOut {
  /** Tables of the tool, by schema and name, with all that is theirs. */
  readonly tables: readonly { readonly schema: string; readonly name: string }[];
  /** Schemas that are the tool's or the platform's, with all that is in them. */
  readonly schemas: ReadonlySet<string>;
  /** Schemas that the tool may have made for its tables: left out where the migrations make none of that name. */
  readonly toolSchemas: ReadonlySet<string>;
  /** Owners and rights mean nothing: the shadow has other roles than the target. */
  readonly roles: 'compared' | 'leftOut';
}

/**
 * @param made the dump of what the migrations make
 * @param found the dump of what is there
 * @returns `before` as the migrations make it, `after` as it is
 */
export function driftBetween(made: string, found: string, leftOut: LeftOut): ObjectChange[] {
  const before = objectsOf(made);
  const own = new Set(before.filter(({ type }) => type === 'SCHEMA').map(({ name }) => name));
  const compared = (objects: readonly SchemaObject[]) => {
    const kept = objects.filter(comparison(leftOut, own, objects));
    // Each by its own measure: who applies the migrations may be another role than who did.
    return leftOut.roles === 'compared' ? withOwners(kept.map(ownedByServer), usualOwner(kept)) : kept;
  };
  return differenceOf(compared(before), compared(objectsOf(found))).filter(isMoreThanOrder);
}

/** Before PostgreSQL 15 the schema of every new database belongs to whoever has made the server. */
const ownedByServer = (object: SchemaObject): SchemaObject =>
  object.type === 'SCHEMA' && object.name === 'public' ? { ...object, ownership: '' } : object;

/** Objects whose rights and owners are all that there is to them. */
const ofRoles = new Set(['ACL', 'DEFAULT ACL']);

function comparison(leftOut: LeftOut, own: ReadonlySet<string>, all: readonly SchemaObject[]) {
  const tables = leftOut.tables.map((it) => ({ ...it, sequences: sequencesOf(it, all) }));
  return (object: SchemaObject): boolean => {
    const { type, name, schema } = object;
    if (leftOut.roles === 'leftOut' && ofRoles.has(type)) return false;
    // Their words come with the files of the extension, which differ from version to version.
    if (type === 'COMMENT' && name.startsWith('EXTENSION ')) return false;
    const inSchema = schema === '-' ? schemaNamed(object) : schema;
    if (inSchema !== undefined && leftOut.schemas.has(inSchema)) return false;
    if (schema === '-' && inSchema !== undefined && leftOut.toolSchemas.has(inSchema) && !own.has(inSchema))
      return false;
    return !tables.some((table) => schema === table.schema && isOf(object, table));
  };
}

/** Of a schema itself, its comment and its rights. */
function schemaNamed({ type, name }: SchemaObject): string | undefined {
  if (type === 'SCHEMA') return name;
  return type === 'COMMENT' || type === 'ACL' ? /^SCHEMA (.*)$/.exec(name)?.[1] : undefined;
}

interface ToolTable {
  readonly schema: string;
  readonly name: string;
  readonly sequences: ReadonlySet<string>;
}

/** The table, or what pg_dump tells of it under a heading of its own. */
function isOf({ type, name, text }: SchemaObject, table: ToolTable): boolean {
  if (type === 'TABLE' && name === table.name) return true;
  if (type === 'INDEX') return text.includes(` ${nameIn(table)} USING `);
  const [, kind = '', of = ''] = /^(TABLE|SEQUENCE|COLUMN) (.*)$/.exec(name) ?? [];
  if (kind === 'TABLE' && of === table.name) return true;
  if (kind === 'COLUMN' && of.startsWith(`${table.name}.`)) return true;
  if (type.startsWith('SEQUENCE') || kind === 'SEQUENCE') return table.sequences.has(kind === '' ? name : of);
  return name.startsWith(`${table.name} `);
}

/** Those that its columns own. */
const sequencesOf = (table: Pick<ToolTable, 'schema' | 'name'>, all: readonly SchemaObject[]): ReadonlySet<string> =>
  new Set(
    all.flatMap(({ type, schema, name, text }) => {
      const isTheirs = type === 'SEQUENCE OWNED BY' ? text.includes(` OWNED BY ${nameIn(table)}.`) : false;
      const isIdentity = type === 'SEQUENCE' && text.includes(`ALTER TABLE ${nameIn(table)} ALTER COLUMN `);
      return schema === table.schema && (isTheirs || isIdentity) ? [name] : [];
    }),
  );

/** As pg_dump writes it. */
const nameIn = ({ schema, name }: Pick<ToolTable, 'schema' | 'name'>): string => `${quoted(schema)}.${quoted(name)}`;

const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

/**
 * The titles of these objects, and of all that differs and goes with a table among them: its keys, indexes, sequences,
 * rights.
 *
 * @param isLeft whether it stays as it is although its table is among them
 */
export function titlesWith(
  chosen: readonly ObjectChange[],
  all: readonly ObjectChange[],
  isLeft: (part: ObjectChange, table: ObjectChange) => boolean,
): ReadonlySet<string> {
  const objects = all.map((it) => ({ change: it, object: objectIn(it) }));
  const tables = chosen
    .filter(({ type }) => type === 'TABLE')
    .map((it) => {
      const { schema, name } = objectIn(it);
      const sequences = sequencesOf(
        { schema, name },
        objects.map(({ object }) => object),
      );
      return { schema, name, sequences, change: it };
    });
  const going = objects.filter(({ change, object }) =>
    tables.some((table) => object.schema === table.schema && isOf(object, table) && !isLeft(change, table.change)),
  );
  return new Set([...chosen, ...going.map(({ change }) => change)].map(({ type, name }) => `${type} ${name}`));
}

const objectIn = ({ type, name, before = '', after = '' }: ObjectChange): SchemaObject => ({
  type,
  ...partsOf(name),
  text: `${before}${after}`,
  ownership: '',
  owner: '',
});
