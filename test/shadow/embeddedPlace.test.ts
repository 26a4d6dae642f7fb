/** Shadows in the embedded engine. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { embeddedDatabase } from '../../server/engine/database/embedded';
import { type Base, emptyBase, emptyLike, fileBase } from '../../server/engine/shadow/base';
import { embeddedPlace, embeddedVersion } from '../../server/engine/shadow/embeddedPlace';
import { noSetUp } from '../../server/engine/shadow/setUp';
import { withFolder } from '../support/files';
import { assets } from '../support/places';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { baseOf, demand, never, refusalOf, valueOf, withRoles } from './support';

describe('shadows in the embedded engine', () => {
  const log: string[] = [];
  const place = embeddedPlace({ assets, log: (line) => log.push(line) });
  beforeEach(() => log.splice(0));
  after(() => place.close());

  it('say the version before they are there', async () => {
    const { session } = await place.fresh(emptyBase, never);
    equal(await valueOf(session, `select current_setting('server_version')`), embeddedVersion);
    equal(place.serverVersion, embeddedVersion);
    ok(place.label.includes(embeddedVersion));
  });

  it('begin anew each time', async () => {
    const first = await place.fresh(emptyBase, never);
    await demand(first.session, 'create table t ()', 'create role r', 'set search_path to nowhere', 'begin');
    const second = await place.fresh(emptyBase, never);
    equal(await refusalOf(second.session, 'select from t'), '42P01');
    equal(await valueOf(second.session, `select count(*)::int from pg_roles where rolname = 'r'`), 0);
    equal(second.session.transaction, 'idle');
  });

  it('hold a file of the engine, with its rows, and leave it alone', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'database');
      const database = embeddedDatabase({ file, assets, label: 'test', name: 'test' });
      const session = await database.open('write');
      await demand(session, 'create table t (id int)', 'insert into t values (1), (2)');
      await session.close();
      const shadow = await place.fresh(fileBase(file, '1'), never);
      equal(await valueOf(shadow.session, 'select count(*)::int from t'), 2);
      await demand(shadow.session, 'delete from t');
      const again = await place.fresh(fileBase(file, '1'), never);
      equal(await valueOf(again.session, 'select count(*)::int from t'), 2);
      const kept = await database.open('read');
      equal(await valueOf(kept, 'select count(*)::int from t'), 2);
      await kept.close();
    });
  });

  it('hold the schema of a server, of an older version too, with its roles, rights and settings', async () => {
    for (const major of [servers.oldest, servers.newest])
      await withRoles(major, { app: '', team: 'nologin' }, () =>
        withDatabase(major, async (url) => {
          const name = new URL(url).pathname.slice(1);
          await withSession(url, (it) =>
            demand(
              it,
              'create schema s authorization app',
              'create table s.mine (id int primary key)',
              'alter table s.mine owner to app',
              'create table closed ()',
              'grant team to app',
              `alter database ${name} set search_path to s, public`,
              `alter role app set datestyle to 'German'`,
            ),
          );
          const shadow = await place.fresh(await baseOf(url, 'app'), never);
          deepEqual(log, []);
          const { session } = shadow;
          const shown = async () =>
            valueOf(
              session,
              `select concat_ws(' | ', current_user, current_setting('search_path'), current_setting('datestyle'))`,
            );
          equal(await shown(), 'app | s, public | German, DMY');
          await demand(session, 'alter table mine add column x int', 'set role team', `set search_path to ''`);
          equal(await refusalOf(session, 'select from public.closed'), '42501');
          await shadow.startOver(session);
          equal(await shown(), 'app | s, public | German, DMY');
          await shadow.withCopy(async () => equal(await shown(), 'app | s, public | German, DMY'));
          equal(await shown(), 'app | s, public | German, DMY');
        }),
      );
  });

  it('say what they lack', async () => {
    const base: Base = {
      kind: 'dump',
      sql: 'create extension postgis; create table public.t ();',
      fingerprint: 'x',
      setUp: noSetUp,
    };
    const { session } = await place.fresh(base, never);
    await demand(session, 'select from t');
    match(log.join(), /the shadow lacks: 0A000 create extension postgis/);
  });

  it('lend a copy, and are as before when it is given back, or thrown back', async () => {
    const shadow = await place.fresh(emptyBase, never);
    await demand(shadow.session, 'create table t (id int)', 'insert into t values (1)');
    for (const end of ['given', 'thrown']) {
      const lent = shadow.withCopy(async (copy) => {
        equal(await valueOf(copy, 'select count(*)::int from t'), 1);
        await demand(copy, 'drop table t', 'create role made_in_copy', 'begin');
        if (end === 'thrown') throw new Error('on purpose');
      });
      if (end === 'thrown') await rejects(lent, { message: 'on purpose' });
      else await lent;
      equal(await valueOf(shadow.session, 'select count(*)::int from t'), 1);
      equal(await valueOf(shadow.session, `select count(*)::int from pg_roles where rolname = 'made_in_copy'`), 0);
    }
  });

  it('are made anew when the engine was ended', async () => {
    const shadow = await place.fresh(emptyBase, never);
    const answer = await shadow.session.run('select pg_sleep(600)', { timeoutMs: 50 });
    equal(answer.kind, 'refused');
    ok(shadow.session.lost);
    const next = await place.fresh(emptyBase, never);
    await demand(next.session, 'select 1');
    await next.withCopy(async (copy) => {
      await copy.run('select pg_sleep(600)', { timeoutMs: 50 });
    });
    ok(next.session.lost);
    await demand((await place.fresh(emptyBase, never)).session, 'select 1');
  });

  it('are cut off while they are filled, and come when asked for again', async () => {
    const base: Base = { kind: 'dump', sql: 'create table public.t ();', fingerprint: 'cut', setUp: noSetUp };
    await rejects(place.fresh(base, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
    await demand((await place.fresh(base, never)).session, 'select from t');
  });

  it('leave no engine behind when one is asked for while another one is being prepared', async () => {
    const other = embeddedPlace({ assets, log: () => {} });
    const engines = () => process.getActiveResourcesInfo().filter((it) => it === 'MessagePort').length;
    const before = engines();
    await Promise.all([
      other.fresh(emptyBase, never),
      other.fresh(emptyLike({ ...noSetUp, roles: { roles: [{ name: 'app', rights: '' }], memberships: [] } }), never),
    ]);
    await other.close();
    equal(engines(), before);
  });

  it('dump what is committed', async () => {
    const shadow = await place.fresh(emptyBase, never);
    await demand(shadow.session, 'create table t (id int)');
    ok((await shadow.dump(never)).includes('CREATE TABLE public.t'));
    await demand(shadow.session, 'select 1');
  });
});
