/** Sessions of a trial are ended by the server: the copy's, and the one that holds the work together. */
import { match, rejects } from 'node:assert/strict';
import { recoverSnapshots } from '../../server/engine/snapshots/recover';
import { withPlace } from '../snapshots/support';
import { isFault } from '../support/faults';
import { until } from '../support/killable';
import { servers } from '../support/servers';
import { nothingLeft, tried } from './support';

const gated = `--- 1_a.up.sql
do $$ begin
  while not exists (select from pg_stat_activity where application_name = 'lost') loop
    perform pg_sleep(0.02);
    perform pg_stat_clear_snapshot();
  end loop;
end $$;
`;

/** In the copy a statement of the script; beside it the session that holds the lock of the target's snapshots. */
const ofCopy = `select pid from pg_stat_activity where query like 'do %' and state = 'active' and datname like 'rehearsal\\_trial%'`;
const ofWorker = `select pid from pg_locks where locktype = 'advisory' and exists (${ofCopy})
  and database = (select oid from pg_database where datname = current_database())`;

for (const major of Object.values(servers)) {
  describe(`a session that is lost in a trial on PostgreSQL ${major}`, () => {
    for (const afterwards of ['drop', 'swap'] as const) {
      it(`is that of the copy: the copy is dropped, the target open (${afterwards})`, () =>
        withPlace(major, async (place) => {
          const lost = rejects(
            tried(place, { source: gated, order: { afterwards } }),
            isFault('connection-lost', /The copy has been dropped, and \S+ is as it was\. Try again/),
          );
          await place.sql(`select pg_terminate_backend(${await until(() => pidOf(ofCopy, place))})`, 'postgres');
          await lost;
          await nothingLeft(place);
        }));

      it(`holds the work together: the next start puts an end to it (${afterwards})`, () =>
        withPlace(major, async (place) => {
          const asked = tried(place, { source: gated, order: { afterwards } });
          const lost = rejects(asked, isFault('connection-lost', /How it ended is told when the server answers again/));
          await place.sql(`select pg_terminate_backend(${await until(() => pidOf(ofWorker, place))})`, 'postgres');
          const go = await place.connect('lost', 'postgres');
          await lost;
          await go.end();
          const told = await until(async () => (await recoverSnapshots(place.target, place.around))[0]);
          match(told, /The copy \S+, on which migrations were being tried out, has been dropped/);
          if (afterwards === 'swap') match(told, /can be connected to again\.$/);
          await nothingLeft(place);
        }));
    }
  });
}

async function pidOf(
  query: string,
  { sql }: Parameters<Parameters<typeof withPlace>[1]>[0],
): Promise<number | undefined> {
  const [found] = await sql<{ pid: number }>(query, 'postgres');
  return found?.pid;
}
