/**
 * The locks of ALTER TABLE. Source: AlterTableGetLockLevel in Postgres's tablecmds.c, and boolRelOpts, intRelOpts…
 * in reloptions.c; test/sql/locks.test.ts compares them with what a server takes.
 */
import type { AlterTableCmd, AlterTableType, Constraint, Node, RangeVar } from 'libpg-query';
import { type LockMode, strongest } from './lockModes';
import type { NeededLock } from './statement';
import type { NodeOf } from './tree';

/** A relation that a command names, what it needs on it, and where else; nowhere else when that is not said. */
export type Need = readonly [mode: LockMode, relation: RangeVar | undefined, extent?: NeededLock['extent']];

export function alterTableNeeds({ relation, cmds = [], objtype }: NodeOf<'AlterTableStmt'>): Need[] {
  const commands = cmds.flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []));
  if (objtype === 'OBJECT_TYPE') return [];
  const own = strongest(commands.map(modeOfCommand)) ?? 'ACCESS EXCLUSIVE';
  const goesOn = commands.some(({ subtype }) => subtype && recursing.has(subtype));
  return [[own, relation, goesOn ? 'heirs' : 'only'], ...commands.flatMap((it) => needsElsewhere(it, relation))];
}

/** Commands that are done to all that inherit from the table, too (ATPrepCmd and the callers of ATSimpleRecursion). */
const recursing: ReadonlySet<AlterTableType> = new Set([
  'AT_AddColumn',
  'AT_AddConstraint',
  'AT_AlterColumnType',
  'AT_AlterConstraint',
  'AT_ColumnDefault',
  'AT_DisableTrig',
  'AT_DisableTrigAll',
  'AT_DisableTrigUser',
  'AT_DropColumn',
  'AT_DropConstraint',
  'AT_DropExpression',
  'AT_DropNotNull',
  'AT_EnableAlwaysTrig',
  'AT_EnableReplicaTrig',
  'AT_EnableTrig',
  'AT_EnableTrigAll',
  'AT_EnableTrigUser',
  'AT_SetExpression',
  'AT_SetNotNull',
  'AT_SetStatistics',
  'AT_SetStorage',
  'AT_ValidateConstraint',
]);

const weaker: { readonly [Type in AlterTableType]?: LockMode } = {
  AT_SetStatistics: 'SHARE UPDATE EXCLUSIVE',
  AT_SetOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_ResetOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_ClusterOn: 'SHARE UPDATE EXCLUSIVE',
  AT_DropCluster: 'SHARE UPDATE EXCLUSIVE',
  AT_ValidateConstraint: 'SHARE UPDATE EXCLUSIVE',
  AT_AttachPartition: 'SHARE UPDATE EXCLUSIVE',
  AT_DetachPartitionFinalize: 'SHARE UPDATE EXCLUSIVE',
  AT_EnableTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableAlwaysTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableReplicaTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableTrigAll: 'SHARE ROW EXCLUSIVE',
  AT_EnableTrigUser: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrig: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrigAll: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrigUser: 'SHARE ROW EXCLUSIVE',
};

function modeOfCommand({ subtype, def }: AlterTableCmd): LockMode {
  switch (subtype) {
    case 'AT_AddConstraint':
      return constraintIn(def)?.contype === 'CONSTR_FOREIGN' ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE';
    case 'AT_DetachPartition':
      return isConcurrent(def) ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
    case 'AT_ReplaceRelOptions':
      return optionsIn(def).some((it) => exclusiveOptions.has(it)) ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE';
    default:
      return (subtype && weaker[subtype]) ?? 'ACCESS EXCLUSIVE';
  }
}

/** Storage parameters that need more than the rest. */
const exclusiveOptions: ReadonlySet<string> = new Set([
  'user_catalog_table',
  'fastupdate',
  'gin_pending_list_limit',
  'autosummarize',
  'pages_per_range',
  'buffering',
  'security_barrier',
  'security_invoker',
  'check_option',
]);

const optionsIn = (def: Node | undefined): string[] =>
  def && 'List' in def
    ? (def.List.items ?? []).flatMap((it) => ('DefElem' in it ? [it.DefElem.defname ?? ''] : []))
    : [];

/** Referenced tables, partitions, parents, indexes. */
function needsElsewhere({ subtype, name, def }: AlterTableCmd, table: RangeVar | undefined): Need[] {
  switch (subtype) {
    case 'AT_AddConstraint':
    case 'AT_AddColumn':
      return [
        ...referencesIn(def).map((it): Need => ['SHARE ROW EXCLUSIVE', it]),
        ['SHARE UPDATE EXCLUSIVE', besides(table, constraintIn(def)?.indexname)],
      ];
    case 'AT_ClusterOn':
      return [['SHARE UPDATE EXCLUSIVE', besides(table, name)]];
    case 'AT_AttachPartition':
    case 'AT_DetachPartition': {
      const mode = isConcurrent(def) ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
      return def && 'PartitionCmd' in def ? [[mode, def.PartitionCmd.name]] : [];
    }
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return def && 'RangeVar' in def
        ? [[subtype === 'AT_AddInherit' ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS SHARE', def.RangeVar]]
        : [];
    default:
      return [];
  }
}

/** Tables that a constraint, or the constraints of a column, refer to. */
export function referencesIn(def: Node | undefined): RangeVar[] {
  if (!def) return [];
  if ('ColumnDef' in def) return (def.ColumnDef.constraints ?? []).flatMap(referencesIn);
  const table = constraintIn(def)?.pktable;
  return table ? [table] : [];
}

/** An index is in the schema of its table, and named without it. */
export const besides = (table: RangeVar | undefined, relname: string | undefined): RangeVar | undefined =>
  relname === undefined
    ? undefined
    : { relname, inh: true, ...(table?.schemaname === undefined ? {} : { schemaname: table.schemaname }) };

const constraintIn = (def: Node | undefined): Constraint | undefined =>
  def && 'Constraint' in def ? def.Constraint : undefined;

const isConcurrent = (def: Node | undefined): boolean =>
  def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent === true;
