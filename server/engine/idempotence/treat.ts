/** What can be done with a statement so that running it again changes nothing? */
import { effectsOf } from '../sql/effects';
import { treesOf } from '../sql/parse';
import type { Statement } from '../sql/statement';
import { type NodeOf, partsOf, relationParts, type Tag } from '../sql/tree';
import { alterTable } from './alterTable';
import * as catalog from './conditions';
import type { KeysOf } from './keys';
import { kindWords } from './kinds';
import { moveToSchema, rename } from './renames';
import { insert, remove, select, update } from './rows';
import {
  clause,
  guarded,
  indexOfWord,
  kept,
  left,
  type Treatment,
  tried,
  wordAt,
  type Written,
  writtenAs,
} from './treatment';

export function treatmentOf({ text, kind }: Statement, keysOf: KeysOf): Treatment {
  if (kind === 'psql') return tried;
  if (kind === 'copyIn') return left('COPY adds its rows once more, and has no ON CONFLICT: write INSERT.');
  const [tree, ...others] = treesOf(text);
  if (!tree || others.length > 0) return tried;
  const [[tag, node] = ['', undefined]] = Object.entries<unknown>(tree);
  const handler = (handlers as Readonly<Record<string, Handler<unknown> | undefined>>)[tag];
  if (handler) return handler(node, writtenAs(text), keysOf);
  return repeatable.has(tag) ? kept : tried;
}

type Handler<N> = (node: N, written: Written, keysOf: KeysOf) => Treatment;
type Handlers = { readonly [T in Tag]?: Handler<NodeOf<T>> };

const ifNotExists = (written: Written, word: string): Treatment =>
  clause(written, indexOfWord(written, word), 'IF NOT EXISTS');

const orReplace = (written: Written): Treatment => clause(written, 0, 'OR REPLACE');

const noBlock = (what: string): Treatment =>
  left(`${what} has no IF NOT EXISTS, and must not stand in a block that could look first.`);

const handlers: Handlers = {
  CreateStmt: (it, written) => (it.if_not_exists ? kept : ifNotExists(written, 'table')),
  CreateForeignTableStmt: (it, written) => (it.base?.if_not_exists ? kept : ifNotExists(written, 'table')),
  CreateTableAsStmt({ if_not_exists, is_select_into, objtype }, written) {
    if (is_select_into) return left('SELECT INTO has no IF NOT EXISTS: write CREATE TABLE … AS.');
    return if_not_exists ? kept : ifNotExists(written, objtype === 'OBJECT_MATVIEW' ? 'view' : 'table');
  },
  CreateSeqStmt: (it, written) => (it.if_not_exists ? kept : ifNotExists(written, 'sequence')),
  CreateExtensionStmt: (it, written) => (it.if_not_exists ? kept : ifNotExists(written, 'extension')),
  CreateForeignServerStmt: (it, written) => (it.if_not_exists ? kept : ifNotExists(written, 'server')),
  CreateUserMappingStmt: (it, written) => (it.if_not_exists ? kept : ifNotExists(written, 'mapping')),
  CreateSchemaStmt({ if_not_exists, schemaElts = [], schemaname, authrole }, written) {
    if (if_not_exists) return kept;
    if (schemaElts.length === 0) return ifNotExists(written, 'schema');
    return guarded(`${catalog.schema(schemaname ?? authrole?.rolename ?? '')} IS NULL`);
  },
  CreateStatsStmt({ if_not_exists, defnames = [] }, written) {
    if (if_not_exists) return kept;
    return defnames.length > 0
      ? ifNotExists(written, 'statistics')
      : left('Statistics without a name are made anew each time: give them one.');
  },
  IndexStmt: createIndex,

  ViewStmt: ({ replace }, written) => (replace ? kept : orReplace(written)),
  CreateFunctionStmt: ({ replace }, written) => (replace ? kept : orReplace(written)),
  RuleStmt: ({ replace }, written) => (replace ? kept : orReplace(written)),
  CreatePLangStmt: ({ replace }, written) => (replace ? kept : orReplace(written)),
  CreateTransformStmt: ({ replace }, written) => (replace ? kept : orReplace(written)),
  CreateTrigStmt({ replace, isconstraint, trigname = '', relation }, written) {
    if (replace) return kept;
    if (!isconstraint) return orReplace(written);
    const where = `${catalog.ofRelation('tgrelid', relationParts(relation))} AND ${catalog.named('tgname', trigname)}`;
    return guarded(catalog.isMissing('pg_trigger', where));
  },
  DefineStmt: define,

  CreateEnumStmt: ({ typeName }) => guarded(`${catalog.type(partsOf(typeName))} IS NULL`),
  CreateRangeStmt: ({ typeName }) => guarded(`${catalog.type(partsOf(typeName))} IS NULL`),
  CompositeTypeStmt: ({ typevar }) => guarded(`${catalog.type(relationParts(typevar))} IS NULL`),
  CreateDomainStmt: ({ domainname }) => guarded(`${catalog.type(partsOf(domainname))} IS NULL`),
  CreatePolicyStmt: ({ policy_name = '', table }) =>
    guarded(
      catalog.isMissing(
        'pg_policy',
        `${catalog.ofRelation('polrelid', relationParts(table))} AND ${catalog.named('polname', policy_name)}`,
      ),
    ),
  CreateEventTrigStmt: ({ trigname = '' }) => unlessNamed('pg_event_trigger', 'evtname', trigname),
  CreatePublicationStmt: ({ pubname = '' }) => unlessNamed('pg_publication', 'pubname', pubname),
  CreateFdwStmt: ({ fdwname = '' }) => unlessNamed('pg_foreign_data_wrapper', 'fdwname', fdwname),
  CreateAmStmt: ({ amname = '' }) => unlessNamed('pg_am', 'amname', amname),
  CreateRoleStmt: ({ role = '' }) => unlessNamed('pg_roles', 'rolname', role),
  CreateConversionStmt: ({ conversion_name }) =>
    guarded(
      catalog.isMissing('pg_conversion', catalog.inSchema('con', 'pg_conversion_is_visible', partsOf(conversion_name))),
    ),
  CreateCastStmt({ sourcetype, targettype }) {
    const [source, target] = [catalog.typeText(sourcetype), catalog.typeText(targettype)];
    if (source === undefined || target === undefined) return tried;
    const where = `castsource = ${catalog.literal(source)}::regtype AND casttarget = ${catalog.literal(target)}::regtype`;
    return guarded(catalog.isMissing('pg_cast', where));
  },

  AlterTableStmt: alterTable,
  RenameStmt: rename,
  AlterObjectSchemaStmt: moveToSchema,
  AlterEnumStmt({ skipIfNewValExists, oldVal, typeName }, written) {
    if (skipIfNewValExists) return kept;
    if (oldVal === undefined) return clause(written, indexOfWord(written, 'value'), 'IF NOT EXISTS');
    const where = `${catalog.ofType('enumtypid', partsOf(typeName))} AND ${catalog.named('enumlabel', oldVal)}`;
    return guarded(catalog.isThere('pg_enum', where));
  },
  AlterDomainStmt: alterDomain,

  DropStmt: drop,
  DropRoleStmt: ({ missing_ok }, written) => (missing_ok ? kept : clause(written, 1, 'IF EXISTS')),
  DropdbStmt: ({ missing_ok }, written) => (missing_ok ? kept : clause(written, 1, 'IF EXISTS')),
  DropTableSpaceStmt: ({ missing_ok }, written) => (missing_ok ? kept : clause(written, 1, 'IF EXISTS')),
  DropSubscriptionStmt: ({ missing_ok }, written) => (missing_ok ? kept : clause(written, 1, 'IF EXISTS')),
  DropUserMappingStmt: ({ missing_ok }, written) => (missing_ok ? kept : clause(written, 2, 'IF EXISTS')),

  InsertStmt: insert,
  UpdateStmt: update,
  DeleteStmt: remove,
  SelectStmt: select,
  CopyStmt: ({ is_from }) =>
    is_from ? left('COPY adds its rows once more, and has no ON CONFLICT: write INSERT.') : kept,

  CreatedbStmt: () => noBlock('CREATE DATABASE'),
  CreateTableSpaceStmt: () => noBlock('CREATE TABLESPACE'),
  CreateSubscriptionStmt: () => noBlock('CREATE SUBSCRIPTION'),
  ImportForeignSchemaStmt: () =>
    left('IMPORT FOREIGN SCHEMA has no IF NOT EXISTS: name the tables, each in a CREATE FOREIGN TABLE.'),
};

const unlessNamed = (table: string, column: string, name: string): Treatment =>
  guarded(catalog.isMissing(table, catalog.named(column, name)));

function createIndex(node: NodeOf<'IndexStmt'>, written: Written): Treatment {
  if (node.if_not_exists) return kept;
  const index = indexOfWord(written, 'index');
  const at = wordAt(written, index + 1) === 'concurrently' ? index + 1 : index;
  if (node.idxname !== undefined) return clause(written, at, 'IF NOT EXISTS');
  const made = effectsOf([{ IndexStmt: node }]).makes[0];
  const named = made && clause(written, at, 'IF NOT EXISTS');
  if (named?.kind !== 'clauses') return tried;
  return {
    kind: 'clauses',
    insertions: named.insertions.map((it) => ({ ...it, text: `${it.text} ${catalog.identifier(made?.name ?? '')}` })),
  };
}

function define(
  { kind, replace, if_not_exists, defnames, definition = [] }: NodeOf<'DefineStmt'>,
  written: Written,
): Treatment {
  const parts = partsOf(defnames);
  const unless = (table: string, prefix: string, isVisible: string): Treatment =>
    guarded(catalog.isMissing(table, catalog.inSchema(prefix, isVisible, parts)));
  switch (kind) {
    case 'OBJECT_AGGREGATE':
      return replace ? kept : orReplace(written);
    case 'OBJECT_COLLATION':
      return if_not_exists ? kept : ifNotExists(written, 'collation');
    case 'OBJECT_TYPE':
      return definition.length > 0 ? guarded(`${catalog.type(parts)} IS NULL`) : tried;
    case 'OBJECT_TSCONFIGURATION':
      return unless('pg_ts_config', 'cfg', 'pg_ts_config_is_visible');
    case 'OBJECT_TSDICTIONARY':
      return unless('pg_ts_dict', 'dict', 'pg_ts_dict_is_visible');
    default:
      return tried;
  }
}

function alterDomain(node: NodeOf<'AlterDomainStmt'>, written: Written): Treatment {
  const { subtype, typeName, missing_ok } = node;
  if (subtype === 'X') return missing_ok ? kept : clause(written, indexOfWord(written, 'constraint'), 'IF EXISTS');
  if (subtype !== 'C') return kept;
  const name = effectsOf([{ AlterDomainStmt: node }]).makes[0]?.name;
  if (name === undefined) return tried;
  const where = `${catalog.ofType('contypid', partsOf(typeName))} AND ${catalog.named('conname', name)}`;
  return guarded(catalog.isMissing('pg_constraint', where));
}

function drop({ missing_ok, removeType }: NodeOf<'DropStmt'>, written: Written): Treatment {
  if (missing_ok) return kept;
  const at = kindWords(removeType) + (wordAt(written, 1) === 'procedural' ? 1 : 0);
  return clause(written, wordAt(written, at + 1) === 'concurrently' ? at + 1 : at, 'IF EXISTS');
}

/** They set what is to be, or find it as it is to be. */
const repeatable: ReadonlySet<string> = new Set<Tag>([
  'GrantStmt',
  'GrantRoleStmt',
  'AlterDefaultPrivilegesStmt',
  'CommentStmt',
  'SecLabelStmt',
  'AlterOwnerStmt',
  'AlterFunctionStmt',
  'AlterPolicyStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'AlterDatabaseStmt',
  'AlterDatabaseSetStmt',
  'AlterSystemStmt',
  'AlterSeqStmt',
  'AlterStatsStmt',
  'AlterTSDictionaryStmt',
  'AlterEventTrigStmt',
  'AlterTypeStmt',
  'AlterExtensionStmt',
  'DropOwnedStmt',
  'ReassignOwnedStmt',
  'TruncateStmt',
  'RefreshMatViewStmt',
  'ClusterStmt',
  'VacuumStmt',
  'ReindexStmt',
  'CheckPointStmt',
  'LockStmt',
  'NotifyStmt',
  'ListenStmt',
  'UnlistenStmt',
  'LoadStmt',
  'DiscardStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'ConstraintsSetStmt',
  'TransactionStmt',
]);
