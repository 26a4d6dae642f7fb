/**
 * Our process, its session or the server dies while migrations are applied. What was not committed is gone, what was is
 * recorded, and the next start says which.
 */
import type { LayoutName } from '../../server/engine/layouts/layout';
import { deepEqual, match, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import { recoverApplies } from '../../server/engine/apply/recover';
import { Fault } from '../../server/engine/base/fault';
import { type Place, withPlace } from '../snapshots/support';
import { startKillable, until, whenBack } from '../support/killable';
import { type Major, asAdmin, servers, serverOf } from '../support/servers';
import type { Errand } from './child';
import { jobFor, mustApply, sameTables } from './support';

const child = join(__dirname, 'child.ts');

const tried = ['golang-migrate', 'dbmate', 'goose', 'numbered'] as const satisfies readonly LayoutName[];

type Tried = (typeof tried)[number];

/** The second migration waits, in its second statement, for a table that the test holds. */
const sources: Readonly<Record<Tried, string>> = {
  'golang-migrate': `--- 1_a.up.sql
create table a ();
--- 1_a.down.sql
drop table a; lock table gate; select 1;
--- 2_b.up.sql
create table b ();
lock table gate;
create table c ();
`,
  dbmate: `--- 1_a.sql
-- migrate:up
create table a ();
-- migrate:down
drop table a; lock table gate;
--- 2_b.sql
-- migrate:up
create table b ();
lock table gate;
create table c ();
-- migrate:down
`,
  goose: `--- 1_a.sql
-- +goose Up
create table a ();
-- +goose Down
drop table a; lock table gate;
--- 2_b.sql
-- +goose NO TRANSACTION
-- +goose Up
create table b ();
-- +goose StatementBegin
create table d ();
lock table gate;
-- +goose StatementEnd
create table c ();
-- +goose Down
`,
  numbered: `--- 001_a.sql
create table a ();
--- 001_a.down.sql
drop table a; lock table gate;
--- 002_b.sql
-- rehearsal: no-transaction
create table b ();
alter table gate add column x int;
create table c ();
`,
};

interface Expected {
  readonly tables: readonly string[];
  /** Of the journal, at the next start. */
  readonly told: RegExp;
  /** Of the fault, when our process lives on. */
  readonly says: RegExp;
}

const expected: Readonly<Record<Tried, Expected>> = {
  'golang-migrate': {
    tables: ['a', 'gate', 'schema_migrations'],
    told: /in the middle of 2, which was rolled back: nothing of it stands\. golang-migrate marked version 2 dirty/,
    says: /2 was rolled back; nothing of it stands\. golang-migrate marked version 2 dirty/,
  },
  dbmate: {
    tables: ['a', 'gate', 'schema_migrations'],
    told: /in the middle of 2, which was rolled back: nothing of it stands\. 1 is the newest applied migration/,
    says: /2 was rolled back; nothing of it stands\. 1 is the newest applied migration/,
  },
  goose: {
    tables: ['a', 'b', 'gate', 'goose_db_version'],
    told: /the first 1 of its 4 statements may stand; whether number 2 took effect is not known\. 1 is the newest/,
    says: /number 1 took effect and stays; the others did not\. 1 is the newest/,
  },
  numbered: {
    tables: ['a', 'b', 'gate'],
    told: /the first 1 of its 3 statements may stand; whether number 2 took effect is not known\. 1 is the newest/,
    says: /number 1 took effect and stays; whether number 2 did is not known; the others did not\. 1 is the newest/,
  },
};

for (const major of Object.values(servers)) {
  for (const layout of tried) {
    describe(`an apply with ${layout} on PostgreSQL ${major} is cut off`, () => {
      const { tables, told, says } = expected[layout];
      // What was committed has to outlive a crash, as on a server that people use.
      before(async () => asAdmin(await serverOf(major), 'alter role postgres set synchronous_commit = on'));
      after(async () => asAdmin(await serverOf(major), 'alter role postgres reset synchronous_commit'));

      const errand = async ({ target, around }: Place, direction: Errand['direction']): Promise<Errand> => {
        const { host, port, user, password } = await serverOf(major);
        const place = { host, port, user, password, database: target.database.name };
        return { place, storage: around.storage, layout, source: sources[layout], direction };
      };

      it('by the end of our process', () =>
        withGate(major, async (place, gate) => {
          const running = startKillable(child, await errand(place, 'up'));
          await gate.waits();
          await running.kill();
          const job = jobFor(place, layout, sources[layout]);
          deepEqual(await recoverApplies(job), [], 'its session is still at work');
          await gate.killWaiting();
          match(await until(async () => (await recoverApplies(job))[0]), told);
          await gate.open();
          deepEqual(await recoverApplies(job), []);
          await sameTables(place, tables);
        }));

      it('by the end of its session', () =>
        withGate(major, async (place, gate) => {
          const job = jobFor(place, layout, sources[layout]);
          const lost = rejects(applyMigrations(job, job.versions), isLost(says));
          await gate.killWaiting();
          await lost;
          await gate.open();
          await sameTables(place, tables);
          match((await recoverApplies(job))[0] ?? '', told);
        }));

      it('by a crash of the server', () =>
        withGate(major, async (place, gate) => {
          const job = jobFor(place, layout, sources[layout]);
          const lost = rejects(applyMigrations(job, job.versions), isLost(/2/));
          process.kill(await gate.waits(), 'SIGKILL');
          await lost;
          match(await until(() => whenBack(() => recoverApplies(job))), told);
          await sameTables(place, tables);
        }));

      it('while it reverts', () =>
        withGate(major, async (place, gate) => {
          const job = jobFor(place, layout, sources[layout]);
          await mustApply(job, ['1']);
          const lost = rejects(
            revertMigrations(job, ['1']),
            isLost(/The down script of 1 was rolled back; 1 stands as before/),
          );
          await gate.killWaiting();
          await lost;
          match((await recoverApplies(job))[0] ?? '', /in the middle of the down script of 1, which was rolled back/);
          await sameTables(
            place,
            tables.filter((it) => it !== 'b'),
          );
        }));
    });
  }
}

interface Gate {
  /** Resolves with the process id of the session that waits for the table. */
  waits(): Promise<number>;
  killWaiting(): Promise<void>;
  open(): Promise<void>;
}

async function withGate(major: Major, use: (place: Place, gate: Gate) => Promise<void>): Promise<void> {
  await withPlace(major, async (place) => {
    await place.sql('create table gate ()');
    const holder = await place.connect('holder');
    await holder.query('begin; lock table gate');
    const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
    const waits = (): Promise<number> =>
      until(async () => {
        const [waiting] = await place.sql<{ pid: number }>(
          `select pid from pg_stat_activity where ${rows[0]?.pid} = any (pg_blocking_pids(pid))`,
        );
        return waiting?.pid;
      });
    await use(place, {
      waits,
      killWaiting: async () => void (await holder.query('select pg_terminate_backend($1, 5000)', [await waits()])),
      open: async () => void (await holder.query('rollback')),
    });
  });
}

const isLost = (words: RegExp) => (cause: unknown) => {
  if (!(cause instanceof Fault) || cause.code !== 'connection-lost') return false;
  match(cause.message, words);
  return true;
};

describe('an apply with Liquibase, which records the parts of a file, is cut off', () => {
  const source = `--- a.sql
--liquibase formatted sql
--changeset a:1
create table a ();
--changeset a:2
create table b ();
lock table gate;
`;

  it('and is not told to be carried out as a whole', () =>
    withGate(servers.newest, async (place, gate) => {
      const job = jobFor(place, 'liquibase', source);
      const lost = rejects(applyMigrations(job, job.versions), isLost(/a\.sql/));
      await gate.killWaiting();
      await lost;
      await gate.open();
      const [told = ''] = await recoverApplies(job);
      match(
        told,
        /at a:2 of a\.sql: as a whole it is there and recorded, or not at all, and what is left is run next\.$/,
      );
    }));
});
