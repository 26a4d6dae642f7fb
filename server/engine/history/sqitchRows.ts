/**
 * What sqitch writes into its registry, in its order and its transactions.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch/Role/DBIEngine.pm, Engine/pg.pm.
 */
import { Fault } from '../base/fault';
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import { scriptHash } from '../layouts/sqitchIds';
import type { SqitchChange } from '../layouts/sqitchPlan';
import { idOf } from './sqitchDependencies';
import type { SqitchStep } from './sqitchStep';
import { inTransaction } from './table';

/**
 * Only before the first change of a project.
 *
 * @throws {Fault} `history-moved` when another project has its name or its URI
 */
export async function registerProject(session: Session, { registry, project, user }: SqitchStep): Promise<void> {
  const { name, uri = null } = project;
  const schema = quoteIdentifier(registry);
  const [deployed] = await session.rows(`select from ${schema}.changes where project = $1 limit 1`, [name]);
  if (deployed) return;
  const [known] = await session.rows<{ project: string; uri: string | null }>(
    `select project, uri from ${schema}.projects where project = $1 or uri = $2 order by project <> $1 limit 1`,
    [name, uri],
  );
  if (known && known.project === name && known.uri === uri) return;
  if (known)
    throw new Fault(
      'history-moved',
      `The registry has a project ${known.project} with the URI ${known.uri ?? '(none)'}, and this one is ${name} with ${uri ?? '(none)'}.`,
    );
  await session.rows(
    `insert into ${schema}.projects (project, uri, creator_name, creator_email, created_at)
      values ($1, $2, $3, $4, pg_catalog.clock_timestamp())`,
    [name, uri, user.name, user.email],
  );
}

/** Tags that the plan has got for what is deployed already. */
export async function addTags(session: Session, step: SqitchStep): Promise<void> {
  if (!step.former) return;
  const schema = quoteIdentifier(step.registry);
  const [isThere] = await session.rows(`select from ${schema}.changes where change_id = $1`, [step.former.id]);
  if (isThere) await insertTags(session, step, step.former);
}

export async function recordDeploy(session: Session, step: SqitchStep): Promise<void> {
  const { registry, project, change, user, upText } = step;
  const schema = quoteIdentifier(registry);
  await inTransaction(session, async () => {
    await lockChanges(session, step);
    await session.rows(
      `insert into ${schema}.changes (change_id, script_hash, change, project, note, committer_name, committer_email,
          planned_at, planner_name, planner_email, committed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, pg_catalog.clock_timestamp())`,
      [
        change.id,
        scriptHash(upText),
        change.name,
        project.name,
        change.note,
        user.name,
        user.email,
        change.date,
        change.planner.name,
        change.planner.email,
      ],
    );
    for (const it of [...change.requires, ...change.conflicts])
      await session.rows(
        `insert into ${schema}.dependencies (change_id, type, dependency, dependency_id) values ($1, $2, $3, $4)`,
        it.conflicts
          ? [change.id, 'conflict', it.text, null]
          : [change.id, 'require', it.text, (await idOf(session, step, it)) ?? null],
      );
    await insertTags(session, step, change);
    const { tags, requires, conflicts } = change;
    await insertEvent(session, step, 'deploy', {
      tags: tags.map(({ name }) => `@${name}`),
      requires: requires.map(({ text }) => text),
      conflicts: conflicts.map(({ text }) => text),
    });
  });
}

export async function recordRevert(session: Session, step: SqitchStep): Promise<void> {
  const { registry, change } = step;
  const schema = quoteIdentifier(registry);
  await inTransaction(session, async () => {
    await lockChanges(session, step);
    const tags = await session.rows<{ tag: string }>(`delete from ${schema}.tags where change_id = $1 returning tag`, [
      change.id,
    ]);
    const found = await session.rows<{ type: string; dependency: string }>(
      `select type, dependency from ${schema}.dependencies where change_id = $1`,
      [change.id],
    );
    const ofType = (wanted: string) => found.flatMap(({ type, dependency }) => (type === wanted ? [dependency] : []));
    await session.rows(`delete from ${schema}.changes where change_id = $1`, [change.id]);
    await insertEvent(session, step, 'revert', {
      tags: tags.map(({ tag }) => tag),
      requires: ofType('require'),
      conflicts: ofType('conflict'),
    });
  });
}

/** A deploy script was refused. */
export function noteFailure(session: Session, step: SqitchStep): Promise<void> {
  const { tags, requires, conflicts } = step.change;
  return insertEvent(session, step, 'fail', {
    tags: tags.map(({ name }) => `@${name}`),
    requires: requires.map(({ text }) => text),
    conflicts: conflicts.map(({ text }) => text),
  });
}

/** Earlier versions of sqitch know no other lock. */
async function lockChanges(session: Session, { registry }: SqitchStep): Promise<void> {
  await session.rows(`lock table ${quoteIdentifier(registry)}.changes in exclusive mode`);
}

async function insertTags(
  session: Session,
  { registry, project, user }: SqitchStep,
  { id, tags }: SqitchChange,
): Promise<void> {
  const schema = quoteIdentifier(registry);
  for (const tag of tags)
    await session.rows(
      `insert into ${schema}.tags (tag_id, tag, project, change_id, note, committer_name, committer_email, planned_at,
          planner_name, planner_email, committed_at)
        select $1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9, $10, pg_catalog.clock_timestamp()
        where not exists (select from ${schema}.tags where tag_id = $1)`,
      [
        tag.id,
        `@${tag.name}`,
        project.name,
        id,
        tag.note,
        user.name,
        user.email,
        tag.date,
        tag.planner.name,
        tag.planner.email,
      ],
    );
}

interface EventLists {
  readonly tags: readonly string[];
  readonly requires: readonly string[];
  readonly conflicts: readonly string[];
}

async function insertEvent(
  session: Session,
  { registry, project, change, user }: SqitchStep,
  event: 'deploy' | 'revert' | 'fail',
  { tags, requires, conflicts }: EventLists,
): Promise<void> {
  await session.rows(
    `insert into ${quoteIdentifier(registry)}.events (event, change_id, change, project, note, tags, requires, conflicts,
        committer_name, committer_email, planned_at, planner_name, planner_email, committed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, pg_catalog.clock_timestamp())`,
    [
      event,
      change.id,
      change.name,
      project.name,
      change.note,
      tags,
      requires,
      conflicts,
      user.name,
      user.email,
      change.date,
      change.planner.name,
      change.planner.email,
    ],
  );
}
