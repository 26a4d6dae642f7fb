/**
 * Our process is killed while rows are carried over, or put back. The target is before or after, open to everybody, and
 * nothing half-made stays.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { openJournal } from '../../server/engine/base/journal';
import { snapshotPrefix } from '../../server/engine/snapshots/names';
import { recoverSnapshots } from '../../server/engine/snapshots/recover';
import { listSnapshots, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { startKillable, until } from '../support/killable';
import { type SnapshotStep, topic } from '../../server/engine/snapshots/steps';
import { type Major, asAdmin, servers, serverOf } from '../support/servers';
import type { Errand } from './child';
import { type Place, withPlace } from './support';

const child = join(__dirname, 'child.ts');

/** Rows of both tables: as they are changed since the snapshot, and with those of `note` carried over. */
const states = { now: '1,2 | a,b', carried: '1 | a,b', refilled: '1,2 | a' } as const;

for (const major of Object.values(servers)) {
  describe(`rows that are carried over, a killed process and PostgreSQL ${major}`, () => {
    before(async () => asAdmin(await serverOf(major), 'alter role postgres set synchronous_commit = on'));
    after(async () => asAdmin(await serverOf(major), 'alter role postgres reset synchronous_commit'));

    it('while it waits for a writer, and while the target is shut', () =>
      withChanged(major, async (place, id) => {
        const { target } = place;
        const errand = { kind: 'restore', id, carry: ['note'] } as const;
        for (const [hold, database] of [
          [`insert into note values ('uncommitted')`, target.database.name],
          [`comment on database ${target.database.name} is 'held'`, 'template1'],
        ] as const) {
          const told = await killedWhile(place, major, { hold, database }, errand);
          match(told, /Nothing was restored; \S+ is as it was\.|The half-made database \S+ has been dropped\./);
          equal(await stateOf(place), states.now);
          await nothingHalfMade(place, [id]);
        }
      }));

    it('at any moment', () =>
      withChanged(major, async (place, id) => {
        const { around, target, sql } = place;
        const outcomes = new Set<string>();
        for (const what of [
          ...['load', 'close', 'swap'].map((step) => ({
            step,
            errand: { kind: 'restore', id, carry: ['note'] } as const,
          })),
          ...['copy', 'open', 'refill'].map((step) => ({
            step,
            errand: { kind: 'tables', id, tables: ['note'] } as const,
          })),
        ]) {
          const running = startKillable(child, await errandOf(major, place, what.errand));
          await Promise.race([
            until(async () => (stepsOf(place).includes(`"step":"${what.step}"`) ? true : undefined)),
            running.ended,
          ]);
          await running.kill();
          await until(async () => {
            await recoverSnapshots(target, around);
            return stepsOf(place) === '' ? true : undefined;
          });
          const state = await stateOf(place);
          const after = what.errand.kind === 'restore' ? states.carried : states.refilled;
          ok(
            [states.now, after].some((it) => it === state),
            `${what.step}: ${state}`,
          );
          outcomes.add(state);
          const ids = (await listSnapshots(target, around)).map((it) => it.id);
          ok(ids.includes(id), 'the snapshot stays');
          await nothingHalfMade(place, ids);
          await sql(`truncate item, note; insert into item values (1), (2); insert into note values ('a'), ('b')`);
        }
        ok(outcomes.size > 0);
      }));

    it('with a server that has crashed too, and never wrote the transaction down', () =>
      withChanged(major, async (place) => {
        const { around, target, sql } = place;
        const [row] = await sql<{ later: string }>(
          `select (pg_snapshot_xmax(pg_current_snapshot())::text::int8 + 1000000)::text as later`,
        );
        const step: SnapshotStep = {
          step: 'refill',
          transaction: row?.later ?? '',
          kept: 'x',
          tables: ['public.note'],
        };
        openJournal<SnapshotStep>(around.storage, topic, target.database.id, around.now()).note(step);
        match(
          (await recoverSnapshots(target, around)).join(' '),
          /No rows were restored; public\.note are as they were\./,
        );
        equal(stepsOf(place), '');
        equal(await stateOf(place), states.now);
      }));
  });
}

async function withChanged(major: Major, use: (place: Place, id: string) => Promise<void>): Promise<void> {
  await withPlace(major, async (place) => {
    await place.sql(`create table item (id int primary key); create table note (text text);
      insert into item values (1); insert into note values ('a')`);
    const order = { reason: 'by hand', version: undefined, disconnect: false };
    const taken = await takeSnapshot(place.target, order, place.around);
    if (taken.kind !== 'taken') throw new Error('nobody was there');
    await place.sql(`insert into item values (2); insert into note values ('b')`);
    await use(place, taken.snapshot.id);
  });
}

interface Hold {
  /** What another session does in a transaction. */
  readonly hold: string;
  readonly database: string;
}

async function killedWhile(
  place: Place,
  major: Major,
  { hold, database }: Hold,
  what: Errand['what'],
): Promise<string> {
  const holder = await place.connect('holder', database);
  await holder.query(`begin; ${hold}`);
  const running = startKillable(child, await errandOf(major, place, what));
  await until(() => isWaitedFor(place, holder));
  await running.kill();
  await holder.query('rollback');
  await holder.end();
  return until(async () => {
    const told = await recoverSnapshots(place.target, place.around);
    return told.length > 0 ? told.join(' ') : undefined;
  });
}

async function isWaitedFor({ sql }: Place, holder: Client): Promise<true | undefined> {
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  const waiting = await sql(
    `select from pg_stat_activity where ${rows[0]?.pid} = any (pg_blocking_pids(pid))`,
    'postgres',
  );
  return waiting.length > 0 ? true : undefined;
}

async function errandOf(major: Major, { target, around }: Place, what: Errand['what']): Promise<Errand> {
  const { host, port, user, password } = await serverOf(major);
  return { place: { host, port, user, password, database: target.database.name }, storage: around.storage, what };
}

async function stateOf({ sql }: Place): Promise<string> {
  const [row] = await sql<{ state: string }>(`select
    (select string_agg(id::text, ',' order by id) from item) || ' | ' ||
    (select string_agg(text, ',' order by text) from note) as state`);
  return row?.state ?? '';
}

/** All that is noted and not over yet. */
function stepsOf({ around }: Place): string {
  const folder = join(around.storage, 'journal');
  return readdirSync(folder)
    .map((name) => {
      try {
        return readFileSync(join(folder, name), 'utf8');
      } catch (cause) {
        // It was closed meanwhile.
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
        throw cause;
      }
    })
    .join('');
}

/** Every database that looks like a snapshot of the target is one of these, and shut; the target is open. */
async function nothingHalfMade({ target, names, sql }: Place, snapshots: readonly string[]): Promise<void> {
  const { name } = target.database;
  const there = (await names()).filter((it) => it.startsWith(snapshotPrefix + name));
  deepEqual(there.toSorted(), snapshots.toSorted());
  const open = await sql<{ datname: string }>('select datname from pg_database where datallowconn', 'postgres');
  ok(open.some(({ datname }) => datname === name));
  ok(!open.some(({ datname }) => snapshots.includes(datname)));
}
