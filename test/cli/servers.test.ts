/** The whole way through the command line on real servers: rehearse, preview, apply, revert, snapshot, restore. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { Client } from 'pg';
import * as is from '../support/cliShapes';
import { cliPath, type Workspace, withWorkspace } from '../support/commandLine';
import { servers, withDatabase } from '../support/servers';
import { fileOf, good, mistaken, versions, withMistake } from '../support/shopFiles';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

for (const major of [servers.oldest, servers.newest]) {
  const onServer = (
    files: Readonly<Record<string, string>>,
    use: (workspace: Workspace, url: string) => Promise<void>,
  ) => withDatabase(major, (url) => withWorkspace(files, (workspace) => use(workspace, url), { DATABASE_URL: url }));

  describe(`the command line on PostgreSQL ${major}`, function () {
    this.timeout(240_000);

    it('rehearses pending migrations and writes nothing', () =>
      onServer(withMistake, async (workspace, url) => {
        const { code, value } = await workspace.json('check');
        equal(code, 1);
        is.isCheck(value, 'check');
        match(
          placeIn(value),
          /^private; binaries .+; $|^same-server; there are no binaries .+; Others may use this server: /,
        );
        const [file, ...others] = filesOf(value).filter((it) => it.findings.length > 0);
        deepEqual(others, []);
        equal(file?.path, fileOf(3));
        const column = mistaken.split('\n')[1]!.indexOf('😀order') + 1;
        const cause = { path: fileOf(3), line: 2, column };
        deepEqual(
          file?.findings.map(({ severity, sqlState, line, column, endColumn, consequenceOf }) => ({
            severity,
            sqlState,
            line,
            column,
            endColumn,
            consequenceOf,
          })),
          [
            {
              severity: 'error',
              sqlState: '42P01',
              line: 2,
              column,
              endColumn: column + '😀order'.length,
              consequenceOf: undefined,
            },
            // What the refused statement would have made is missing below, and in the down script.
            { severity: 'hint', sqlState: '42P01', line: 3, column: 31, endColumn: 38, consequenceOf: cause },
            { severity: 'hint', sqlState: '42P01', line: 7, column: 12, endColumn: 19, consequenceOf: cause },
          ],
        );
        deepEqual(await tables(url), []);
      }));

    it('tells what each statement locks, reads, writes and changes when it is asked', () =>
      onServer(good, async (workspace) => {
        const locksIn = async (...words: string[]) => {
          const { value } = await workspace.json('check', ...words);
          is.isCheck(value, 'check');
          return JSON.stringify(value).match(/"mode":"ACCESS EXCLUSIVE"/g)?.length ?? 0;
        };
        equal(await locksIn(), 0);
        ok((await locksIn('--observe')) > 0);
      }));

    it('rehearses just the files named, each at its place, and shows them as they were named', () =>
      onServer(withMistake, async (workspace) => {
        const { code, value } = await workspace.json('check', `./${fileOf(1)}`, workspace.path(fileOf(2)));
        equal(code, 0);
        deepEqual(
          filesOf(value).map((it) => it.path),
          [`./${fileOf(1)}`, workspace.path(fileOf(2))],
        );
      }));

    it('tells people the place, the line and the summary', () =>
      onServer(withMistake, async (workspace) => {
        const { code, stdout } = await workspace.run('check');
        equal(code, 1);
        match(
          stdout,
          /^db\/migrations\/20260101000004_coupons\.sql:2:\d+: error: relation "😀order" does not exist \[42P01\]$/m,
        );
        match(stdout, /^ +\| +\^{7}$/m);
        match(stdout, /= follows from: db\/migrations\/20260101000004_coupons\.sql:2:/);
        match(
          stdout,
          new RegExp(
            `4 migrations rehearsed on .*PostgreSQL ${major}.*, schema and data of test_.*, in .*s: 1 error, 2 consequences$`,
            'm',
          ),
        );
        ok(!stdout.includes('There because'), stdout);
        match((await workspace.run('check', '--verbose')).stdout, /^There because .+\./m);
        ok(!stdout.includes('\x1b'), 'no colours in a pipe');
      }));

    it('applies up to a version, says what is left, and reverts', () =>
      onServer(good, async (workspace, url) => {
        const applied = await workspace.json('apply', '--up-to', versions[1], '--yes');
        is.isDone(applied.value, 'apply');
        equal(applied.code, 0);
        deepEqual(await tables(url), ['orders', 'schema_migrations', 'users']);

        const status = await workspace.json('status');
        is.isStatus(status.value, 'status');
        deepEqual(statesOf(status.value), ['applied', 'applied', 'pending']);

        equal((await workspace.run('apply', '--yes')).code, 0);
        equal((await workspace.run('revert', '--count', '2', '--yes')).code, 0);
        deepEqual(await tables(url), ['schema_migrations', 'users']);
        deepEqual(statesOf((await workspace.json('status')).value), ['applied', 'pending', 'pending']);
        const nothing = await workspace.json('revert', '--count', '9', '--yes', '--no-snapshot');
        equal(nothing.code, 0);
        is.isNothing((await workspace.json('revert', '--yes')).value, 'revert');
      }));

    it('rehearses first, and applies nothing when that finds errors', () =>
      onServer(withMistake, async (workspace, url) => {
        const { code, value, stderr } = await workspace.json('apply', '--yes');
        equal(code, 1, stderr);
        is.isRehearsalFailed(value, 'apply');
        const pretty = await workspace.run('apply', '--yes');
        equal(pretty.code, 1);
        match(pretty.stdout, /20260101000004_coupons\.sql:2:\d+: error: relation "😀order" does not exist/);
        match(pretty.stdout, /Nothing was applied\. Rehearsed on .*: 1 error, 2 consequences\. Add --no-rehearsal/);
        deepEqual(await tables(url), []);
        deepEqual(snapshotsOf((await workspace.json('snapshots', 'list')).value), []);
        // What is wrong with a later one keeps no earlier one back.
        const before = await workspace.run('apply', '--up-to', versions[2], '--yes');
        equal(before.code, 0, before.stderr);
        match(before.stderr, /Rehearsed on .*: no findings/);
      }));

    it('applies what only its down script is wrong in, and says so', () => {
      const file = 'db/migrations/20260101000009_x.sql';
      const text = '-- migrate:up\ncreate table x (id int);\n-- migrate:down\ndrop table y;\n';
      return onServer({ [file]: text }, async (workspace, url) => {
        const { code, stderr } = await workspace.run('apply', '--yes');
        equal(code, 0, stderr);
        match(stderr, /_x\.sql:4:12: error: table "y" does not exist/);
        match(stderr, /in down scripts: it can be applied, and not be reverted by them\.$/m);
        deepEqual(await tables(url), ['schema_migrations', 'x']);
      });
    });

    it('stops at the first refusal, shows it, and leaves the database before that migration', () =>
      onServer(withMistake, async (workspace, url) => {
        const { code, value } = await workspace.json('apply', '--yes', '--no-rehearsal');
        equal(code, 1);
        is.isRefused(value, 'apply');
        deepEqual(await tables(url), ['orders', 'schema_migrations', 'users']);
        deepEqual(statesOf((await workspace.json('status')).value), ['applied', 'applied', 'applied', 'pending']);
        const again = await workspace.run('apply', '--yes', '--no-rehearsal');
        equal(again.code, 1);
        match(again.stdout, /20260101000004_coupons\.sql:2:\d+: error: relation "😀order" does not exist/);
      }));

    it('takes snapshots, lists them, and goes back to one', () =>
      onServer(good, async (workspace, url) => {
        equal((await workspace.run('apply', '--yes')).code, 0);
        await query(url, "insert into users (email) values ('a@b.c')");
        const taken = await workspace.json('snapshot', 'before', 'the', 'loss');
        equal(taken.code, 0, taken.stderr);
        is.isTaken(taken.value, 'snapshot');
        await query(url, 'delete from users');

        const listed = await workspace.json('snapshots', 'list');
        is.isSnapshots(listed.value, 'snapshots');
        const [newest] = snapshotsOf(listed.value);
        equal(newest?.reason, 'before the loss');

        const restored = await workspace.json('restore', newest?.id ?? '', '--yes', '--disconnect');
        equal(restored.code, 0, restored.stderr);
        is.isRestored(restored.value, 'restore');
        deepEqual(await query(url, 'select email from users'), [{ email: 'a@b.c' }]);
      }));

    it('deletes a snapshot, and only the one that was named', () =>
      onServer(good, async (workspace, url) => {
        for (const reason of ['one', 'two']) equal((await workspace.run('snapshot', reason)).code, 0);
        const [two, one] = snapshotsOf((await workspace.json('snapshots', 'list')).value);
        const databases = () => query(url, `select from pg_database where datname in ('${one?.id}', '${two?.id}')`);
        equal((await databases()).length, 2);

        const unclear = await workspace.json('snapshots', 'delete', 'rehearsal_snapshot', '--yes');
        deepEqual([unclear.code, errorOf(unclear.value)], [2, 'ambiguous']);
        for (const it of [one, two]) ok(unclear.stderr.includes(it?.id ?? 'an id'), unclear.stderr);
        for (const id of ['', 'nothing'])
          equal(errorOf((await workspace.json('snapshots', 'delete', id, '--yes')).value), 'no-such-snapshot');
        equal(errorOf((await workspace.json('snapshots', 'delete', two?.id ?? '')).value), 'no-terminal');
        equal((await databases()).length, 2);

        const deleted = await workspace.json('snapshots', 'delete', two?.id ?? '', '--yes');
        equal(deleted.code, 0, deleted.stderr);
        is.isDeleted(deleted.value, 'snapshot');
        equal((await databases()).length, 1);
        // A part of its id is enough.
        const { code, stdout } = await workspace.run('snapshots', 'delete', one?.id.slice(-6) ?? '', '--yes');
        equal(code, 0);
        match(stdout, new RegExp(`^Deleted snapshot ${one?.id} of .* \\(.*B\\)\\.$`, 'm'));
        equal((await databases()).length, 0);
        equal((await workspace.run('snapshots', 'list')).stdout, 'There are no snapshots.\n');
      }));

    it('deletes a snapshot of another machine only when its database was named', () =>
      onServer(good, async (workspace, url) => {
        equal((await workspace.run('snapshot')).code, 0);
        const [snapshot] = snapshotsOf((await workspace.json('snapshots', 'list')).value);
        // Every address of this machine; by its looks not a loopback one. To the registry it is another database.
        const remote = ['--database', url.replace('127.0.0.1', '0.0.0.0')];
        const name = new URL(url).pathname.slice(1);
        const words = ['snapshots', 'delete', snapshot?.id ?? '', '--yes', ...remote];
        equal(errorOf((await workspace.json(...words)).value), 'remote-target');
        equal(errorOf((await workspace.json(...words, '--confirm', 'another')).value), 'remote-target');
        equal(snapshotsOf((await workspace.json('snapshots', 'list')).value).length, 1);
        equal((await workspace.run(...words, '--confirm', name)).code, 0);
        equal(snapshotsOf((await workspace.json('snapshots', 'list')).value).length, 0);
      }));

    it('previews the schema, object by object and whole', () =>
      onServer(good, async (workspace) => {
        equal((await workspace.run('apply', '--up-to', versions[1], '--yes')).code, 0);
        const { code, value } = await workspace.json('preview');
        equal(code, 0);
        is.isPreview(value, 'preview');
        const pretty = await workspace.run('preview', versions[2]);
        equal(pretty.code, 0);
        match(pretty.stdout, /^~ TABLE .*orders$/m);
        match(pretty.stdout, /^ +\+ +total numeric\(12,2\)/m);
        match(pretty.stdout, /^\+ VIEW .*spenders$/m);
        const whole = await workspace.run('preview', '--full');
        match(whole.stdout, /^ CREATE TABLE .*users/m);
      }));

    it('says in a preview what a check says', () =>
      onServer({ 'migrations/001_x.sql': 'alter table users alter email set not null;\n' }, async (workspace, url) => {
        await query(url, 'create table users (email text); insert into users values (null)');
        const checked = await workspace.json('check');
        const [file] = filesOf(checked.value);
        match(uponIn(checked.value), /^schema and data of test_\d+@/);
        match(uponIn((await workspace.json('check', '--data-limit', '0')).value), /^schema of test_\d+@/);
        match((await workspace.run('check')).stdout, /, schema and data of test_\d+@.*, in .*s: 1 error$/m);
        const { code, value } = await workspace.json('preview');
        equal(code, 0);
        is.isPreview(value, 'preview');
        deepEqual(
          (value as { errors: readonly Finding[] }).errors.map((it) => ({ ...it })),
          file?.findings.map((it) => ({ path: 'migrations/001_x.sql', ...it })),
        );
        const { stdout } = await workspace.run('preview');
        match(stdout, /^migrations\/001_x\.sql:1:25: error: 1 row of users has no email /m);
        match(stdout, /; 1 error, so that it cannot be applied as it is$/m);
      }));

    it('asks who else is connected, and ends their sessions only with consent', () =>
      onServer(good, async (workspace, url) => {
        equal((await workspace.run('apply', '--yes')).code, 0);
        const other = new Client({ connectionString: url, application_name: 'somebody else' });
        other.on('error', () => undefined);
        await other.connect();
        try {
          const refused = await workspace.json('snapshot');
          equal(refused.code, 2);
          is.isError(refused.value, 'snapshot');
          match(refused.stderr, /--disconnect/);
          equal((await workspace.run('snapshot', '--disconnect')).code, 0);
        } finally {
          await other.end();
        }
      }));
  });
}

interface Finding {
  readonly severity: string;
  readonly sqlState?: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly consequenceOf?: unknown;
}

const filesOf = (value: unknown) =>
  (value as { files: readonly { path: string; findings: readonly Finding[] }[] }).files;
const placeIn = (value: unknown): string => {
  const { engine } = value as { engine: { projects: readonly Record<string, string>[] } };
  const { place, placeBecause, placeLimits } = engine.projects[0] ?? {};
  return [place, placeBecause, placeLimits].join('; ');
};
const uponIn = (value: unknown): string =>
  (value as { engine: { projects: readonly { upon: string }[] } }).engine.projects[0]?.upon ?? '';
const statesOf = (value: unknown) =>
  (value as { projects: readonly { migrations: readonly { state: string }[] }[] }).projects[0]?.migrations.map(
    (it) => it.state,
  );
const errorOf = (value: unknown) => (value as { error: { code: string } }).error.code;
const snapshotsOf = (value: unknown) => (value as { snapshots: readonly { id: string; reason: string }[] }).snapshots;

async function tables(url: string): Promise<readonly string[]> {
  const rows = await query(
    url,
    "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1",
  );
  return rows.map((it) => String(Reflect.get(it, 'name')));
}

async function query(url: string, sql: string): Promise<readonly object[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}
