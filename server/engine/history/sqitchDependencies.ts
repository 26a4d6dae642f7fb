/**
 * What a change needs to be deployed, and what keeps it from being reverted.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch/Engine.pm (check_deploy_dependencies, check_revert_dependencies),
 * Role/DBIEngine.pm (change_id_for, changes_requiring_change).
 */
import { Fault } from '../base/fault';
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import { findChange, type SqitchDependency } from '../layouts/sqitchPlan';
import type { SqitchStep } from './sqitchStep';

/** @throws {Fault} `blocked` when sqitch would refuse to deploy it */
export async function checkDependencies(session: Session, step: SqitchStep): Promise<void> {
  const { name, requires, conflicts } = step.change;
  for (const it of requires)
    if ((await idOf(session, step, it)) === undefined)
      throw new Fault('blocked', `${name} requires ${it.text}, which is not deployed.`);
  for (const it of conflicts)
    if ((await idOf(session, step, it)) !== undefined)
      throw new Fault('blocked', `${name} conflicts with ${it.text}, which is deployed.`);
}

/** @throws {Fault} `blocked` when changes of other projects need it */
export async function checkDependents(session: Session, { registry, change }: SqitchStep): Promise<void> {
  const schema = quoteIdentifier(registry);
  const [first] = await session.rows<{ project: string; change: string }>(
    `select c.project, c.change from ${schema}.dependencies d join ${schema}.changes c on c.change_id = d.change_id
      where d.dependency_id = $1 order by c.committed_at`,
    [change.id],
  );
  if (first)
    throw new Fault('blocked', `${change.name} is required by ${first.project}:${first.change}, which is deployed.`);
}

/** Of a change that is deployed; undefined when none is that the dependency means. */
export async function idOf(
  session: Session,
  { registry, project, plan }: SqitchStep,
  dependency: SqitchDependency,
): Promise<string | undefined> {
  const { change, tag, key, project: other } = dependency;
  const id = dependency.id ?? (other === undefined ? (findChange(plan, key)?.id ?? '') : undefined);
  const { sql, values } = queryFor({ id, project: other ?? project.name, change, tag });
  const schema = quoteIdentifier(registry);
  const [row] = await session.rows<{ id: string }>(sql.replaceAll(':registry', schema), values);
  return row?.id;
}

interface Wanted {
  readonly id: string | undefined;
  readonly project: string;
  readonly change: string | undefined;
  readonly tag: string | undefined;
}

interface Query {
  readonly sql: string;
  readonly values: readonly string[];
}

function queryFor({ id, project, change, tag }: Wanted): Query {
  const all = 'select change_id as id from :registry.changes where';
  if (id !== undefined) return { sql: `${all} change_id = $1`, values: [id] };
  const order = `order by committed_at ${tag === 'HEAD' ? 'desc' : 'asc'} limit 1`;
  if (change === undefined) {
    if (tag === 'HEAD' || tag === 'ROOT') return { sql: `${all} project = $1 ${order}`, values: [project] };
    const sql = 'select change_id as id from :registry.tags where project = $1 and tag = $2';
    return { sql, values: [project, `@${tag}`] };
  }
  if (tag === 'ROOT') return { sql: `${all} false`, values: [] };
  if (tag === undefined || tag === 'HEAD')
    return { sql: `${all} project = $1 and change = $2 ${order}`, values: [project, change] };
  const sql = `select c.change_id as id from :registry.changes c
    join :registry.tags t on c.committed_at <= t.committed_at and c.project = t.project
    where c.project = $1 and c.change = $2 and t.tag = $3 order by c.committed_at desc limit 1`;
  return { sql, values: [project, change, `@${tag}`] };
}
