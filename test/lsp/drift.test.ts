/** Drift in the editor: noticed when others change the schema by hand, shown, made a migration, undone, ignored. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { DidChangeWatchedFilesNotification, FileChangeType } from 'vscode-languageserver-protocol/node';
import {
  DriftChanged,
  type DriftItem,
  DriftRequest,
  DriftScriptRequest,
  IgnoreDriftRequest,
  KeptSqlRequest,
  KnownDriftRequest,
  RecordAppliedRequest,
  UndoDriftRequest,
  WriteDriftRequest,
} from '../../server/protocol/drift';
import { pathOf, uriOf } from '../../server/language/uri';
import { ApplyRequest, ListProjectsRequest, RevertRequest } from '../../server/protocol/messages';
import { withClient } from '../support/client';
import { type Running, withLanguageServer } from '../support/languageServer';
import { servers, withDatabase } from '../support/servers';

const users = 'db/migrations/1_users.sql';
const orders = 'db/migrations/2_orders.sql';
const files = {
  [users]: '-- migrate:up\ncreate table users (id int primary key);\n-- migrate:down\ndrop table users;\n',
  [orders]: '-- migrate:up\ncreate table orders (id int primary key);\n-- migrate:down\ndrop table orders;\n',
};
const agreed = { disconnect: false, snapshot: false, progress: '1' };

interface Situation extends Running {
  readonly project: string;
  readonly query: (sql: string) => Promise<unknown>;
  readonly url: string;
  /** What the editor hears of drift that has been asked in the background, as soon as it is so. */
  readonly heard: (isSo: (drift: DriftItem) => boolean) => Promise<DriftItem>;
}

const beginningOn = (url: string) => ({
  files,
  environment: { DATABASE_URL: url },
  initializationOptions: { settings: { shadow: 'same-server' } },
});

const hearing =
  ({ editor: { connection } }: Running, folder: string): Situation['heard'] =>
  (isSo) =>
    new Promise((resolve, reject) => {
      const listening = connection.onNotification(DriftChanged, () => {
        connection.sendRequest(KnownDriftRequest, { folder }).then((known) => {
          if (!known || !isSo(known)) return;
          listening.dispose();
          resolve(known);
        }, reject);
      });
    });

const withApplied = (use: (situation: Situation) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) => {
    return withLanguageServer(beginningOn(url), async (running) => {
      const { connection } = running.editor;
      const [found] = await connection.sendRequest(ListProjectsRequest);
      const project = found?.folder ?? '';
      equal((await connection.sendRequest(ApplyRequest, { ...agreed, folder: project })).kind, 'done');
      await connection.sendRequest(ListProjectsRequest);
      const heard = hearing(running, project);
      await use({ ...running, project, url, heard, query: (sql) => withClient(url, (ask) => ask(sql)) });
    });
  });

const briefly = ({ objects }: DriftItem): string[] =>
  objects.map(({ kind, type, name, ignored }) =>
    [`${kind} ${type} ${name}`, ...(ignored === undefined ? [] : [`ignored: ${ignored}`])].join(' '),
  );

describe('drift in the editor', () => {
  it('is told without being asked when somebody changes the schema by hand, until it is ignored', () =>
    withApplied(async ({ editor: { connection }, project, query, heard }) => {
      const first = heard(({ objects }) => objects.length > 0);
      await query('create table by_hand ()');
      const drift = await first;
      deepEqual([briefly(drift), drift.doubts], [['added TABLE public.by_hand'], []]);
      const second = heard(({ objects }) => objects.some(({ ignored }) => ignored !== undefined));
      const ids = drift.objects.map(({ id }) => id);
      await connection.sendRequest(IgnoreDriftRequest, { folder: project, ids, reason: 'a test' });
      deepEqual(briefly(await second), ['added TABLE public.by_hand ignored: a test']);
    }));

  it('is told to who opens a window after that, too', () =>
    withApplied(async ({ url, query }) => {
      await query('create table by_hand ()');
      await withLanguageServer(beginningOn(url), async (later) => {
        const [project] = await later.editor.connection.sendRequest(ListProjectsRequest);
        const drift = await hearing(later, project?.folder ?? '')(() => true);
        deepEqual(briefly(drift), ['added TABLE public.by_hand']);
      });
    }));

  it('becomes a migration that is recorded, or is undone as it was shown', () =>
    withApplied(async ({ editor: { connection }, project, query }) => {
      const now = () => connection.sendRequest(DriftRequest, { folder: project });
      deepEqual(briefly(await now()), []);
      await query('create table by_hand ()');
      const { uri } = await connection.sendRequest(WriteDriftRequest, { folder: project, title: 'by hand' });
      match(readFileSync(pathOf(uri) ?? '', 'utf8'), /CREATE TABLE public\.by_hand/);
      await connection.sendRequest(RecordAppliedRequest, { disconnect: false, folder: project, uri });
      deepEqual(briefly(await now()), []);

      await query('alter table users add column name text');
      const { objects } = await now();
      const script = await connection.sendRequest(DriftScriptRequest, { folder: project, way: 'undo' });
      deepEqual(
        [script.names, script.losses],
        [['TABLE public.users'], ['The column name of public.users, with 0 values.']],
      );
      const request = { ...agreed, folder: project, ids: objects.map(({ id }) => id), text: script.text };
      equal((await connection.sendRequest(UndoDriftRequest, request)).kind, 'done');
      deepEqual(briefly(await now()), []);
    }));
});

describe('what a checkout has taken out of the folder', () => {
  it('is the first to be reverted in the list, and its SQL is shown', () =>
    withApplied(async ({ editor: { connection }, project, path }) => {
      rmSync(path(orders));
      const changes = [{ uri: uriOf(path(orders)), type: FileChangeType.Deleted }];
      await connection.sendNotification(DidChangeWatchedFilesNotification.method, { changes });
      const [item] = await connection.sendRequest(ListProjectsRequest);
      deepEqual(
        item?.migrations.map(({ version, title, state, kept, hasDown, last }) => ({
          version,
          title,
          state,
          kept,
          hasDown,
          last,
        })),
        [
          { version: '1', title: 'users', state: 'applied', kept: undefined, hasDown: true, last: undefined },
          { version: '2', title: 'orders', state: 'missing', kept: true, hasDown: true, last: true },
        ],
      );
      const { text } = await connection.sendRequest(KeptSqlRequest, { folder: project, version: '2' });
      equal(text, files[orders]);
      const versions = ['2'];
      equal((await connection.sendRequest(RevertRequest, { ...agreed, folder: project, versions })).kind, 'done');
      const [after] = await connection.sendRequest(ListProjectsRequest);
      deepEqual(
        after?.migrations.map(({ version, state }) => `${version} ${state}`),
        ['1 applied'],
      );
    }));
});
