/** Snapshots as dump files, for roles and servers that make no copy: said why, loaded beside, swapped or taken back. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../../server/engine/project';
import { loadDump, takeDump } from '../../server/engine/snapshots/dumpFile';
import { snapshotPrefix } from '../../server/engine/snapshots/names';
import { readDump } from '../../server/engine/snapshots/dumpBytes';
import { recoverSnapshots } from '../../server/engine/snapshots/recover';
import { dropSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import type { ServerTarget } from '../../server/engine/snapshots/target';
import { isFault } from '../support/faults';
import { until } from '../support/killable';
import { type Major, servers } from '../support/servers';
import { type Place, withPlace } from './support';

const order = { reason: 'by hand', version: '7', disconnect: false };
const back = { version: undefined, disconnect: false };

async function taken(target: ServerTarget, { around }: Place): Promise<Snapshot> {
  const result = await takeSnapshot(target, order, around);
  if (result.kind !== 'taken') throw new Error(`busy: ${result.sessions.join(', ')}`);
  return result.snapshot;
}

for (const major of Object.values(servers)) {
  describe(`dump files on PostgreSQL ${major}`, () => {
    it('a role without CREATEDB gets a file, and is told why', () =>
      withOwner(major, '', async (place, owner) => {
        const snapshot = await taken(owner, place);
        equal(snapshot.kind, 'file');
        match(snapshot.reason, /^by hand \(as a dump file, because a copy .* permission denied to create database\)$/);
        equal((await listSnapshots(owner, place.around))[0]?.id, snapshot.id);
        const path = join(place.around.storage, 'snapshots', `${snapshot.id}.sql`);
        match(readFileSync(path, 'utf8'), /^-- rehearsal: \{.*\}\n[^]*COPY public\.item/);
        await dropSnapshot(owner, snapshot.id, place.around);
        deepEqual(readdirSync(join(place.around.storage, 'snapshots')), []);
        await rejects(dropSnapshot(owner, snapshot.id, place.around), isFault('no-such-snapshot'));
      }));

    it('the file is loaded beside the target and swapped in; the file stays', () =>
      withOwner(major, '', async (place, owner) => {
        const { around, sql } = place;
        const snapshot = await taken(owner, place);
        await sql(`update item set name = 'changed'; alter database ${owner.database.name} set work_mem = '9MB'`);
        // Its entry in the registry may be lost: the file says what it is.
        rmSync(join(around.storage, 'snapshots', `${snapshot.id}.json`));
        await sql(`alter role ${owner.database.name} createdb`);
        const done = await restoreSnapshot(owner, snapshot.id, back, around);
        if (done.kind !== 'restored') throw new Error('nobody was there');
        deepEqual(await sql('select * from item'), [{ id: 1, name: 'it’s 🛒 \\ fine' }]);
        deepEqual(await sql('show work_mem'), [{ work_mem: '9MB' }]);
        deepEqual(
          (await listSnapshots(owner, around)).map(({ kind }) => kind),
          ['copy', 'file'],
        );
        deepEqual(
          await sql(`select pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`),
          [{ owner: owner.database.name }],
        );
        await sql(`alter database ${done.kept.id} allow_connections true`);
        deepEqual(await sql('select name from item', done.kept.id), [{ name: 'changed' }]);
      }));

    it('lets everybody in again who was let in before, and nobody else', () =>
      withOwner(major, 'createdb', async (place, owner) => {
        const { around, sql } = place;
        const { name } = owner.database;
        const other = `${name}_other`;
        await sql(`create role ${other} login password 'secret'`);
        try {
          const enters = async (): Promise<void> => (await place.as(other, 'secret').database.open('read')).close();
          for (const [change, allowed] of [
            ['', true],
            [`revoke connect on database ${name} from public`, false],
          ] as const) {
            await sql(`alter role ${name} nocreatedb; ${change}`);
            const snapshot = await taken(owner, place);
            equal(snapshot.kind, 'file');
            await sql(`alter role ${name} createdb`);
            equal((await restoreSnapshot(owner, snapshot.id, back, around)).kind, 'restored');
            if (allowed) await enters();
            else await rejects(enters(), isFault('no-right'));
          }
        } finally {
          await sql(`drop role ${other}`);
        }
      }));

    it('lets those create in the schema public who could, and nobody else', () =>
      withPlace(major, async ({ target, sql, around }) => {
        const mayAll = `select has_schema_privilege('public', 'public', 'create') as may`;
        const beside = `${target.database.name}_beside`;
        for (const change of ['revoke', 'grant'] as const) {
          await sql(`${change} create on schema public ${change === 'grant' ? 'to' : 'from'} public`);
          const { id } = await takeDump(target, order, 'it is asked for', around);
          await sql(`create database ${beside}`, 'postgres');
          const session = await target.sibling(beside).open('write');
          try {
            await loadDump(session, await readDump(around.storage, id), around.signal);
          } finally {
            await session.close();
          }
          deepEqual(await sql(mayAll, beside), [{ may: change === 'grant' }]);
          await sql(`drop database ${beside}`, 'postgres');
        }
      }));

    it('the database made from it has the encoding and collation of the target', () =>
      withOwner(major, 'createdb', async (place, owner) => {
        const { around, sql } = place;
        const { name } = owner.database;
        const kinds = [
          `encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'`,
          ...(major >= 15
            ? [`locale_provider icu icu_locale 'de-DE-u-co-phonebk' lc_collate 'C' lc_ctype 'C' encoding 'UTF8'`]
            : []),
          ...(major >= 17 ? [`locale_provider builtin builtin_locale 'C.UTF-8' encoding 'UTF8'`] : []),
        ];
        for (const kind of kinds) {
          await sql(`drop database ${name} with (force)`, 'postgres');
          await sql(`create database ${name} template template0 owner ${name} ${kind}`, 'postgres');
          await sql(`set role ${name}; create table item (name text); insert into item values ('ÄÖ')`);
          const look = (): Promise<readonly object[]> =>
            sql(
              `select to_jsonb(d) - array['oid', 'datfrozenxid', 'datminmxid', 'datlastsysoid', 'datacl'] as it
               from pg_database as d where datname = '${name}'`,
              'postgres',
            );
          const before = await look();
          await sql(`alter role ${name} nocreatedb`);
          const snapshot = await taken(owner, place);
          equal(snapshot.kind, 'file');
          await sql(`alter role ${name} createdb; delete from item`);
          equal((await restoreSnapshot(owner, snapshot.id, back, around)).kind, 'restored');
          deepEqual(await look(), before);
          deepEqual(await sql('select name from item'), [{ name: 'ÄÖ' }]);
        }
      }));

    it('an owner who may make no databases has the contents exchanged in one transaction', () =>
      withOwner(major, '', async (place, owner) => {
        const { around, sql, connect } = place;
        await sql(`set role ${owner.database.name}; create view first as select min(id) from item`);
        const snapshot = await taken(owner, place);
        await sql(
          `set role ${owner.database.name}; update item set name = 'changed'; create table later (); drop view first`,
        );
        const done = await restoreSnapshot(owner, snapshot.id, back, around);
        if (done.kind !== 'restored') throw new Error('nobody was there');
        equal(done.kept.kind, 'file');
        deepEqual(await sql('select name from item, first'), [{ name: 'it’s 🛒 \\ fine' }]);

        // What belongs to others is in the way, so nothing is changed.
        await sql(`create table of_others (); grant select on of_others to ${owner.database.name}`);
        const mixed = await taken(owner, place);
        await rejects(restoreSnapshot(owner, mixed.id, back, around), isFault('refused'));
        await sql('drop table of_others');
        const reader = await connect('reader');
        const busy = await restoreSnapshot(owner, done.kept.id, back, around);
        if (busy.kind !== 'busy') throw new Error('it has to ask');
        match(busy.sessions.join(), /^reader of user postgres \(process \d+\)$/);
        await reader.end();
        const cancel = new AbortController();
        const log = { ...around, signal: cancel.signal };
        cancel.abort();
        await rejects(restoreSnapshot(owner, done.kept.id, back, log), { name: 'AbortError' });
        deepEqual(await sql('select name from item, first'), [{ name: 'it’s 🛒 \\ fine' }]);
        equal((await listSnapshots(owner, around)).length, 3);
        await restoreSnapshot(owner, done.kept.id, back, around);
        deepEqual(await sql('select name from item'), [{ name: 'changed' }]);
        deepEqual(await recoverSnapshots(owner, around), []);
      }));

    it('cut off in the middle of that, nothing is changed, and the next start says so', () =>
      withOwner(major, '', async (place, owner) => {
        const { around, sql, connect } = place;
        const snapshot = await taken(owner, place);
        await sql(`update item set name = 'changed'`);
        const path = join(around.storage, 'snapshots', `${snapshot.id}.sql`);
        writeFileSync(path, `${readFileSync(path, 'utf8')}\nselect pg_sleep(60);\n`);
        const watcher = await connect('watcher', 'template1');
        const lost = rejects(restoreSnapshot(owner, snapshot.id, back, around), isFault('connection-lost'));
        const pid = await until(async () => {
          const { rows } = await watcher.query<{ pid: number }>(
            `select pid from pg_stat_activity where wait_event = 'PgSleep'`,
          );
          return rows[0]?.pid;
        });
        await watcher.query('select pg_terminate_backend($1, 5000)', [pid]);
        await lost;
        const [kept] = await listSnapshots(owner, around);
        ok(kept && kept.id !== snapshot.id);
        // Nobody knows yet whether it is all that is left of the database.
        await rejects(dropSnapshot(owner, kept.id, around), isFault('locked'));
        equal((await listSnapshots(owner, around)).length, 2);
        match((await recoverSnapshots(owner, around))[0] ?? '', /Nothing was restored; \S+ is as it was\.$/);
        equal((await listSnapshots(owner, around)).length, 1);
        deepEqual(await sql('select name from item'), [{ name: 'changed' }]);
      }));

    it('a file that cannot be loaded leaves the target untouched', () =>
      withOwner(major, 'createdb', async (place, owner) => {
        const { around, sql } = place;
        await sql(`alter role ${owner.database.name} nocreatedb`);
        const snapshot = await taken(owner, place);
        await sql(`alter role ${owner.database.name} createdb`);
        const path = join(around.storage, 'snapshots', `${snapshot.id}.sql`);
        const whole = readFileSync(path, 'utf8');
        await sql(`update item set name = 'changed'`);
        for (const [damaged, fault] of [
          [`${whole}\nselect * from nowhere;\n`, 'refused'],
          [whole.slice(0, whole.indexOf('COPY') + 20), 'damaged'],
        ] as const) {
          writeFileSync(path, damaged);
          await rejects(restoreSnapshot(owner, snapshot.id, back, around), isFault(fault));
          deepEqual(await sql('select name from item'), [{ name: 'changed' }]);
          await nothingLeft(place, 0);
        }
        deepEqual(readdirSync(join(around.storage, 'journal')), []);
      }));

    it('the session that loads it dies: the target is untouched, the half of it is dropped', () =>
      withOwner(major, '', async (place, owner) => {
        const { around, sql, connect } = place;
        await sql(`create table held (); alter table held owner to ${owner.database.name}`);
        await sql(`create function wait() returns int language sql as 'select pg_sleep(60); select 1'`);
        await sql('create table slow (id int default 1, check (wait() = id))');
        await sql(`grant all on slow to ${owner.database.name}`);
        const snapshot = await taken(owner, place);
        await sql(`alter role ${owner.database.name} createdb superuser`);
        const path = join(around.storage, 'snapshots', `${snapshot.id}.sql`);
        writeFileSync(path, `${readFileSync(path, 'utf8')}\ninsert into public.slow default values;\n`);
        const lost = rejects(restoreSnapshot(owner, snapshot.id, back, around), isFault('connection-lost'));
        const watcher = await connect('watcher', 'template1');
        const pid = await until(async () => {
          const { rows } = await watcher.query<{ pid: number }>(
            `select pid from pg_stat_activity where wait_event = 'PgSleep'`,
          );
          return rows[0]?.pid;
        });
        await watcher.query('select pg_terminate_backend($1)', [pid]);
        await lost;
        await nothingLeft(place, 0);
        deepEqual(await recoverSnapshots(owner, around), []);
      }));

    (mayMount() ? it : it.skip)('a full disk leaves no file, no copy and no entry', () =>
      withSmallDisk((storage) =>
        withOwner(major, '', async (place, owner) => {
          await place.sql(`insert into item select n, repeat('x', 1000) from generate_series(2, 2000) as n`);
          const around = { ...place.around, storage };
          await rejects(takeSnapshot(owner, order, around), isFault('disk-full'));
          deepEqual(await listSnapshots(owner, around), []);
          deepEqual(readdirSync(join(storage, 'snapshots')), []);
          // With the disk full to the last byte not even the journal can be written: then nothing is begun.
          fill(storage);
          await rejects(takeSnapshot(place.target, order, around), isFault('disk-full'));
          await nothingLeft(place, 0);
        }),
      ),
    );

    it('a folder that cannot be written is told before anything is changed', () =>
      withPlace(major, async (place) => {
        const around = { ...place.around, storage: join(place.around.storage, 'file') };
        writeFileSync(around.storage, 'no folder');
        await rejects(takeSnapshot(place.target, order, around), isFault('not-writable'));
        await nothingLeft(place, 0);
      }));
  });
}

/** A target owned by a role of the same name that is no superuser, with one row in it. */
async function withOwner(
  major: Major,
  rights: string,
  use: (place: Place, owner: ServerTarget) => Promise<void>,
): Promise<void> {
  await withPlace(major, async (place) => {
    const { name } = place.target.database;
    await place.sql(`create role ${name} login password 'secret' ${rights}; alter database ${name} owner to ${name};
      set role ${name};
      create table item (id int primary key, name text);
      insert into item values (1, 'it’s 🛒 \\ fine')`);
    try {
      await use(place, place.as(name, 'secret'));
    } finally {
      for (const left of await place.names())
        if (left.startsWith(snapshotPrefix + name) || left === name)
          await place.sql(`alter database ${left} owner to postgres`, 'postgres');
      await place.sql(`drop owned by ${name}`);
      for (const left of await place.names())
        if (left.startsWith(snapshotPrefix + name)) await place.sql(`drop database ${left} with (force)`, 'postgres');
      await place.sql(`drop role ${name}`, 'postgres');
    }
  });
}

async function nothingLeft({ names, target }: Place, expected: number): Promise<void> {
  const left = (await names()).filter((name) => name.startsWith(snapshotPrefix + target.database.name));
  equal(left.length, expected);
}

/** A file system of one megabyte. */
async function withSmallDisk(use: (storage: string) => Promise<void>): Promise<void> {
  const storage = mkdtempSync(join(tmpdir(), 'rehearsal-small-'));
  mountSmall(storage);
  try {
    await use(storage);
  } finally {
    execFileSync('umount', [storage]);
    rmSync(storage, { recursive: true });
  }
}

function mountSmall(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' });
}

/** Only where this user may mount a file system (root, on Linux). */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-small-'));
  try {
    mountSmall(folder);
    execFileSync('umount', [folder]);
    return true;
  } catch (cause) {
    if (cause instanceof Error && ('status' in cause || 'code' in cause)) return false;
    throw cause;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function fill(folder: string): void {
  mkdirSync(folder, { recursive: true });
  let size = 1 << 19;
  for (let number = 0; size > 0; number++) {
    try {
      writeFileSync(join(folder, `full${number}`), Buffer.alloc(size));
    } catch (cause) {
      if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'ENOSPC') throw cause;
      size >>= 1;
    }
  }
}
