/**
 * diesel's history on real servers. What it should hold is said by diesel-rs/diesel 2.3.12,
 * diesel_migrations/src/migration_harness.rs and diesel/src/migration/setup_migration_table.sql: diesel itself cannot be
 * had here.
 */
import { deepEqual, match, rejects } from 'node:assert/strict';
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import { dieselHistory } from '../../server/engine/history/diesel';
import { mustApply, mustRevert, sameTables, withJob } from '../apply/support';
import { isFault } from '../support/faults';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const source = `--- 2024-01-01-000000_a/up.sql
create table a (id int);
--- 2024-01-01-000000_a/down.sql
drop table a;
--- 2024-01-02-000000_b/up.sql
create index concurrently a_id on a (id);
--- 2024-01-02-000000_b/metadata.toml
run_in_transaction = false
--- 2024-01-03-000000_c/up.sql
create table c (id int);
create table a (id int);
--- 2024-01-03-000000_c/down.sql
drop table c;
`;

const [a, b, c] = ['20240101000000', '20240102000000', '20240103000000'] as const;

for (const major of Object.values(servers)) {
  describe(`diesel's history on Postgres ${major}`, () => {
    it('has a row for each version, written with its script', () =>
      withJob(major, 'diesel', source, async (job, place) => {
        await mustApply(job, [a, b]);
        const refused = await applyMigrations(job, [c]);
        match(refused.kind === 'refused' ? refused.state : '', /nothing of it stands\. 20240102000000 is the newest/);
        await sameTables(place, ['__diesel_schema_migrations', 'a']);
        deepEqual(
          await place.sql('select version, run_on <= now() as past from __diesel_schema_migrations order by 1'),
          [a, b].map((version) => ({ version, past: true })),
        );
        await rejects(revertMigrations(job, [b]), isFault('no-down', /has no down file/));
        await place.sql(`delete from __diesel_schema_migrations where version = '${b}'`);
        await mustRevert(job, [a]);
        deepEqual(await place.sql('select version from __diesel_schema_migrations'), []);
      }));

    it('has the table that diesel makes', () =>
      withJob(major, 'diesel', source, async (job, { sql }) => {
        await applyMigrations(job, [a]);
        deepEqual(
          await sql(`select column_name as name, data_type as type, character_maximum_length as length,
              is_nullable as nulls, column_default as default
            from information_schema.columns where table_name = '__diesel_schema_migrations' order by ordinal_position`),
          [
            { name: 'version', type: 'character varying', length: 50, nulls: 'NO', default: null },
            {
              name: 'run_on',
              type: 'timestamp without time zone',
              length: null,
              nulls: 'NO',
              default: 'CURRENT_TIMESTAMP',
            },
          ],
        );
      }));

    it('takes back the highest version first, also one that is not here', () =>
      withJob(major, 'diesel', source, async (job, { sql }) => {
        await applyMigrations(job, [a]);
        await sql(`insert into __diesel_schema_migrations (version) values ('20990101000000')`);
        await rejects(revertMigrations(job, [a]), isFault('history-moved', /diesel takes back 20990101000000 first/));
        await mustApply(job, [b]);
      }));

    it('is told from the table of another tool, and keeps two of us apart', () =>
      withDatabase(major, (url) =>
        withSession(url, (session) =>
          withSession(url, async (other) => {
            const history = dieselHistory();
            await history.withLock(session, 1_000, () =>
              rejects(
                history.withLock(other, 50, async () => {}),
                isFault('locked', /./),
              ),
            );
            await session.run('drop table __diesel_schema_migrations');
            await session.run('create table __diesel_schema_migrations (version bigint, dirty boolean)');
            await rejects(history.read(session), isFault('history-moved', /not that of diesel/));
          }),
        ),
      ));
  });
}
