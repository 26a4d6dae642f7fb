/** Named targets: where they are configured, what is only ever read, and what production asks for. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import type { EngineOptions, Project } from '../../server/engine/project';
import { environmentTarget } from '../../server/engine/projects/environments';
import { diskFiles } from '../../server/world';
import { isFault } from '../support/faults';
import { binariesOf, type Major, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { checked, defaults, never, withWorkspace, type Workspace } from './support';

const up = (sql: string, down = ''): string => `-- migrate:up\n${sql}\n-- migrate:down\n${down}\n`;

const files = {
  'db/migrations/1_users.sql': up('create table users (id int primary key);', 'drop table users;'),
  'db/migrations/2_orders.sql': up('create table orders (id int primary key);', 'drop table orders;'),
};
const listed = (environments: object): Record<string, string> => ({
  '.rehearsal/environments.json': JSON.stringify(environments),
});
const all = { which: 'all', snapshot: false, disconnect: false } as const;
const quiet = (): void => {};

async function one(workspace: Workspace, name: string, options: Partial<EngineOptions> = {}): Promise<Project> {
  const [project, ...others] = await workspace.engine(options).projects(name);
  if (!project || others.length > 0) throw new Error('there is not one project');
  return project;
}

const namesOf = (project: Project): string[] => project.environments().map(({ name, source }) => `${name} ${source}`);

describe('environments', () => {
  it('are those of the setting and of the files in the repository, the nearer one first', () =>
    withWorkspace(
      {
        ...files,
        ...listed({
          staging: { variable: 'STAGING', role: 'staging' },
          live: { variable: 'LIVE', role: 'production' },
        }),
        'db/.rehearsal/environments.json': JSON.stringify({ live: { variable: 'NEAR', role: 'production' } }),
      },
      async (workspace) => {
        const environments = { staging: { variable: 'MINE', role: 'staging', readOnly: true } };
        const [project] = await workspace.engine({ environments }).projects();
        deepEqual(project && namesOf(project), ['staging rehearsal.environments', 'live .rehearsal/environments.json']);
        equal(project?.target.environment, undefined, 'the target of the editor stays what it is');
        const live = await one(workspace, 'live', { environments });
        await rejects(live.status(), isFault('bad-connection-settings', /variable NEAR .* is not set/));
      },
    ));

  for (const [what, environments, why] of [
    ['a password', { a: { connection: 'postgres://me:hush@db/shop', role: 'staging' } }, /holds a password/],
    ['a password as key', { a: { connection: 'host=db password=hush', role: 'staging' } }, /holds a password/],
    [
      'no role',
      { a: { connection: 'postgres://me@db/shop' } },
      /role has to be one of development, staging, production/,
    ],
    ['a misspelt key', { a: { conection: 'x', role: 'staging' } }, /there is no "conection"/],
    ['neither connection nor variable', { a: { role: 'staging' } }, /either "connection"/],
    ['a name of many lines', { 'a\nb': { variable: 'A', role: 'staging' } }, /its name has to begin/],
    ['a name of all objects', { constructor: { variable: 'A', role: 'staging' } }, /its name has to begin/],
    ['a list', [1], /has to be an object of environments/],
  ] as const)
    it(`with ${what} are refused, without a word of it`, () =>
      withWorkspace({ ...files, ...listed(environments) }, async (workspace) => {
        const project = await one(workspace, 'a');
        await rejects(project.status(), (error: Error) => {
          match(error.message, why);
          equal(error.message.includes('hush'), false);
          return isFault('bad-environments')(error);
        });
      }));

  it('of an unknown name are refused with the one that was meant', () =>
    withWorkspace({ ...files, ...listed({ staging: { variable: 'S', role: 'staging' } }) }, async (workspace) => {
      await rejects((await one(workspace, 'stagin')).status(), isFault('no-such-environment', /staging/));
    }));

  it('get their connection from .env, and their password from the keychain', () =>
    withDatabase(servers.newest, (url) => {
      const { username, password, host, pathname } = new URL(url);
      const bare = `postgres://${username}@${host}${pathname}`;
      return withWorkspace(
        {
          ...files,
          '.env': `STAGING_URL=${url}\n`,
          ...listed({
            staging: { variable: 'STAGING_URL', role: 'staging' },
            other: { connection: bare, role: 'development' },
          }),
        },
        async (workspace) => {
          const staging = await one(workspace, 'staging');
          equal(staging.target.label, `${pathname.slice(1)}@${host}`);
          deepEqual(staging.target.environment?.role, 'staging');
          equal((await staging.status()).migrations.length, 2);
          const { id } = (await one(workspace, 'other')).target;
          const at = (login: string) => one(workspace, 'other', { environmentPasswords: { [login]: password } });
          equal((await (await at(id)).status()).migrations.length, 2);
          await rejects(
            (await at(id.replace('@', '@elsewhere.'))).status(),
            isFault('wrong-password', /none is known/),
          );
        },
      );
    }));
});

describe('a rehearsal for production', () => {
  it('is told although it cannot be kept, and is no rehearsal for an apply then', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(files, async (workspace) => {
        const replace = (path: string): never => {
          throw new Fault('disk-full', `${path}.`);
        };
        const world = { environment: { LIVE: url }, disk: { ...diskFiles, replace } };
        const environments = { live: { variable: 'LIVE', role: 'production' } };
        const [project] = await workspace.engine({ environments, shadow: 'embedded' }, world).projects('live');
        if (!project) throw new Error('there is no project');
        equal((await checked(project)).files.length, 2);
        match(workspace.log.join('\n'), /rehearsed: The disk is full/);
        const request = { ...all, confirmedName: project.target.name };
        await rejects(project.apply(request, quiet, never), isFault('not-rehearsed', /were not rehearsed/));
      }),
    ));
});

for (const major of [servers.oldest, servers.newest])
  describe(`an environment on PostgreSQL ${major}`, () => {
    it('that is only read is the same after everything that changes one was tried', () =>
      withDatabase(major, (url) =>
        withWorkspace(files, async (workspace) => {
          const writable = { a: { variable: 'A', role: 'development' } };
          const world = { environment: { A: url } };
          const [project] = await workspace.engine({ environments: writable, shadow: 'embedded' }, world).projects('a');
          await project?.apply({ ...all, which: { upTo: '1' } }, quiet, never);
          const was = await everythingOf(url, major);
          const environments = { a: { variable: 'A', role: 'staging', readOnly: true } };
          const engine = workspace.engine({ environments, shadow: 'embedded' }, world);
          const [it] = await engine.projects('a');
          if (!it) throw new Error('there is no project');
          const confirmedName = it.target.name;
          const consent = { disconnect: true, confirmedName };
          const statements = ['delete from schema_migrations'];
          for (const change of [
            () => it.apply({ ...all, ...consent }, quiet, never),
            () => it.apply({ ...all, ...consent, snapshot: true }, quiet, never),
            () => it.revert({ versions: ['1'], snapshot: false, ...consent }, quiet, never),
            () => it.repair({ statements }, consent, never),
            () => it.snapshot({ reason: 'a test', ...consent }, never),
            () => it.restore('any', consent, never),
            () => it.deleteSnapshot('any', consent, never),
            () => it.markSnapshot('any', { pinned: true }, consent, never),
            () => it.restoreTables('any', ['public.users'], consent, never),
            () => it.trial({ which: 'all', from: 'dump', afterwards: 'drop', ...consent }, quiet, never),
            () => it.trial({ which: 'all', from: 'copy', afterwards: 'swap', ...consent }, quiet, never),
            () => it.switchBranch(consent, never),
            () => it.deleteTrial('any', consent, never),
            () => it.recordApplied(workspace.path('db/migrations/2_orders.sql'), consent, never),
            () => it.undoDrift({ ids: [], text: '', snapshot: false, ...consent }, quiet, never),
          ])
            await rejects(change(), isFault('read-only-target'));
          // What only reads works.
          deepEqual((await checked(it)).findings, []);
          deepEqual(await it.snapshots(), []);
          equal((await it.preview('pending', never)).changes.length > 0, true);
          deepEqual(await everythingOf(url, major), was);
        }),
      ));

    it('that is only read gives sessions that only read, and never a place for a shadow', () =>
      withDatabase(major, (url) =>
        withWorkspace(files, async (workspace) => {
          const environments = { a: { variable: 'A', role: 'staging', readOnly: true } };
          const world = { ...workspace.world, environment: { A: url } };
          const options = { ...defaults, roots: [workspace.root], environments };
          const target = environmentTarget(workspace.path('db/migrations'), 'a', options, world, {});
          await rejects(target.database.open('write'), isFault('read-only-target'));
          for (const database of [target.database, ...(target.kind === 'server' ? [target.sibling('postgres')] : [])]) {
            await rejects(database.open('write'), isFault('read-only-target'));
            const session = await database.open('read');
            const answer = await session.run('create table written ()');
            equal(answer.kind === 'refused' && answer.refusal.sqlState, '25006');
            await session.close();
          }
          const wished = await one({ ...workspace, engine: (it) => workspace.engine(it, world) }, 'a', {
            environments,
            shadow: 'same-server',
          });
          await rejects(checked(wished), isFault('no-shadow', /only ever read/));
        }),
      ));

    it('in production is changed only by what was rehearsed for it just before, and by its name', () =>
      withDatabase(major, (url) =>
        withWorkspace(files, async (workspace) => {
          const environments = { live: { variable: 'LIVE', role: 'production' } };
          let now = new Date();
          const world = { environment: { LIVE: url }, now: () => now };
          const options = { environments, binaries: [binariesOf(major)] };
          const engine = workspace.engine(options, world);
          const project = async (): Promise<Project> => {
            const [found] = await engine.projects('live');
            if (!found) throw new Error('there is no project');
            return found;
          };
          const confirmedName = (await project()).target.name;
          const apply = async (which: { upTo: string } | { only: string } | 'all') =>
            (await project()).apply({ ...all, which, confirmedName }, quiet, never);
          const refused = (why: RegExp) => isFault('not-rehearsed', why);

          await rejects(apply('all'), refused(/were not rehearsed/));
          await checked(await project());
          await rejects((await project()).apply(all, quiet, never), isFault('production-target'));
          await rejects(apply({ only: '2' }), refused(/2 was not rehearsed in this order/));
          workspace.write('db/migrations/2_orders.sql', up('create table orders (id bigint primary key);'));
          await rejects(apply('all'), refused(/2 is not what was rehearsed/));
          const then = now;
          now = new Date(then.getTime() - 61 * 60_000);
          await rejects(apply({ upTo: '1' }), refused(/the clock was set back/));
          now = new Date(then.getTime() + 61 * 60_000);
          await rejects(apply({ upTo: '1' }), refused(/more than 60 minutes ago/));
          await checked(await project());
          await withSession(url, (session) => session.run('create table made_by_hand ()'));
          await rejects(apply({ upTo: '1' }), refused(/schema is another one/));
          await checked(await project());
          equal((await apply({ upTo: '1' })).kind, 'done');
          workspace.write('db/migrations/2_orders.sql', up('create table users ();'));
          await checked(await project());
          await rejects(apply('all'), refused(/2 was refused/));
          workspace.write('db/migrations/2_orders.sql', up('create table orders ();', 'drop table orders;'));
          await rejects(apply('all'), refused(/2 is not what was rehearsed/));
          const wanted = { which: 'all', from: 'dump', afterwards: 'drop', disconnect: false, confirmedName } as const;
          equal((await (await project()).trial(wanted, quiet, never)).kind, 'tried');
          equal((await apply('all')).kind, 'done');
        }),
      ));
  });

/** The schema, the rows of the history, and the databases of the server. */
async function everythingOf(url: string, major: Major): Promise<unknown> {
  const name = new URL(url).pathname.slice(1);
  const query = `select c.relname::text as name, pg_relation_filenode(c.oid) as node, c.xmin::text as version
    from pg_class c where c.relnamespace = 'public'::regnamespace order by 1`;
  const objects = await withSession(url, (session) => session.rows(query));
  const history = await withSession(url, (session) =>
    session.rows('select version, xmin::text from schema_migrations'),
  );
  const server = await serverOf(major);
  const databases = await withSession(server.url('postgres'), (session) =>
    session.rows('select datname::text as name, datname = $1 as own from pg_database order by 1', [name]),
  );
  return { objects, history, databases };
}
