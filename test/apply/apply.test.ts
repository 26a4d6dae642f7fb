/** Migrations applied and reverted on real servers, for each tool: what stands, what is recorded, what is told. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import { withPlace } from '../snapshots/support';
import { isFault } from '../support/faults';
import { until } from '../support/killable';
import { servers } from '../support/servers';
import { jobFor, mustApply, mustRefuse, mustRevert, sameRefusal, sameTables, withJob } from './support';

for (const major of Object.values(servers)) {
  describe(`apply on PostgreSQL ${major}`, () => {
    describe('golang-migrate', () => {
      it('runs all pending migrations, records the last one, and reverts them newest first', () =>
        withJob(
          major,
          'golang-migrate',
          `--- 1_a.up.sql
create table a (id int);
--- 1_a.down.sql
drop table a;
--- 2_b.up.sql
create table b (id int); -- with a comment
create index concurrent_name on b (id);
--- 2_b.down.sql
drop table b;
--- 3_c.up.sql
create index concurrently c on b (id);
--- 3_c.down.sql
drop index concurrently c;
`,
          async (job, place) => {
            const result = await mustApply(job, job.versions);
            deepEqual(result.migrations, ['1', '2', '3']);
            await sameTables(place, ['a', 'b', 'schema_migrations']);
            deepEqual(await place.sql('select * from schema_migrations'), [{ version: '3', dirty: false }]);
            deepEqual(
              job.steps.map(({ message, cancellable }) => `${message} ${cancellable}`),
              [
                'Applying 1 a: statement 1 of 1 true',
                'Applying 1 a: committing false',
                'Applying 2 b: statement 1 of 2 true',
                'Applying 2 b: statement 2 of 2 true',
                'Applying 2 b: committing false',
                'Applying 3 c: statement 1 of 1 true',
                'Applying 3 c: committing false',
              ],
            );
            const back = await mustRevert(job, ['3', '2']);
            deepEqual(back.migrations, ['3', '2']);
            await sameTables(place, ['a', 'schema_migrations']);
            deepEqual(await place.sql('select * from schema_migrations'), [{ version: '1', dirty: false }]);
          },
        ));

      it('stops at the first error, rolls the file back, and leaves the dirty mark as the tool does', () =>
        withJob(
          major,
          'golang-migrate',
          `--- 1_a.up.sql
create table a (id int);
--- 2_b.up.sql
create table b (id int);
alter table a add column note text; select '🛒', missing from b;
--                                               ^^^^^^^ 42703 column "missing" does not exist
create table never (id int);
--- 3_c.up.sql
create table c (id int);
`,
          async (job, place) => {
            const result = sameRefusal(job, await applyMigrations(job, job.versions));
            deepEqual(result.migrations, ['1']);
            equal(result.version, '2');
            equal(
              result.state,
              '2 was rolled back; nothing of it stands. golang-migrate marked version 2 dirty: `migrate force 1` takes that back. rehearsal repair can do that, too.',
            );
            equal(result.left, 'changes');
            await sameTables(place, ['a', 'schema_migrations']);
            deepEqual(await place.sql('select * from schema_migrations'), [{ version: '2', dirty: true }]);
            await rejects(
              applyMigrations(job, ['3']),
              isFault('blocked', /^The migration tool would refuse to go on: golang-migrate marked version 2 dirty/),
            );
          },
        ));

      it('a script with its own transactions goes out as one message', () =>
        withJob(
          major,
          'golang-migrate',
          `--- 1_a.up.sql
begin;
create table a (id int primary key);
commit;
create table b (id int);
insert into a values (1), ('x');
--                         ^^^ 22P02 invalid input syntax for type integer: "x"
`,
          async (job, place) => {
            const result = sameRefusal(job, await applyMigrations(job, job.versions));
            equal(
              result.state,
              'Of the 5 statements of 1, number 2 took effect and stays; the others did not. golang-migrate marked version 1 dirty: run `migrate force -- -1` when what stands is taken back, or `migrate force 1` when the rest is done as well. rehearsal repair can do that, too.',
            );
            equal(result.left, 'changes');
            await sameTables(place, ['a', 'schema_migrations']);
          },
        ));

      it('would skip an earlier one for ever: that is refused before', () =>
        withJob(
          major,
          'golang-migrate',
          `--- 1_a.up.sql
create table a (id int);
--- 2_b.up.sql
create table b (id int);
`,
          async (job, place) => {
            await rejects(applyMigrations(job, ['2']), isFault('out-of-order', /would never run 1/));
            await sameTables(place, ['schema_migrations']);
          },
        ));
    });

    describe('dbmate', () => {
      it('records within the transaction; without one it leaves what was done and does not record', () =>
        withJob(
          major,
          'dbmate',
          `--- 1_a.sql
-- migrate:up
create table a (id int);
insert into a values (1);
-- migrate:down
drop table a;
--- 2_b.sql
-- migrate:up
alter table a add constraint later unique (id) deferrable initially deferred;
insert into a values (1);
-- migrate:down
select 1;
--- 3_c.sql
-- migrate:up transaction:false
create index concurrently a_id on a (nothing);
--                                   ^^^^^^^ 42703 column "nothing" does not exist
-- migrate:down
select 1;
`,
          async (job, place) => {
            const refused = await mustRefuse(job, ['1', '2', '3']);
            deepEqual(refused.migrations, ['1']);
            equal(refused.finding.sqlState, '23505');
            equal(refused.state, '2 was rolled back; nothing of it stands. 1 is the newest applied migration.');

            const third = sameRefusal(job, await applyMigrations(job, ['3']));
            equal(third.state, '3 was rolled back; nothing of it stands. 1 is the newest applied migration.');
            deepEqual(await place.sql('select version from schema_migrations'), [{ version: '1' }]);
            await mustRevert(job, ['1']);
            await sameTables(place, ['schema_migrations']);
          },
        ));

      it('a script that leads the history astray still tells how it ended', () =>
        withJob(
          major,
          'dbmate',
          `--- 1_a.sql
-- migrate:up
select pg_catalog.set_config('search_path', '', false);
create table public.a (id int);
-- migrate:down
--- 2_b.sql
-- migrate:up transaction:false
set search_path to '';
alter table public.a add column id int;
--                 ^ 42701 column "id" of relation "a" already exists
-- migrate:down
`,
          async (job) => {
            await mustApply(job, ['1']);
            const result = await mustRefuse(job, ['2']);
            equal(result.finding.sqlState, '42701');
            equal(result.state, '2 was rolled back; nothing of it stands. 1 is the newest applied migration.');
          },
        ));

      it('what was applied meanwhile is not applied again', () =>
        withJob(
          major,
          'dbmate',
          `--- 1_a.sql\n-- migrate:up\ncreate table a ();\n-- migrate:down\n--- 2_b.sql\n-- migrate:up\n-- migrate:down\n`,
          async (job) => {
            await mustApply(job, ['1']);
            equal((await applyMigrations(job, ['1'])).kind, 'nothing');
            await rejects(applyMigrations(job, ['1', '2']), isFault('history-moved', /1 has been applied meanwhile/));
            await rejects(
              revertMigrations(job, ['1']),
              isFault('no-down', /cannot be reverted: the down script of 1 a \(1_a\.sql\) has no statement\. Write/),
            );
            await rejects(applyMigrations(job, ['7']), isFault('no-such-migration', /7/));
          },
        ));
    });

    describe('a revert', () => {
      it('of others than those that were asked about runs nothing', () =>
        withPlace(major, async (place) => {
          const migration = (name: string) =>
            `--- ${name}.sql\n-- migrate:up\ncreate table ${name.slice(2)} ();\n-- migrate:down\ndrop table ${name.slice(2)};\n`;
          const job = jobFor(place, 'dbmate', ['1_a', '2_b', '3_c'].map(migration).join(''));
          const moved = (versions: readonly string[], now: RegExp) =>
            rejects(revertMigrations(job, versions), isFault('history-moved', now));
          await moved(['1'], /now none is applied/);
          await mustApply(job, ['1', '2']);
          // Somebody else has gone on meanwhile.
          await mustApply(job, ['3']);
          await moved(['2'], /2 should be reverted, but now the newest applied are 3\./);
          await moved(['2', '1'], /newest applied are 3, 2/);
          await moved(['2', '3'], /newest applied are 3, 2/);
          await moved(['4', '3', '2', '1'], /newest applied are 3, 2, 1/);
          await sameTables(place, ['a', 'b', 'c', 'schema_migrations']);
          await mustRevert(job, ['3', '2']);
          await sameTables(place, ['a', 'schema_migrations']);
        }));
    });

    describe('plain numbered files', () => {
      it('statement by statement: what stands is told by number', () =>
        withJob(
          major,
          'numbered',
          `--- 001_a.sql
-- rehearsal: no-transaction
create table a (id int);
begin;
create table b (id int);
insert into b values (1);
rollback;
create table c (id int);
alter table nowhere add column x int;
--          ^^^^^^^ 42P01 relation "nowhere" does not exist
create table d (id int);
`,
          async (job, place) => {
            const result = sameRefusal(job, await applyMigrations(job, job.versions));
            equal(
              result.state,
              'Of the 8 statements of 1, numbers 1 and 6 took effect and stay; the others did not. No migration is applied.',
            );
            await sameTables(place, ['a', 'c']);
          },
        ));

      it('rows of COPY are sent with it; a line for psql is refused before anything runs', () =>
        withJob(
          major,
          'numbered',
          `--- 001_a.sql
create table a (id int, name text);
copy a from stdin;
1	one
2	zwei 🛒
\\.
update a set name = upper(name) where id = 1;
--- 002_b.sql
create table b (id int);
\\i other.sql
`,
          async (job, place) => {
            await rejects(
              applyMigrations(job, job.versions),
              isFault('bad-migration', /002_b\.sql:2: \\i is for psql/),
            );
            await sameTables(place, []);
            await mustApply(job, ['1']);
            deepEqual(await place.sql('select * from a order by id'), [
              { id: 1, name: 'ONE' },
              { id: 2, name: 'zwei 🛒' },
            ]);
          },
        ));

      it('a script that ends its own transaction, and one that does not', () =>
        withJob(
          major,
          'numbered',
          `--- 001_a.sql
begin;
create table a (id int);
commit;
--- 002_b.sql
begin;
create table b (id int);
`,
          async (job, place) => {
            const result = await mustRefuse(job, job.versions);
            deepEqual(result.migrations, ['1']);
            equal(
              result.state,
              '2 took no effect; nothing of this run stands. What an earlier one has left, if there was one, is still there. 1 is the newest applied migration.',
            );
            await sameTables(place, ['a']);
          },
        ));
    });

    it('thousands of statements are told in steps and do not take long', () =>
      withPlace(major, async (place) => {
        const inserts = Array.from({ length: 5_000 }, (_, n) => `insert into a values (${n});`).join('\n');
        const job = jobFor(place, 'numbered', `--- 001_a.sql\ncreate table a (id int);\n${inserts}\n`);
        await mustApply(job, job.versions);
        ok(job.steps.length > 400 && job.steps.length < 600);
        deepEqual(await place.sql('select count(*)::int from a'), [{ count: 5_000 }]);
      }));

    it('a journal that cannot be written keeps everything from beginning', () =>
      withJob(major, 'numbered', '--- 001_a.sql\ncreate table a (id int);\n', async (job, place) => {
        const storage = join(place.around.storage, 'file');
        writeFileSync(storage, 'no folder');
        await rejects(applyMigrations({ ...job, storage }, ['1']), isFault('not-writable', /file/));
        await sameTables(place, []);
      }));

    it('a lock that others hold is not waited for for ever', () =>
      withPlace(major, async (place) => {
        await place.sql('create table a (id int)');
        const other = await place.connect();
        await other.query('begin; lock table a');
        const job = jobFor(
          place,
          'numbered',
          `--- 001_a.sql
create table b (id int);
alter table a add column x int;
--          ^ 55P03 canceling statement due to lock timeout
`,
          { waits: { lockMs: 1_000, statementLockMs: 100 } },
        );
        const result = await mustRefuse(job, job.versions);
        equal(result.finding.sqlState, '55P03');
        match(result.finding.hint ?? '', /holds a lock/);
        await sameTables(place, ['a']);
        await other.query('rollback');
        await mustApply(job, job.versions);
      }));

    it('tell with a refusal the text that was run, whatever the file is by then', () =>
      withJob(major, 'numbered', '--- 001_a.sql\nselect nope;\n', async (job) => {
        let saved: string | undefined;
        const result = await mustRefuse(
          { ...job, read: (path) => saved ?? job.read(path), progress: () => void (saved = 'select 1;\n') },
          job.versions,
        );
        deepEqual([result.text, saved], ['select nope;\n', 'select 1;\n']);
      }));

    it('of two that apply at once exactly one does', () =>
      withPlace(major, async (place) => {
        for (const layout of ['golang-migrate', 'numbered'] as const) {
          const name = layout === 'numbered' ? '001_x.sql' : '1_x.up.sql';
          const source = `--- ${name}\nselect pg_sleep(0.2); create table ${layout.slice(0, 3)} (id int);\n`;
          const jobs = [1, 2, 3].map(() => jobFor(place, layout, source));
          const ends = await Promise.allSettled(jobs.map((job) => applyMigrations(job, ['1'])));
          equal(ends.filter((it) => it.status === 'fulfilled' && it.value.kind === 'done').length, 1);
          for (const it of ends) if (it.status === 'rejected') ok(isFault('history-moved', /meanwhile/)(it.reason));
        }
      }));

    describe('cancel', () => {
      it('while somebody else is migrating begins nothing', () =>
        withPlace(major, async (place) => {
          const source = '--- 1_a.up.sql\nselect pg_sleep(60); create table a ();\n';
          const [first, second] = [new AbortController(), new AbortController()];
          const running = applyMigrations(jobFor(place, 'golang-migrate', source, { signal: first.signal }), ['1']);
          await until(async () => (await place.sql(`select from pg_stat_activity where wait_event = 'PgSleep'`))[0]);
          const waiting = applyMigrations(jobFor(place, 'golang-migrate', source, { signal: second.signal }), ['1']);
          await until(
            async () => (await place.sql(`select from pg_locks where locktype = 'advisory' and not granted`))[0],
          );
          second.abort();
          deepEqual(await waiting, { kind: 'cancelled', migrations: [], state: 'Nothing was begun.' });
          first.abort();
          equal((await running).kind, 'cancelled');
          await sameTables(place, ['schema_migrations']);
        }));

      it('in the middle of a statement takes the migration back, without a dirty mark', () =>
        withPlace(major, async (place) => {
          const cancel = new AbortController();
          const job = jobFor(
            place,
            'golang-migrate',
            `--- 1_a.up.sql
create table a (id int);
--- 2_b.up.sql
create table b (id int);
select pg_sleep(60);
`,
            {
              signal: cancel.signal,
              progress: ({ message }) => {
                if (message.includes('2 b: statement 2')) setImmediate(() => cancel.abort());
              },
            },
          );
          const result = await applyMigrations(job, job.versions);
          if (result.kind !== 'cancelled') throw new Error(JSON.stringify(result));
          deepEqual(result.migrations, ['1']);
          equal(result.state, '2 was rolled back; nothing of it stands. 1 is the newest applied migration.');
          await sameTables(place, ['a', 'schema_migrations']);
          deepEqual(await place.sql('select * from schema_migrations'), [{ version: '1', dirty: false }]);
        }));

      it('between two migrations leaves those that are done', () =>
        withPlace(major, async (place) => {
          const cancel = new AbortController();
          const job = jobFor(
            place,
            'dbmate',
            `--- 1_a.sql
-- migrate:up
create table a (id int);
-- migrate:down
--- 2_b.sql
-- migrate:up
create table b (id int);
-- migrate:down
`,
            { signal: cancel.signal, progress: ({ cancellable }) => void (cancellable || cancel.abort()) },
          );
          const result = await applyMigrations(job, job.versions);
          if (result.kind !== 'cancelled') throw new Error(JSON.stringify(result));
          deepEqual(result.migrations, ['1']);
          equal(result.state, '2 was not begun. 1 is the newest applied migration.');
        }));
    });
  });
}
