/** The history of plain numbered files, and where the histories' configuration comes from. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import { histories } from '../../server/engine/history/all';
import { dbmateOptions } from '../../server/engine/history/dbmate';
import { golangMigrateTable } from '../../server/engine/history/golangMigrate';
import { checksumOf, numberedHistory } from '../../server/engine/history/numbered';
import { withFolder } from '../support/files';
import { folderOf, step } from '../support/migrating';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { toolSettings } from '../support/toolSettings';

const texts = {
  '001_a.sql': 'create table a (id int);\n',
  '001_a.down.sql': 'drop table a;\n',
  '002_b.sql': '-- rehearsal: no-transaction\ncreate index concurrently a_id on a (id);\n',
  '010_c.sql': 'create table c (id int);\ncreate table a (id int);\n',
};

for (const major of Object.values(servers)) {
  describe(`the history of plain numbered files on Postgres ${major}`, () => {
    const history = numberedHistory();

    it('keeps version, name, checksum and time, and nothing of what was refused', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const folder = folderOf(path, 'numbered', texts);
            const { migrations } = folder;
            const states = async (): Promise<readonly string[]> =>
              migrations.map((await history.read(session)).applied);
            equal((await history.read(session)).exists, false);
            equal(await step(session, history, folder, '1', 'up', texts), undefined);
            equal(await step(session, history, folder, '2', 'up', texts), undefined);
            equal(await step(session, history, folder, '10', 'up', texts), '42P07');
            deepEqual(await states(), ['applied', 'applied', 'pending']);
            const rows =
              'select version, name, checksum, ms::int as ms, applied_at <= now() as past from rehearsal.migrations';
            deepEqual(await session.rows(`${rows} where version = '1'`), [
              { version: '1', name: 'a', checksum: checksumOf(texts['001_a.sql']), ms: 1, past: true },
            ]);
            deepEqual(await session.rows("select to_regclass('c') as c"), [{ c: null }]);
            equal(await step(session, history, folder, '1', 'down', texts), undefined);
            deepEqual((await history.read(session)).versions, ['2']);
          }),
        ),
      ));

    it('sees that an applied file was edited, but not that its line ends changed', () =>
      withDatabase(major, (url) =>
        withFolder((path) =>
          withSession(url, async (session) => {
            const folder = folderOf(path, 'numbered', texts);
            await step(session, history, folder, '1', 'up', texts);
            const { edited } = await history.read(session);
            const [a, b] = [folder.migrations[0]!, folder.migrations[1]!];
            equal(edited?.has(a, texts['001_a.sql']), false);
            equal(edited?.has(a, texts['001_a.sql'].replaceAll('\n', '\r\n')), false);
            equal(edited?.has(a, `${texts['001_a.sql']} `), true);
            equal(edited?.has(b, 'anything'), false);
          }),
        ),
      ));

    it('refuses a table of the same name that is not ours', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await session.run('create schema rehearsal; create table rehearsal.migrations (id int)');
          await rejects(history.read(session), (error) => error instanceof Fault && error.code === 'history-moved');
        }),
      ));

    it('tells a role without rights what it lacks', () =>
      withDatabase(major, (url) =>
        withSession(url, async (session) => {
          await session.run('create role nobody_at_all; set role nobody_at_all');
          try {
            await rejects(
              history.withLock(session, 1_000, async () => {}),
              (error) => error instanceof Fault && error.code === 'no-right',
            );
          } finally {
            await session.run('reset role; drop role nobody_at_all');
          }
        }),
      ));
  });
}

describe("the configuration of a history's table", () => {
  const extra = { 'x-migrations-table': 'v' };
  const quoted = { 'x-migrations-table': '"a"."b"', 'x-migrations-table-quoted': '1' };
  const environment = { DBMATE_MIGRATIONS_TABLE: 'd' };

  it('is the URL, for golang-migrate', () => {
    deepEqual(golangMigrateTable(toolSettings()), { quoted: false });
    deepEqual(golangMigrateTable(toolSettings({ extra, environment })), { table: 'v', quoted: false });
    deepEqual(golangMigrateTable(toolSettings({ extra: quoted })), { table: '"a"."b"', quoted: true });
  });

  it('is the environment and search_path, for dbmate', () =>
    deepEqual(dbmateOptions(toolSettings({ extra, settings: { search_path: 'a,b' }, environment })), {
      table: 'd',
      searchPath: 'a,b',
    }));

  it('there is a history for each layout, of that name', () => {
    for (const [name, make] of Object.entries(histories)) equal(make(toolSettings()).layout, name);
  });
});
