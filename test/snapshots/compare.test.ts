/** A snapshot held against the target now, and against another snapshot: copies, dump files, the embedded engine. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { compareNamed, listSnapshots, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { isFault } from '../support/faults';
import { servers } from '../support/servers';
import { type Place, withPlace } from './support';

const order = { reason: 'by hand', version: '7', disconnect: false };

async function taken({ target, around }: Place, form?: 'file'): Promise<string> {
  const result = await takeSnapshot(target, { ...order, ...(form ? { form } : {}) }, around);
  if (result.kind !== 'taken') throw new Error(`busy: ${result.sessions.join(', ')}`);
  return result.snapshot.id;
}

for (const major of Object.values(servers)) {
  describe(`snapshots compared on PostgreSQL ${major}`, () => {
    it('tells the schema and the rows, with the target and with each other, and leaves all as it was', () =>
      withPlace(major, async (place) => {
        const { target, around, sql, names } = place;
        await sql('create table item (id int primary key); create table gone (); insert into item values (1), (2)');
        const first = await taken(place);
        await sql(`alter table item add name text; drop table gone; create table come (id int); insert into item values (3);
          insert into come select generate_series(1, 5)`);
        const second = await taken(place, 'file');
        await sql('delete from item');
        const before = await names();

        const toNow = await compareNamed(target, first, undefined, around);
        deepEqual(
          toNow.changes.map(({ kind, type, name }) => `${kind} ${type} ${name}`),
          ['removed TABLE public.gone', 'added TABLE public.come', 'changed TABLE public.item'],
        );
        match(toNow.after, /name text/);
        deepEqual(toNow.rows, [
          { table: 'public.come', before: null, after: 5 },
          { table: 'public.item', before: 2, after: 0 },
        ]);
        const between = await compareNamed(target, first, second, around);
        deepEqual(between.rows, [
          { table: 'public.come', before: null, after: 5 },
          { table: 'public.item', before: 2, after: 3 },
        ]);
        deepEqual(between.after, toNow.after);
        deepEqual((await compareNamed(target, second, second, around)).changes, []);

        deepEqual(await names(), before);
        equal((await listSnapshots(target, around)).length, 2);
        const open = await sql(`select from pg_database where datname = '${first}' and datallowconn`);
        equal(open.length, 0);
        await rejects(compareNamed(target, first, 'none', around), isFault('no-such-snapshot'));
      }));
  });
}
