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
  const nameIn = (relations: Relations) => (it: Named) => nameOf(it, node, before.relations, relations);
  return {
    created: makes.filter((it) => isObject(it, versionNumber)).map(nameIn(after.relations)),
    altered: alters
      ? locks.slice(0, 1).map((it) => nameOf({ ...it, kind: 'relation' }, node, before.relations, before.relations))
      : [],
    dropped: takes.map(nameIn(before.relations)),
    dependents: [],
  };
}

/** NOT NULL has been a constraint with a name since PostgreSQL 18 (release notes of 18, "Store column NOT NULL …"). */
const isObject = ({ notNull }: Named, versionNumber: number): boolean => !notNull || versionNumber >= 180_000;

/** As event triggers name it, as far as it is known. */
function nameOf({ kind, schema, name, of }: Named, node: string, before: Relations, relations: Relations): ObjectName {
  const owner = of === undefined ? undefined : (theOne(before, { name: of }) ?? theOne(relations, { name: of }));
  switch (kind) {
    case 'relation':
    case 'index': {
      const found = theOne(relations, schema === undefined ? { name } : { schema, name });
      if (found) return { kind: found.kind, identity: found.identity };
      const made = kind === 'relation' ? (of === undefined ? relationKinds[node] : 'sequence') : 'index';
      return { kind: made ?? 'relation', identity: joined(schema, name) };
    }
    case 'column':
      return owner
        ? { kind: `${owner.kind} column`, identity: `${owner.identity}.${quoted(name)}` }
        : { kind: 'column', identity: joined(of, name) };
    case 'constraint':
      return {
        kind: owner ? 'table constraint' : 'constraint',
        identity: of === undefined ? joined(schema, name) : `${quoted(name)} on ${owner?.identity ?? quoted(of)}`,
      };
    case 'other': {
      const told = otherKinds[node] ?? 'object';
      if (of === undefined) return { kind: told, identity: joined(schema, name) };
      return { kind: told, identity: owner ? `${quoted(name)} on ${owner.identity}` : `${name} of ${quoted(of)}` };
    }
    default:
      return { kind, identity: joined(schema, name) };
  }
}

/** An unqualified name may stand for several, and then nobody knows for which. */
function theOne(relations: Relations, name: { readonly schema?: string; readonly name: string }): Relation | undefined {
  const [oid, ...others] = relationsCalled(relations, name);
  return oid === undefined || others.length > 0 ? undefined : relationAt(relations, oid);
}

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
