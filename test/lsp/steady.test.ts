/** What the problems list says does not come and go while nobody types: over stdio, with rows that come after the first answer. */
import { deepEqual, equal } from 'node:assert/strict';
import { DiagnosticSeverity } from 'vscode-languageserver-protocol';
import { uriOf } from '../../server/language/uri';
import { SettingsChanged } from '../../server/protocol/messages';
import { withClient } from '../support/client';
import { withLanguageServer } from '../support/languageServer';
import { binariesOf, majorOf, withDatabase } from '../support/servers';

const major = majorOf('15');
const schema = `
  create table projects (id int primary key);
  create table tasks (id int primary key, project int references projects);
  insert into projects values (1)`;

const body = 'migrations/000002_body.up.sql';
const orphan = 'migrations/000003_orphan.up.sql';
const files = {
  'migrations/000001_labels.up.sql': 'create table labels (id int primary key);\n',
  [body]: 'create function f() returns int language plpgsql as $$ begin return (select nothing from labels); end $$;\n',
  [orphan]: 'insert into tasks values (1, 7);\n',
  'migrations/000004_last.up.sql': 'create table more (id int);\n',
};

describe('what is told of pending migrations', () => {
  for (const open of [orphan, 'migrations/000001_labels.up.sql'] as const) {
    it(`stays when rows come and when settings change, with ${open} open`, () =>
      withDatabase(major, async (url) => {
        await withClient(url, (query) => query(schema));
        const settings = { database: url, shadow: 'private', postgresBinaries: [binariesOf(major)] };
        await withLanguageServer({ files, initializationOptions: { settings } }, async ({ editor, path }) => {
          const told = (file: string) => editor.published.filter(({ uri }) => uri === uriOf(path(file)));
          const severities = (file: string) =>
            told(file).map(({ diagnostics }) => diagnostics.map((it) => it.severity));
          const uponRows = () =>
            editor.states.filter((it) => it.kind === 'rehearsed' && it.rehearsedOn.includes('schema and data')).length;
          editor.open(path(open), files[open] ?? '');
          await editor.until(() => uponRows() > 0, 'a check upon the rows');
          await editor.until(() => severities(orphan).at(-1)?.[0] === DiagnosticSeverity.Error, 'the orphan');
          await editor.until(() => severities(body).at(-1)?.length === 1, 'the body');
          const before = editor.published.length;
          await editor.connection.sendNotification(SettingsChanged, {
            ...{
              folders: [],
              layout: 'auto',
              layouts: {},
              shadowDataLimit: null,
              snapshotRetention: {},
              snapshotCompression: 'none',
              databasePerBranch: false,
              statementTimeout: 5_000,
              python: '',
              ruby: '',
              inlayHints: 'full',
              environments: {},
              rehearsalMaxAge: 60,
            },
            ...{ database: url, shadow: 'private', postgresBinaries: [binariesOf(major)] },
          });
          const known = uponRows();
          await editor.until(() => uponRows() > known, 'another one');
          const since = editor.published.slice(before);
          const distinct = (file: string) => [
            ...new Set(
              since.filter(({ uri }) => uri === uriOf(path(file))).map(({ diagnostics }) => diagnostics[0]?.severity),
            ),
          ];
          deepEqual(
            distinct(orphan).filter((it) => it !== DiagnosticSeverity.Error),
            [],
          );
          deepEqual(
            distinct(body).filter((it) => it !== DiagnosticSeverity.Warning),
            [],
          );
          equal(severities(body).flat().length, severities(body).length, 'and was never taken back');
        });
      }));
  }
});
