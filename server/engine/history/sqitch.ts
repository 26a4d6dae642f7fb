/**
 * sqitch's history: its registry of what is deployed, and of everything that was ever done.
 *
 * Changes are known by ids that hold what the plan says of them and of all before them. So what is deployed has to be
 * the beginning of the plan; else sqitch refuses to go on.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch/Engine.pm, Engine/pg.pm, Role/DBIEngine.pm.
 */
import type { FolderContents, ToolSettings } from '../layouts/layout';
import type { Migration } from '../layouts/migration';
import { sqitchValue } from '../layouts/sqitchConfig';
import { type Person, scriptHash } from '../layouts/sqitchIds';
import { readSqitchPlan, type SqitchPlan } from '../layouts/sqitchPlan';
import { sqitchSettings, sqitchUser } from '../layouts/sqitchUser';
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState, HistoryStep } from './history';
import { checkDependencies, checkDependents } from './sqitchDependencies';
import { makeRegistry, registryVersion } from './sqitchRegistry';
import { addTags, noteFailure, recordDeploy, recordRevert, registerProject } from './sqitchRows';
import type { SqitchStep } from './sqitchStep';
import { hasTable, labelOf, quoted, type Shape, type TableName } from './table';

export interface SqitchOptions {
  /** The schema of the registry. */
  readonly registry: string;
  /** Relative to the folder. */
  readonly planFile: string;
  /** As the editor shows it. */
  readonly read: FolderContents['read'];
  readonly user: Person;
}

export function sqitchOptions(settings: ToolSettings): SqitchOptions {
  const { config, places } = sqitchSettings(settings);
  const registry = sqitchValue(config, 'registry') ?? 'sqitch';
  return { registry, planFile: places.plan, read: settings.read, user: sqitchUser(settings, config) };
}

export function sqitchHistory(options: SqitchOptions): History {
  const { registry, planFile, user } = options;
  const table: TableName = { schema: registry, name: 'changes' };
  const stepOf = ({ migration, upText, read }: HistoryStep): SqitchStep => {
    const plan = planIn(read(planFile), planFile);
    const index = plan.changes.findIndex(({ id }) => id === migration.name.id);
    const change = plan.changes[index];
    if (!plan.project || !change)
      throw new Fault('bad-migration', `${planFile} on the disk has another change ${migration.version}, or none.`);
    return {
      registry,
      project: plan.project,
      plan: plan.changes,
      change,
      former: plan.changes[index - 1],
      upText,
      user,
    };
  };
  return {
    layout: 'sqitch',
    read: (session) => read(session, table, options),
    ofNothing: () => stateOf(table, undefined),
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [lockId], waitMs, async () => {
        if (!(await hasTable(session, table, shape))) await makeRegistry(session, registry, user);
        return use();
      }),
    async before(session, step) {
      // Each script has a psql of its own.
      await session.run('reset session authorization; reset all');
      const own = stepOf(step);
      if (step.script.direction === 'down') return checkDependents(session, own);
      await registerProject(session, own);
      await addTags(session, own);
      await checkDependencies(session, own);
    },
    after: (session, step) =>
      step.script.direction === 'up' ? recordDeploy(session, stepOf(step)) : recordRevert(session, stepOf(step)),
    async failed(session, step) {
      if (step.script.direction === 'up') await noteFailure(session, stepOf(step));
    },
  };
}

const lockId = 75_474_063n;

const shape: Shape = {
  tool: 'sqitch',
  columns: { change_id: 'text', change: 'text', project: 'text' },
  elsewhere: 'Name another schema with registry in sqitch.conf.',
};

/** @throws {Fault} `bad-migration` when sqitch would refuse it */
function planIn(text: string | undefined, planFile: string): SqitchPlan {
  const plan = readSqitchPlan(text ?? '');
  if (plan.refusal !== undefined) throw new Fault('bad-migration', `sqitch refuses ${planFile}, ${plan.refusal}.`);
  return plan;
}

interface Row {
  readonly id: string;
  readonly change: string;
  /** Of the deploy script as it was deployed. */
  readonly hash: string | null;
}

interface Reading {
  readonly version: string;
  /** Oldest first. */
  readonly rows: readonly Row[];
}

async function read(session: Session, table: TableName, { planFile, read }: SqitchOptions): Promise<HistoryState> {
  if (!(await hasTable(session, table, shape))) return stateOf(table, undefined);
  const { project } = readSqitchPlan(read(planFile) ?? '');
  // Earlier registries have no script_hash.
  const rows = await session.rows<Row>(
    `select c.change_id as id, c.change, pg_catalog.to_jsonb(c) ->> 'script_hash' as hash
      from ${quoted(table)} c where c.project = $1 and c.change_id is not null and c.change is not null order by c.committed_at`,
    [project?.name ?? ''],
  );
  return stateOf(table, { rows, version: await versionOf(session, { ...table, name: 'releases' }) });
}

async function versionOf(session: Session, releases: TableName): Promise<string> {
  if (!(await hasTable(session, releases, { ...shape, columns: { version: 'real' } }))) return '0';
  const [row] = await session.rows<{ version: string | null }>(
    `select pg_catalog.max(version)::text as version from ${quoted(releases)}`,
  );
  return row?.version ?? '0';
}

/** @param found undefined where there is no registry */
function stateOf(table: TableName, found: Reading | undefined): HistoryState {
  const rows = found?.rows ?? [];
  const hashes = new Map(rows.map(({ id, hash }) => [id, hash]));
  const isDeployed = ({ name: { id } }: Migration): boolean => id !== undefined && hashes.has(id);
  const newest = rows.at(-1);
  return {
    table: labelOf(table),
    exists: found !== undefined,
    applied: (migration) => (isDeployed(migration) ? 'applied' : 'pending'),
    edited: {
      has({ name: { id = '' } }, upText) {
        const hash = hashes.get(id);
        // A former sqitch put the id in its place.
        return hash !== undefined && hash !== null && hash !== id && hash !== scriptHash(upText);
      },
      effect: { says: 'The change reaches no database that has it, and `sqitch check` fails.', stops: false },
    },
    // One that was reworked since is of the same name.
    versions: [...new Set(rows.map(({ change }) => change))],
    ...(found && found.version !== registryVersion ? { blocked: otherVersion(table, found.version) } : {}),
    skipsOlder: false,
    refuses(migration) {
      if (!newest || isDeployed(migration) || Number(migration.name.order) >= rows.length) return undefined;
      return `sqitch refuses to go on: ${rows.length} changes are deployed, the last one is ${newest.change}, and ${migration.version}, which the plan has among its first ${rows.length}, is none of them as it stands there. A new change belongs at the end of the plan, and the lines of deployed ones stay as they are.`;
    },
    needsFiles: 'all',
  };
}

function otherVersion({ schema }: TableName, version: string): string {
  const isOlder = Number(version) < Number(registryVersion);
  const remedy = isOlder
    ? 'Run sqitch upgrade.'
    : `This version of Rehearsal writes version ${registryVersion}: run sqitch itself.`;
  return `The registry in the schema ${schema} is of version ${version}. ${remedy}`;
}
