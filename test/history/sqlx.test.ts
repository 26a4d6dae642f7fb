/**
 * sqlx's history on real servers. What it should hold is said by launchbadge/sqlx 0.9, sqlx-postgres/src/migrate.rs and
 * sqlx-core/src/migrate/source.rs: sqlx itself cannot be had here.
 */
import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { applyMigrations } from '../../server/engine/apply/apply';
import { repairsIn } from '../../server/engine/apply/repair';
import { sqlxChecksum, sqlxHistory, sqlxLockId } from '../../server/engine/history/sqlx';
import { sqlxConfig } from '../../server/engine/layouts/sqlxConfig';
import { jobFor, mustApply, mustRefuse, mustRevert, sameTables, withJob } from '../apply/support';
import { isFault } from '../support/faults';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const source = `--- 1_first_table.up.sql
create table a (id int);
--- 1_first_table.down.sql
drop table a;
--- 2_index.up.sql
-- no-transaction
create index concurrently a_id on a (id);
--- 2_index.down.sql
-- no-transaction
drop index concurrently a_id;
--- 3_broken.sql
create table c (id int);
create table a (id int);
`;

const usual = { table: '_sqlx_migrations', createSchemas: [], ignoredChars: [] };

const sha384 = (text: string): string => createHash('sha384').update(text).digest('hex');

for (const major of Object.values(servers)) {
  describe(`sqlx's history on Postgres ${major}`, () => {
    it('has a row for each version, with the time that it took', () =>
      withJob(major, 'sqlx', source, async (job, { sql }) => {
        await mustApply(job, ['1', '2']);
        await mustRefuse(job, ['3']);
        const rows = await sql<{ execution_time: string }>(
          `select version::int as version, description, success, encode(checksum, 'hex') as checksum,
            execution_time between 100000 and 60000000000 as nanoseconds from _sqlx_migrations order by 1`,
        );
        const checksumOf = (name: string): string =>
          sha384(job.fixture.files.find((it) => it.name === name)?.text ?? '');
        deepEqual(rows, [
          {
            version: 1,
            description: 'first table',
            success: true,
            checksum: checksumOf('1_first_table.up.sql'),
            nanoseconds: true,
          },
          {
            version: 2,
            description: 'index',
            success: true,
            checksum: checksumOf('2_index.up.sql'),
            nanoseconds: true,
          },
        ]);
        await mustRevert(job, ['2', '1']);
        deepEqual(await sql('select version from _sqlx_migrations'), []);
      }));

    it('has the table that sqlx makes', () =>
      withJob(major, 'sqlx', source, async (job, { sql }) => {
        await applyMigrations(job, ['1']);
        deepEqual(
          await sql(`select column_name as name, data_type as type, is_nullable as nulls, column_default as default
            from information_schema.columns where table_name = '_sqlx_migrations' order by ordinal_position`),
          [
            { name: 'version', type: 'bigint', nulls: 'NO', default: null },
            { name: 'description', type: 'text', nulls: 'NO', default: null },
            { name: 'installed_on', type: 'timestamp with time zone', nulls: 'NO', default: 'now()' },
            { name: 'success', type: 'boolean', nulls: 'NO', default: null },
            { name: 'checksum', type: 'bytea', nulls: 'NO', default: null },
            { name: 'execution_time', type: 'bigint', nulls: 'NO', default: null },
          ],
        );
      }));

    it('keeps sqlx from going on: an edited file, one that is gone, and a row without success', () =>
      withJob(major, 'sqlx', source, async (job, place) => {
        await applyMigrations(job, ['1']);
        const edited = jobFor(
          place,
          'sqlx',
          source.replace('drop table a', 'drop table a ').replace('(id int);', '(id int) ;'),
        );
        await rejects(
          applyMigrations(edited, ['2']),
          isFault('blocked', /1 is applied, and its file is another one\. sqlx refuses/),
        );
        await place.sql('update _sqlx_migrations set version = 7');
        await rejects(applyMigrations(job, ['2']), isFault('blocked', /7 is applied and has no file/));
        await place.sql('update _sqlx_migrations set version = 1, success = false');
        await rejects(applyMigrations(job, ['2']), isFault('blocked', /its table says that 1 has not succeeded/));
        const session = await job.database.open('write');
        const [, applied] = repairsIn(await job.history.read(session), job);
        await session.close();
        for (const it of applied?.statements ?? []) await place.sql(it);
        await mustApply(job, ['2']);
        await sameTables(place, ['_sqlx_migrations', 'a']);
      }));

    it('stands where sqlx.toml has it, in schemas that are made first', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          const text = `[migrate]\ntable-name = 'Tools."My table"'\ncreate-schemas = ["tools", "app"]\n`;
          const history = sqlxHistory(sqlxConfig((name) => (name === '../sqlx.toml' ? text : undefined)));
          await history.withLock(session, 1_000, async () => {});
          equal((await history.read(session)).table, 'tools.My table');
          deepEqual(await session.rows(`select nspname::text as name from pg_namespace where nspname = 'app'`), [
            { name: 'app' },
          ]);
          const wrong = sqlxHistory({ ...usual, table: 'a; drop table b' });
          await rejects(wrong.read(session), isFault('bad-connection-settings', /table-name in sqlx\.toml/));
        }),
      ));

    it('is kept under the lock of the library, whose number comes from the name of the database', () =>
      withDatabase(major, (url) =>
        withSession(url, (session) =>
          withSession(url, async (other) => {
            const { database } = session.server;
            await other.run(`select pg_advisory_lock(${sqlxLockId(database)})`);
            await rejects(
              sqlxHistory(usual).withLock(session, 50, async () => {}),
              isFault('locked', /./),
            );
          }),
        ),
      ));
  });
}

it("sqlx's lock is the product of its salt and the CRC-32 of the database's name", () =>
  equal(sqlxLockId('shop'), 2_969_972_169_318_647_292n));

describe("sqlx's checksum", () => {
  it('counts every byte that is not ignored', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        equal(sqlxChecksum(text, []), sha384(text));
        const ignored = [' ', '\r', '\uFEFF', '😀'];
        const without = ignored.reduce((it, char) => it.replaceAll(char, ''), text);
        equal(sqlxChecksum(text, ignored), sha384(without));
        notEqual(sqlxChecksum(`\uFEFF${text}`, []), sqlxChecksum(text, []));
        equal(
          sqlxChecksum(`\uFEFF${text.replaceAll(' ', '\r\n')}`, [...ignored, '\n']),
          sqlxChecksum(text, [...ignored, '\n']),
        );
      }),
    );
  });
});
