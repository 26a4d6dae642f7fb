/** Trials on real servers: what is told of them, what they leave behind, and that the target never changes. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import { statementsOf } from '../../server/engine/sql/scan';
import { dropTrial, listTrials } from '../../server/engine/snapshots/trialCopies';
import { takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { refusingRows } from '../../server/engine/trial/refusingRows';
import { lossInWords } from '../../server/engine/verification';
import { type Place, withPlace } from '../snapshots/support';
import { isFault } from '../support/faults';
import { type Major, servers } from '../support/servers';
import { briefly, nothingLeft, reportOf, tried, verdictOf } from './support';

const exact = `--- 1_email.up.sql
alter table person add column email text;
update person set email = name || '@example.org';
alter table person alter column id type bigint;
--- 1_email.down.sql
alter table person alter column id type integer;
alter table person drop column email;
`;

for (const major of Object.values(servers)) {
  describe(`a trial on PostgreSQL ${major}`, () => {
    it('runs up, down and up again on a copy, tells what each statement did, and leaves nothing', () =>
      withPeople(major, async (place) => {
        const report = reportOf(await tried(place, { source: exact }));
        deepEqual(briefly(report), ['up 1', 'down 1', 'upAgain 1']);
        equal(report.copied.how, 'copy');
        const [first, second, third] = report.passes[0]?.migrations[0]?.statements ?? [];
        deepEqual(first?.locks, [{ mode: 'ACCESS EXCLUSIVE', object: 'public.person' }]);
        deepEqual(first?.rewrites, []);
        equal(second?.rows, 100);
        deepEqual(third?.rewrites, ['public.person', 'public.person_pkey']);
        ok((third?.ms ?? 0) > 0);
        deepEqual(
          report.changes.map(({ kind, name }) => `${kind} ${name}`),
          ['changed public.person'],
        );
        const { roundTrip } = report;
        if (roundTrip.kind !== 'tried') throw new Error(roundTrip.kind);
        deepEqual([roundTrip.verdict, roundTrip.again], [{ kind: 'exact' }, []]);
        deepEqual(report.lost, []);
        deepEqual(report.end, { kind: 'dropped' });
        await nothingLeft(place);
        deepEqual(await columns(place), ['id', 'name']);
      }));

    it('counts what is lost on the way, and what comes back as something else', () =>
      withPeople(major, async (place) => {
        const source = `--- 1_drop.up.sql
alter table person drop column name;
drop table pet;
delete from visit where person > 10;
alter table visit rename column person to visitor;
update note set text = upper(text);
--- 1_drop.down.sql
alter table person add column name text;
create table pet (id int primary key);
alter table visit rename column visitor to person;
`;
        const report = reportOf(await tried(place, { source }));
        deepEqual(report.lost.map(lossInWords), [
          'public.person.name: 90 values gone with the column',
          'public.pet: 3 rows gone with the table',
          'public.visit: 90 of 100 rows gone',
        ]);
        const verdict = verdictOf(report);
        if (verdict.kind !== 'loses') throw new Error(verdict.kind);
        deepEqual(verdict.losses.map(lossInWords), [
          'public.note.text: other values than before',
          'public.person.name: 90 values gone',
          'public.pet: 3 rows gone',
          'public.visit: 90 of 100 rows gone',
        ]);
        await nothingLeft(place);
      }));

    it('says which objects are others after down, and how far down goes', () =>
      withPeople(major, async (place) => {
        const source = `--- 1_a.up.sql
create table a ();
--- 2_b.up.sql
create table b ();
create index on person (name);
--- 2_b.down.sql
drop table b;
`;
        const report = reportOf(await tried(place, { source }));
        deepEqual(briefly(report), ['up 1 2', 'down 2', 'upAgain 2']);
        const { roundTrip } = report;
        if (roundTrip.kind !== 'tried' || roundTrip.verdict.kind !== 'different') throw new Error(roundTrip.kind);
        deepEqual(roundTrip.versions, ['2']);
        deepEqual(
          roundTrip.verdict.differences.map(({ kind, type }) => `${kind} ${type}`),
          ['added INDEX'],
        );
        match(roundTrip.stopped ?? '', /1 a has no down file/);
      }));

    it('goes up only where nothing can be reverted, and says so', () =>
      withPeople(major, async (place) => {
        const report = reportOf(await tried(place, { source: '--- 1_a.up.sql\ncreate table a ();\n' }));
        deepEqual(briefly(report), ['up 1']);
        deepEqual(report.roundTrip, { kind: 'impossible', because: '1 a has no down file.' });
      }));

    it('tells a refusal by the real rows, and how the copy stood', () =>
      withPeople(major, async (place) => {
        const source = `--- 1_a.up.sql
create table a ();
--- 2_not_null.up.sql
alter table person rename column name to called;
update person set called = 'nobody' where id = 10;
alter table person alter column called set not null;
`;
        const result = await tried(place, { source });
        if (result.kind !== 'refused') throw new Error(JSON.stringify(result));
        equal(result.finding.message, 'column "called" of relation "person" contains null values');
        deepEqual(result.rows, [
          {
            says: '9 rows of person have no called',
            query: 'select * from "public"."person" as "person" where "called" is null limit 200',
          },
        ]);
        deepEqual([result.version, result.pass], ['2', 'up']);
        match(result.state, /nothing of it stands/);
        deepEqual(briefly(result.report), ['up 1 2']);
        await nothingLeft(place);
        deepEqual(await tables(place), ['note', 'person', 'pet', 'visit']);
      }));

    it('counts the rows that a statement is refused for, and finds them where a query can', () =>
      withPeople(major, async (place) => {
        await place.sql(`
          create function is_short(text) returns boolean language sql as $$ select length($1) < 3 $$;
          create domain label as text;
          create table tags (name label, span int4range, code text, visitor int) partition by list (code);
          create table tag (like tags);
          insert into tag values ('a', '[1,3)', '1', 1), ('a', '[2,4)', '2', 2), (null, '[9,9]', 'x', 200);
          alter table tag add check (visitor < 2) not valid`);
        const { database } = place.target;
        const { signal } = new AbortController();
        const lost = { open: () => Promise.reject(new Fault('connection-lost', 'gone.')) };
        for (const [sql, says, found] of refusals) {
          const refusal = place.sql(sql).then(
            () => Promise.reject(new Error(`${sql} was not refused`)),
            ({ code }: { readonly code: string }) => ({ sqlState: code }),
          );
          const [statement] = statementsOf(sql);
          if (!statement) throw new Error(sql);
          const refused = { statement, undone: [], searchPath: 'public', role: 'none' };
          const rows = await refusingRows(database, refused, await refusal, signal);
          deepEqual(
            rows.map((it) => it.says),
            [says],
          );
          const query = rows[0]?.query;
          equal(query === undefined ? undefined : (await place.sql(query)).length, found, sql);
          deepEqual(await refusingRows(lost, refused, await refusal, signal), []);
        }
      }));

    it('is of a dump while others write, and of a snapshot', () =>
      withPeople(major, async (place) => {
        const taken = await takeSnapshot(
          place.target,
          { reason: 'x', version: undefined, disconnect: false },
          place.around,
        );
        if (taken.kind !== 'taken') throw new Error(taken.kind);
        await place.sql('delete from person where id > 50');
        const writer = await place.connect('writer');
        const dumped = reportOf(await tried(place, { source: exact }));
        equal(dumped.copied.how, 'dump');
        equal(dumped.passes[0]?.migrations[0]?.statements[1]?.rows, 50);
        deepEqual(dumped.copied.lacks, []);
        const of = reportOf(await tried(place, { source: exact, order: { from: { snapshot: taken.snapshot.id } } }));
        equal(of.passes[0]?.migrations[0]?.statements[1]?.rows, 100);
        deepEqual(await tried(place, { source: exact, order: { from: 'copy' } }).then(({ kind }) => kind), 'busy');
        const ended = reportOf(await tried(place, { source: exact, order: { from: 'copy', disconnect: true } }));
        match(ended.copied.ended.join(), /^writer of user postgres/);
        await rejects(writer.query('select 1'));
        await nothingLeft(place, 0, 1);
      }));

    it('keeps the copy where that is wished, which is listed and dropped by its name', () =>
      withPeople(major, async (place) => {
        const report = reportOf(await tried(place, { source: exact, order: { afterwards: 'keep' } }));
        if (report.end.kind !== 'kept') throw new Error(report.end.kind);
        const { name } = report.end;
        deepEqual(await place.sql('select count(email)::int as emails from person', name), [{ emails: 90 }]);
        const [listed] = await listTrials(place.target, place.around.signal);
        deepEqual([listed?.name, listed?.finished, listed?.versions], [name, true, ['1']]);
        const reader = await place.connect('reader', name);
        await rejects(dropTrial(place.target, name, place.around), isFault('busy', /reader/));
        await reader.end();
        await rejects(dropTrial(place.target, place.target.database.name, place.around), isFault('no-such-trial'));
        await dropTrial(place.target, name, place.around);
        await nothingLeft(place);
      }));

    it('lets the copy become the target, with the former one kept; it has gone up once', () =>
      withPeople(major, async (place) => {
        const database = place.target.database.name;
        await place.sql(`comment on database ${database} is 'ours'; alter database ${database} set work_mem = '5MB'`);
        const source = `--- 1_seed.up.sql
insert into note values ('once');
--- 1_seed.down.sql
select 1;
`;
        const report = reportOf(await tried(place, { source, order: { afterwards: 'swap' } }));
        if (report.end.kind !== 'swapped') throw new Error(report.end.kind);
        deepEqual(briefly(report), ['up 1', 'down 1', 'upAgain 1']);
        deepEqual(await place.sql(`select text from note where text = 'once'`), [{ text: 'once' }]);
        deepEqual(
          await place.sql(
            `select current_setting('work_mem') as work, shobj_description(oid, 'pg_database') as comment, datacl::text as acl
               from pg_database where datname = current_database()`,
          ),
          [{ work: '5MB', comment: 'ours', acl: '{=Tc/postgres,postgres=CTc/postgres}' }],
        );
        await nothingLeft(place, 0, 1);
      }));

    it('cancelled at any step, it leaves no copy and the target open', () =>
      withPeople(major, async (place) => {
        for (const afterwards of ['drop', 'swap'] as const) {
          for (const at of [/Copying/, /Applying 1/, /Reverting 1/]) {
            const cancel = new AbortController();
            const progress = ({ message }: { readonly message: string }): void => {
              if (at.test(message)) cancel.abort();
            };
            const over = { signal: cancel.signal, progress };
            const result = await tried(place, { source: exact, order: { afterwards }, over });
            equal(result.kind, 'cancelled', `${afterwards} ${at} ${JSON.stringify(result)}`);
            await nothingLeft(place);
          }
        }
      }));

    it('is refused where scripts would reach outside of the copy', () =>
      withPeople(major, async (place) => {
        for (const sql of [
          'create role trial_role;',
          `alter database ${place.target.database.name} set work_mem = '1MB';`,
        ])
          await rejects(tried(place, { source: `--- 1_a.up.sql\n${sql}\n` }), isFault('no-trial', /1_a\.up\.sql:1 /));
        // Runs when the tool makes its own table, too.
        await place.sql(`
          create function watch() returns event_trigger language plpgsql as
            $$ begin perform pg_read_file('nowhere') where current_database() <> '${place.target.database.name}'; end $$;
          create event trigger watch on ddl_command_start execute function watch()`);
        await rejects(
          tried(place, { source: '--- 1_a.up.sql\ncreate table a ();\n' }),
          isFault('no-trial', /event trigger of the target reads files of the database server/),
        );
        await nothingLeft(place);
      }));
  });
}

/** Statements, how many rows refuse them, and how many a query finds. */
const refusals: readonly (readonly [sql: string, says: string, found?: number])[] = [
  ['alter table tag alter name set not null', '1 row of tag has no name', 1],
  ['create unique index on tag (name)', '2 rows of tag share their name with another', 2],
  ['alter table tag add primary key (visitor, name)', '1 row of tag has no name', 1],
  [`alter table tag add constraint short check (is_short(code || '12'))`, '3 rows of tag break short', 3],
  ['alter table tag validate constraint tag_visitor_check', '2 rows of tag break tag_visitor_check', 2],
  [
    'alter table tag add foreign key (visitor) references person',
    '1 row of tag matches no row of person by visitor',
    1,
  ],
  ['alter table tag alter code type int using code::int', '1 row of tag cannot turn its code into integer'],
  ['alter table tag add exclude using gist (span with &&)', '2 rows of tag conflict with another', 2],
  [`alter table tags attach partition tag for values in ('1')`, '2 rows of tag lie outside of its bounds', 2],
  ['alter domain label set not null', '1 row of tag has no name', 1],
];

async function withPeople(major: Major, use: (place: Place) => Promise<void>): Promise<void> {
  await withPlace(major, async (place) => {
    await place.sql(`
      create table person (id int primary key, name text);
      insert into person select i, case when i % 10 > 0 then 'p' || i end from generate_series(1, 100) i;
      create table pet (id int primary key);
      insert into pet values (1), (2), (3);
      create table visit (person int);
      insert into visit select id from person;
      create table note (text text);
      insert into note values ('a'), ('b')`);
    await use(place);
  });
}

const columns = async (place: Place): Promise<readonly string[]> =>
  (
    await place.sql<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = 'person'::regclass and attnum > 0 order by attnum`,
    )
  ).map(({ name }) => name);

const tables = async (place: Place): Promise<readonly string[]> =>
  (
    await place.sql<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'public' order by 1`)
  ).map(({ name }) => name);
