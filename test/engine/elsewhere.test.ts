/** Others change the target: it is noticed, at next to no cost, and nobody is in anybody's way. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { Allowance } from '../../server/engine/projects/allowance';
import type { Project } from '../../server/engine/project';
import { withClient, withConnection } from '../support/client';
import { startMortal } from '../support/mortal';
import { asAdmin, serverOf, servers, withDatabase } from '../support/servers';
import { never, on, projectOf, withWorkspace } from './support';

const migrations = { 'db/migrations/1_users.sql': '-- migrate:up\ncreate table users ();\n-- migrate:down\n' };

const withProject = (url: string, use: (project: Project, log: readonly string[]) => Promise<void>): Promise<void> =>
  withWorkspace(migrations, async ({ engine, log }) => {
    const project = await projectOf(engine({ target: on(url), shadow: 'embedded' }));
    await project.status();
    await use(project, log);
  });

/** Databases in which there are sessions of ours. */
const whereWeAre = (url: string) =>
  withClient(url, async (query) =>
    (await query(`select datname from pg_stat_activity where application_name = 'rehearsal'`)).map(
      ({ datname }) => datname,
    ),
  );

for (const major of Object.values(servers))
  describe(`a target that others change, PostgreSQL ${major}`, () => {
    it('is looked at from beside it, so that others can copy and drop it at once', () =>
      withDatabase(major, (url) =>
        withProject(url, async (project) => {
          const name = new URL(url).pathname.slice(1);
          const server = await serverOf(major);
          equal(await project.refreshIfMoved('passing'), 'same');
          deepEqual(await whereWeAre(server.url('template1')), ['postgres']);
          await asAdmin(server, `create database ${name}_copy template ${name}`);
          await asAdmin(server, `drop database ${name}_copy`);
          await asAdmin(server, `drop database ${name}`);
          equal(await project.refreshIfMoved('passing'), 'moved');
        }),
      ));

    it('is not connected to while nothing happens', () =>
      withDatabase(major, (url) =>
        withProject(url, async (project) => {
          const server = await serverOf(major);
          const sessions = () =>
            withClient(server.url('postgres'), async (query) => {
              const [row] = await query('select sessions from pg_stat_database where datname = $1', [
                new URL(url).pathname.slice(1),
              ]);
              return row?.['sessions'];
            });
          equal(await project.refreshIfMoved('passing'), 'same');
          const before = await sessions();
          for (let i = 0; i < 20; i++) equal(await project.refreshIfMoved('passing'), 'same');
          equal(await sessions(), before);
        }),
      ));

    it('has changed when a transaction ends that is older than others which are over', () =>
      withDatabase(major, (url) =>
        withProject(url, (project) =>
          withConnection(url, async (slow) => {
            await slow.query('begin; create table slow ()');
            await withClient(url, (query) => query('select pg_current_xact_id()'));
            equal(await project.refreshIfMoved('passing'), 'same');
            await slow.query('commit');
            equal(await project.refreshIfMoved('passing'), 'moved');
          }),
        ),
      ));

    it('tells who comes back that rows may be others, also after a look in passing, and once', () =>
      withDatabase(major, async (url) => {
        await withClient(url, (query) => query('create table t (a int)'));
        await withProject(url, async (project) => {
          equal(await project.refreshIfMoved('asked'), 'same');
          await withClient(url, (query) => query('insert into t values (1)'));
          equal(await project.refreshIfMoved('passing'), 'same');
          equal(await project.refreshIfMoved('asked'), 'rows');
          equal(await project.refreshIfMoved('asked'), 'same');
          await withClient(url, (query) => query('truncate t'));
          equal(await project.refreshIfMoved('asked'), 'moved', 'TRUNCATE writes the catalogs');
        });
      }));

    it('is looked at itself where the database beside it is closed to us', () =>
      withDatabase(major, async (url) => {
        const server = await serverOf(major);
        const name = new URL(url).pathname.slice(1);
        await asAdmin(server, `create role guest login password 'x'; revoke connect on database postgres from public`);
        try {
          const guest = new URL(url);
          [guest.username, guest.password] = ['guest', 'x'];
          await withProject(guest.href, async (project) => {
            equal(await project.refreshIfMoved('passing'), 'same');
            deepEqual(await whereWeAre(url), []);
            await withClient(url, (query) => query('create table t ()'));
            equal(await project.refreshIfMoved('passing'), 'moved');
          });
        } finally {
          await asAdmin(server, `grant connect on database postgres to public`);
          await asAdmin(server, `revoke all on database ${name} from guest; drop role guest`);
        }
      }));
  });

describe('a target whose server dies', () => {
  it('is missed once, and looked at again when it is back', async () => {
    const server = await startMortal(servers.newest);
    try {
      const url = await server.create();
      await withProject(url, async (project, log) => {
        equal(await project.refreshIfMoved('passing'), 'same');
        const before = log.length;
        await server.die('SIGQUIT');
        for (let i = 0; i < 3; i++) equal(await project.refreshIfMoved('passing'), 'silent');
        equal(log.length, before + 1, log.join('\n'));
        match(log.at(-1) ?? '', /could not be looked at/);
        await server.revive();
        equal(await project.refreshIfMoved('passing'), 'same');
        match(log.at(-1) ?? '', /answers again/);
        await withClient(url, (query) => query('create table t ()'));
        equal(await project.refreshIfMoved('passing'), 'moved');
      });
    } finally {
      await server.stop();
    }
  });

  it('is looked at again when it was not there in the first place', async () => {
    const server = await startMortal(servers.newest);
    try {
      const url = await server.create();
      await server.die('SIGQUIT');
      await withWorkspace(migrations, async ({ engine }) => {
        const project = await projectOf(engine({ target: on(url), shadow: 'embedded' }));
        equal(await project.refreshIfMoved('passing'), 'same', 'nobody has asked about it');
        await project.status().catch(() => undefined);
        equal(await project.refreshIfMoved('passing'), 'silent');
        await server.revive();
        equal(await project.refreshIfMoved('passing'), 'moved');
        equal(await project.refreshIfMoved('passing'), 'same');
      });
    } finally {
      await server.stop();
    }
  });
});

describe('a target that is the database of the looks itself', () => {
  it('is left before it is copied', async () => {
    const server = await startMortal(servers.newest);
    try {
      await withProject(server.url('postgres'), async (project) => {
        equal(await project.refreshIfMoved('passing'), 'same');
        const taken = await project.snapshot({ reason: 'by hand', disconnect: false }, never);
        equal(taken.kind === 'taken' && taken.snapshot.kind, 'copy');
      });
    } finally {
      await server.stop();
    }
  });
});

it('an allowance is a share of the time that is saved up to a limit', () => {
  let now = 0;
  const allowance = new Allowance(0.01, 1_000, () => now);
  equal(allowance.left, 1_000);
  allowance.spend(1_500);
  ok(allowance.left < 0);
  now += 60_000;
  equal(allowance.left, 100);
  now += 600_000;
  equal(allowance.left, 1_000);
});
