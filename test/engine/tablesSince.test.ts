/** What the migrations since a snapshot have to do with the rows of which tables, told by their files and the history. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { Project } from '../../server/engine/project';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { never, on, projectOf, withWorkspace, type Workspace } from './support';

const tables = ['altered', 'updated', 'emptied', 'done', 'indexed', 'referred', 'copied', 'free'];
const files = {
  'db/migrations/1_all.sql': `-- migrate:up
${tables.map((it) => `create table ${it} (id int primary key, value text);`).join('\n')}
-- migrate:down
${tables.map((it) => `drop table ${it};`).join('\n')}
`,
  'db/migrations/2_more.sql': `-- migrate:up
alter table altered add column extra int;
update updated set value = 'x';
truncate emptied;
do $$ begin insert into done values (7); end $$;
create index on indexed (value);
create table refers (id int references referred);
insert into updated select * from copied;
-- migrate:down
drop table refers;
`,
};
const consent = { disconnect: true };

describe('rows that were written since a snapshot', () => {
  it('are held back where a migration has a hand in them, whether it was applied or taken back since', () =>
    onServer(async ({ project, write, url }) => {
      await apply(project, '1');
      const id = await taken(project);
      await apply(project, '2');
      await write(url);
      const held = {
        'public.altered': 'it has been altered since the snapshot',
        'public.done': 'migration 2 has a hand in its rows',
        'public.emptied': 'migration 2 has a hand in its rows',
        'public.refers': 'it was made after the snapshot',
        'public.updated': 'migration 2 has a hand in its rows',
      };
      const free = ['public.copied', 'public.free', 'public.indexed', 'public.referred'];
      deepEqual(await toldOf(project, id), { held, free });

      const after = await taken(project);
      const reverted = await project.revert({ versions: ['2'], snapshot: false, ...consent }, () => undefined, never);
      equal(reverted.kind, 'done');
      await withSession(url, (session) => session.run(`update free set value = 'again'; delete from done`));
      const back = await toldOf(project, after);
      equal(back.held['public.done'], 'migration 2 has a hand in its rows');
      equal(back.held['public.refers'], 'it is there no more');
      deepEqual(back.free, ['public.free']);
    }));

  it('are all held back when the file of a migration since is gone', () =>
    onServer(async ({ project, again, workspace, write, url }) => {
      await apply(project, '1');
      const id = await taken(project);
      await apply(project, '2');
      await write(url);
      rmSync(workspace.path('db/migrations/2_more.sql'));
      const { held, free } = await toldOf(await again(), id);
      deepEqual(free, []);
      equal(held['public.free'], 'what 2 did to it is not known: there is no such file any more');
      ok(!('public.schema_migrations' in held));
    }));
});

interface Place {
  readonly project: Project;
  readonly again: () => Promise<Project>;
  readonly workspace: Workspace;
  readonly url: string;
  /** Another row in each of the first tables. */
  readonly write: (url: string) => Promise<void>;
}

async function onServer(use: (place: Place) => Promise<void>): Promise<void> {
  await withDatabase(servers.newest, (url) =>
    withWorkspace(files, async (workspace) => {
      const again = () => projectOf(workspace.engine({ target: on(url), shadow: 'same-server' }));
      const project = await again();
      const write = async (): Promise<void> => {
        const rows = tables.map((it) => `insert into ${it} (id) values (100)`).join(';');
        await withSession(url, (session) => session.run(rows));
      };
      try {
        await use({ project, again, workspace, url, write });
      } finally {
        const last = await again();
        for (const { id } of await last.snapshots()) await last.deleteSnapshot(id, consent, never);
      }
    }),
  );
}

async function apply(project: Project, version: string): Promise<void> {
  const which = { upTo: version };
  const result = await project.apply({ which, snapshot: false, ...consent }, () => undefined, never);
  equal(result.kind, 'done', JSON.stringify(result));
}

async function taken(project: Project): Promise<string> {
  const result = await project.snapshot({ reason: 'by hand', ...consent }, never);
  if (result.kind !== 'taken') throw new Error(result.sessions.join('; '));
  return result.snapshot.id;
}

async function toldOf(project: Project, id: string) {
  const since = await project.tablesSince(id, never);
  const held = Object.fromEntries(since.flatMap((it) => (it.obstacle === undefined ? [] : [[it.table, it.obstacle]])));
  return { held, free: since.filter((it) => it.obstacle === undefined).map(({ table }) => table) };
}
