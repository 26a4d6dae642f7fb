/** drizzle's history on real servers: by time before 1.0, by name since; what an old table becomes. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { drizzleHistory, drizzleOptions } from '../../server/engine/history/drizzle';
import { millisOf } from '../../server/engine/history/drizzleUpgrade';
import type { History } from '../../server/engine/history/history';
import { drizzle } from '../../server/engine/layouts/drizzle';
import { contentsOf, readFolder } from '../../server/engine/layouts/find';
import { journalOf, whenOf } from '../support/drizzle';
import { isFault } from '../support/faults';
import { filesOf } from '../support/files';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { toolSettings } from '../support/toolSettings';

const path = '/w/drizzle';

function projectOf(texts: Readonly<Record<string, string>>) {
  const files = filesOf(Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${path}/${name}`, text])));
  const { read, list } = contentsOf(path, files);
  const history = drizzleHistory(drizzleOptions(toolSettings({ path, read, list })));
  return { history, migrations: readFolder(path, files, drizzle).migrations };
}

const byTime = projectOf({
  'meta/_journal.json': journalOf(['0000_a', '0001_b', '0002_c', '0003_d']),
  '0000_a.sql': 'a',
  '0001_b.sql': 'b',
  '0002_c.sql': 'c',
  '0003_d.sql': 'd',
});

const [one, two, three] = ['20240101000000_a', '20240101000000_b', '20240102000000_c'];
const byName = projectOf({
  [`${one}/migration.sql`]: 'a',
  [`${two}/migration.sql`]: 'b',
  [`${three}/migration.sql`]: 'c',
});

const table = 'drizzle.__drizzle_migrations';

for (const major of Object.values(servers)) {
  describe(`drizzle's history on Postgres ${major}`, () => {
    const withTable = (history: History, use: Parameters<typeof withSession>[1]): Promise<unknown> =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await history.withLock(session, 1_000, async () => {});
          return use(session);
        }),
      );

    it('counts by the latest time: what is older is passed over, and rows nobody knows are there', () =>
      withTable(byTime.history, async (session) => {
        const states = async () => {
          const state = await byTime.history.read(session);
          return byTime.migrations.map((it) => state.applied(it)).join(' ');
        };
        equal(await states(), 'pending pending pending pending');
        await session.rows(`insert into ${table} (hash, created_at) values ('x', $1), ('y', 5)`, [whenOf(0)]);
        equal(await states(), 'applied pending pending pending');
        await session.rows(`insert into ${table} (hash, created_at) values ('z', $1)`, [whenOf(2)]);
        equal(await states(), 'applied skipped applied pending');
        deepEqual((await byTime.history.read(session)).versions, [whenOf(0), '5', whenOf(2)]);
        await session.rows(`insert into ${table} (hash) values ('without a time')`);
        equal(await states(), 'applied pending applied pending', 'then drizzle begins anew');
      }));

    it('names what was applied since 1.0, and minds no order', () =>
      withTable(byName.history, async (session) => {
        await session.rows(`insert into ${table} (hash, created_at, name) values ('x', 7, $1), ('y', 8, null)`, [
          three,
        ]);
        const state = await byName.history.read(session);
        deepEqual(byName.migrations.map(state.applied), ['pending', 'pending', 'applied']);
        deepEqual([state.versions, state.skipsOlder, state.blocked], [[three], false, undefined]);
      }));

    it('gives the rows of an old table their names, as drizzle 1.0 does, or refuses as it does', () =>
      withTable(byTime.history, async (session) => {
        const hashes = ['ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 'other'];
        await session.rows(`insert into ${table} (hash, created_at) values ($1, $2), ($3, $4)`, [
          hashes[0] ?? '',
          String(millisOf(one ?? '') + 123),
          'changed since',
          String(millisOf(three ?? '') + 999),
        ]);
        const before = await byName.history.read(session);
        deepEqual(byName.migrations.map(before.applied), ['applied', 'pending', 'applied']);
        await byName.history.withLock(session, 1_000, async () => {});
        deepEqual(await session.rows(`select name, applied_at from ${table} order by id`), [
          { name: one, applied_at: null },
          { name: three, applied_at: null },
        ]);
        const after = await byName.history.read(session);
        deepEqual(byName.migrations.map(after.applied), ['applied', 'pending', 'applied']);
        equal(after.edited?.has(byName.migrations[2] as never, 'c'), true);
        await session.run(`drop schema drizzle cascade`);
        await byTime.history.withLock(session, 1_000, async () => {});
        await session.rows(`insert into ${table} (hash, created_at) values ('nobody', 5000)`);
        match((await byName.history.read(session)).blocked ?? '', /those with id 1 match no migration here/);
        await rejects(
          byName.history.withLock(session, 1_000, async () => {}),
          isFault('blocked'),
        );
      }));

    it("refuses a table that is not drizzle's", () =>
      withTable(byTime.history, async (session) => {
        await session.run(`alter table ${table} drop column hash`);
        await rejects(byTime.history.read(session), isFault('history-moved'));
      }));

    it('keeps two of us apart', () =>
      withDatabase(major, (url) =>
        withSession(url, (session) =>
          withSession(url, (other) =>
            byTime.history.withLock(session, 1_000, () =>
              rejects(
                byTime.history.withLock(other, 50, async () => {}),
                isFault('locked'),
              ),
            ),
          ),
        ),
      ));
  });
}
