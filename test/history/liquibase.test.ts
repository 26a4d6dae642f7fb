/** Liquibase's history on real servers; test/conformance/liquibase.test.ts compares it with that of Liquibase itself. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { hostname } from 'node:os';
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import { liquibaseHistory, liquibaseOptions } from '../../server/engine/history/liquibase';
import { LiquibaseRows } from '../../server/engine/history/liquibaseRows';
import { mustApply, mustRefuse, mustRevert, withJob } from '../apply/support';
import { isFault } from '../support/faults';
import { servers } from '../support/servers';
import { folderFilesOf, withFolderAndDatabase } from './support';
import { toolSettings } from '../support/toolSettings';

const texts = {
  'a.sql':
    '--liquibase formatted sql\n--changeset t:1\ncreate table a ();\n--rollback drop table a;\n--changeset t:2\ncreate table b ();\n',
  'b.sql':
    '--liquibase formatted sql logicalFilePath:db/b.sql\n--changeset t:1 runAlways:true\nselect 1;\n--rollback empty\n',
};

const source = Object.entries(texts)
  .map(([name, text]) => `--- ${name}\n${text}`)
  .join('');

for (const major of Object.values(servers)) {
  describe(`Liquibase's history on Postgres ${major}`, () => {
    it('has a row for each changeset, and none for what was refused', () =>
      withJob(major, 'liquibase', source, async (job, { sql, target }) => {
        await sql('create table b ()');
        await mustRefuse(job, job.versions);
        const rows = () => sql('select author, id, filename, exectype from databasechangelog order by orderexecuted');
        const first = { author: 't', id: '1', filename: 'a.sql', exectype: 'EXECUTED' };
        deepEqual(await rows(), [first]);
        await sql('drop table b');
        await mustApply(job, job.versions);
        const rest = [
          { ...first, id: '2' },
          { ...first, filename: 'db/b.sql' },
        ];
        deepEqual(await rows(), [first, ...rest]);
        const session = await target.database.open('read');
        const { parts, missing } = await job.history.read(session);
        await session.end();
        const [plain, always] = job.folder.migrations;
        deepEqual(missing?.(folderFilesOf(job.folder, texts)), []);
        const without = { 'a.sql': texts['a.sql'].replace(/--changeset t:2[^]*/, '') };
        deepEqual(missing?.(folderFilesOf({ migrations: [plain!] }, without)), ['a.sql::2::t', 'db/b.sql']);
        deepEqual(parts?.(always!, texts['b.sql']), {
          applied: new Set(['t:1']),
          open: new Set(['t:1']),
          passesOver: false,
        });
        await rejects(
          revertMigrations(job, ['b.sql', 'a.sql']),
          isFault('no-down', /the changeset t:2 of a\.sql has no rollback/),
        );
        await mustRevert(job, ['b.sql']);
        deepEqual(await rows(), [first, { ...first, id: '2' }]);
      }));

    it('runs a changeset only where its precondition holds', () =>
      withJob(
        major,
        'liquibase',
        `--- a.sql
--liquibase formatted sql
--changeset t:1
--preconditions onFail:HALT
--precondition-sql-check expectedResult:1 select count(*) from pg_class where relname = 'gate'
create table a ();
--changeset t:2
--precondition-table-exists table:A schema:public
create table b ();
--changeset t:3
--preconditions onFail:CONTINUE onError:MARK_RAN
--precondition-sql-check expectedResult:0 select count(*) from nowhere
create table c ();
--changeset t:4
--preconditions onFail:CONTINUE
--precondition-view-exists view:a
create table d ();
`,
        async (job, { sql }) => {
          await rejects(applyMigrations(job, ['a.sql']), isFault('bad-migration', /its precondition does not hold/));
          await sql('create table gate ()');
          equal((await applyMigrations(job, ['a.sql'])).kind, 'done');
          deepEqual(await sql('select id, exectype from databasechangelog order by 1'), [
            { id: '1', exectype: 'EXECUTED' },
            { id: '2', exectype: 'EXECUTED' },
            { id: '3', exectype: 'MARK_RAN' },
          ]);
        },
      ));

    it('takes over a lock that a process of ours has left, and waits for others', () =>
      withFolderAndDatabase(major, 'liquibase', texts, async ({ session }) => {
        const history = liquibaseHistory(liquibaseOptions(toolSettings()));
        const set = (who: string) =>
          session.run(`update databasechangeloglock set locked = true, lockgranted = now(), lockedby = '${who}'`);
        await history.withLock(session, 1_000, async () => {});
        await set(`${hostname()} (Rehearsal)`);
        await history.withLock(session, 50, async () => {
          match(
            String((await session.rows<{ who: string }>('select lockedby as who from databasechangeloglock'))[0]?.who),
            /\(Rehearsal\)$/,
          );
        });
        await set('somebody');
        await rejects(
          history.withLock(session, 50, async () => {}),
          isFault('locked', /somebody has held .* release-locks/),
        );
      }));

    it('stands where it is told to stand', () =>
      withFolderAndDatabase(major, 'liquibase', texts, async ({ session }) => {
        await session.run('create schema tools');
        const named = { LIQUIBASE_LIQUIBASE_SCHEMA_NAME: 'tools', LIQUIBASE_DATABASE_CHANGELOG_TABLE_NAME: 'log' };
        const history = liquibaseHistory(liquibaseOptions(toolSettings({ environment: named })));
        await history.withLock(session, 1_000, async () => {});
        const state = await history.read(session);
        deepEqual([state.table, state.exists], ['tools.log', true]);
        await session.run('alter table tools.log drop column md5sum');
        await rejects(history.read(session), isFault('history-moved', /not that of Liquibase/));
      }));
  });
}

describe('the paths in the history of Liquibase', () => {
  const fileOf = (recordedAs: string, upPath: string, ...files: string[]): string => {
    const rest = { id: '1', author: 'a', md5sum: null, exectype: 'EXECUTED', liquibase: null };
    const name = { version: 'x', digits: '', order: '', title: '', direction: 'both', recordedAs } as const;
    return new LiquibaseRows(files.map((filename) => ({ ...rest, filename }))).fileOf({ name, upPath, version: 'x' });
  };
  const cases: readonly [string, string, string, readonly string[], string][] = [
    ['as they would be where there is none', 'a.sql', '/w/db/a.sql', [], 'a.sql'],
    ['as it stands there', 'a.sql', '/w/db/a.sql', ['classpath:db/a.sql'], 'db/a.sql'],
    ['as those beside it', 'b.sql', '/w/db/changes/b.sql', ['db/changes/a.sql'], 'db/changes/b.sql'],
    ['as those in other folders', 'y/b.sql', '/w/db/y/b.sql', ['db/x/a.sql'], 'db/y/b.sql'],
    ['with an absolute path', 'a.sql', '/w/db/a.sql', ['/w/db/a.sql'], 'w/db/a.sql'],
    ['of another place', 'a.sql', '/w/db/a.sql', ['elsewhere/a2.sql'], 'a.sql'],
  ];
  for (const [name, recordedAs, upPath, files, expected] of cases)
    it(name, () => equal(fileOf(recordedAs, upPath, ...files), expected));
});
