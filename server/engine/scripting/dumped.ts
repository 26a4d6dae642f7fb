/**
 * Statements that pg_dump has written: for kinds of objects that pg-delta does not know, and for what is still another
 * thing after its statements ran. Nothing here holds rows.
 */
import { quoteIdentifier, quoteName } from '../database/quote';
import type { ObjectChange } from '../changes';
import { differenceOf } from '../schema/difference';
import type { SchemaObject } from '../schema/schemaText';
import { nameParts } from '../sql/tokens';

/** As pg_dump heads them; pg-delta reports them as `unmodeled_kind`. */
const unmodelled: ReadonlySet<string> = new Set([
  'CAST',
  'OPERATOR',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'STATISTICS',
  'PROCEDURAL LANGUAGE',
  'TRANSFORM',
]);

/** What it makes wrong at times, and can be made again without loss: indexes of partitions above all. */
const repairable: ReadonlySet<string> = new Set([...unmodelled, 'INDEX', 'INDEX ATTACH', 'ACL', 'COMMENT']);

export interface Around {
  /** To be run before all else. */
  readonly drops: readonly string[];
  /** To be run after all else. */
  readonly creates: readonly string[];
}

export const nothingAround: Around = { drops: [], creates: [] };

/**
 * For what pg-delta does not know.
 *
 * @param gone tables that are dropped in between, quoted
 */
export const aroundOf = (
  from: readonly SchemaObject[],
  to: readonly SchemaObject[],
  gone: ReadonlySet<string>,
): Around =>
  statementsFor(
    ofTypes(from, unmodelled).filter((it) => !goesWithTable(it, gone)),
    ofTypes(to, unmodelled),
  );

const goesWithTable = ({ type, text }: SchemaObject, gone: ReadonlySet<string>): boolean =>
  type === 'STATISTICS' && gone.has(quoteName(...nameParts(text.slice(text.lastIndexOf(' FROM ') + ' FROM '.length))));

/** For what is left to do. */
export function repairsOf(is: readonly SchemaObject[], wanted: readonly SchemaObject[]): string[] {
  const { drops, creates } = statementsFor(ofTypes(is, repairable), ofTypes(wanted, repairable));
  return [...drops, ...creates];
}

const ofTypes = (objects: readonly SchemaObject[], types: ReadonlySet<string>): SchemaObject[] =>
  objects.filter(({ type }) => types.has(type));

function statementsFor(from: readonly SchemaObject[], to: readonly SchemaObject[]): Around {
  const changes = differenceOf(from, to);
  const dropped = new Set(changes.filter((it) => it.kind !== 'added').map(nameIn));
  const made = new Set(changes.filter((it) => it.kind !== 'removed').map(nameIn));
  return {
    drops: from
      .filter((it) => dropped.has(nameOf(it)))
      .flatMap(dropOf)
      .toReversed(),
    creates: to.filter((it) => made.has(nameOf(it))).map(({ text }) => text.trim().replace(/;$/, '')),
  };
}

const nameOf = ({ type, schema, name }: SchemaObject): string =>
  `${type} ${schema === '-' ? name : `${schema}.${name}`}`;
const nameIn = ({ type, name }: ObjectChange): string => `${type} ${name}`;

/** Nothing for what goes with something else, or is added to by making it again. */
function dropOf({ type, schema, name, text }: SchemaObject): string[] {
  switch (type) {
    case 'CAST':
    case 'TRANSFORM':
      return [`DROP ${name}`];
    case 'PROCEDURAL LANGUAGE':
      return [`DROP LANGUAGE IF EXISTS ${quoteIdentifier(name)}`];
    case 'OPERATOR': {
      const side = (which: string) => new RegExp(`\\b${which} = (.+?),?$`, 'm').exec(text)?.[1] ?? 'NONE';
      return [`DROP OPERATOR ${quoteIdentifier(schema)}.${name} (${side('LEFTARG')}, ${side('RIGHTARG')})`];
    }
    case 'OPERATOR CLASS':
    case 'OPERATOR FAMILY': {
      const method = /\bUSING (\w+)/.exec(text)?.[1] ?? 'btree';
      // A class may have gone with its family.
      return [`DROP ${type} IF EXISTS ${quoteName(schema, name)} USING ${method}`];
    }
    case 'INDEX':
      return [`DROP INDEX ${quoteName(schema, name)}`];
    case 'STATISTICS':
    case 'TEXT SEARCH CONFIGURATION':
    case 'TEXT SEARCH DICTIONARY':
    case 'TEXT SEARCH PARSER':
    case 'TEXT SEARCH TEMPLATE':
      return [`DROP ${type} IF EXISTS ${quoteName(schema, name)}`];
    default:
      return [];
  }
}
