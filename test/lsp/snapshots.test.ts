/** Snapshots over stdio: what is foretold, names and pins, texts to compare, rows of single tables, rows carried over. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { uriOf } from '../../server/language/uri';
import { ApplyRequest } from '../../server/protocol/messages';
import {
  CompareSnapshotsRequest,
  ListSnapshotsRequest,
  MarkSnapshotRequest,
  RestoreRequest,
  RestoreTablesRequest,
  SnapshotForecastRequest,
  SnapshotRequest,
  SnapshotTablesRequest,
  TablesSinceRequest,
} from '../../server/protocol/snapshots';
import { withClient } from '../support/client';
import { type Running, withLanguageServer } from '../support/languageServer';
import { refuses } from '../support/refusals';
import { binariesOf, servers, withDatabase } from '../support/servers';

const files = {
  'migrations/1_a.up.sql': 'create table a (id int primary key); create table b (id int primary key);',
  'migrations/2_b.up.sql': 'alter table b add note text;',
};
const consent = { disconnect: true };

for (const major of Object.values(servers)) {
  const onServer = (use: (running: Running, folder: string, url: string) => Promise<void>): Promise<void> =>
    withDatabase(major, (url) =>
      withLanguageServer(
        {
          files,
          environment: { DATABASE_URL: url },
          initializationOptions: {
            settings: { postgresBinaries: [binariesOf(major)], snapshotRetention: { count: 2 } },
          },
        },
        (running) => use(running, uriOf(running.path('migrations')), url),
      ),
    );

  describe(`requests about snapshots, PostgreSQL ${major}`, () => {
    it('foretell, name, pin, compare, and keep as many as the settings say', () =>
      onServer(async ({ editor: { connection } }, folder, url) => {
        const foretold = await connection.sendRequest(SnapshotForecastRequest, { folder });
        deepEqual([foretold.kind, foretold.fits], ['copy', true]);
        ok(foretold.bytes > 1_000_000);
        const first = await connection.sendRequest(SnapshotRequest, { ...consent, folder, reason: 'first' });
        if (first.kind !== 'taken') throw new Error('nobody was there');
        const { id } = first.snapshot;
        const named = await connection.sendRequest(MarkSnapshotRequest, { ...consent, folder, id, name: 'clean' });
        equal(named.name, 'clean');
        await connection.sendRequest(MarkSnapshotRequest, { ...consent, folder, id, pinned: true });
        const bad = connection.sendRequest(MarkSnapshotRequest, { ...consent, folder, id, name: 'two\nlines' });
        await refuses(bad, 'bad-mark', /one line/);

        await withClient(url, (query) => query('create table c (id int); insert into c values (1), (2)'));
        const texts = await connection.sendRequest(CompareSnapshotsRequest, { folder, id });
        match(texts.after, /^-- public\.c: 2 rows\n\n[^]*CREATE TABLE public\.c/);
        equal(texts.before.includes('public.c'), false);
        for (const reason of ['second', 'third', 'fourth'])
          await connection.sendRequest(SnapshotRequest, { ...consent, folder, reason });
        deepEqual(
          (await connection.sendRequest(ListSnapshotsRequest, { folder })).map((it) => [it.reason, it.name, it.pinned]),
          [
            ['fourth', undefined, undefined],
            ['third', undefined, undefined],
            ['first', 'clean', true],
          ],
        );
      }));

    it('bring back rows of single tables, and carry over what was written', () =>
      onServer(async ({ editor: { connection } }, folder, url) => {
        const apply = { ...consent, folder, snapshot: false, progress: '1' };
        await connection.sendRequest(ApplyRequest, { ...apply, upTo: '1' });
        const taken = await connection.sendRequest(SnapshotRequest, { ...consent, folder, reason: 'by hand' });
        if (taken.kind !== 'taken') throw new Error('nobody was there');
        const { id } = taken.snapshot;
        await connection.sendRequest(ApplyRequest, apply);
        const rows = async (): Promise<readonly object[]> => {
          let found: readonly object[] = [];
          await withClient(url, async (query) => {
            found = await query('select (select count(*)::int from a) as a, (select count(*)::int from b) as b');
          });
          return found;
        };
        await withClient(url, (query) => query('insert into a values (1); insert into b values (1)'));
        deepEqual(await connection.sendRequest(SnapshotTablesRequest, { folder, id }), [
          { table: 'public.a', rowsThen: 0, rowsNow: 1, columnsLost: [], columnsNew: [] },
          { table: 'public.b', rowsThen: 0, rowsNow: 1, columnsLost: [], columnsNew: ['note'] },
        ]);
        const request = { ...consent, folder, id };
        const restored = await connection.sendRequest(RestoreTablesRequest, { ...request, tables: ['b'] });
        equal(restored.kind, 'restored');
        deepEqual(await rows(), [{ a: 1, b: 0 }]);

        const since = await connection.sendRequest(TablesSinceRequest, { folder, id });
        deepEqual(
          since.map(({ table, added, obstacle }) => [table, added, obstacle]),
          [
            ['public.a', 1, undefined],
            ['public.b', 0, 'it has been altered since the snapshot'],
          ],
        );
        const none = connection.sendRequest(RestoreRequest, { ...request, carry: ['public.b'] });
        await refuses(none, 'rows-refused', /public\.b: it has been altered since the snapshot\./);
        equal((await connection.sendRequest(RestoreRequest, { ...request, carry: ['public.a'] })).kind, 'restored');
        deepEqual(await rows(), [{ a: 1, b: 0 }]);
      }));
  });
}
