/** A database for each branch: made, exchanged, exchanged back; what it says of itself, and what is in the way. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { type BranchOrder, branchesOf, exchangeBranches } from '../../server/engine/snapshots/branchCopies';
import { recoverSnapshots } from '../../server/engine/snapshots/recover';
import {
  dropSnapshot,
  listSnapshots,
  markNamed,
  restoreSnapshot,
  takeSnapshot,
} from '../../server/engine/snapshots/snapshots';
import { isFault } from '../support/faults';
import { asAdmin, servers, serverOf } from '../support/servers';
import { type Place, withFilled } from './support';

const order: BranchOrder = {
  branch: 'main',
  formerly: [],
  was: undefined,
  origins: [],
  version: undefined,
  disconnect: false,
};

const exchanged = (place: Place, branch: string, more: Partial<BranchOrder> = {}) =>
  exchangeBranches(place.target, { ...order, ...more, branch }, place.around);

const rowsIn = async ({ sql }: Place): Promise<number[]> =>
  (await sql<{ id: number }>('select id from item order by id')).map(({ id }) => id);

const commentOn = async ({ sql, target }: Place): Promise<string | null> =>
  (
    await sql<{ comment: string | null }>(
      `select shobj_description(oid, 'pg_database') as comment from pg_database where datname = '${target.database.name}'`,
    )
  )[0]?.comment ?? null;

const whose = async ({ target, around }: Place) => {
  const { mark, copies } = await branchesOf(target, around);
  return [mark?.branch, ...copies.map(({ branch }) => branch)];
};

for (const major of [servers.oldest, servers.newest] as const)
  describe(`a database for each branch and PostgreSQL ${major}`, () => {
    it('has rows, settings, rights and comment of its own, and all come back with it', () =>
      withFilled(major, async (place) => {
        const { name } = place.target.database;
        await place.sql(`comment on database ${name} is 'the shop''s'; alter database ${name} set work_mem to '5MB';
          revoke connect on database ${name} from public`);
        deepEqual(await exchanged(place, 'main'), { kind: 'marked' });
        deepEqual(await exchanged(place, 'main'), { kind: 'same' });
        const long = `feature/ünïcode-${'x'.repeat(80)}`;
        const made = await exchanged(place, long);
        ok(made.kind === 'switched' && made.copiedFrom === 'main');
        ok(Buffer.byteLength(made.kept.id) <= 63);
        deepEqual(await whose(place), [long, 'main']);
        const facts = await place.sql(
          `select current_setting('work_mem') as memory, has_database_privilege('pg_monitor', '${name}', 'connect') as open`,
        );
        deepEqual(facts, [{ memory: '5MB', open: false }]);
        await place.sql('insert into item values (2)');
        await place.sql(`comment on database ${name} is null`);
        // Nothing says any more whose it is, and the branch to come has a database: neither is lost.
        const unknown = await exchanged(place, 'main');
        ok(unknown.kind === 'switched' && unknown.copiedFrom === undefined && unknown.kept.branch === undefined);
        equal(unknown.kept.pinned, true);
        deepEqual(await rowsIn(place), [1]);
        deepEqual(JSON.parse((await commentOn(place)) ?? ''), {
          rehearsal: 'branch',
          branch: 'main',
          comment: "the shop's",
        });
      }));

    it('is copied from that of the branch it was made from, and found under a former name of its branch', () =>
      withFilled(major, async (place) => {
        await exchanged(place, 'main');
        await exchanged(place, 'one');
        await place.sql('insert into item values (2)');
        const made = await exchanged(place, 'two', { origins: ['gone', 'main', 'one'] });
        ok(made.kind === 'switched' && made.copiedFrom === 'main');
        deepEqual(await rowsIn(place), [1]);
        deepEqual(await whose(place), ['two', 'one', 'main']);
        const renamed = await exchanged(place, 'uno', { formerly: ['one'] });
        ok(renamed.kind === 'switched' && renamed.copiedFrom === undefined);
        deepEqual(await rowsIn(place), [1, 2]);
        deepEqual(await exchanged(place, 'eins', { formerly: ['uno', 'one'] }), { kind: 'marked' });
        deepEqual(await whose(place), ['eins', 'two', 'main']);
      }));

    it('is none that another role has made and given out as one', () =>
      withFilled(major, async (place) => {
        const { name, id } = place.target.database;
        const forged = `rehearsal_snapshot_${name}_forged`;
        const record = { rehearsal: 'snapshot', id: forged, kind: 'copy', of: id, database: name, taken: '2030' };
        const comment = JSON.stringify({
          ...record,
          reason: '',
          bytes: 1,
          version: null,
          comment: null,
          branch: 'two',
        });
        await exchanged(place, 'one');
        await place.sql(`create role ${name}_mallory`);
        await place.sql(`create database ${forged} owner ${name}_mallory`);
        try {
          await place.sql(`comment on database ${forged} is '${comment}'`);
          deepEqual(await whose(place), ['one']);
          await place.sql(`alter database ${forged} owner to current_user`);
          deepEqual(await whose(place), ['one', 'two']);
        } finally {
          await place.sql(`drop database ${forged}`);
          await place.sql(`drop role ${name}_mallory`);
        }
      }));

    it('waits for who is connected, and ends nobody unless that was agreed to', () =>
      withFilled(major, async (place) => {
        await exchanged(place, 'main');
        const reader = await place.connect('reader');
        const busy = await exchanged(place, 'feature');
        ok(busy.kind === 'busy');
        match(busy.sessions.join(), /reader/);
        equal((await reader.query('select 1')).rowCount, 1);
        deepEqual(await whose(place), ['main']);
        equal((await exchanged(place, 'feature', { disconnect: true })).kind, 'switched');
        const left = (await place.names()).filter((it) => it.includes(place.target.database.name));
        equal(left.length, 2);
      }));

    it('stays that of its branch when a snapshot is restored, and stands among the snapshots until it is deleted', () =>
      withFilled(major, async (place) => {
        const { target, around } = place;
        await exchanged(place, 'main');
        const taken = await takeSnapshot(target, { ...order, reason: 'by hand' }, around);
        if (taken.kind !== 'taken') throw new Error('nobody was there');
        await exchanged(place, 'feature');
        await restoreSnapshot(target, taken.snapshot.id, order, around);
        deepEqual(await whose(place), ['feature', 'main']);
        const kept = (await listSnapshots(target, around)).find(({ branch }) => branch === 'main');
        ok(kept?.pinned && kept.bytes > 1_000_000);
        await rejects(markNamed(target, kept.id, { pinned: false }, around), isFault('bad-mark', /main is pinned/));
        // It is no way back that is used up.
        await restoreSnapshot(target, kept.id, order, around);
        deepEqual(await whose(place), ['feature', 'main']);
        await dropSnapshot(target, kept.id, around);
        deepEqual(await whose(place), ['feature']);
      }));
  });

describe('a database for each branch and a role that only reads', () => {
  const major = servers.newest;

  it('is refused before anything is begun or noted', () =>
    withFilled(major, async (place) => {
      await exchanged(place, 'main');
      const server = await serverOf(major);
      const reader = `reader_of_${place.target.database.name}`;
      await asAdmin(
        server,
        `create role ${reader} login superuser password 'x'; alter role ${reader} set default_transaction_read_only = on`,
      );
      try {
        const target = place.as(reader, 'x');
        await rejects(exchanged({ ...place, target }, 'feature'), isFault('only-reads', /is on for reader_of_\S+/));
        deepEqual(await recoverSnapshots(target, place.around), []);
      } finally {
        await asAdmin(server, `drop role ${reader}`);
      }
    }));
});
