/**
 * The registry that sqitch keeps in a schema of its own, as version 1.1 of it is made.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch/Engine/pg.sql, lib/App/Sqitch/Role/DBIEngine.pm.
 */
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import type { Person } from '../layouts/sqitchIds';
import { inTransaction, makeSchema } from './table';

/** Of the registry, as sqitch numbers it. */
export const registryVersion = '1.1';

/** Makes schema and tables, and notes by whom. */
export async function makeRegistry(session: Session, registry: string, by: Person): Promise<void> {
  const schema = quoteIdentifier(registry);
  await inTransaction(session, async () => {
    await makeSchema(session, registry);
    await session.rows(`comment on schema ${schema} is 'Sqitch database deployment metadata v1.1.'`);
    for (const { name, says, columns, rules } of tables) {
      const table = `${schema}.${name}`;
      const lines = [...columns.map((it) => `${it.name} ${it.type}`), ...rules];
      await session.rows(`create table ${table} (${lines.join(', ').replaceAll(':registry', schema)})`);
      await session.rows(`comment on table ${table} is ${quoteLiteral(says)}`);
      for (const column of columns)
        await session.rows(`comment on column ${table}.${column.name} is ${quoteLiteral(column.says)}`);
    }
  });
  await session.rows(
    `insert into ${schema}.releases (version, installed_at, installer_name, installer_email)
      values ($1::real, pg_catalog.clock_timestamp(), $2, $3)`,
    [registryVersion, by.name, by.email],
  );
}

interface Table {
  readonly name: string;
  readonly says: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly says: string }[];
  readonly rules: readonly string[];
}

const column = (name: string, type: string, says: string): Table['columns'][number] => ({ name, type, says });

const now = 'timestamptz not null default clock_timestamp()';
const project = 'text not null references :registry.projects(project) on update cascade';
const change = 'references :registry.changes(change_id) on update cascade';

/** Who has planned something, and when. */
const planned = (verb: string, what: string): Table['columns'] => [
  column('planned_at', 'timestamptz not null', `Date the ${what} was added to the plan.`),
  column('planner_name', 'text not null', `Name of the user who planed the ${verb}.`),
  column(
    'planner_email',
    'text not null',
    `Email address of the user who ${verb === what ? 'planned' : 'plan planned'} the ${verb}.`,
  ),
];

const tables: readonly Table[] = [
  {
    name: 'releases',
    says: 'Sqitch registry releases.',
    columns: [
      column('version', 'real primary key', 'Version of the Sqitch registry.'),
      column('installed_at', now, 'Date the registry release was installed.'),
      column('installer_name', 'text not null', 'Name of the user who installed the registry release.'),
      column('installer_email', 'text not null', 'Email address of the user who installed the registry release.'),
    ],
    rules: [],
  },
  {
    name: 'projects',
    says: 'Sqitch projects deployed to this database.',
    columns: [
      column('project', 'text primary key', 'Unique Name of a project.'),
      column('uri', 'text null unique', 'Optional project URI'),
      column('created_at', now, 'Date the project was added to the database.'),
      column('creator_name', 'text not null', 'Name of the user who added the project.'),
      column('creator_email', 'text not null', 'Email address of the user who added the project.'),
    ],
    rules: [],
  },
  {
    name: 'changes',
    says: 'Tracks the changes currently deployed to the database.',
    columns: [
      column('change_id', 'text primary key', 'Change primary key.'),
      column('script_hash', 'text null', 'Deploy script SHA-1 hash.'),
      column('change', 'text not null', 'Name of a deployed change.'),
      column('project', project, 'Name of the Sqitch project to which the change belongs.'),
      column('note', "text not null default ''", 'Description of the change.'),
      column('committed_at', now, 'Date the change was deployed.'),
      column('committer_name', 'text not null', 'Name of the user who deployed the change.'),
      column('committer_email', 'text not null', 'Email address of the user who deployed the change.'),
      ...planned('change', 'change'),
    ],
    rules: ['unique (project, script_hash)'],
  },
  {
    name: 'tags',
    says: 'Tracks the tags currently applied to the database.',
    columns: [
      column('tag_id', 'text primary key', 'Tag primary key.'),
      column('tag', 'text not null', 'Project-unique tag name.'),
      column('project', project, 'Name of the Sqitch project to which the tag belongs.'),
      column('change_id', `text not null ${change}`, 'ID of last change deployed before the tag was applied.'),
      column('note', "text not null default ''", 'Description of the tag.'),
      column('committed_at', now, 'Date the tag was applied to the database.'),
      column('committer_name', 'text not null', 'Name of the user who applied the tag.'),
      column('committer_email', 'text not null', 'Email address of the user who applied the tag.'),
      ...planned('tag', 'tag'),
    ],
    rules: ['unique (project, tag)'],
  },
  {
    name: 'dependencies',
    says: 'Tracks the currently satisfied dependencies.',
    columns: [
      column('change_id', `text not null ${change} on delete cascade`, 'ID of the depending change.'),
      column('type', 'text not null', 'Type of dependency.'),
      column('dependency', 'text not null', 'Dependency name.'),
      column(
        'dependency_id',
        `text null ${change} constraint dependencies_check check (
          (type = 'require' and dependency_id is not null) or (type = 'conflict' and dependency_id is null))`,
        'Change ID the dependency resolves to.',
      ),
    ],
    rules: ['primary key (change_id, dependency)'],
  },
  {
    name: 'events',
    says: 'Contains full history of all deployment events.',
    columns: [
      column(
        'event',
        "text not null constraint events_event_check check (event in ('deploy', 'revert', 'fail', 'merge'))",
        'Type of event.',
      ),
      column('change_id', 'text not null', 'Change ID.'),
      column('change', 'text not null', 'Change name.'),
      column('project', project, 'Name of the Sqitch project to which the change belongs.'),
      column('note', "text not null default ''", 'Description of the change.'),
      column('requires', "text[] not null default '{}'", 'Array of the names of required changes.'),
      column('conflicts', "text[] not null default '{}'", 'Array of the names of conflicting changes.'),
      column('tags', "text[] not null default '{}'", 'Tags associated with the change.'),
      column('committed_at', now, 'Date the event was committed.'),
      column('committer_name', 'text not null', 'Name of the user who committed the event.'),
      column('committer_email', 'text not null', 'Email address of the user who committed the event.'),
      ...planned('change', 'event'),
    ],
    rules: ['primary key (change_id, committed_at)'],
  },
];
