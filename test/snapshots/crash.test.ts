/**
 * Our process is killed, or the server, while a snapshot is taken, restored or dropped. The target is before or after, nothing
 * half-made stays, and the next start says what happened.
 *
 * The process is held at a step from outside, by locks that Postgres itself needs for that step.
 */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../server/engine/base/fault';
import { openJournal } from '../../server/engine/base/journal';
import { exchangeBranches } from '../../server/engine/snapshots/branchCopies';
import { recoverSnapshots } from '../../server/engine/snapshots/recover';
import { dropSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import type { SnapshotStep } from '../../server/engine/snapshots/steps';
import { snapshotPrefix } from '../../server/engine/snapshots/names';
import { startKillable, until, whenBack } from '../support/killable';
import { type Major, asAdmin, servers, serverOf } from '../support/servers';
import type { Errand } from './child';
import { beside, isWaitingFor, type Place, withFilled } from './support';

const child = join(__dirname, 'child.ts');
const order = { reason: 'by hand', version: undefined, disconnect: false };

for (const major of Object.values(servers)) {
  describe(`a killed process and PostgreSQL ${major}`, () => {
    // What was committed has to outlive a crash, as on a server that people use.
    before(async () => asAdmin(await serverOf(major), 'alter role postgres set synchronous_commit = on'));
    after(async () => asAdmin(await serverOf(major), 'alter role postgres reset synchronous_commit'));

    it('before the copy is made', () =>
      withFilled(major, async (place) => {
        const told = await killedAt(major, place, `comment on database ${place.target.database.name} is 'held'`);
        match(told, /was cut off\. The snapshot \S+ was not complete( and has been dropped)?; \S+ is as it was\.$/);
        await nothingHalfMade(place, 0);
      }));

    it('before its settings are copied', () =>
      withFilled(major, async (place) => {
        await place.sql(`alter database ${place.target.database.name} set work_mem to '5MB'`);
        const told = await killedAt(major, place, 'lock table pg_db_role_setting in share mode');
        match(told, /was not complete and has been dropped/);
        await nothingHalfMade(place, 0);
      }));

    it('before it is registered', () =>
      withFilled(major, async (place) => {
        const told = await killedAt(major, place, 'lock table pg_shdescription in share mode');
        match(told, /The snapshot \S+ was complete and is kept\.$/);
        await nothingHalfMade(place, 1);
      }));

    it('before and between the renames of a restore', () =>
      withFilled(major, async (place) => {
        const taken = await takeSnapshot(place.target, order, place.around);
        if (taken.kind !== 'taken') throw new Error('nobody was there');
        await place.sql('update item set id = 2');
        for (const lock of [
          `comment on database ${place.target.database.name} is 'held'`,
          `comment on database ${taken.snapshot.id} is 'held'`,
          'lock table pg_shdescription in share mode',
        ]) {
          const told = await killedAt(major, place, lock, { kind: 'restore', id: taken.snapshot.id });
          match(told, /Nothing was restored; \S+ is as it was\.$/);
          deepEqual(await place.sql('select id from item'), [{ id: 2 }]);
          await nothingHalfMade(place, 1);
        }
      }));

    it('before and between the renames of a switch to another branch, which has a database or gets one', () =>
      withFilled(major, async (place) => {
        const { name } = place.target.database;
        const shuts = [`comment on database ${name} is 'held'`, 'lock table pg_shdescription in share mode'];
        const switching = { kind: 'branch', branch: 'feature' } as const;
        for (const lock of shuts) {
          match(await killedAt(major, place, lock, switching), lock === shuts[1] ? notSwitched : /was cut off\./);
          await nothingHalfMade(place, 0);
        }
        const made = {
          branch: 'feature',
          formerly: [],
          was: 'main',
          origins: [],
          version: undefined,
          disconnect: false,
        };
        equal((await exchangeBranches(place.target, made, place.around)).kind, 'switched');
        await place.sql('update item set id = 2');
        const [{ id } = { id: '' }] = await listSnapshots(place.target, place.around);
        for (const lock of [...shuts, `comment on database ${id} is 'held'`]) {
          match(await killedAt(major, place, lock, { kind: 'branch', branch: 'main' }), notSwitched);
          deepEqual(await place.sql('select id from item'), [{ id: 2 }]);
          await nothingHalfMade(place, 1);
        }
      }));

    it('at any moment of a restore', () =>
      withFilled(major, async (place) => {
        let expected = 1;
        const seen = new Set<string>();
        for (let round = 0; round < 6; round++) {
          const taken = await takeSnapshot(place.target, order, place.around);
          if (taken.kind !== 'taken') throw new Error('nobody was there');
          const [snapshotted, changed] = [expected, expected + 1];
          await place.sql(`update item set id = ${changed}`);
          const running = startKillable(child, await errand(major, place, { kind: 'restore', id: taken.snapshot.id }));
          let isOver = false;
          void running.ended.then(() => (isOver = true));
          // As soon as its journal is there it is at work; from then on it is killed somewhat later each round. One that
          // has come to its end before anybody looked has no journal any more.
          await until(async () => (isOver || journalOf(place).length > 0 ? true : undefined));
          for (let looks = 0; looks < round * 2; looks++) await place.sql('select 1', 'postgres');
          await running.kill();
          const told = await until(async () => {
            const [first] = await recoverSnapshots(place.target, place.around);
            return first ?? (journalOf(place).length === 0 ? 'it was done' : undefined);
          });
          const [row] = await place.sql<{ id: number }>('select id from item');
          ok(row && [snapshotted, changed].includes(row.id));
          if (/The snapshot was restored/.test(told)) equal(row.id, snapshotted);
          if (/Nothing was restored/.test(told)) equal(row.id, changed);
          seen.add(told.replaceAll(/\S*\d\S*/g, ''));
          expected = row.id;
          await nothingHalfMade(place, (await listSnapshots(place.target, place.around)).length);
        }
        ok(seen.size > 0);
      }));

    it('before a snapshot is dropped', () =>
      withFilled(major, async (place) => {
        const taken = await takeSnapshot(place.target, order, place.around);
        if (taken.kind !== 'taken') throw new Error('nobody was there');
        const { id } = taken.snapshot;
        const told = await killedAt(major, place, `comment on database ${id} is 'held'`, { kind: 'drop', id });
        match(told, new RegExp(`was cut off\\. The snapshot ${id} has been deleted\\.$`));
        await nothingHalfMade(place, 0);
        deepEqual(readdirSync(join(place.around.storage, 'snapshots')), []);
      }));

    it('the session that drops a snapshot is ended by the server: it is whole until the next start, and longer when somebody is in it', () =>
      withFilled(major, async (place) => {
        const holder = await beside(place);
        for (const { used, says } of [
          { used: true, says: /The snapshot \S+ was to be deleted and is still there: .* accessed by other users/ },
          { used: false, says: /The snapshot \S+ has been deleted\.$/ },
        ]) {
          const taken = await takeSnapshot(place.target, order, place.around);
          if (taken.kind !== 'taken') throw new Error('nobody was there');
          const { id } = taken.snapshot;
          await holder.query(`begin; comment on database ${id} is 'held'`);
          const lost = rejects(dropSnapshot(place.target, id, place.around), isLost);
          await holder.query('select pg_terminate_backend($1)', [await until(() => isWaitingFor(place, holder))]);
          await lost;
          await holder.query('rollback');
          await nothingHalfMade(place, 1);
          if (used) await place.sql(`alter database ${id} allow_connections true`, 'postgres');
          const reader = used ? await place.connect('reader', id) : undefined;
          match(await until(async () => (await recoverSnapshots(place.target, place.around))[0]), says);
          await reader?.end();
          if (used) await dropSnapshot(place.target, id, place.around);
          await nothingHalfMade(place, 0);
        }
      }));

    it('the sessions of a copy and of a swap are ended by the server', () =>
      withFilled(major, async (place) => {
        const holder = await beside(place);
        for (const lock of [
          `comment on database ${place.target.database.name} is 'held'`,
          'lock table pg_shdescription in share mode',
        ]) {
          await holder.query(`begin; ${lock}`);
          const lost = rejects(takeSnapshot(place.target, order, place.around), isLost);
          await holder.query('select pg_terminate_backend($1)', [await until(() => isWaitingFor(place, holder))]);
          await lost;
          await holder.query('rollback');
          match(await until(async () => (await recoverSnapshots(place.target, place.around))[0]), /was not complete/);
          await nothingHalfMade(place, 0);
        }
        const taken = await takeSnapshot(place.target, order, place.around);
        if (taken.kind !== 'taken') throw new Error('nobody was there');
        await place.sql('update item set id = 2');
        await holder.query('begin; lock table pg_shdescription in share mode');
        const lost = rejects(restoreSnapshot(place.target, taken.snapshot.id, order, place.around), isLost);
        await holder.query('select pg_terminate_backend($1)', [await until(() => isWaitingFor(place, holder))]);
        await lost;
        await holder.query('rollback');
        match(await until(async () => (await recoverSnapshots(place.target, place.around))[0]), /Nothing was restored/);
        deepEqual(await place.sql('select id from item'), [{ id: 2 }]);
        await nothingHalfMade(place, 1);
      }));

    it('the whole server crashes in the middle of a swap and starts again', () =>
      withFilled(major, async (place) => {
        const taken = await takeSnapshot(place.target, order, place.around);
        if (taken.kind !== 'taken') throw new Error('nobody was there');
        await place.sql('update item set id = 2');
        const holder = await beside(place);
        await holder.query('begin; lock table pg_shdescription in share mode');
        const lost = rejects(restoreSnapshot(place.target, taken.snapshot.id, order, place.around), isLost);
        process.kill(await until(() => isWaitingFor(place, holder)), 'SIGKILL');
        await lost;
        match(await until(() => whenBack(() => recoverSnapshots(place.target, place.around))), /Nothing was restored/);
        deepEqual(await place.sql('select id from item'), [{ id: 2 }]);
        await nothingHalfMade(place, 1);
      }));

    it('a cancel while it waits leaves nothing behind', () =>
      withFilled(major, async (place) => {
        const holder = await beside(place);
        await holder.query(`begin; comment on database ${place.target.database.name} is 'held'`);
        const cancel = new AbortController();
        const around = { ...place.around, signal: cancel.signal };
        const cancelled = rejects(takeSnapshot(place.target, order, around), { name: 'AbortError' });
        await until(() => isWaitingFor(place, holder));
        cancel.abort();
        await cancelled;
        await holder.query('rollback');
        deepEqual(journalOf(place), []);
        await nothingHalfMade(place, 0);
      }));

    it('what a DROP DATABASE on a full disk has left is no snapshot, and is dropped at the next start', () =>
      withFilled(major, async (place) => {
        for (const does of ['drop', 'copy'] as const) {
          const taken = await takeSnapshot(place.target, order, place.around);
          if (taken.kind !== 'taken') throw new Error('nobody was there');
          const { id: name } = taken.snapshot;
          // As Postgres itself marks it before it throws the files away.
          const [row] = await place.sql<{ oid: number }>(
            `update pg_database set datconnlimit = -2 where datname = '${name}' returning oid::int`,
            'postgres',
          );
          const journal = openJournal<SnapshotStep>(
            place.around.storage,
            'snapshot',
            place.target.database.id,
            new Date(),
          );
          journal.note(does === 'drop' ? { step: 'drop', name, oid: row?.oid ?? 0 } : { step: 'copy', name });
          journal.leave();
          const [told] = await recoverSnapshots(place.target, place.around);
          match(told ?? '', does === 'drop' ? /has been deleted\.$/ : /was not complete and has been dropped/);
          await nothingHalfMade(place, 0);
        }
      }));

    it('two at once: one is told that the other is at work', () =>
      withFilled(major, async (place) => {
        const holder = await beside(place);
        await holder.query(`begin; comment on database ${place.target.database.name} is 'held'`);
        const first = takeSnapshot(place.target, order, place.around);
        await until(() => isWaitingFor(place, holder));
        await rejects(
          takeSnapshot(place.target, order, place.around),
          (it) => it instanceof Fault && it.code === 'locked',
        );
        await holder.query('rollback');
        equal((await first).kind, 'taken');
        await nothingHalfMade(place, 1);
      }));
  });
}

/** Starts the errand, kills it when it waits for the lock, lets the server go on, and recovers. */
async function killedAt(
  major: Major,
  place: Place,
  lock: string,
  what: Errand['what'] = { kind: 'take' },
): Promise<string> {
  const holder = await beside(place);
  await holder.query(`begin; ${lock}`);
  const running = startKillable(child, await errand(major, place, what));
  await until(() => isWaitingFor(place, holder));
  await running.kill();
  deepEqual(await recoverSnapshots(place.target, place.around), [], 'its session is still at work');
  await holder.query('rollback');
  const told = await until(async () => (await recoverSnapshots(place.target, place.around))[0]);
  equal(await recoverSnapshots(place.target, place.around).then((it) => it.length), 0);
  return told;
}

async function errand(major: Major, { target, around }: Place, what: Errand['what']): Promise<Errand> {
  const { host, port, user, password } = await serverOf(major);
  return { place: { host, port, user, password, database: target.database.name }, storage: around.storage, what };
}

const notSwitched = /No database of another branch took its place; \S+ is as it was\./;

const isLost = (cause: unknown): boolean => cause instanceof Fault && cause.code === 'connection-lost';

const journalOf = ({ around }: Place): readonly string[] => {
  try {
    return readdirSync(join(around.storage, 'journal'));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
};

/** Every database that looks like a snapshot of the target is one, and the target takes connections. */
async function nothingHalfMade(place: Place, snapshots: number): Promise<void> {
  const { target, around, names, sql } = place;
  const listed = await listSnapshots(target, around);
  const there = (await names()).filter((name) => name.startsWith(snapshotPrefix + target.database.name));
  deepEqual(there.toSorted(), listed.map(({ id }) => id).toSorted());
  equal(listed.length, snapshots);
  equal((await sql('select * from item')).length, 1);
}
