/** Shadows on a server of our own: they are what the target is, and nothing that a rehearsal does lasts. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { emptyBase, emptyLike } from '../../server/engine/shadow/base';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { asAdmin, servers, withDatabase } from '../support/servers';
import { baseOf, demand, never, privatePlace, refusalOf, shadowsOn, valueOf, withRoles } from './support';
import { withSession } from '../support/session';

/** As it is since 15. */
const closedPublic = 'revoke create on schema public from public';

for (const major of [servers.oldest, servers.newest]) {
  describe(`shadows on a PostgreSQL ${major} of our own`, () => {
    let place: ShadowPlace;
    let log: string[];
    before(async () => ({ place, log } = await privatePlace(major)));
    beforeEach(() => log.splice(0));
    after(() => place.close());

    const roles = { app: 'login createrole noinherit', team: 'nologin noinherit', boss: 'nologin bypassrls' };

    it('run as the user of the target, who may there what it may here', async () => {
      await withRoles(major, roles, (server) =>
        withDatabase(major, async (url) => {
          const name = new URL(url).pathname.slice(1);
          await withSession(url, (it) =>
            demand(
              it,
              'grant team to app with admin option',
              'create table open (id int)',
              'create table closed (id int)',
              'create table mine (id int)',
              'alter table mine owner to app',
              'grant select on open to app',
              'create schema s authorization team',
              closedPublic,
            ),
          );
          await asAdmin(server, `revoke temporary on database ${name} from public`);
          const { session } = await place.fresh(await baseOf(url, 'app'), never);
          equal(await valueOf(session, 'select current_user::text'), 'app');
          equal(await valueOf(session, 'select session_user::text'), 'app');
          await demand(session, 'select from open', 'alter table mine add column x int', 'set role team', 'reset role');
          equal(await refusalOf(session, 'select from closed'), '42501');
          equal(await refusalOf(session, 'insert into open values (1)'), '42501');
          equal(await refusalOf(session, 'create table s.t ()'), '42501');
          equal(await refusalOf(session, 'create schema more'), '42501');
          equal(await refusalOf(session, 'create temporary table t ()'), '42501');
          equal(await refusalOf(session, 'create table public.t ()'), '42501');
          equal(await refusalOf(session, 'set role boss'), '42501');
          equal(await refusalOf(session, 'create role x superuser'), '42501');
          await demand(session, 'create role made_here', 'grant team to made_here');
          deepEqual(log, []);
        }),
      );
    });

    it('have the settings that are in force when a tool connects, whoever has set them', async () => {
      await withRoles(major, { app: '' }, (server) =>
        withDatabase(major, async (url) => {
          const name = new URL(url).pathname.slice(1);
          await asAdmin(server, `alter database ${name} set search_path to "Odd,Name", public`);
          await asAdmin(server, `alter database ${name} set app.tenant to 'it''s'`);
          await asAdmin(server, `alter database ${name} set work_mem to '9MB'`);
          await asAdmin(server, `alter role app set datestyle to 'German'`);
          await asAdmin(server, `alter role app in database ${name} set statement_timeout to '1h'`);
          const shadow = await place.fresh(await baseOf(url, 'app'), never);
          const shown = async () => {
            const values = [];
            for (const it of ['search_path', 'app.tenant', 'datestyle', 'statement_timeout'])
              values.push(await valueOf(shadow.session, `select current_setting('${it}')`));
            return values.join(' | ');
          };
          equal(await shown(), `"Odd,Name", public | it's | German, DMY | 0`);
          await demand(shadow.session, `set search_path to pg_catalog`, `set app.tenant to 'x'`, 'reset all');
          equal(await shown(), `"Odd,Name", public | it's | German, DMY | 0`);
          deepEqual(log, []);
        }),
      );
    });

    it('are owned as the target is, with its rights and its schema public, or without', async () => {
      await withRoles(major, { app: '' }, (server) =>
        withDatabase(major, async (url) => {
          const name = new URL(url).pathname.slice(1);
          await asAdmin(server, `alter database ${name} owner to app`);
          const asOwner = await place.fresh(await baseOf(url, 'app'), never);
          await demand(asOwner.session, 'create table t ()', 'create schema s');
          await withSession(url, (it) => demand(it, 'alter schema public owner to postgres'));
          const asEver = await place.fresh(await baseOf(url, 'app'), never);
          equal(await refusalOf(asEver.session, 'create table t ()'), major < 15 ? undefined : '42501');
          await withSession(url, (it) => demand(it, closedPublic));
          const asGuest = await place.fresh(await baseOf(url, 'app'), never);
          equal(await refusalOf(asGuest.session, 'create table t ()'), '42501');
          await withSession(url, (it) => demand(it, 'drop schema public'));
          const without = await place.fresh(await baseOf(url, 'app'), never);
          equal(await refusalOf(without.session, 'create table t ()'), '3F000');
          const base = await baseOf(url, 'app');
          const replay = await place.fresh(base.kind === 'dump' ? emptyLike(base.setUp) : emptyBase, never);
          equal(await valueOf(replay.session, 'select current_user::text'), 'app');
          await demand(replay.session, 'create table t ()');
        }),
      );
    });

    it('forget the roles, memberships, databases and settings that a rehearsal has made or changed', async () => {
      await withRoles(major, roles, () =>
        withDatabase(major, async (url) => {
          await withSession(url, (it) =>
            demand(it, 'grant team to app', 'create table t ()', 'alter table t owner to boss'),
          );
          const base = await baseOf(url, 'postgres');
          const rolesOf = `select string_agg(concat_ws(' ', rolname, rolsuper, rolbypassrls, rolconfig), ', ' order by rolname)
             from pg_roles where rolname !~ '^pg_'`;
          const membersOf = `select string_agg(concat_ws(' ', roleid::regrole, member::regrole, admin_option), ', ' order by 1)
             from pg_auth_members where member::regrole::text !~ '^pg_'`;
          const first = await place.fresh(base, never);
          const before = [await valueOf(first.session, rolesOf), await valueOf(first.session, membersOf)];
          await demand(
            first.session,
            'create role made_here',
            'create table theirs ()',
            'alter table theirs owner to made_here',
            'grant made_here to app',
            'grant boss to app with admin option',
            'revoke team from app',
            'alter role app superuser',
            `alter role app set search_path to nowhere`,
            'alter table t owner to app',
            'drop role team',
            'create database made_here owner made_here',
            `alter system set work_mem to '1GB'`,
          );
          const { session } = await place.fresh(base, never);
          deepEqual(log, []);
          deepEqual([await valueOf(session, rolesOf), await valueOf(session, membersOf)], before);
          equal(await valueOf(session, `select count(*)::int from pg_database where datname = 'made_here'`), 0);
          equal(await valueOf(session, `select count(*)::int from pg_file_settings where name = 'work_mem'`), 0);
          deepEqual(log, []);
        }),
      );
    });

    it('lend copies in which all of that can be done, too', async () => {
      const shadow = await place.fresh(emptyBase, never);
      await demand(shadow.session, 'create role kept', 'create table t ()');
      for (let time = 1; time <= 2; time++)
        await shadow.withCopy((copy) =>
          demand(
            copy,
            'create role made_in_copy',
            'create database made_in_copy',
            'alter table t owner to kept',
            'alter role kept superuser',
          ),
        );
      const names = `select string_agg(rolname || rolsuper, ' ' order by rolname) from pg_roles where rolname !~ '^pg_'`;
      equal(await valueOf(shadow.session, names), 'keptfalse ourstrue');
      deepEqual(log, []);
    });

    it('can be copied and dropped with transactions prepared in them', async () => {
      const shadow = await place.fresh(emptyBase, never);
      await shadow.withCopy((copy) => demand(copy, 'begin', 'create table t ()', `prepare transaction 'one'`));
      await demand(shadow.session, 'begin', 'create table t ()', `prepare transaction 'two'`);
      await shadow.withCopy((copy) => demand(copy, 'select 1'));
      const next = await place.fresh(emptyBase, never);
      equal(await valueOf(next.session, 'select count(*)::int from pg_prepared_xacts'), 0);
      equal((await shadowsOn(next.session)).length, 2);
    });

    it('start over: nothing that a session holds is left', async () => {
      await withRoles(major, { app: '' }, () =>
        withDatabase(major, async (url) => {
          const shadow = await place.fresh(await baseOf(url, 'postgres'), never);
          const { session } = shadow;
          await demand(session, 'create temporary table tt ()', 'prepare p as select 1', 'select pg_advisory_lock(1)');
          await demand(session, 'listen x', 'set role app', `set search_path to ''`, 'set session authorization app');
          await shadow.startOver(session);
          equal(await valueOf(session, 'select current_user::text'), 'postgres');
          equal(await valueOf(session, `select current_setting('search_path')`), '"$user", public');
          equal(await valueOf(session, `select count(*)::int from pg_locks where locktype = 'advisory'`), 0);
          equal(await refusalOf(session, 'select from tt'), '42P01');
          equal(await refusalOf(session, 'execute p'), '26000');
        }),
      );
    });

    it('dump what is committed on them', async () => {
      const shadow = await place.fresh(emptyBase, never);
      await demand(shadow.session, 'create table t (id int)', 'begin', 'create table u (id int)');
      const text = await shadow.dump(never);
      ok(text.includes('CREATE TABLE public.t'));
      ok(!text.includes('public.u'));
    });

    it('are fit for the extensions of the binaries', async () => {
      await withDatabase(major, async (url) => {
        await withSession(url, (it) =>
          demand(it, 'create extension citext', 'create extension btree_gist', 'create table t (c citext)'),
        );
        const { session } = await place.fresh(await baseOf(url, 'postgres'), never);
        await demand(session, `insert into t values ('A')`, `select from t where c = 'a'`);
        deepEqual(log, []);
      });
    });
  });
}

describe('a server of our own that has died', () => {
  it('gives no new shadow, and closes all the same', async () => {
    const { place } = await privatePlace(servers.newest);
    const shadow = await place.fresh(emptyBase, never);
    await shadow.session.run(`copy (select 1) to program 'kill -9 $(head -1 postmaster.pid)'`).catch(() => undefined);
    const outcome = await place.fresh(emptyBase, never).catch((error: unknown) => error);
    ok(
      outcome instanceof Error && 'code' in outcome && ['no-server', 'connection-lost'].includes(String(outcome.code)),
      String(outcome),
    );
    await place.close();
  });
});
