/** Shadows on a server that others use: named, owned, and gone when their process is. */
import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Base, emptyBase } from '../../server/engine/shadow/base';
import { shadowPrefix } from '../../server/engine/shadow/orphans';
import { noSetUp } from '../../server/engine/shadow/setUp';
import { asAdmin, servers, serverOf } from '../support/servers';
import { withSession } from '../support/session';
import { demand, never, refusalOf, shadowsOn, sharedPlace, valueOf, withRoles } from './support';

const dumpBase = (sql: string): Base => ({ kind: 'dump', sql, fingerprint: sql, setUp: noSetUp });

for (const major of [servers.oldest, servers.newest]) {
  describe(`shadows on a shared PostgreSQL ${major}`, () => {
    const onServer = async <T>(use: Parameters<typeof withSession<T>>[1]): Promise<T> =>
      withSession((await serverOf(major)).url('postgres'), use);

    it('have a name and a comment that say whose they are, and go when the place is closed', async () => {
      await withRoles(major, { maker: 'login createdb' }, async () => {
        const { place } = await sharedPlace(major, 'maker');
        equal(place.shared, true);
        const shadow = await place.fresh(emptyBase, never);
        const name = String(await valueOf(shadow.session, 'select current_database()'));
        ok(name.startsWith(`${shadowPrefix}${process.pid}_`), name);
        ok(name.length < 64);
        const comment = `select shobj_description(oid, 'pg_database') from pg_database where datname = '${name}'`;
        match(String(await onServer((it) => valueOf(it, comment))), new RegExp(`Rehearsal.*process ${process.pid} on`));
        await place.close();
        deepEqual(await onServer(shadowsOn), []);
      });
    });

    it('of dead processes of this machine are dropped at the start of the next place; others stay', async () => {
      await withRoles(major, { maker: 'login createdb' }, async (server) => {
        const dead = spawn(process.execPath, ['-e', '']);
        await once(dead, 'exit');
        const orphan = `${shadowPrefix}${dead.pid}_0a`;
        const stay = [`${shadowPrefix}${process.ppid}_0b`, 'rehearsal_shadow_00000000_1_0c', `${shadowPrefix}_x`];
        for (const name of [orphan, ...stay]) await asAdmin(server, `create database "${name}" owner maker`);
        const someoneElses = `${shadowPrefix}${dead.pid}_0d`;
        await asAdmin(server, `create database "${someoneElses}"`);
        const { place } = await sharedPlace(major, 'maker');
        deepEqual(await onServer(shadowsOn), [...stay, someoneElses].toSorted());
        await place.close();
        for (const name of [...stay, someoneElses]) await asAdmin(server, `drop database "${name}"`);
      });
    });

    it('need the right to create databases', async () => {
      await withRoles(major, { reader: '' }, async () => {
        await rejects(sharedPlace(major, 'reader'), (fault: Error) => {
          match(fault.message, /reader may not create databases/);
          return 'code' in fault && fault.code === 'no-right';
        });
      });
    });

    it('begin anew with the base each time', async () => {
      const { place } = await sharedPlace(major, 'postgres');
      const base = dumpBase('create table public.t (id int);');
      const first = await place.fresh(base, never);
      await demand(first.session, 'insert into t values (1)', 'drop table t', 'create table u ()');
      const second = await place.fresh(base, never);
      equal(await valueOf(second.session, 'select count(*)::int from t'), 0);
      equal(await refusalOf(second.session, 'select from u'), '42P01');
      const third = await place.fresh(dumpBase('create table public.v (id int);'), never);
      equal(await refusalOf(third.session, 'select from t'), '42P01');
      // One shadow and the template of the last base.
      equal((await onServer(shadowsOn)).length, 2);
      await place.close();
    });

    it('hold everything of a dump that is not refused, and say what was', async () => {
      const { place, log } = await sharedPlace(major, 'postgres');
      const statements = Array.from({ length: 120 }, (_, i) => `create table public.t${i} (id int)`);
      statements.splice(60, 0, 'alter table public.t3 owner to nobody_here', 'select public.nothing()');
      const shadow = await place.fresh(dumpBase(`${statements.join(';\n')};`), never);
      equal(await valueOf(shadow.session, `select count(*)::int from pg_tables where schemaname = 'public'`), 120);
      equal(log.length, 2);
      match(log[0] ?? '', /the shadow lacks: 42704 alter table public.t3/);
      await place.close();
    });

    it('leave out subscriptions, whose slots are those of the real ones', async () => {
      const { place } = await sharedPlace(major, 'postgres');
      const dump = `create table public.t (); create subscription s connection 'host=nowhere' publication p
        with (connect = false, slot_name = 's');`;
      const shadow = await place.fresh(dumpBase(dump), never);
      equal(await valueOf(shadow.session, 'select count(*)::int from pg_subscription'), 0);
      await place.close();
    });

    it('leave nothing when their making is cut off', async () => {
      const { place } = await sharedPlace(major, 'postgres');
      const cut = AbortSignal.abort(new Error('enough'));
      await rejects(place.fresh(dumpBase('create table t ();'), cut), { message: 'enough' });
      deepEqual(await onServer(shadowsOn), []);
      await place.close();
    });

    it('lend a copy of what is committed, and are as before when it is given back, or thrown back', async () => {
      const { place } = await sharedPlace(major, 'postgres');
      const shadow = await place.fresh(dumpBase('create table public.t (id int);'), never);
      await demand(shadow.session, 'insert into t values (1)');
      const name = await valueOf(shadow.session, 'select current_database()');
      const inside = await shadow.withCopy(async (copy) => {
        notEqual(await valueOf(copy, 'select current_database()'), name);
        equal(await valueOf(copy, 'select count(*)::int from t'), 1);
        await demand(copy, 'drop table t');
        return 'done';
      });
      equal(inside, 'done');
      equal(await valueOf(shadow.session, 'select count(*)::int from t'), 1);
      await rejects(
        shadow.withCopy(async (copy) => {
          await demand(copy, 'drop table t');
          throw new Error('on purpose');
        }),
        { message: 'on purpose' },
      );
      equal(await valueOf(shadow.session, 'select count(*)::int from t'), 1);
      equal((await onServer(shadowsOn)).length, 2);
      await place.close();
    });

    it('close quietly when somebody has dropped them', async () => {
      const { place } = await sharedPlace(major, 'postgres');
      await place.fresh(emptyBase, never);
      const server = await serverOf(major);
      for (const name of await onServer(shadowsOn)) await asAdmin(server, `drop database "${name}" with (force)`);
      await place.close();
    });
  });
}
