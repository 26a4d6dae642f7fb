/** What others do to the target while the editor is open, in psql or by the tool itself, is noticed. */
import { deepEqual } from 'node:assert/strict';
import { Client } from 'pg';
import { ListProjectsRequest, WindowFocused } from '../../server/protocol/messages';
import { withLanguageServer } from '../support/languageServer';
import { told } from '../support/editor';
import { binariesOf, servers, withDatabase } from '../support/servers';

const file = 'db/migrations/20240101000000_extra.sql';
const text =
  '-- migrate:up\nalter table extra add column a int;\n\n-- migrate:down\nalter table extra drop column a;\n';

for (const major of Object.values(servers)) {
  describe(`changes from elsewhere on PostgreSQL ${major}`, () => {
    it('change the findings after the next edit, and when the window gets the focus', () =>
      withDatabase(major, async (url) => {
        const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)] } };
        const beginning = { files: { [file]: text }, environment: { DATABASE_URL: url }, initializationOptions };
        await withLanguageServer(beginning, async ({ editor, path }) => {
          editor.open(path(file), text);
          const codes = () =>
            editor.published.at(-1)?.diagnostics.flatMap(({ severity, code }) => (severity === 1 ? [code] : []));
          await editor.until(() => codes()?.[0] === '42P01', 'the error for the table that is not there');

          await query(url, 'create table extra (id int)');
          const version = editor.edit(path(file), `${text}\n`);
          await editor.until(() => codes()?.length === 0, 'diagnostics without the error');
          deepEqual(told(await editor.diagnostics(path(file), version)), []);

          await query(url, 'drop table extra');
          await editor.connection.sendNotification(WindowFocused);
          await editor.until(() => codes()?.[0] === '42P01', 'the error after the focus');
        });
      }));

    it('take an error of rows back when these are mended and the window gets the focus', () =>
      withDatabase(major, async (url) => {
        const rows = '-- migrate:up\nalter table extra alter column a set not null;\n\n-- migrate:down\nselect 1;\n';
        await query(url, 'create table extra (a int); insert into extra values (null)');
        const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)] } };
        const beginning = { files: { [file]: rows }, environment: { DATABASE_URL: url }, initializationOptions };
        await withLanguageServer(beginning, async ({ editor, path }) => {
          editor.open(path(file), rows);
          const codes = () =>
            editor.published.at(-1)?.diagnostics.flatMap(({ severity, code }) => (severity === 1 ? [code] : []));
          await editor.until(() => codes()?.[0] === '23502', 'the error for the row');
          await query(url, 'update extra set a = 1');
          await editor.connection.sendNotification(WindowFocused);
          await editor.until(() => codes()?.length === 0, 'diagnostics without the error');
        });
      }));

    it('change the states that are listed', () =>
      withDatabase(major, async (url) => {
        const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)] } };
        const beginning = { files: { [file]: text }, environment: { DATABASE_URL: url }, initializationOptions };
        await withLanguageServer(beginning, async ({ editor, path }) => {
          const states = async () =>
            (await editor.connection.sendRequest(ListProjectsRequest))[0]?.migrations.map(({ state }) => state);
          await query(url, 'create table extra (id int); create table schema_migrations (version varchar primary key)');
          editor.open(path(file), text);
          await editor.diagnostics(path(file), 1);
          deepEqual(await states(), ['pending']);

          const before = editor.told.projects;
          // Rows only: the schema stays as it is.
          await query(url, `insert into schema_migrations values ('20240101000000')`);
          editor.edit(path(file), text);
          await editor.until(() => editor.told.projects > before, 'the word that projects have changed');
          deepEqual(await states(), ['applied']);
        });
      }));

    it('are noticed while nothing is done in the editor: findings and lenses are renewed', () =>
      withDatabase(major, async (url) => {
        const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)] } };
        const beginning = { files: { [file]: text }, environment: { DATABASE_URL: url }, initializationOptions };
        await withLanguageServer(beginning, async ({ editor, path }) => {
          editor.open(path(file), text);
          const codes = () =>
            editor.published.at(-1)?.diagnostics.flatMap(({ severity, code }) => (severity === 1 ? [code] : []));
          await editor.until(() => codes()?.[0] === '42P01', 'the error for the table that is not there');
          for (const [sql, found] of [
            ['create table extra (id int)', undefined],
            ['alter table extra add column a int', '42701'],
            ['drop table extra', '42P01'],
          ] as const) {
            const { lenses, projects } = editor.told;
            await query(url, sql);
            await editor.until(
              () => codes()?.[0] === found && editor.told.lenses > lenses && editor.told.projects > projects,
              `${found ?? 'no error'} after ${sql}`,
            );
          }
        });
      }));

    it('are noticed when no migration is open, but their list has been asked for', () =>
      withDatabase(major, async (url) => {
        await query(url, 'create table schema_migrations (version varchar primary key)');
        const beginning = { files: { [file]: text }, environment: { DATABASE_URL: url }, initializationOptions: {} };
        await withLanguageServer(beginning, async ({ editor }) => {
          const states = async () =>
            (await editor.connection.sendRequest(ListProjectsRequest))[0]?.migrations.map(({ state }) => state);
          deepEqual(await states(), ['pending']);
          const before = editor.told.projects;
          await query(url, `insert into schema_migrations values ('20240101000000')`);
          await editor.until(() => editor.told.projects > before, 'the word that projects have changed');
          deepEqual(await states(), ['applied']);
        });
      }));
  });
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
