/** What changes a database, through the engine's door: apply, revert, snapshot, restore. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { ApplyResult, Progress, Project } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { asAdmin, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { valueOf } from '../shadow/support';
import { briefly, checked, never, on, projectOf, withWorkspace, type Workspace } from './support';

const files = {
  'db/migrations/1_users.sql':
    '-- migrate:up\ncreate table users (id int primary key);\n-- migrate:down\ndrop table users;\n',
  'db/migrations/2_orders.sql':
    '-- migrate:up\ncreate table orders (id int primary key);\n-- migrate:down\ndrop table orders;\n',
};
const all = { which: 'all', snapshot: true, disconnect: false } as const;
const quiet = (): void => {};

const targets: Readonly<
  Record<string, (use: (workspace: Workspace, project: () => Promise<Project>) => Promise<void>) => Promise<void>>
> = {
  'an embedded target': (use) =>
    withWorkspace(files, (workspace) => {
      const engine = workspace.engine();
      return use(workspace, () => projectOf(engine));
    }),
  'a target on a server': (use) =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(files, async (workspace) => {
        const engine = workspace.engine({ target: on(url), shadow: 'same-server' });
        await use(workspace, () => projectOf(engine));
        await dropCopies(url);
      }),
    ),
};

/** Snapshots and what was replaced by them are databases of the server. */
async function dropCopies(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const server = await serverOf(servers.newest);
  await withSession(server.url('postgres'), async (session) => {
    const copies = await session.rows<{ name: string }>(
      `select datname as name from pg_database where not datistemplate and datname not in ('postgres', $1) and shobj_description(oid, 'pg_database') like '%' || $1 || '%'`,
      [name],
    );
    for (const copy of copies) await asAdmin(server, `drop database "${copy.name}" with (force)`);
  });
}

const statesOf = async (project: Project): Promise<string[]> =>
  (await project.status()).migrations.map(({ version, state }) => `${version} ${state}`);

function demandDone(result: ApplyResult): Extract<ApplyResult, { kind: 'done' }> {
  if (result.kind !== 'done') throw new Error(JSON.stringify(result));
  return result;
}

for (const [name, withTarget] of Object.entries(targets)) {
  describe(name, () => {
    it('is changed as it was rehearsed, with a snapshot before, and taken back by its down scripts', () =>
      withTarget(async (_, again) => {
        const project = await again();
        deepEqual(briefly(await checked(project)), []);
        const steps: Progress[] = [];
        const applied = demandDone(await project.apply(all, (step) => steps.push(step), never));
        deepEqual(applied.migrations, ['1', '2']);
        ok(steps.length > 2 && steps.some(({ cancellable }) => cancellable));
        deepEqual(
          (await project.snapshots()).map(({ id }) => id),
          [applied.snapshot],
        );
        deepEqual(await statesOf(project), ['1 applied', '2 applied']);
        deepEqual((await checked(project)).files, [], 'nothing is pending');
        equal((await project.apply(all, quiet, never)).kind, 'nothing');
        const reverted = demandDone(
          await project.revert({ versions: ['2'], snapshot: false, disconnect: false }, quiet, never),
        );
        deepEqual(reverted.migrations, ['2']);
        deepEqual(await statesOf(project), ['1 applied', '2 pending']);
        deepEqual(briefly(await checked(project)), [], 'the shadow follows the target');
      }));

    it('is put back by a snapshot, and what was replaced is kept', () =>
      withTarget(async (_, again) => {
        const project = await again();
        demandDone(await project.apply({ ...all, which: { only: '1' }, snapshot: false }, quiet, never));
        const taken = await project.snapshot({ reason: 'by hand', disconnect: false }, never);
        if (taken.kind !== 'taken') throw new Error(JSON.stringify(taken));
        demandDone(await project.apply({ ...all, snapshot: false }, quiet, never));
        const restored = await project.restore(taken.snapshot.id, { disconnect: false }, never);
        if (restored.kind !== 'restored') throw new Error(JSON.stringify(restored));
        deepEqual(await statesOf(project), ['1 applied', '2 pending']);
        deepEqual(briefly(await checked(project)), []);
        const swapped = await project.restore(restored.kept.id, { disconnect: false }, never);
        equal(swapped.kind, 'restored');
        deepEqual(await statesOf(project), ['1 applied', '2 applied']);
      }));

    it('is not reverted by a down script without statements, and no snapshot is taken for it', () =>
      withTarget(async ({ write, path }, again) => {
        const file = 'db/migrations/2_orders.sql';
        const up = '-- migrate:up\ncreate table orders (id int primary key);\n';
        const project = await again();
        demandDone(await project.apply({ ...all, snapshot: false }, quiet, never));
        const says = /cannot be reverted: the down script of 2 orders \(2_orders\.sql\) has no statement\. Write its/;
        for (const down of ['-- migrate:down\n', '-- migrate:down\n-- drop table orders;\n']) {
          write(file, up + down);
          const asked = project.revert({ versions: ['2'], snapshot: true, disconnect: false }, quiet, never);
          await rejects(asked, isFault('no-down', says));
        }
        rmSync(path(file));
        write(file, Buffer.from([0xff, 0xfe]));
        const asked = project.revert({ versions: ['2'], snapshot: true, disconnect: false }, quiet, never);
        await rejects(asked, isFault('not-readable', /UTF-8/));
        deepEqual(await project.snapshots(), []);
        deepEqual((await statesOf(project))[0], '1 applied');
      }));

    it('loses a snapshot that nobody wants any more, and no other', () =>
      withTarget(async (_, again) => {
        const project = await again();
        const take = async (): Promise<string> => {
          const taken = await project.snapshot({ reason: 'by hand', disconnect: false }, never);
          if (taken.kind !== 'taken') throw new Error(JSON.stringify(taken));
          return taken.snapshot.id;
        };
        const [first, second] = [await take(), await take()];
        await project.deleteSnapshot(second, { disconnect: false }, never);
        deepEqual(
          (await project.snapshots()).map(({ id }) => id),
          [first],
        );
        await rejects(project.deleteSnapshot(second, { disconnect: false }, never), { code: 'no-such-snapshot' });
      }));

    it('stops at the first error, and tells how it stands', () =>
      withTarget(async ({ write, path }, again) => {
        const wrong = '-- migrate:up\ncreate table t ();\nselect nope;\n-- migrate:down\n';
        write('db/migrations/2_orders.sql', wrong);
        const project = await again();
        const result = await project.apply(all, quiet, never);
        if (result.kind !== 'refused') throw new Error(JSON.stringify(result));
        const { version, finding, state, migrations } = result;
        deepEqual([version, migrations, finding.path], ['2', ['1'], path('db/migrations/2_orders.sql')]);
        equal(wrong.slice(finding.range.start, finding.range.end), 'nope');
        match(state, /1/);
        deepEqual(await statesOf(project), ['1 applied', '2 pending']);
      }));

    it('is not checked while it is changed, nor the other way round', () =>
      withTarget(async (_, again) => {
        const project = await again();
        const [first, applied, second] = await Promise.all([
          checked(project),
          project.apply(all, quiet, never),
          checked(project),
        ]);
        demandDone(applied);
        deepEqual([first.files.length, second.files.length], [2, 0]);
      }));
  });
}

describe('a target on another machine', () => {
  /** Every address of this machine; by its looks not a loopback one. */
  const remote = (url: string) => url.replace('127.0.0.1', '0.0.0.0');

  it('is changed only when its name was confirmed', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(files, async ({ engine }) => {
        const project = await projectOf(engine({ target: on(remote(url)), shadow: 'embedded' }));
        equal(project.target.local, false);
        const request = { ...all, snapshot: false } as const;
        for (const confirmedName of [undefined, 'another'])
          await rejects(
            project.apply({ ...request, ...(confirmedName === undefined ? {} : { confirmedName }) }, quiet, never),
            { code: 'remote-target' },
          );
        await rejects(project.restore('any', { disconnect: true }, never), { code: 'remote-target' });
        await rejects(project.deleteSnapshot('any', { disconnect: true }, never), { code: 'remote-target' });
        await withSession(url, async (session) =>
          equal(await valueOf(session, `select count(*)::int from pg_tables where schemaname = 'public'`), 0),
        );
        demandDone(await project.apply({ ...request, confirmedName: project.target.name }, quiet, never));
        await rejects(project.revert({ versions: ['2'], snapshot: false, disconnect: false }, quiet, never), {
          code: 'remote-target',
        });
        deepEqual(await statesOf(project), ['1 applied', '2 applied']);
      }),
    ));
});
