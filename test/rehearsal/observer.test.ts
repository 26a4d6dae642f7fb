/** The observer itself: what it leaves behind, what it survives, and how it goes on after a rollback. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { Session } from '../../server/engine/database/session';
import { nothingKnown } from '../../server/engine/rehearsal/observation/counted';
import { countedBy, questionsOf } from '../../server/engine/rehearsal/observation/questions';
import type { Committed } from '../../server/engine/rehearsal/observation/observer';
import { relationsCalled } from '../../server/engine/rehearsal/observation/relations';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import { assets } from '../support/places';
import { asAdmin, type Major, serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { begun, done, observerOn, ran } from './observing';

for (const major of [servers.oldest, servers.newest]) {
  describe(`the observer on PostgreSQL ${major}`, () => {
    before(() => loadParser());

    it('is in no dump, and in every copy of its database', async () => {
      await withDatabase(major, async (url) => {
        const before = await dumped(major, url);
        await withSession(url, async (session) => void (await observerOn(session)));
        equal(await dumped(major, url), before);
        const server = await serverOf(major);
        const copy = `${databaseOf(url)}_copy`;
        await asAdmin(server, `create database ${copy} template ${databaseOf(url)}`);
        await withSession(server.url(copy), async (session) => {
          const { notices } = await done(session, 'create table made_in_a_copy (id int)');
          deepEqual(
            notices.map(({ sqlState, message }) => `${sqlState} ${message}`),
            ['RHOBS ddl_command_end'],
          );
        });
        await asAdmin(server, `drop database ${copy}`);
      });
    });

    it('survives what migrations do to everything that they can reach', async () => {
      await inTransaction(major, async (session, run) => {
        await done(session, 'create role gone; set local session authorization gone; reset session authorization');
        await run('drop schema public cascade; create schema public');
        await run('drop owned by gone');
        await done(session, 'set local session_replication_role = replica; set local client_min_messages = error');
        await run("create function mine() returns event_trigger language plpgsql as 'begin end'");
        await run('create event trigger mine on ddl_command_end execute function mine()');
        await run('deallocate all');
        const { created } = await run('create table still_seen (id int)');
        deepEqual(created, [{ kind: 'table', identity: 'public.still_seen' }]);
        await done(session, 'reset session_replication_role; drop role gone');
      });
    });

    it('goes on with the mark of a savepoint after a rollback to it', async () => {
      await withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await done(session, 'create table orders (id int primary key, total int); insert into orders values (1, 1)');
          const observer = await observerOn(session);
          await done(session, 'begin');
          const start = await begun(observer);
          await done(session, 'savepoint first');
          const sql = 'alter table orders add constraint positive check (total > 0)';
          const once = await ran(session, observer, sql, start);
          await ran(session, observer, 'create table other (id int)', once.after);
          await done(session, 'rollback to savepoint first');
          const again = await ran(session, observer, sql, { ...start, counted: nothingKnown });
          deepEqual(again.observation, once.observation);
          deepEqual(again.observation.scans, [{ table: 'public.orders', scans: 1, rows: 1 }]);
        }),
      );
    });

    it('does not give to a statement what a refused one before it has read', async () => {
      await withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await done(session, 'create table orders (id int, total int); insert into orders values (1, 0)');
          const observer = await observerOn(session);
          await done(session, 'begin; savepoint refused');
          const { mark } = await begun(observer);
          const refused = 'alter table orders add check (total > 0)';
          equal((await session.run(refused)).kind, 'refused');
          await done(session, 'rollback to savepoint refused');
          const start = { mark, counted: nothingKnown };
          const { observation } = await ran(
            session,
            observer,
            'alter table orders alter column id set not null',
            start,
          );
          deepEqual(observation.scans, [{ table: 'public.orders', scans: 1, rows: 1 }]);
        }),
      );
    });

    it('prepares anew what a script has forgotten, also in the statement it is asked behind', async () => {
      await inTransaction(major, async (session, run) => {
        await done(session, 'create table orders (id int)');
        await run('deallocate all');
        const { rows } = await run('insert into orders values (1), (2)');
        deepEqual(
          rows.map(({ table, inserted }) => [table, inserted]),
          [['public.orders', 2]],
        );
      });
    });

    it('reads what is committed once, and anew when something was changed before', async () => {
      await withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await done(session, 'create table orders (id int)');
          const observer = await observerOn(session);
          const committed: Committed = {};
          await done(session, 'begin');
          const { mark } = await begun(observer, committed);
          equal(mark.relations, committed.known?.relations);
          await done(session, 'create table lines (id int)');
          ok(relationsCalled((await begun(observer, committed)).mark.relations, { name: 'lines' }).length === 1);
          await done(session, 'rollback; begin');
          equal((await begun(observer, committed)).mark.relations, mark.relations);
        }),
      );
    });

    it('works for a role that may not create event triggers, and says so', async () => {
      await withDatabase(major, async (url) => {
        const server = await serverOf(major);
        await asAdmin(server, "create role plain login password 'plain'");
        await asAdmin(server, `alter database ${databaseOf(url)} owner to plain`);
        const own = url.replace(/\/\/[^@]*@/, '//plain:plain@');
        await withSession(own, async (session) => {
          await done(
            session,
            "create schema app; create schema archive; create table app.orders (id int primary key); create index ids on app.orders (id); create type app.mood as enum ('good')",
          );
          const observer = await observerOn(session);
          await done(session, 'begin');
          let mark = await begun(observer);
          const told: string[] = [];
          for (const sql of [
            'alter table app.orders add column note text default clock_timestamp()::text',
            'create table app.lines (id int references app.orders)',
            'drop index app.ids',
            'alter table app.orders alter column note set not null',
            "alter type app.mood add value 'bad'",
            'create table archive.orders (id int unique)',
            'create index on archive.orders (id)',
            'alter table archive.orders drop constraint orders_id_key',
            'set search_path = archive',
            'create temp table lines (id int check (id > 0))',
          ]) {
            const { observation, after } = await ran(session, observer, sql, mark);
            mark = after;
            equal(observation.toldBy, 'grammar');
            const strongest = observation.locks.filter((it) => it.mode === 'ACCESS EXCLUSIVE' && !it.unseen);
            told.push(
              [
                ...strongest.map(({ object }) => object),
                ...observation.rewrites.map(({ object }) => `rewrites ${object}`),
                ...observation.created.map(({ kind, identity }) => `creates ${kind} ${identity}`),
                ...observation.altered.map(({ kind, identity }) => `alters ${kind} ${identity}`),
                ...observation.dropped.map(({ kind, identity }) => `drops ${kind} ${identity}`),
              ]
                .toSorted()
                .join(', '),
            );
          }
          deepEqual(told, [
            'alters table app.orders, app.ids, app.orders, app.orders_pkey, creates table column app.orders.note, rewrites app.ids, rewrites app.orders, rewrites app.orders_pkey',
            'creates table app.lines, creates table constraint lines_id_fkey on app.lines',
            'app.ids, app.orders, drops index app.ids',
            // Before 18 NOT NULL is no object.
            `alters table app.orders, app.orders${major < 18 ? '' : ', creates table constraint orders_note_not_null on app.orders'}`,
            'creates enum value bad of app.mood',
            'creates index archive.orders_id_key, creates table archive.orders, creates table constraint orders_id_key on archive.orders',
            'creates index archive.orders_id_idx',
            'alters table archive.orders, drops table constraint orders_id_key on archive.orders',
            '',
            'creates table constraint lines_id_check on pg_temp.lines, creates table pg_temp.lines',
          ]);
        });
        await asAdmin(server, `alter database ${databaseOf(url)} owner to postgres`);
        await withSession(url, (session) => done(session, 'drop owned by plain cascade; drop role plain'));
      });
    });

    it('asks nothing of the server where the grammar tells it all', async () => {
      await withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await done(session, 'create table orders (id int)');
          const observer = await observerOn(session);
          await done(session, 'begin');
          const { mark } = await begun(observer);
          for (const sql of ['alter table orders add column note text', "create type mood as enum ('good')"]) {
            const shape = shapeOf(sql);
            deepEqual(questionsOf(shape, mark, countedBy(shape, mark.relations), 'server'), []);
          }
        }),
      );
    });
  });
}

type Run = (sql: string) => Promise<Awaited<ReturnType<typeof ran>>['observation']>;

async function inTransaction(major: Major, use: (session: Session, run: Run) => Promise<void>): Promise<void> {
  await withDatabase(major, (url) =>
    withSession(url, async (session) => {
      const observer = await observerOn(session);
      await done(session, 'begin');
      let mark = await begun(observer);
      await use(session, async (sql) => {
        const { observation, after } = await ran(session, observer, sql, mark);
        mark = after;
        return observation;
      });
      await done(session, 'rollback');
    }),
  );
}

const databaseOf = (url: string): string => new URL(url).pathname.slice(1);

async function dumped(major: Major, url: string): Promise<string> {
  const server = await serverOf(major);
  const parameters = plainParameters({ ...server, database: databaseOf(url) });
  const dump = await serverDatabase(parameters, assets).dump(new AbortController().signal);
  return dump.replaceAll(/^\\(?:un)?restrict .*$/gm, '');
}
