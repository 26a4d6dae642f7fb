/** What a statement created, altered and dropped by its own words, since it ran: where no event triggers tell. Pure. */
import type { ObjectName as Named, Shape } from '../../sql/statement';
import type { Mark } from './mark';
import type { Objects } from './objects';
import type { ObjectName } from './observation';
import { quoted, type Relation, relationAt, type Relations, relationsCalled } from './relations';

export interface NamedScene {
  readonly before: Pick<Mark, 'relations'>;
  readonly after: Pick<Mark, 'relations'>;
  /** Of the server, for example 160004. */
  readonly versionNumber: number;
}

export function namedObjects(
  { makes, takes, locks, node }: Shape,
  { before, after, versionNumber }: NamedScene,
): Objects {
  const alters = node.startsWith('Alter') || node === 'CommentStmt';
  const there: Find = (name) => theOne(before.relations, relationsCalled(before.relations, name));
  const made: Find = (name) => {
    const found = relationsCalled(after.relations, name);
    const fresh = found.filter((oid) => !relationAt(before.relations, oid));
    return theOne(after.relations, fresh.length > 0 ? fresh : found);
  };
  // A table that the statement makes is none of those before it, though one may have its name.
  const madeOrThere: Find = (name) =>
    made(name) ?? (makes.some((it) => it.kind === 'relation' && it.name === name.name) ? undefined : there(name));
  return {
    created: makes.filter((it) => isObject(it, versionNumber)).map((it) => nameOf(it, node, made, madeOrThere)),
    altered: alters ? locks.slice(0, 1).map((it) => nameOf({ ...it, kind: 'relation' }, node, there, there)) : [],
    dropped: takes.map((it) => nameOf(it, node, there, there)),
    dependents: [],
  };
}

/** Undefined also where nobody knows for which of several the name stands. */
type Find = (name: Pick<Named, 'schema' | 'name'>) => Relation | undefined;

const theOne = (relations: Relations, [oid, ...others]: readonly number[]): Relation | undefined =>
  oid === undefined || others.length > 0 ? undefined : relationAt(relations, oid);

/** NOT NULL has been a constraint with a name since PostgreSQL 18 (release notes of 18, "Store column NOT NULL …"). */
const isObject = ({ notNull }: Named, versionNumber: number): boolean => !notNull || versionNumber >= 180_000;

/** As event triggers name it, as far as it is known. */
function nameOf({ kind, schema, name, of, ofSchema }: Named, node: string, find: Find, findOwner: Find): ObjectName {
  const owner = of === undefined ? undefined : findOwner(named(ofSchema, of));
  switch (kind) {
    case 'relation':
    case 'index': {
      const found = find(named(schema, name));
      if (found) return { kind: found.kind, identity: found.identity };
      const made = kind === 'relation' ? (of === undefined ? relationKinds[node] : 'sequence') : 'index';
      return { kind: made ?? 'relation', identity: joined(schema, name) };
    }
    case 'column':
      return owner
        ? { kind: `${owner.kind} column`, identity: `${owner.identity}.${quoted(name)}` }
        : { kind: 'column', identity: of === undefined ? quoted(name) : `${joined(ofSchema, of)}.${quoted(name)}` };
    case 'constraint':
      return {
        kind: owner ? 'table constraint' : 'constraint',
        identity:
          of === undefined ? joined(schema, name) : `${quoted(name)} on ${owner?.identity ?? joined(ofSchema, of)}`,
      };
    case 'other': {
      const told = otherKinds[node] ?? 'object';
      if (of === undefined) return { kind: told, identity: joined(schema, name) };
      return {
        kind: told,
        identity: owner ? `${quoted(name)} on ${owner.identity}` : `${name} of ${joined(ofSchema, of)}`,
      };
    }
    default:
      return { kind, identity: joined(schema, name) };
  }
}

const named = (schema: string | undefined, name: string): Pick<Named, 'schema' | 'name'> =>
  schema === undefined ? { name } : { schema, name };

const joined = (schema: string | undefined, name: string): string =>
  schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;

/** What is made by them, by the names of the grammar's nodes. */
const relationKinds: Readonly<Record<string, string>> = {
  CreateStmt: 'table',
  CreateForeignTableStmt: 'foreign table',
  CreateTableAsStmt: 'table',
  SelectStmt: 'table',
  ViewStmt: 'view',
  CreateSeqStmt: 'sequence',
};

const otherKinds: Readonly<Record<string, string>> = {
  AlterEnumStmt: 'enum value',
  CreateTrigStmt: 'trigger',
  RuleStmt: 'rule',
  CreatePolicyStmt: 'policy',
  CreateStatsStmt: 'statistics object',
  CreatePublicationStmt: 'publication',
  CreateSubscriptionStmt: 'subscription',
  CreateForeignServerStmt: 'server',
  CreateFdwStmt: 'foreign-data wrapper',
  CreateUserMappingStmt: 'user mapping',
  CreateEventTrigStmt: 'event trigger',
  CreatePLangStmt: 'language',
  CreateAmStmt: 'access method',
  CreateOpClassStmt: 'operator class',
  CreateOpFamilyStmt: 'operator family',
  CreateConversionStmt: 'conversion',
  CreateCastStmt: 'cast',
  CreateTransformStmt: 'transform',
  CreatedbStmt: 'database',
  CreateTableSpaceStmt: 'tablespace',
  PrepareStmt: 'prepared statement',
  DeclareCursorStmt: 'cursor',
  DropdbStmt: 'database',
  DropTableSpaceStmt: 'tablespace',
  DropSubscriptionStmt: 'subscription',
  DropUserMappingStmt: 'user mapping',
  DeallocateStmt: 'prepared statement',
  ClosePortalStmt: 'cursor',
};
