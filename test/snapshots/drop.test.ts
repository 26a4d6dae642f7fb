/** Snapshots that are copies on a server, thrown away: only those that are ours, and that nobody uses. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, type FaultCode } from '../../server/engine/base/fault';
import { snapshotName } from '../../server/engine/snapshots/names';
import { dropSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const order = { reason: 'by hand', version: undefined, disconnect: false };

const isFault = (code: FaultCode, says: RegExp) => (cause: unknown) =>
  cause instanceof Fault && cause.code === code && says.test(cause.message);

async function taken({ target, around }: Place): Promise<string> {
  const result = await takeSnapshot(target, order, around);
  if (result.kind !== 'taken') throw new Error(`busy: ${result.sessions.join(', ')}`);
  return result.snapshot.id;
}

const listed = async ({ target, around }: Place): Promise<readonly string[]> =>
  (await listSnapshots(target, around)).map(({ id }) => id);

for (const major of Object.values(servers)) {
  describe(`a snapshot to be dropped on PostgreSQL ${major}`, () => {
    it('goes with its database, its entry and its journal; the others and the target stay', () =>
      withPlace(major, async (place) => {
        const { target, around, sql, names } = place;
        await sql('create table item (id int)');
        const [first, second] = [await taken(place), await taken(place)];
        await dropSnapshot(target, first, around);
        deepEqual(await listed(place), [second]);
        ok(!(await names()).includes(first));
        deepEqual(readdirSync(join(around.storage, 'snapshots')), [`${second}.json`]);
        deepEqual(readdirSync(join(around.storage, 'journal')), []);
        deepEqual(await sql('select * from item'), []);
        equal(
          (await restoreSnapshot(target, second, { version: undefined, disconnect: false }, around)).kind,
          'restored',
        );
      }));

    it('is refused when there is none of that name', () =>
      withPlace(major, async (place) => {
        const { target, around, sql, names } = place;
        const foreign = snapshotName(target.database.name, around.now());
        await sql(`create database ${foreign}`, 'postgres');
        for (const id of [foreign, target.database.name, 'postgres', 'nothing', ''])
          await rejects(dropSnapshot(target, id, around), isFault('no-such-snapshot', /no such snapshot/));
        const there = await names();
        ok(there.includes(foreign) && there.includes(target.database.name));
      }));

    it('is refused when the database of its name has become something else', () =>
      withPlace(major, async (place) => {
        const { target, around, sql, names } = place;
        const id = await taken(place);
        await sql(`alter database ${id} allow_connections true; comment on database ${id} is 'in production'`);
        await rejects(dropSnapshot(target, id, around), isFault('no-such-snapshot', /does not say any more/));
        ok((await names()).includes(id));
        // Shut as we left it, and in our list: only its comment was changed.
        await sql(`alter database ${id} allow_connections false`);
        await dropSnapshot(target, id, around);
        ok(!(await names()).includes(id));
      }));

    it('is refused while somebody is in it, and is whole then', () =>
      withPlace(major, async (place) => {
        const { target, around, sql, connect } = place;
        await sql('create table item (id int); insert into item values (7)');
        const id = await taken(place);
        await sql(`alter database ${id} allow_connections true`);
        const reader = await connect('the auditor', id);
        await rejects(dropSnapshot(target, id, around), isFault('busy', /used by the auditor of user postgres/));
        deepEqual((await reader.query('select * from item')).rows, [{ id: 7 }]);
        deepEqual(await listed(place), [id]);
        await reader.end();
        await dropSnapshot(target, id, around);
        deepEqual(await listed(place), []);
      }));

    it('is refused to a role that does not own it, and is whole then', () =>
      withPlace(major, async (place) => {
        const { target, around, sql } = place;
        const poor = `${target.database.name}_poor`;
        const id = await taken(place);
        await sql(`create role ${poor} login password 'poor'`);
        try {
          const theirs = place.as(poor, 'poor');
          await rejects(dropSnapshot(theirs, id, around), isFault('no-right', /owner/));
          deepEqual(await listed(place), [id]);
          deepEqual(readdirSync(join(around.storage, 'journal')), []);
        } finally {
          await sql(`drop role ${poor}`);
        }
      }));

    it('is in no list when a DROP DATABASE was cut off in the middle of it', () =>
      withPlace(major, async (place) => {
        const { sql } = place;
        const id = await taken(place);
        // The mark that Postgres leaves (pg_database.datconnlimit, DATCONNLIMIT_INVALID_DB in its source).
        await sql(`update pg_database set datconnlimit = -2 where datname = '${id}'`);
        deepEqual(await listed(place), []);
      }));
  });
}
