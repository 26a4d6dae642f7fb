/** How a server copies: by the sizes that were measured, and really, where file cloning is asked for. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import type { Database } from '../../server/engine/database/database';
import { strategyFor } from '../../server/engine/snapshots/strategy';
import { listSnapshots, restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { servers } from '../support/servers';
import { tried } from '../trial/support';
import { withPlace } from './support';

const mb = 1_000_000;

describe('the way in which a server copies a database', () => {
  // Sizes and files of ENGINES.md 3, where both ways were measured.
  const measured = [
    { says: 'an empty one', bytes: 8 * mb, files: 300, faster: 'wal_log' },
    { says: 'small, with 200 tables', bytes: 21 * mb, files: 1_815, faster: 'wal_log' },
    { says: 'with 2,000 tables', bytes: 139 * mb, files: 15_260, faster: 'wal_log' },
    { says: 'with a few larger tables', bytes: 112 * mb, files: 330, faster: 'file_copy' },
    { says: 'with a few large tables', bytes: 905 * mb, files: 330, faster: 'file_copy' },
  ] as const;
  for (const { says, bytes, files, faster } of measured)
    it(`is the one that was faster: ${says}`, () => equal(strategyFor(bytes, files), faster));

  it('goes by the size alone where the files have not been counted', () =>
    deepEqual([strategyFor(100 * mb), strategyFor(300 * mb)], ['wal_log', 'file_copy']));

  for (const major of Object.values(servers))
    it(`gives a whole copy of 80 MB in one table on PostgreSQL ${major}`, () =>
      withPlace(major, async ({ target, around, sql }) => {
        await sql(`create table large (text text); alter table large alter text set storage external;
          insert into large select repeat(md5(n::text), 1000) from generate_series(1, 2500) as n`);
        const taken = await takeSnapshot(target, { reason: 'by hand', version: undefined, disconnect: false }, around);
        if (taken.kind !== 'taken') throw new Error('nobody was there');
        equal(taken.snapshot.kind, 'copy');
        ok(taken.snapshot.bytes > 80 * mb);
        await sql('truncate large');
        await restoreSnapshot(target, taken.snapshot.id, { version: undefined, disconnect: false }, around);
        deepEqual(await sql('select count(*)::int as rows, sum(length(text))::int as length from large'), [
          { rows: 2_500, length: 80_000_000 },
        ]);
        equal((await listSnapshots(target, around)).length, 1);
      }));

  it('is that of a trial, too', () =>
    withPlace(servers.newest, async (place) => {
      await place.sql(`create table large (text text); alter table large alter text set storage external;
        insert into large select repeat(md5(n::text), 1000) from generate_series(1, 2500) as n`);
      const copies: string[] = [];
      const sibling = (name: string) => noting(place.target.sibling(name), (sql) => void copies.push(sql));
      const source = '--- 1_a.up.sql\ncreate table a ();\n';
      await tried({ ...place, target: { ...place.target, sibling } }, { source, order: { from: 'copy' } });
      match(copies.find((sql) => sql.startsWith('create database')) ?? '', /strategy file_copy$/);
    }));
});

const noting = (database: Database, note: (sql: string) => void): Database => ({
  ...database,
  async open(purpose, signal) {
    const session = await database.open(purpose, signal);
    const run = session.run.bind(session);
    return Object.assign(session, {
      run(...call: Parameters<typeof run>) {
        note(call[0]);
        return run(...call);
      },
    });
  },
});
