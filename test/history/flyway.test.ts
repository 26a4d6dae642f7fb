/**
 * Flyway's history on real servers. The tool itself cannot be run here: what is expected is what its source says
 * (flyway/flyway 13.0.0, DbMigrate.java, JdbcTableSchemaHistory.java, MigrationInfoServiceImpl.java).
 */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { applyMigrations } from '../../server/engine/apply/apply';
import { onSession } from '../../server/engine/database/onSession';
import type { Session } from '../../server/engine/database/session';
import { flywayHistory } from '../../server/engine/history/flyway';
import { lockIdOf } from '../../server/engine/history/flywayTable';
import { checksumOf } from '../../server/engine/history/flywayChecksum';
import { flywayConfig } from '../../server/engine/layouts/flywayConfig';
import { jobFor, mustApply, mustRefuse, repaired, repairsOf, withJob } from '../apply/support';
import { withPlace } from '../snapshots/support';
import { isFault } from '../support/faults';
import { step } from '../support/migrating';
import { type Major, servers } from '../support/servers';
import { folderFilesOf, type TestProject, withFolderAndDatabase } from './support';

const texts = {
  'V1__a.sql': 'create table a (id int);\n',
  'V1_1__add_email.sql': 'alter table a add column email text;\n',
  'V2__c.sql': 'create table c (id int);\n',
  'R__v.sql': 'create or replace view v as select id from a;\n',
};

const historyAs = (environment: Readonly<Record<string, string>> = {}) =>
  flywayHistory({ config: flywayConfig(undefined, environment), session: {} });

const withProject = <T>(major: Major, use: (project: TestProject) => Promise<T>): Promise<T> =>
  withFolderAndDatabase(major, 'flyway', texts, use);

const rowsOf = (session: Session, table = 'flyway_schema_history'): Promise<unknown> =>
  session.rows(
    `select installed_rank as rank, version, description, type, script, checksum, installed_by = current_user as mine,
        execution_time as ms, success
      from ${table} order by installed_rank`,
  );

const row = (rank: number, version: string | null, description: string, script: string, text: string) => ({
  ...{ rank, version, description, type: 'SQL', script, checksum: checksumOf(text) },
  ...{ mine: true, ms: 1, success: true },
});

for (const major of Object.values(servers)) {
  describe(`Flyway's history on Postgres ${major}`, () => {
    const history = historyAs();

    it('has a row for each migration, in the order they ran', () =>
      withProject(major, async ({ session, folder }) => {
        equal((await history.read(session)).exists, false);
        equal(history.ofNothing().table, 'public.flyway_schema_history');
        for (const version of ['1', '1.1', 'R__v']) await step(session, history, folder, version, 'up', texts);
        deepEqual(await rowsOf(session), [
          row(1, '1', 'a', 'V1__a.sql', texts['V1__a.sql']),
          row(2, '1.1', 'add email', 'V1_1__add_email.sql', texts['V1_1__add_email.sql']),
          row(3, null, 'v', 'R__v.sql', texts['R__v.sql']),
        ]);
        const state = await history.read(session);
        deepEqual(folder.migrations.map(state.applied), ['applied', 'applied', 'pending', 'applied']);
        deepEqual(state.versions, ['1', '1.1']);
      }));

    it('tells what was edited, and what is to be run again', () =>
      withProject(major, async ({ session, folder }) => {
        for (const version of ['1', 'R__v']) await step(session, history, folder, version, 'up', texts);
        const { edited, again } = await history.read(session);
        const [first, , , view] = folder.migrations;
        deepEqual(
          [edited?.has(first!, `\uFEFF${texts['V1__a.sql'].trimEnd()}\r\n`), edited?.has(first!, 'x')],
          [false, true],
        );
        deepEqual([again?.(view!, texts['R__v.sql']), again?.(view!, 'x'), again?.(first!, 'x')], [false, true, false]);
        equal(edited?.has(view!, 'x'), false);
      }));

    it('has the table, key and index that Flyway makes', () =>
      withProject(major, async ({ session }) => {
        await history.withLock(session, 1_000, async () => {});
        const columns = await session.rows<{ line: string }>(
          `select concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
              pg_get_expr(d.adbin, d.adrelid)) as line
            from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = 'flyway_schema_history'::regclass and a.attnum > 0 order by a.attnum`,
        );
        deepEqual(
          columns.map(({ line }) => line),
          [
            'installed_rank integer not null',
            'version character varying(50)',
            'description character varying(200) not null',
            'type character varying(20) not null',
            'script character varying(1000) not null',
            'checksum integer',
            'installed_by character varying(100) not null',
            'installed_on timestamp without time zone not null now()',
            'execution_time integer not null',
            'success boolean not null',
          ],
        );
        const indexes = await session.rows(
          "select pg_get_indexdef(indexrelid) as index, indisprimary from pg_index where indrelid = 'flyway_schema_history'::regclass order by 1",
        );
        deepEqual(indexes, [
          {
            index: 'CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success)',
            indisprimary: false,
          },
          {
            index:
              'CREATE UNIQUE INDEX flyway_schema_history_pk ON public.flyway_schema_history USING btree (installed_rank)',
            indisprimary: true,
          },
        ]);
      }));

    it('makes its schema when it is missing, and puts it first', () =>
      withProject(major, async ({ session, folder }) => {
        const own = historyAs({ FLYWAY_SCHEMAS: 'App,other', FLYWAY_TABLE: 'h' });
        await step(session, own, folder, '1', 'up', texts);
        deepEqual(await rowsOf(session, '"App".h'), [
          {
            ...row(0, null, '<< Flyway Schema Creation >>', '"App","other"', ''),
            ...{ type: 'SCHEMA', checksum: null, ms: 0 },
          },
          row(1, '1', 'a', 'V1__a.sql', texts['V1__a.sql']),
        ]);
        deepEqual(await session.rows(`select to_regclass('"App".a') is not null as there`), [{ there: true }]);
        deepEqual((await own.read(session)).versions, ['1']);
      }));

    it('refuses to begin where something stands, unless it may set a baseline', () =>
      withProject(major, async ({ session, folder }) => {
        await session.run('create table old ()');
        match((await history.read(session)).blocked ?? '', /^Flyway refuses to begin in public, which is not empty/);
        await history.withLock(session, 1_000, async () => {});
        equal((await history.read(session)).exists, false);
        const baseline = historyAs({ FLYWAY_BASELINE_ON_MIGRATE: 'true', FLYWAY_BASELINE_VERSION: '1.1' });
        const marks = async () => folder.migrations.map((await baseline.read(session)).applied);
        deepEqual(await marks(), ['applied', 'applied', 'pending', 'pending']);
        await step(session, baseline, folder, '2', 'up', texts);
        deepEqual(await rowsOf(session), [
          {
            ...row(1, '1.1', '<< Flyway Baseline >>', '<< Flyway Baseline >>', ''),
            ...{ type: 'BASELINE', checksum: null, ms: 0 },
          },
          row(2, '2', 'c', 'V2__c.sql', texts['V2__c.sql']),
        ]);
        deepEqual(await marks(), ['applied', 'applied', 'applied', 'pending']);
        deepEqual((await baseline.read(session)).versions, ['2']);
      }));

    it('says why Flyway refuses to go on, and where it would not', () =>
      withProject(major, async ({ session, folder }) => {
        for (const version of ['1', '2']) await step(session, history, folder, version, 'up', texts);
        const said = async (environment: Readonly<Record<string, string>> = {}) => {
          const { refuses, applied } = await historyAs(environment).read(session);
          const [, older] = folder.migrations;
          return [applied(older!), refuses?.(older!)?.replace(/\. .*/, '')];
        };
        deepEqual(await said(), ['pending', 'Flyway refuses to go on: 1.1 is not applied, and 2 is']);
        deepEqual(await said({ FLYWAY_OUT_OF_ORDER: 'true' }), ['pending', undefined]);
        deepEqual(await said({ FLYWAY_IGNORE_MIGRATION_PATTERNS: '*:ignored' }), ['skipped', undefined]);
        deepEqual(await said({ FLYWAY_VALIDATE_ON_MIGRATE: 'false' }), ['skipped', undefined]);
        await session.run("update flyway_schema_history set description = 'b' where version = '1'");
        match((await history.read(session)).refuses?.(folder.migrations[0]!) ?? '', /1 was applied as "b"/);
      }));

    it('reads rows that others have left: deleted, undone, failed, unknown', () =>
      withProject(major, async ({ session, folder }) => {
        await history.withLock(session, 1_000, async () => {});
        const add = (...rows: string[]) =>
          session.run(
            `insert into flyway_schema_history values ${rows.map((it, at) => `(${at + 1}, ${it.replace('|', "'x', ")}, null, 'u', now(), 0, true)`).join()}`,
          );
        await add(
          "'1', 'a', 'SQL', 's'",
          "'1.1', 'add email', 'SQL', 's'",
          "'2', 'c', 'JDBC', 's'",
          "'1', 'a', 'DELETE', 's'",
          "'1.1', 'add email', 'UNDO_SQL', 's'",
          "null, 'v', 'SQL', 's'",
          "'what', 'odd', 'CUSTOM', 's'",
        );
        const state = await history.read(session);
        deepEqual(folder.migrations.map(state.applied), ['pending', 'pending', 'applied', 'applied']);
        await session.run("update flyway_schema_history set success = false where version = '2'");
        const failed = await history.read(session);
        match(failed.blocked ?? '', /^Flyway refuses to go on: 2 has failed/);
        const [repair] = failed.repairs?.(folderFilesOf(folder)) ?? [];
        equal(repair?.command, 'flyway repair');
        for (const sql of repair?.statements ?? []) await session.rows(sql);
        equal((await history.read(session)).blocked, undefined);
      }));

    it('takes the files as they are, marks what has none, and deletes what failed, as flyway repair does', () =>
      withPlace(major, async (place) => {
        const source = `--- V1__a.sql
create table a (id int);
--- V2__b.sql
create table b (id int);
--- V3__c.sql
create table c (id int);
--- V4__d.sql
create table d (id int);
--- R__v.sql
create or replace view v as select id from a;
`;
        const job = jobFor(place, 'flyway', source);
        await mustApply(job, job.versions);
        deepEqual(await repairsOf(job), [], 'there is nothing to repair');
        await place.sql("update flyway_schema_history set success = false where version = '4'");
        const now = jobFor(
          place,
          'flyway',
          source
            .replace('create table a', 'create  table a')
            .replace('V2__b', 'V2__the_b')
            .replace(/--- V3.*\n.*\n/, '')
            .replace(/--- R.*\n.*\n/, ''),
        );
        await rejects(applyMigrations(now, ['4']), isFault('blocked', /4 has failed/));
        const repair = await repaired(now, 0);
        equal(
          repair.title,
          'Delete the failed row of 4; take the file as it is now for 1 and 2; mark as deleted 3 and v',
        );
        equal(repair.command, 'flyway repair');
        const text = now.fixture.files[0]?.text ?? '';
        const [first, second, ...others] = (await onSession(place.target.database.open('read'), (session) =>
          rowsOf(session),
        )) as readonly {
          readonly ms: number;
        }[];
        deepEqual(
          [
            { ...first, ms: 1 },
            { ...second, ms: 1 },
          ],
          [row(1, '1', 'a', 'V1__a.sql', text), row(2, '2', 'the b', 'V2__b.sql', 'create table b (id int);')],
        );
        const marks = [
          { ...row(6, '3', 'c', 'V3__c.sql', 'create table c (id int);'), type: 'DELETE', ms: 0 },
          { ...row(7, null, 'v', 'R__v.sql', 'create or replace view v as select id from a;'), type: 'DELETE', ms: 0 },
        ];
        deepEqual(others.slice(-2), marks);
        await place.sql('drop table d');
        await mustApply(now, ['4']);
        deepEqual(await repairsOf(now), []);
      }));

    it("refuses a table that is not Flyway's, and has a lock by the name of its own", () =>
      withProject(major, async ({ session }) => {
        equal(lockIdOf({ schema: 'public', name: 'flyway_schema_history' }), 77_431_708_279_161n + 2_125_624_436n);
        await session.run('create table flyway_schema_history (version bigint)');
        await rejects(history.read(session), isFault('history-moved', /not that of Flyway/));
      }));

    it('records the failure of a script without a transaction', () =>
      withJob(
        major,
        'flyway',
        `--- V1__a.sql
create table a (id int);
--- V2__i.sql
create index concurrently on a (id);
create index concurrently on missing (id);
--- V3__b.sql
create table b ();
`,
        async (job, { sql }) => {
          await mustRefuse(job, ['1', '2']);
          deepEqual(await sql('select version, success from flyway_schema_history order by installed_rank'), [
            { version: '1', success: true },
            { version: '2', success: false },
          ]);
          await rejects(applyMigrations(job, ['3']), isFault('blocked', /2 has failed.*flyway repair/));
        },
      ));

    it('records nothing of a script that is rolled back, and runs a repeatable one again', () =>
      withJob(
        major,
        'flyway',
        `--- V1__a.sql
create table a (id int);
--- V2__b.sql
create table b ();
create table a ();
--- R__v.sql
create or replace view v as select id from a;
`,
        async (job, { sql }) => {
          await mustRefuse(job, ['1', '2']);
          deepEqual(await sql('select version, success from flyway_schema_history'), [{ version: '1', success: true }]);
          const repeatable = { ...job, folder: { ...job.folder, migrations: job.folder.migrations.slice(2) } };
          await mustApply(repeatable, ['R__v']);
          equal((await applyMigrations(repeatable, ['R__v'])).kind, 'nothing');
          const edited = {
            ...repeatable,
            read: (path: string) =>
              path.endsWith('.sql') ? 'create or replace view v as select id, 2 as two from a;' : undefined,
          };
          await mustApply(edited, ['R__v']);
          deepEqual(await sql('select version, description from flyway_schema_history order by installed_rank'), [
            { version: '1', description: 'a' },
            { version: null, description: 'v' },
            { version: null, description: 'v' },
          ]);
        },
      ));
  });
}
