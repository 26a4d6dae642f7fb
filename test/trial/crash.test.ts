/**
 * Our process is killed, or the server, while migrations are tried out. The target is before or after, is not left
 * closed, no copy stays, and the next start says what happened.
 */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { openAgain } from '../../server/engine/snapshots/closing';
import { recoverSnapshots } from '../../server/engine/snapshots/recover';
import { listSnapshots } from '../../server/engine/snapshots/snapshots';
import { trialPrefix } from '../../server/engine/snapshots/names';
import type { Afterwards } from '../../server/engine/trials';
import { assets, beside, isWaitingFor, type Place, withFilled } from '../snapshots/support';
import { isFault } from '../support/faults';
import { startKillable, until, whenBack } from '../support/killable';
import { type Major, asAdmin, servers, serverOf } from '../support/servers';
import type { Errand } from './child';
import { journalsOf, nothingLeft } from './support';

const child = join(__dirname, 'child.ts');

/** The script waits on the copy until a session of that name is on the server. */
const gated = `--- 1_a.up.sql
update item set id = 2;
do $$ begin
  while not exists (select from pg_stat_activity where application_name = 'go') loop
    perform pg_sleep(0.02);
    perform pg_stat_clear_snapshot();
  end loop;
end $$;
`;
const open = `--- 1_a.up.sql
update item set id = id + 1;
--- 1_a.down.sql
update item set id = id - 1;
`;

for (const major of Object.values(servers)) {
  describe(`a killed trial on PostgreSQL ${major}`, () => {
    // What was committed has to outlive a crash, as on a server that people use.
    before(async () => asAdmin(await serverOf(major), 'alter role postgres set synchronous_commit = on'));
    after(async () => asAdmin(await serverOf(major), 'alter role postgres reset synchronous_commit'));

    for (const afterwards of ['drop', 'swap'] as const) {
      it(`before the copy is made, and before it is let in (${afterwards})`, () =>
        withFilled(major, async (place) => {
          for (const lock of [
            `comment on database ${place.target.database.name} is 'held'`,
            'lock table pg_shdescription in share mode',
          ]) {
            const holder = await beside(place);
            await holder.query(`begin; ${lock}`);
            const running = startKillable(child, await errand(major, place, open, afterwards));
            await until(() => isWaitingFor(place, holder));
            await running.kill();
            deepEqual(await recoverSnapshots(place.target, place.around), [], 'its session is still at work');
            await holder.query('rollback');
            await asBefore(place, await recovered(place));
          }
        }));

      it(`in the middle of a script (${afterwards})`, () =>
        withFilled(major, async (place) => {
          const running = startKillable(child, await errand(major, place, gated, afterwards));
          await until(() => isAtGate(place));
          equal(journalsOf(place).length, 2);
          await running.kill();
          const told = await recovered(place);
          match(told, /The copy \S+, on which migrations were being tried out, has been dropped; \S+ is as it was\./);
          if (afterwards === 'swap') match(told, /can be connected to again\.$/);
          await asBefore(place, told);
        }));
    }

    it('in the middle of a swap: whoever may opens the target, by whatever name of the host and on whatever machine', () =>
      withFilled(major, async (place) => {
        const { target, around, sql } = place;
        const { name } = target.database;
        const comment = async (): Promise<unknown> =>
          (
            await sql(`select shobj_description(oid, 'pg_database') as it from pg_database where datname = '${name}'`)
          )[0];
        await sql(`comment on database ${name} is 'the shop';
          create role guest_${name} login password 'guest'; create role deputy_${name} login password 'deputy' superuser`);
        try {
          const guest = place.as(`guest_${name}`, 'guest');
          const deputy = place.as(`deputy_${name}`, 'deputy', 'localhost');
          const isMine = { ...around, storage: join(around.storage, 'of another machine') };
          const leave = async (): Promise<void> => {
            const running = startKillable(child, await errand(major, place, gated, 'swap'));
            await until(() => isAtGate(place));
            await rejects(openAgain(deputy, around.signal, true), isFault('locked', /at work/));
            await running.kill();
            await until(async () => ((await ourSessions(place)) === 0 ? true : undefined));
            deepEqual(await recoverSnapshots(guest, around), [], 'is no business of a guest');
            const who = /guest_\S+ may not open it\. The next command of its owner postgres or of a superuser opens it/;
            await rejects(openAgain(guest, around.signal, true), isFault('closed', who));
            await rejects(openAgain(deputy, around.signal, false), isFault('closed', /this environment is only read/));
          };
          await leave();
          deepEqual(await recoverSnapshots(deputy, isMine), []);
          match(
            (await openAgain(deputy, around.signal, true)) ?? '',
            /A trial on .* was cut off\. \S+ can be connected to again\.$/,
          );
          deepEqual(await comment(), { it: 'the shop' });
          match(await recovered(place), /has been dropped/);
          await leave();
          const [told = ''] = await recoverSnapshots(deputy, around);
          match(told, /has been dropped; \S+ is as it was\. \S+ can be connected to again\.$/);
          deepEqual(await comment(), { it: 'the shop' });
          await asBefore(place, told);
        } finally {
          await sql(`drop role guest_${name}, deputy_${name}`, 'postgres');
        }
      }));

    it('before and between the renames of a swap, and before it is committed', () =>
      withFilled(major, async (place) => {
        const { name } = place.target.database;
        const locks = (copy: string) => [
          `comment on database ${name} is 'held'`,
          `comment on database ${copy} is 'held'`,
          'lock table pg_shdescription in share mode',
        ];
        for (const nth of [0, 1, 2]) {
          const running = startKillable(child, await errand(major, place, gated, 'swap'));
          await until(() => isAtGate(place));
          const copy = (await place.names()).find((it) => it.startsWith(trialPrefix)) ?? '';
          const holder = await beside(place);
          await holder.query(`begin; ${locks(copy)[nth]}`);
          const go = await place.connect('go', 'template1');
          await until(() => isWaitingFor(place, holder));
          await running.kill();
          await go.end();
          await holder.query('rollback');
          const told = await recovered(place);
          match(told, /No copy took its place; \S+ is as it was\. .*can be connected to again\.$/);
          await asBefore(place, told);
        }
      }));

    it('at any moment, also later and later', () =>
      withFilled(major, async (place) => {
        let expected = 1;
        const seen = new Set<string>();
        for (let round = 0; round < 8; round++) {
          const running = startKillable(child, await errand(major, place, open, 'swap'));
          let isOver = false;
          void running.ended.then(() => (isOver = true));
          // One that has come to its end before anybody looked has no journal any more.
          await until(async () => (isOver || journalsOf(place).length > 0 ? true : undefined));
          for (let looks = 0; looks < round * 6; looks++) await place.sql('select 1', 'postgres');
          await running.kill();
          const told = await until(async () => {
            const [first] = await recoverSnapshots(place.target, place.around);
            return first ?? (journalsOf(place).length === 0 ? 'it was done' : undefined);
          });
          const [row] = await place.sql<{ id: number }>('select id from item');
          ok(row && [expected, expected + 1].includes(row.id), `${row?.id} after ${expected}: ${told}`);
          if (/is as it was/.test(told)) equal(row.id, expected);
          if (/has taken its place/.test(told)) equal(row.id, expected + 1);
          seen.add(told.replaceAll(/\S*\d\S*/g, ''));
          expected = row.id;
          await nothingLeft(place, 0, (await listSnapshots(place.target, place.around)).length);
        }
        ok(seen.size > 0);
      }));

    it('the server crashes while the target is closed, and starts again', () =>
      withFilled(major, async (place) => {
        const running = startKillable(child, await errand(major, place, gated, 'swap'));
        process.kill(await until(() => isAtGate(place)), 'SIGKILL');
        await running.ended;
        const told = await until(() => whenBack(() => recoverSnapshots(place.target, place.around)));
        match(told, /can be connected to again\.$/);
        await asBefore(place, told);
      }));
  });
}

/** As soon as the server has given up the sessions of the process that was killed. */
async function recovered(place: Place): Promise<string> {
  const told = await until(async () => (await recoverSnapshots(place.target, place.around))[0]);
  deepEqual(await recoverSnapshots(place.target, place.around), []);
  return told;
}

async function asBefore(place: Place, told: string): Promise<void> {
  match(told, /was cut off/);
  deepEqual(await place.sql('select id from item'), [{ id: 1 }]);
  await nothingLeft(place);
}

async function errand(
  major: Major,
  { target, around }: Place,
  source: string,
  afterwards: Afterwards,
): Promise<Errand> {
  const { host, port, user, password } = await serverOf(major);
  const place = { host, port, user, password, database: target.database.name };
  return { place, storage: around.storage, assets, source, afterwards };
}

/** Those that hold the work together; what runs on the copy does not notice. */
async function ourSessions({ sql }: Place): Promise<number | undefined> {
  const [row] = await sql<{ count: number }>(
    `select count(*)::int from pg_stat_activity where application_name = 'rehearsal' and datname = 'postgres'`,
    'postgres',
  );
  return row?.count;
}

async function isAtGate({ sql }: Place): Promise<number | undefined> {
  const [waiting] = await sql<{ pid: number }>(
    `select pid from pg_stat_activity where query like 'do %' and state = 'active' and starts_with(datname, '${trialPrefix}')`,
    'postgres',
  );
  return waiting?.pid;
}
