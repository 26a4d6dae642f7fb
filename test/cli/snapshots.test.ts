/** Snapshots on the command line: named, pinned, limited, packed, compared; rows of single tables, and rows carried over. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { Client } from 'pg';
import * as is from '../support/cliShapes';
import { cliPath, type Workspace, withWorkspace } from '../support/commandLine';
import { servers, withDatabase } from '../support/servers';
import { good, versions } from '../support/shopFiles';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

for (const major of [servers.oldest, servers.newest]) {
  const onServer = (use: (workspace: Workspace, url: string) => Promise<void>) =>
    withDatabase(major, (url) => withWorkspace(good, (workspace) => use(workspace, url), { DATABASE_URL: url }));

  describe(`snapshots on the command line and PostgreSQL ${major}`, function () {
    this.timeout(240_000);

    it('are listed with name and pin, found by their names, and thrown away', () =>
      onServer(async (workspace) => {
        const id = await take(workspace);
        equal((await workspace.run('snapshots', 'rename', id, 'before', 'the', 'big', 'change')).code, 0);
        const pinned = await workspace.json('snapshots', 'pin', 'big change');
        is.isMarked(pinned.value, 'pin');
        const { stdout } = await workspace.run('snapshots');
        match(stdout, new RegExp(`^${id} .*pinned: before the big change \\(by hand\\)$`, 'm'));
        const listed = await workspace.json('snapshots', 'list');
        is.isSnapshots(listed.value, 'list');
        match(
          (await workspace.run('snapshots', 'unpin', id)).stdout,
          /is called "before the big change", and is not pinned\.$/m,
        );
        match((await workspace.run('snapshots', 'rename', id)).stdout, /has no name, and is not pinned\.$/m);
        equal((await workspace.run('snapshots', 'delete', id, '--yes')).code, 0);
        match((await workspace.run('snapshots')).stdout, /There are no snapshots\./);
      }));

    it('go when there are more than are kept, which is said; pinned ones stay', () =>
      onServer(async (workspace, url) => {
        await query(url, 'create table users (id int)');
        const first = await take(workspace);
        equal((await workspace.run('snapshots', 'pin', first)).code, 0);
        const second = await take(workspace, '--file', '--gzip');
        const { value, code } = await workspace.json('snapshot', '--keep-count', '1');
        equal(code, 0);
        is.isTaken(value, 'snapshot');
        const [told] = (value as { dropped: readonly string[] }).dropped;
        match(told ?? '', /^The snapshot of \S+ of \S+ \(by hand\) was deleted: no more than 1 are kept\.$/);
        const left = idsOf((await workspace.json('snapshots')).value);
        equal(left.length, 2);
        ok(left.includes(first) && !left.includes(second));
        for (const words of [[first], [first, '--tables', 'users']]) {
          const restored = await workspace.json('restore', ...words, '--keep-count', '1', '--yes');
          equal(restored.code, 0, restored.stderr);
          const { kept, dropped } = restored.value as { kept: { id: string }; dropped: readonly string[] };
          equal(dropped.length, 1);
          deepEqual(new Set(idsOf((await workspace.json('snapshots')).value)), new Set([first, kept.id]));
        }
        match(
          (await workspace.run('snapshot', '--keep-count', '0')).stderr,
          /--keep-count wants a whole number from 1 on/,
        );
      }));

    it('are compared with the database now, and with each other', () =>
      onServer(async (workspace, url) => {
        await workspace.run('apply', '--up-to', versions[1], '--yes');
        const before = await take(workspace);
        await workspace.run('apply', '--yes', '--no-snapshot');
        await query(url, `insert into users (email) values ('a'), ('b')`);
        const after = await take(workspace);
        const { code, stdout } = await workspace.run('snapshots', 'diff', before);
        equal(code, 0);
        match(stdout, /^~ TABLE .*orders$/m);
        match(stdout, /^public\.users +0 → 2 rows$/m);
        match(stdout, /^From the snapshot (\S+|".*") to test_\d+@.* now: /m);
        const { value } = await workspace.json('snapshots', 'diff', before, after, '--full');
        is.isDifference(value, 'diff');
        equal((await workspace.json('snapshots', 'diff', before, 'nothing')).code, 2);
      }));

    it('rows written since are listed and carried over, and one more restore undoes it', () =>
      onServer(async (workspace, url) => {
        await workspace.run('apply', '--up-to', versions[1], '--yes');
        await query(url, `insert into users (email) values ('ada'), ('bob')`);
        const id = await take(workspace);
        await workspace.run('apply', '--yes', '--no-snapshot');
        await query(
          url,
          `insert into users (email) values ('cid'); update users set email = 'BOB' where email = 'bob';
          insert into orders (user_id, total) values (1, 5)`,
        );
        const listed = await workspace.json('restore', id, '--carry-over', 'all', '--dry-run');
        equal(listed.code, 0);
        is.isTablesSince(listed.value, 'restore');
        const pretty = await workspace.run('restore', id, '--carry-over', 'all', '--dry-run');
        match(pretty.stdout, /^public\.orders +not carried over: it has been altered since the snapshot$/m);
        match(pretty.stdout, /^public\.users +1 new, 1 changed$/m);
        deepEqual(await query(url, 'select count(*)::int as n from users'), [{ n: 3 }]);

        const refused = await workspace.json('restore', id, '--carry-over', 'orders', '--yes');
        equal(refused.code, 2);
        match(refused.stderr, /public\.orders: it has been altered since the snapshot\./);
        const { value, code } = await workspace.json('restore', id, '--carry-over', 'users', '--yes');
        equal(code, 0);
        is.isRestored(value, 'restore');
        deepEqual((value as { carried: readonly string[] }).carried, ['public.users']);
        deepEqual(await query(url, 'select email from users order by email collate "C"'), [
          { email: 'BOB' },
          { email: 'ada' },
          { email: 'cid' },
        ]);
        deepEqual(await query(url, 'select * from orders'), []);
        match((await workspace.run('status')).stdout, /1 pending|pending/);

        const { kept } = value as { kept: { id: string } };
        equal((await workspace.run('restore', kept.id, '--yes')).code, 0);
        deepEqual(await query(url, 'select total::int as total from orders'), [{ total: 5 }]);
      }));

    it('rows of single tables come back, and one more restore undoes it', () =>
      onServer(async (workspace, url) => {
        await workspace.run('apply', '--yes');
        await query(url, `insert into users (email) values ('ada'); insert into orders (user_id) values (1)`);
        const id = await take(workspace);
        await query(url, `delete from orders; insert into users (email) values ('bob')`);
        const listed = await workspace.json('restore', id, '--tables', 'orders', '--dry-run');
        is.isSnapshotTables(listed.value, 'restore');
        const { value, code, stderr } = await workspace.json('restore', id, '--tables', 'orders', '--yes');
        equal(code, 0, stderr);
        is.isRowsRestored(value, 'restore');
        deepEqual(
          await query(url, 'select (select count(*)::int from orders) as o, (select count(*)::int from users) as u'),
          [{ o: 1, u: 2 }],
        );
        const unknown = await workspace.json('restore', id, '--tables', 'order', '--yes');
        equal(unknown.code, 2);
        match(unknown.stderr, /There is no such table in both databases: "order"; did you mean orders\?/);
        match((await workspace.run('restore', id, '--tables', 'a', '--carry-over', 'b')).stderr, /exclude each other/);
      }));
  });
}

async function take(workspace: Workspace, ...words: string[]): Promise<string> {
  const { value, code, stderr } = await workspace.json('snapshot', ...words);
  equal(code, 0, stderr);
  is.isTaken(value, 'snapshot');
  return (value as { snapshot: { id: string } }).snapshot.id;
}

const idsOf = (value: unknown): readonly string[] =>
  (value as { snapshots: readonly { id: string }[] }).snapshots.map(({ id }) => id);

async function query(url: string, sql: string): Promise<readonly object[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}
