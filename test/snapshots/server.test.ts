/** Snapshots on a real server, oldest and newest: taken, listed, put back, and what is carried along. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../server/engine/base/fault';
import type { Snapshot } from '../../server/engine/project';
import { withMaintenance } from '../../server/engine/snapshots/maintenance';
import { dropSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const alone = { reason: 'by hand', version: '42', disconnect: false };

async function taken({ target, around }: Place, order = alone): Promise<Snapshot> {
  const result = await takeSnapshot(target, order, around);
  if (result.kind !== 'taken') throw new Error(`busy: ${result.sessions.join(', ')}`);
  return result.snapshot;
}

for (const major of Object.values(servers)) {
  describe(`snapshots on PostgreSQL ${major}`, () => {
    it('a copy is taken, listed and put back, and what it replaces is kept', () =>
      withPlace(major, async (place) => {
        const { target, around, sql } = place;
        await sql('create table item (id int); insert into item values (1)');
        const snapshot = await taken(place);
        equal(snapshot.kind, 'copy');
        equal(snapshot.version, '42');
        ok(snapshot.bytes > 1_000_000);
        await sql('insert into item values (2)');

        const done = await restoreSnapshot(target, snapshot.id, { version: '43', disconnect: false }, around);
        if (done.kind !== 'restored') throw new Error('nobody was there');
        deepEqual(await sql('select id from item'), [{ id: 1 }]);
        deepEqual(
          (await listSnapshots(target, around)).map(({ id, version }) => ({ id, version })),
          [{ id: done.kept.id, version: '43' }],
        );

        const back = await restoreSnapshot(target, done.kept.id, { version: '42', disconnect: false }, around);
        equal(back.kind, 'restored');
        deepEqual(await sql('select id from item order by id'), [{ id: 1 }, { id: 2 }]);
      }));

    it('the list is newest first and survives the loss of our own folder', () =>
      withPlace(major, async (place) => {
        const { target, around } = place;
        const first = await taken(place);
        const second = await taken(place);
        const ids = [second.id, first.id];
        deepEqual(
          (await listSnapshots(target, around)).map(({ id }) => id),
          ids,
        );
        rmSync(join(around.storage, 'snapshots'), { recursive: true });
        deepEqual(
          (await listSnapshots(target, around)).map(({ id }) => id),
          ids,
        );
        await dropSnapshot(target, second.id, around);
        deepEqual(
          (await listSnapshots(target, around)).map(({ id }) => id),
          [first.id],
        );
        await rejects(dropSnapshot(target, second.id, around), (fault) => {
          return fault instanceof Fault && fault.code === 'no-such-snapshot';
        });
      }));

    it('a name with quotes, blanks, emoji and 60 bytes has snapshots like any other', () =>
      withPlace(
        major,
        async (place) => {
          const { target, around, sql } = place;
          await sql('create table item (id int)');
          const snapshot = await taken(place);
          match(snapshot.id, /^rehearsal_snapshot_[A-Za-z0-9_]+$/);
          ok(Buffer.byteLength(snapshot.id) <= 63);
          await sql('drop table item');
          await restoreSnapshot(target, snapshot.id, { version: undefined, disconnect: false }, around);
          deepEqual(await sql('select * from item'), []);
        },
        `Bob's "shop"; -- 🛒 ü${'x'.repeat(30)}`,
      ));

    it('somebody who is connected is named, and only disconnected with consent', () =>
      withPlace(major, async (place) => {
        const { target, around, connect, sql } = place;
        await sql('create table item (id int)');
        const app = await connect('the shop');
        const refused = await takeSnapshot(target, alone, around);
        if (refused.kind !== 'busy') throw new Error('it has to ask');
        equal(refused.sessions.length, 1);
        match(refused.sessions[0]!, /^the shop of user postgres from 127\.0\.0\.1 \(process \d+\), idle$/);
        deepEqual((await app.query('select 1 as one')).rows, [{ one: 1 }]);

        const snapshot = await taken(place, { ...alone, disconnect: true });
        await rejects(app.query('select 1'));
        await sql('drop table item');

        const again = await connect('the shop');
        equal(
          (await restoreSnapshot(target, snapshot.id, { version: undefined, disconnect: false }, around)).kind,
          'busy',
        );
        await again.query('select 1');
        const done = await restoreSnapshot(target, snapshot.id, { version: undefined, disconnect: true }, around);
        equal(done.kind, 'restored');
        await rejects(again.query('select 1'));
        deepEqual(await sql('select * from item'), []);
      }));

    it('a pool that comes back at once does not keep us from copying and swapping', () =>
      withPlace(major, async (place) => {
        const { target, around, connect, sql } = place;
        await sql('create table item (id int)');
        const over = new AbortController();
        const comeBack = async (): Promise<void> => {
          while (!over.signal.aborted) {
            try {
              const client = await connect('pool');
              await new Promise((resolve) => client.once('end', resolve));
            } catch (cause) {
              // The name may belong to nobody for the moment of the swap.
              if (!(cause instanceof Error) || !('code' in cause)) throw cause;
            }
          }
        };
        const pools = [comeBack(), comeBack(), comeBack()];
        const snapshot = await taken(place, { ...alone, disconnect: true });
        const done = await restoreSnapshot(target, snapshot.id, { version: undefined, disconnect: true }, around);
        over.abort();
        equal(done.kind, 'restored');
        deepEqual(await sql('select * from item'), []);
        await sql(`select pg_terminate_backend(pid, 1000) from pg_stat_activity where application_name = 'pool'`);
        await Promise.all(pools);
      }));

    it('what limits the role, or lies in its search_path, does not count for work on them', () =>
      withPlace(major, async ({ as, around, sql }) => {
        const names = ['idle_session_timeout', 'statement_timeout', 'search_path'];
        await sql(`create role hurried login superuser password 'x'; alter role hurried set search_path = public, pg_catalog;
          alter role hurried set idle_session_timeout = '9s'; alter role hurried set statement_timeout = '9s'`);
        try {
          await withMaintenance(as('hurried', 'x'), around.signal, async ({ worker, watcher }) => {
            for (const session of [worker, watcher]) {
              const rows = await session.rows<{ it: string }>(
                'select current_setting(name) as it from unnest($1::text[]) as name',
                [names],
              );
              deepEqual(
                rows.map(({ it }) => it),
                ['0', '0', 'pg_catalog'],
              );
            }
          });
        } finally {
          await sql('drop role hurried');
        }
      }));

    it('owner, settings, rights, connection limit and comment come back with it', () =>
      withPlace(major, async (place) => {
        const { target, around, sql } = place;
        const { name } = target.database;
        const roles = ['own', 'reader'].map((it) => `${name}_${it}`);
        const [owner, reader] = roles;
        await sql(`create role ${owner}; create role ${reader};
          alter database ${name} owner to ${owner};
          alter database ${name} set search_path to "$user", "Odd, one", public;
          alter database ${name} set work_mem to '7MB';
          alter database ${name} set rehearsal.note to 'it''s \\ "fine"';
          alter role ${reader} in database ${name} set statement_timeout to '3s';
          revoke all on database ${name} from public;
          grant connect on database ${name} to ${reader} with grant option;
          alter database ${name} connection limit 17;
          comment on database ${name} is 'the "shop"';`);
        try {
          const before = await propertiesOf(place);
          const snapshot = await taken(place);
          await sql(`alter database ${name} reset all; comment on database ${name} is 'changed'`);
          const done = await restoreSnapshot(target, snapshot.id, { version: undefined, disconnect: false }, around);
          equal(done.kind, 'restored');
          deepEqual(await propertiesOf(place), before);
          const [closed] = await sql<{ refused: boolean }>(
            `select not datallowconn as refused from pg_database where datname like 'rehearsal_snapshot_${name.slice(0, 5)}%'`,
          );
          ok(closed?.refused);
        } finally {
          await sql(`alter database ${name} owner to postgres; drop owned by ${roles.join(', ')}`);
          for (const { datname } of await sql<{ datname: string }>(
            `select datname from pg_database where datname like 'rehearsal_snapshot_%'`,
          ))
            await sql(`drop database ${datname}`, 'postgres');
          await sql(`drop role ${roles.join(', ')}`, 'postgres');
        }
      }));
  });
}

/** What pg_dump of the database alone would not show. */
async function propertiesOf({ target, sql }: Place): Promise<unknown> {
  return sql(
    `select pg_get_userbyid(datdba) as owner, datconnlimit, datallowconn, shobj_description(oid, 'pg_database') as comment,
       (select array_agg(a::text order by a::text) from unnest(datacl) as a) as rights,
       (select json_agg(json_build_array(setrole::regrole, (select array_agg(c order by c) from unnest(setconfig) as c)) order by setrole)
        from pg_db_role_setting where setdatabase = d.oid) as settings
     from pg_database as d where datname = '${target.database.name}'`,
    'postgres',
  );
}
