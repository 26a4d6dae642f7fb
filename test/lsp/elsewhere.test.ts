/** What others do to the target while the editor is open, in psql or by the tool itself, is noticed. */
import { deepEqual } from 'node:assert/strict';
import { ListProjectsRequest, WindowFocused } from '../../server/protocol/messages';
import { withClient } from '../support/client';
import { type Editor, told } from '../support/editor';
import { type Running, withLanguageServer } from '../support/languageServer';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';

const file = 'db/migrations/20240101000000_extra.sql';
const text =
  '-- migrate:up\nalter table extra add column a int;\n\n-- migrate:down\nalter table extra drop column a;\n';

interface Open extends Running {
  /** On a connection of its own. */
  query(sql: string): Promise<unknown>;
  /** Waits until this is the first error of the file that was told of last; undefined for none. */
  untilError(code: string | undefined, when: string, also?: () => boolean): Promise<void>;
  states(): Promise<readonly string[] | undefined>;
}

/** @param before what the target has when the server starts */
const withEditorOn = (
  major: Major,
  { before, text: content = text }: { readonly before?: string; readonly text?: string },
  use: (open: Open) => Promise<void>,
): Promise<void> =>
  withDatabase(major, async (url) => {
    const query = (sql: string) => withClient(url, (ask) => ask(sql));
    if (before !== undefined) await query(before);
    const initializationOptions = { settings: { postgresBinaries: [binariesOf(major)] } };
    const beginning = { files: { [file]: content }, environment: { DATABASE_URL: url }, initializationOptions };
    await withLanguageServer(beginning, (running) =>
      use({
        ...running,
        query,
        untilError: (code, when, also = () => true) =>
          running.editor.until(() => firstError(running.editor) === code && also(), when),
        states: async () =>
          (await running.editor.connection.sendRequest(ListProjectsRequest))[0]?.migrations.map(({ state }) => state),
      }),
    );
  });

const firstError = ({ published }: Editor): unknown =>
  published.at(-1)?.diagnostics.find(({ severity }) => severity === 1)?.code;

for (const major of Object.values(servers)) {
  describe(`changes from elsewhere on PostgreSQL ${major}`, () => {
    it('change the findings after the next edit, and when the window gets the focus', () =>
      withEditorOn(major, {}, async ({ editor, path, query, untilError }) => {
        editor.open(path(file), text);
        await untilError('42P01', 'the error for the table that is not there');

        await query('create table extra (id int)');
        const version = editor.edit(path(file), `${text}\n`);
        await untilError(undefined, 'diagnostics without the error');
        deepEqual(told(await editor.diagnostics(path(file), version)), []);

        await query('drop table extra');
        await editor.connection.sendNotification(WindowFocused);
        await untilError('42P01', 'the error after the focus');
      }));

    it('take an error of rows back when these are mended and the window gets the focus', () => {
      const rows = '-- migrate:up\nalter table extra alter column a set not null;\n\n-- migrate:down\nselect 1;\n';
      const before = 'create table extra (a int); insert into extra values (null)';
      return withEditorOn(major, { before, text: rows }, async ({ editor, path, query, untilError }) => {
        editor.open(path(file), rows);
        await untilError('23502', 'the error for the row');
        await query('update extra set a = 1');
        await editor.connection.sendNotification(WindowFocused);
        await untilError(undefined, 'diagnostics without the error');
      });
    });

    it('change the states that are listed', () => {
      const before = 'create table extra (id int); create table schema_migrations (version varchar primary key)';
      return withEditorOn(major, { before }, async ({ editor, path, query, states }) => {
        editor.open(path(file), text);
        await editor.diagnostics(path(file), 1);
        deepEqual(await states(), ['pending']);

        const { projects } = editor.told;
        // Rows only: the schema stays as it is.
        await query(`insert into schema_migrations values ('20240101000000')`);
        editor.edit(path(file), text);
        await editor.until(() => editor.told.projects > projects, 'the word that projects have changed');
        deepEqual(await states(), ['applied']);
      });
    });

    it('are noticed while nothing is done in the editor: findings and lenses are renewed', () =>
      withEditorOn(major, {}, async ({ editor, path, query, untilError }) => {
        editor.open(path(file), text);
        await untilError('42P01', 'the error for the table that is not there');
        for (const [sql, error] of [
          ['create table extra (id int)', undefined],
          ['alter table extra add column a int', '42701'],
          ['drop table extra', '42P01'],
        ] as const) {
          const { lenses, projects } = editor.told;
          await query(sql);
          const isRenewed = () => editor.told.lenses > lenses && editor.told.projects > projects;
          await untilError(error, `${error ?? 'no error'} after ${sql}`, isRenewed);
        }
      }));

    it('are noticed when no migration is open, but their list has been asked for', () => {
      const before = 'create table schema_migrations (version varchar primary key)';
      return withEditorOn(major, { before }, async ({ editor, query, states }) => {
        deepEqual(await states(), ['pending']);
        const { projects } = editor.told;
        await query(`insert into schema_migrations values ('20240101000000')`);
        await editor.until(() => editor.told.projects > projects, 'the word that projects have changed');
        deepEqual(await states(), ['applied']);
      });
    });
  });
}
