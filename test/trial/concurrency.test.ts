/** An application writes all the time while migrations are tried out on its database: nothing that was committed is lost. */
import { deepEqual, ok } from 'node:assert/strict';
import { withPlace } from '../snapshots/support';
import { until } from '../support/killable';
import { servers, serverOf } from '../support/servers';
import { nothingLeft, reportOf, tried } from './support';
import { startWriters } from './writers';

const writers = 4;
const source = `--- 1_when.up.sql
alter table written add column at timestamptz not null default now();
create index on written (n);
--- 1_when.down.sql
alter table written drop column at;
drop index written_n_idx;
`;

/** What a session that was ended is told, or one that comes while the database takes no connections or gets another name. */
const announced = new Set([
  ...['57P01', '55000', '3D000', 'ECONNRESET', 'EPIPE', 'Connection terminated unexpectedly'],
  // The same, of one that was ended between two writes.
  'Client has encountered a connection error and is not queryable',
]);

for (const major of Object.values(servers)) {
  describe(`an application that writes to PostgreSQL ${major}`, () => {
    it('notices nothing of a trial on a dump', () =>
      withPlace(major, async (place) => {
        await place.sql('create table written (n int)');
        const application = startWriters((await serverOf(major)).url(place.target.database.name), writers);
        await until(async () => (application.committed.size > 100 ? true : undefined));
        const report = reportOf(await tried(place, { source }));
        await application.stop();
        deepEqual([report.copied.how, [...application.failures]], ['dump', []]);
        ok(application.longestMs() < 5_000, `${application.longestMs()} ms`);
        deepEqual(await missing(place, application.committed), []);
        await nothingLeft(place);
      }));

    it('is kept out while the copy is made the database, and loses no commit', () =>
      withPlace(major, async (place) => {
        await place.sql('create table written (n int)');
        const application = startWriters((await serverOf(major)).url(place.target.database.name), writers);
        await until(async () => (application.committed.size > 100 ? true : undefined));
        const order = { afterwards: 'swap', disconnect: true } as const;
        const report = reportOf(await tried(place, { source, order }));
        const swapped = application.committed.size;
        await until(async () => (application.committed.size > swapped + 100 ? true : undefined));
        await application.stop();
        ok(report.copied.ended.length >= writers);
        deepEqual(
          [...application.failures.keys()].filter((it) => !announced.has(it)),
          [],
        );
        deepEqual(await missing(place, application.committed), []);
        ok(application.longestMs() < report.ms + 5_000, `${application.longestMs()} ms of ${report.ms}`);
        deepEqual(await place.sql('select count(*)::int as without from written where at is null'), [{ without: 0 }]);
        await nothingLeft(place, 0, 1);
      }));
  });
}

/** Committed numbers that are not in the table. */
async function missing(
  { sql }: Parameters<Parameters<typeof withPlace>[1]>[0],
  committed: ReadonlySet<number>,
): Promise<readonly number[]> {
  const there = new Set((await sql<{ n: number }>('select n from written')).map(({ n }) => n));
  return [...committed].filter((n) => !there.has(n));
}
