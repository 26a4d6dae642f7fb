/** Down scripts in an editor: a verdict for what is open, when nobody types, and a way back where there is none. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import {
  type CodeAction,
  CodeActionRequest,
  type CodeLens,
  CodeLensRequest,
} from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import { ListProjectsRequest } from '../../server/protocol/messages';
import { VerifyRequest, WayBackRequest } from '../../server/protocol/verify';
import { type Running, withLanguageServer } from '../support/languageServer';
import { binariesOf, servers, withDatabase } from '../support/servers';

const up = 'migrations/2_b.up.sql';
const down = 'migrations/2_b.down.sql';
const files = {
  'migrations/1_a.up.sql': 'create table a (id int primary key);',
  'migrations/1_a.down.sql': 'drop table a;',
  [up]: 'alter table a add column note text;',
  [down]: 'alter table a drop column note;',
  'migrations/3_c.up.sql': 'create index a_id on a (id);',
};

const onServer = (use: (running: Running) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withLanguageServer(
      {
        files,
        environment: { DATABASE_URL: url },
        initializationOptions: { settings: { postgresBinaries: [binariesOf(servers.newest)] } },
      },
      use,
    ),
  );

const wholeFile = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

describe('down scripts in an editor', () => {
  it('have a verdict in lenses and lists when nobody types, which goes with an edit, and comes again', () =>
    onServer(async ({ editor, path }) => {
      const { connection } = editor;
      const uri = uriOf(path(up));
      const lens = async (): Promise<string | undefined> => {
        const lenses = await connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } });
        return (lenses ?? []).map(({ command }: CodeLens) => command?.title).find((it) => it?.startsWith('Down: '));
      };
      const told = async (wanted: string | undefined): Promise<void> => {
        for (let seen = editor.told.projects; (await lens()) !== wanted; ) {
          await editor.until(() => editor.told.projects > seen, `the verdict ${wanted}`);
          seen = editor.told.projects;
        }
      };
      editor.open(path(up), files[up] ?? '');
      await editor.diagnostics(path(up));
      await told('Down: exact');
      const [project] = await connection.sendRequest(ListProjectsRequest);
      deepEqual(
        project?.migrations.map(({ verdict }) => verdict?.says),
        [undefined, 'exact', undefined],
      );
      editor.replace(path(up), 'note text', 'note text; create table b ()');
      equal(await lens(), undefined);
      await told('Down: not exact');
      const [verified] = await connection.sendRequest(VerifyRequest, { folder: project?.folder ?? '', uri });
      match(verified?.diff ?? '', /^TABLE public\.b\n {2}\+CREATE TABLE public\.b \(/);
      const actions = await connection.sendRequest(CodeActionRequest.type, {
        textDocument: { uri },
        range: wholeFile,
        context: { diagnostics: [] },
      });
      deepEqual(
        (actions ?? []).map((it) => (it as CodeAction).command?.command),
        ['rehearsal.writeDown'],
      );
    }));

  it('are tried when it is asked for, and found where there are none', () =>
    onServer(async ({ editor: { connection }, path }) => {
      const folder = uriOf(path('migrations'));
      const told = await connection.sendRequest(VerifyRequest, { folder });
      deepEqual(
        told.map(({ title, kind }) => `${title} ${kind}`),
        ['a exact', 'b exact', 'c missing'],
      );
      const found = await connection.sendRequest(WayBackRequest, { folder, uri: uriOf(path('migrations/3_c.up.sql')) });
      ok(found.kind === 'found');
      equal(found.file?.text, 'DROP INDEX public.a_id;\n');
      match(found.file?.uri ?? '', /3_c\.down\.sql$/);
      const own = await connection.sendRequest(WayBackRequest, { folder, uri: uriOf(path(up)) });
      deepEqual(own, { kind: 'unneeded', verdict: { kind: 'exact', says: 'exact', details: [] } });
    }));
});
