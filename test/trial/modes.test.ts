/** Scripts run on the copy as their tool would run them, although each statement is watched. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import type { TrialReport } from '../../server/engine/trials';
import { restoreSnapshot, takeSnapshot } from '../../server/engine/snapshots/snapshots';
import { type Place, withPlace } from '../snapshots/support';
import { isFault } from '../support/faults';
import { servers, serverOf, asAdmin } from '../support/servers';
import { briefly, nothingLeft, reportOf, tried, verdictOf } from './support';

for (const major of Object.values(servers)) {
  describe(`the scripts of a trial on PostgreSQL ${major}`, () => {
    const withItems = (use: (place: Place) => Promise<void>): Promise<void> =>
      withPlace(major, async (place) => {
        await place.sql(
          `create table item (id int primary key, name text); insert into item values (1, 'a'), (2, 'b')`,
        );
        await use(place);
      });

    it('may run outside of a transaction: then the grammar tells what they lock', () =>
      withItems(async (place) => {
        const source = `--- 1_index.sql
-- +goose NO TRANSACTION
-- +goose Up
create index concurrently item_name on item (name);
alter table item add column weight int default 1;
vacuum item;
-- +goose Down
drop index concurrently item_name;
alter table item drop column weight;
`;
        const report = reportOf(await tried(place, { layout: 'goose', source }));
        deepEqual(locksIn(report), [
          [{ mode: 'SHARE UPDATE EXCLUSIVE', object: 'public.item' }],
          [{ mode: 'ACCESS EXCLUSIVE', object: 'public.item' }],
          [{ mode: 'SHARE UPDATE EXCLUSIVE', object: 'public.item' }],
        ]);
        equal(verdictOf(report).kind, 'exact');
        await nothingLeft(place);
      }));

    it('may begin with the isolation of their transaction, which nothing may be asked in before', () =>
      withItems(async (place) => {
        const source = `--- 1_isolated.sql
-- migrate:up
set transaction isolation level serializable;
set constraints all deferred;
update item set name = upper(name);
lock table item in share mode;
alter table item add check (id > 0);
create table other (id int);
delete from other;
alter table item alter column name set not null;
-- migrate:down
alter table item alter column name drop not null;
drop table other;
alter table item drop constraint item_id_check;
update item set name = lower(name);
`;
        const report = reportOf(await tried(place, { layout: 'dbmate', source }));
        deepEqual(locksIn(report).slice(2), [
          [{ mode: 'ROW EXCLUSIVE', object: 'public.item' }],
          [{ mode: 'SHARE', object: 'public.item' }],
          [{ mode: 'ACCESS EXCLUSIVE', object: 'public.item' }],
          [],
          [],
          [{ mode: 'ACCESS EXCLUSIVE', object: 'public.item' }],
        ]);
        equal(verdictOf(report).kind, 'exact');
      }));

    it('meet no savepoints, which would change what they do', () =>
      withItems(async (place) => {
        const source = `--- 1_frozen.sql
-- migrate:up
create table fresh (id int);
copy fresh from stdin with (freeze);
1
2
\\.
-- migrate:down
drop table fresh;
`;
        const report = reportOf(await tried(place, { layout: 'dbmate', source }));
        equal(report.passes[0]?.migrations[0]?.statements[1]?.rows, 2);
      }));

    it('are told as one where they are sent as one message', () =>
      withItems(async (place) => {
        const source = `--- 1_own.up.sql
begin;
alter table item add column a int;
commit;
update item set a = 1;
--- 1_own.down.sql
alter table item drop column a;
`;
        const report = reportOf(await tried(place, { source }));
        equal(report.passes[0]?.migrations[0]?.statements.length, 1);
        deepEqual(briefly(report), ['up 1', 'down 1', 'upAgain 1']);
      }));

    it('have the rows counted that refuse them, as they were just before, whatever was rolled back', () =>
      withItems(async (place) => {
        const bare = `--- 1_bare.sql
-- +goose NO TRANSACTION
-- +goose Up
update item set name = null;
alter table item alter column name set not null;
-- +goose Down
`;
        const own = `--- 1_own.up.sql
update item set name = null where id = 1;
begin;
alter table item add column code text;
update item set code = name;
alter table item alter column code set not null;
commit;
`;
        const together = `--- 1_code.sql
alter table item add column code text default 'x';
--- 2_unique.sql
create unique index on item (code);
`;
        const told: unknown[] = [];
        for (const [layout, source] of [
          ['goose', bare],
          ['golang-migrate', own],
          ['node-pg-migrate', together],
        ] as const) {
          const result = await tried(place, { layout, source });
          told.push(result.kind === 'refused' ? result.rows?.map(({ says }) => says) : result);
        }
        deepEqual(told, [
          ['2 rows of item have no name'],
          ['1 row of item has no code'],
          ['2 rows of item share their code with another'],
        ]);
        await nothingLeft(place);
      }));

    it('run as a role that may make databases and is no superuser', () =>
      withItems(async (place) => {
        const server = await serverOf(major);
        const { name } = place.target.database;
        const role = `owner_of_${name}`;
        await asAdmin(server, `create role ${role} login createdb password 'x'`);
        try {
          await place.sql(`alter database ${name} owner to ${role}; alter table item owner to ${role};
            grant create on schema public to ${role}; create role reader_of_${name}; revoke connect on database ${name} from public;
            grant connect on database ${name} to reader_of_${name}`);
          const target = place.as(role, 'x');
          const source = '--- 1_a.up.sql\ncreate table a ();\n--- 1_a.down.sql\ndrop table a;\n';
          for (const order of [{ from: 'copy' }, { from: 'dump' }, { afterwards: 'swap' }] as const) {
            const report = reportOf(await tried({ ...place, target }, { source, order }));
            deepEqual([briefly(report), report.copied.lacks], [['up 1', 'down 1', 'upAgain 1'], []]);
          }
          await nothingLeft(place, 0, 1);
          await asAdmin(server, `alter role ${role} nocreatedb`);
          const pending = '--- 1_a.up.sql\ncreate table a ();\n--- 2_b.up.sql\ncreate table b ();\n';
          const order = { versions: ['2'] };
          await rejects(
            tried({ ...place, target }, { source: pending, order }),
            isFault('no-right', /create database/),
          );
          await nothingLeft(place, 0, 1);
        } finally {
          await asAdmin(server, `alter database ${name} owner to postgres`);
          for (const left of await place.names())
            if (left.startsWith('rehearsal_')) await asAdmin(server, `drop database ${left} with (force)`);
          await place.sql(`drop owned by ${role}, reader_of_${name} cascade`);
          await asAdmin(server, `drop role ${role}, reader_of_${name}`);
        }
      }));

    it('cannot have the target while a transaction is prepared in it', () =>
      withItems(async (place) => {
        const [setting] = await place.sql<{ max: string }>(
          `select current_setting('max_prepared_transactions') as max`,
        );
        if (setting?.max === '0') return;
        await place.sql(`begin; update item set id = 3 where id = 2; prepare transaction 'kept_${major}'`);
        const source = '--- 1_a.up.sql\ncreate table a ();\n';
        const result = await tried(place, { source, order: { afterwards: 'swap', disconnect: true } });
        await place.sql(`rollback prepared 'kept_${major}'`);
        if (result.kind !== 'busy') throw new Error(result.kind);
        match(
          result.sessions.join(),
          /prepared transaction 'kept_.*, which only COMMIT PREPARED or ROLLBACK PREPARED ends/,
        );
        await nothingLeft(place);
      }));

    it('cannot have the target while that receives changes by a subscription', () =>
      withItems(async (place) => {
        await place.sql(
          `create subscription news connection 'dbname=nowhere' publication news with (connect = false, slot_name = none)`,
        );
        const source = '--- 1_a.up.sql\ncreate table a ();\n';
        try {
          const order = { afterwards: 'swap', disconnect: true } as const;
          await rejects(
            tried(place, { source, order }),
            isFault('no-trial', /with which the subscription news would stay/),
          );
          await nothingLeft(place);
          equal(reportOf(await tried(place, { source })).end.kind, 'dropped');
        } finally {
          await place.sql('drop subscription news');
        }
      }));

    it('are not run where the role or the database only reads, which is said', () =>
      withItems(async (place) => {
        const { name } = place.target.database;
        const source = '--- 1_a.up.sql\ncreate table a ();\n';
        await place.sql(`alter database ${name} set default_transaction_read_only = on`);
        const why =
          /default_transaction_read_only is on for postgres in rehearsal_trial_\S+\. .*have default_transaction_read_only reset/;
        await rejects(tried(place, { source }), isFault('only-reads', why));
        const reader = `reader_of_${name}`;
        await asAdmin(
          await serverOf(major),
          `create role ${reader} login superuser password 'x'; alter role ${reader} set default_transaction_read_only = on`,
        );
        try {
          const target = place.as(reader, 'x');
          await rejects(
            tried({ ...place, target }, { source }),
            isFault('only-reads', /is on for reader_of_\S+ in postgres/),
          );
          await nothingLeft(place);
        } finally {
          await asAdmin(await serverOf(major), `drop role ${reader}`);
        }
      }));

    it('meet the rows of a database without an encoding as they are, also by a dump', () =>
      withItems(async (place) => {
        const { name } = place.target.database;
        const server = await serverOf(major);
        await asAdmin(server, `drop database ${name}`);
        await asAdmin(
          server,
          `create database ${name} encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'`,
        );
        await place.sql(`create table item (name text); insert into item values (e'caf\\xe9'), ('café')`);
        const source = `--- 1_a.up.sql
delete from item where convert_to(name, 'SQL_ASCII') not in ('\\x636166e9', '\\x636166c3a9');
--- 1_a.down.sql
`;
        for (const from of ['copy', 'dump'] as const) {
          const report = reportOf(await tried(place, { source, order: { from } }));
          deepEqual(
            [report.copied.how, report.passes[0]?.migrations[0]?.statements[0]?.rows, report.lost],
            [from, 0, []],
          );
        }
        const order = { reason: 'x', version: undefined, disconnect: false, form: 'file' } as const;
        const taken = await takeSnapshot(place.target, order, place.around);
        if (taken.kind !== 'taken') throw new Error('a dump disturbs nobody');
        await place.sql('truncate item');
        await restoreSnapshot(place.target, taken.snapshot.id, order, place.around);
        deepEqual(await place.sql(`select convert_to(name, 'SQL_ASCII')::text as name from item`), [
          { name: '\\x636166e9' },
          { name: '\\x636166c3a9' },
        ]);
        await place.sql(`create view v as select e'caf\\xe9' as name`);
        await rejects(
          takeSnapshot(place.target, order, place.around),
          isFault('refused', /invalid byte sequence .* take a copy on the server instead of a dump/),
        );
        await nothingLeft(place, 0, 1);
      }));
  });
}

const locksIn = ({ passes }: TrialReport) => passes[0]?.migrations[0]?.statements.map(({ locks }) => locks) ?? [];
