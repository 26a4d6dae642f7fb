/** Tools that run all pending migrations in one transaction: all of them are applied, or none, and it is told so. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { applyMigrations } from '../../server/engine/apply/apply';
import { recoverApplies } from '../../server/engine/apply/recover';
import type { Progress } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { journalOf, whenOf } from '../support/drizzle';
import { startKillable, until } from '../support/killable';
import { servers, serverOf } from '../support/servers';
import type { Errand } from './child';
import { jobFor, mustApply, sameRefusal, sameTables, type TestJob, withJob } from './support';

const journal = `--- meta/_journal.json\n${journalOf(['0000_a', '0001_b', '0002_c'])}\n`;
const [first, second] = ['--- 0000_a.sql\ncreate table a (id int);\n', '--- 0001_b.sql\ncreate table b ();\n'];
const source = (third: string): string => `${journal}${first}${second}--- 0002_c.sql\n${third}`;

const taken = `${whenOf(0)} and ${whenOf(1)}, in the same transaction, were rolled back with it.`;

const stateOf = async (job: TestJob): Promise<string> => {
  const result = await applyMigrations(job, job.versions);
  return `${result.kind}: ${'state' in result ? result.state : ''}`;
};

for (const major of Object.values(servers)) {
  describe(`all in one transaction on PostgreSQL ${major}`, () => {
    it('are applied, and recorded one after the other', () =>
      withJob(major, 'drizzle', source('insert into a values (1);'), async (job, place) => {
        const result = await applyMigrations(job, job.versions);
        deepEqual(result.kind === 'done' && result.migrations, job.versions);
        await sameTables(place, ['a', 'b']);
        const rows = await place.sql('select id, created_at from drizzle.__drizzle_migrations order by id');
        deepEqual(
          rows,
          job.versions.map((it, at) => ({ id: at + 1, created_at: it })),
        );
        deepEqual(
          job.steps.map(({ cancellable }) => cancellable),
          [true, true, true, false],
        );
        equal(job.steps.at(-1)?.fraction, 1);
        deepEqual(await recoverApplies(job), []);
      }));

    it('are none when one is refused', () =>
      withJob(
        major,
        'drizzle',
        source(
          'insert into a values (1);\ninsert into x values (1);\n--          ^ 42P01 relation "x" does not exist\n',
        ),
        async (job, place) => {
          const result = sameRefusal(job, await applyMigrations(job, job.versions));
          deepEqual([result.version, result.migrations, result.left], [whenOf(2), [], 'nothing']);
          equal(result.state, `${whenOf(2)} was rolled back; nothing of it stands. ${taken} No migration is applied.`);
          await sameTables(place, []);
          deepEqual(await recoverApplies(job), []);
        },
      ));

    it('are none when the end of the transaction is refused', () =>
      withJob(
        major,
        'drizzle',
        source('alter table a add unique (id) deferrable initially deferred; insert into a values (1), (1);'),
        async (job, place) => {
          const result = await applyMigrations(job, job.versions);
          equal(result.kind === 'refused' && result.finding.sqlState, '23505');
          await sameTables(place, []);
        },
      ));

    it('are none when it is cancelled, while a statement runs and before one does', () =>
      withJob(major, 'drizzle', source('select pg_sleep(10);'), async (_, place) => {
        const cancelled = (at: number, when: (stop: () => void) => void): Promise<string> => {
          const stop = new AbortController();
          const progress = ({ message }: Progress): void => {
            if (message.startsWith(`Applying ${whenOf(at)}`)) when(() => stop.abort(new Error('enough')));
          };
          return stateOf(jobFor(place, 'drizzle', source('select pg_sleep(10);'), { signal: stop.signal, progress }));
        };
        const stands = (at: number) => `cancelled: ${whenOf(at)} was rolled back; nothing of it stands.`;
        equal(await cancelled(2, setImmediate), `${stands(2)} ${taken} No migration is applied.`);
        equal(
          await cancelled(1, (stop) => stop()),
          `${stands(1)} ${whenOf(0)}, in the same transaction, was rolled back with it. No migration is applied.`,
        );
        await sameTables(place, []);
      }));

    it('are none when the session ends, which is told at once and at the next start', () =>
      withJob(major, 'drizzle', source('select pg_terminate_backend(pg_backend_pid());'), async (job, place) => {
        await rejects(applyMigrations(job, job.versions), (error) => isFault('connection-lost')(error) && says(error));
        await sameTables(place, []);
        match((await recoverApplies(job))[0] ?? '', toldAgain);
      }));

    it('are none when our process ends', () =>
      withJob(major, 'drizzle', source('lock table gate;'), async (job, place) => {
        await place.sql('create table gate ()');
        const holder = await place.connect('holder');
        await holder.query('begin; lock table gate');
        const { host, port, user, password } = await serverOf(major);
        const errand: Errand = {
          place: { host, port, user, password, database: place.target.database.name },
          storage: place.around.storage,
          layout: 'drizzle',
          source: source('lock table gate;'),
          direction: 'up',
        };
        const running = startKillable(join(__dirname, 'child.ts'), errand);
        const waiting = await until(async () => {
          const [row] = await place.sql<{ pid: number }>(
            `select pid from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0 and query like 'lock%gate%'`,
          );
          return row?.pid;
        });
        await running.kill();
        await holder.query('select pg_terminate_backend($1, 5000)', [waiting]);
        match(await until(async () => (await recoverApplies(job))[0]), toldAgain);
        await sameTables(place, ['gate']);
      }));

    it('are not begun where one ends the transaction, which can be applied alone', () =>
      withJob(major, 'drizzle', source('create table c (); commit; select no;'), async (job, place) => {
        await rejects(
          applyMigrations(job, job.versions),
          (error) =>
            isFault('bad-migration')(error) && /0002_c\.sql ends the transaction in which drizzle/.test(String(error)),
        );
        await sameTables(place, []);
        await mustApply(job, job.versions.slice(0, 2));
        const result = await applyMigrations(job, job.versions.slice(2));
        match(result.kind === 'refused' ? result.state : '', /numbers? 1 took effect and stays/);
        await sameTables(place, ['a', 'b', 'c']);
      }));
  });
}

const toldAgain = new RegExp(
  `in the middle of ${whenOf(2)}, which was rolled back: nothing of it stands\\. ${taken} No migration is applied`,
);

function says(error: unknown): boolean {
  match(String(error), new RegExp(`${whenOf(2)} was rolled back; nothing of it stands\\. ${taken}`));
  return true;
}
