/** What is told of rows that are not what they were, in tables of all kinds. */
import { deepEqual } from 'node:assert/strict';
import type { Session } from '../../server/engine/database/session';
import { contentsOf } from '../../server/engine/rows/contents';
import { lossesThere, lossesThereAndBack } from '../../server/engine/rows/losses';
import { lossInWords } from '../../server/engine/verification';
import { demand, withRoles } from '../shadow/support';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

/** As many as a table may have. */
const columns = (declared: string): string =>
  Array.from({ length: 1_600 }, (_, i) => declared.replace('#', String(i + 1))).join(', ');

const schema = `
  create schema "odd ""s";
  create table "odd ""s"."t.A" ("Col ""x" int, t text);
  insert into "odd ""s"."t.A" values (1, 'a'), (2, null), (3, '');
  create table parent (id int); insert into parent values (1), (2);
  create table child () inherits (parent); insert into child values (1), (2);
  create table part (id int) partition by range (id);
  create table part_1 partition of part for values from (0) to (10);
  create table part_2 partition of part for values from (10) to (20);
  insert into part values (1), (11);
  create table doubled (a int, b int generated always as (a * 2) stored);
  create table nothing (); insert into nothing default values; insert into nothing default values;
  create unlogged table plain (j json, p point, at timestamptz); insert into plain values ('{"a": 1}', '(1,2)', now());
  create type mood as enum ('sad', 'happy');
  create function told(mood) returns text language plpgsql as $$ begin raise 'nobody asks'; end $$;
  create cast (mood as text) with function told(mood);
  create type pair as (a int, b int);
  create table pairs (p pair); insert into pairs values (row(1, null)), (row(null, null)), (null);
  create table moods (m mood, note text);
  insert into moods values ('sad', 'a'), ('happy', 'b'), (null, 'c');
  create sequence "odd ""s".up start 1000; select nextval('"odd ""s".up') from generate_series(1, 3);
  create sequence down increment -2; select nextval('down') from generate_series(1, 3);
  create sequence untouched;
  create sequence said; select setval('said', 5, false);
  create temporary sequence for_now; select nextval('for_now');
  create temporary table passing (id int)`;

/** Scripts one after the other, each with what is lost by it. */
const cases: readonly (readonly [string, ...string[]])[] = [
  [`set datestyle = german; set timezone = 'Asia/Tokyo'; set search_path = "odd ""s"; set extra_float_digits = -15`],
  [`reset all; insert into passing values (1)`],
  [
    `update "odd ""s"."t.A" set t = case t when '' then null when 'a' then t else '' end`,
    'odd "s.t.A: the same values in other rows',
  ],
  [`update "odd ""s"."t.A" set "Col ""x" = 4 - "Col ""x"`, 'odd "s.t.A: the same values in other rows'],
  [`delete from only child where id = 1`, 'public.child: 1 of 2 rows gone'],
  [`update part set id = 12 where id = 1`, 'public.part_1: 1 row gone', 'public.part_2: 1 row more than before'],
  [`alter table doubled drop column b; alter table doubled add column b int generated always as (a * 2) stored`],
  [
    `alter table doubled drop column a cascade; alter table doubled add column a int`,
    'public.doubled.a: values would be gone',
  ],
  [`drop table doubled; create table doubled (a int)`, 'public.doubled: rows would be gone'],
  [`truncate nothing; insert into nothing default values`, 'public.nothing: 1 of 2 rows gone'],
  [
    `update plain set j = '{"a": 2}', p = '(2,1)'`,
    'public.plain.j: other values than before',
    'public.plain.p: other values than before',
  ],
  [`alter table moods drop column note; alter table moods add column note text`, 'public.moods.note: 3 values gone'],
  [
    `delete from moods where m is null; update moods set m = null`,
    'public.moods: 1 of 3 rows gone',
    'public.moods.m: 2 values gone',
  ],
  [`update pairs set p = row(2, null) where p = row(1, null)::pair`, 'public.pairs.p: other values than before'],
  [`update pairs set p = null where p is null`, 'public.pairs.p: 1 of 2 values gone'],
  [`select nextval('"odd ""s".up'), nextval('down'), nextval('untouched'), nextval('said')`],
  [`select setval('"odd ""s".up', 1004, false), setval('down', -9, false), setval('said', 6, false)`],
  [
    `drop sequence "odd ""s".up; create sequence "odd ""s".up start 1000`,
    'odd "s.up: begins again at 1000, was at 1004',
  ],
  [`alter sequence down restart with -3`, 'public.down: begins again at -3, was at -9'],
  [
    `select setval('said', 2); drop sequence untouched; drop sequence for_now`,
    'public.said: begins again at 3, was at 6',
  ],
  [`drop table moods`, 'public.moods: 2 rows gone with the table'],
];

for (const major of Object.values(servers)) {
  describe(`losses of rows on PostgreSQL ${major}`, () => {
    it('are told of tables of all kinds, and of nothing else', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await demand(session, schema);
          for (const [script, ...expected] of cases)
            deepEqual({ script, losses: await lossesBy(session, script) }, { script, losses: expected });
        }),
      ));

    it('are told of each column of as many as there may be', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await demand(session, `create table wide (${columns('c# smallint')})`);
          await demand(session, `insert into wide values (${columns('#')})`);
          deepEqual(await lossesBy(session, 'update wide set c1600 = null, c7 = 8'), [
            'public.wide.c1600: 1 value gone',
            'public.wide.c7: other values than before',
          ]);
        }),
      ));

    it('are none where a table or column only gets another name or type, or values are others, on the way there', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await demand(session, 'create table a (id int, x int, y text)', `insert into a values (1, 2, 'c')`);
          const { tables } = await contentsOf(session);
          await demand(session, 'alter table a rename to b', 'alter table b rename x to z', 'update b set id = 9');
          await demand(session, 'alter table b alter z type text', 'alter table b drop y', 'alter table b add y text');
          const losses = lossesThere(tables, (await contentsOf(session)).tables);
          deepEqual(losses.map(lossInWords), ['public.a.y: 1 value gone with the column']);
        }),
      ));

    it('are not told of what the role may not read', () =>
      withRoles(major, { reader: '' }, () =>
        withDatabase(major, (url) =>
          withSession(url, async (session) => {
            await demand(
              session,
              'create table open (id int); create table closed (id int); create table hidden (id int)',
              'alter table hidden enable row level security',
              'create schema inside; create table inside.deep (id int)',
              'grant select on open, hidden, inside.deep to reader',
              'set role reader',
            );
            deepEqual(await namesIn(session), {
              read: ['public.open'],
              unread: ['inside.deep', 'public.closed', 'public.hidden'],
            });
            await demand(session, 'reset role');
          }),
        ),
      ));
  });
}

async function lossesBy(session: Session, script: string): Promise<readonly string[]> {
  const before = await contentsOf(session);
  await demand(session, script);
  return lossesThereAndBack(before, await contentsOf(session)).map(lossInWords);
}

async function namesIn(session: Session): Promise<{ read: readonly string[]; unread: readonly string[] }> {
  const { tables, unread } = await contentsOf(session);
  return { read: tables.map(({ name }) => name), unread };
}
