/** What the world does wrong: each has exit code 2 and a message that says what happened and what to do. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import * as is from '../support/cliShapes';
import { cliPath, ending, type Workspace, withUnprivileged, withWorkspace } from '../support/commandLine';
import { asAdmin, serverOf, servers, withDatabase } from '../support/servers';
import { fileOf, folder, good, versions, withMistake } from '../support/shopFiles';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

interface Told {
  readonly line: number;
  readonly severity: string;
  readonly code: string;
  readonly sqlState?: string;
  readonly consequenceOf?: object;
}

/** Expects exit code 2, the message on standard error, and the same as JSON on standard output. */
async function fails(workspace: Workspace, words: readonly string[], code: string, says: RegExp): Promise<void> {
  const { code: exit, value, stderr } = await workspace.json(...words);
  is.isError(value, words.join(' '));
  const { error } = value as { error: { code: string; message: string } };
  deepEqual([exit, error.code], [2, code], error.message);
  match(error.message, says);
  ok(stderr.includes(error.message), stderr);
}

describe('the command line in trouble', function () {
  this.timeout(240_000);

  it('says so when the words make no sense', () =>
    withWorkspace(good, async (workspace) => {
      await fails(workspace, ['chekc'], 'bad-usage', /did you mean check\?/);
      await fails(workspace, ['check', '--databse', 'x'], 'bad-usage', /did you mean --database\?/);
      await fails(workspace, ['check', '--layout', 'dbmatte'], 'bad-usage', /dbmate/);
      await fails(workspace, ['check', '--dir', 'nowhere'], 'no-migrations', /^No migrations were found: nowhere is/);
      await fails(workspace, ['check', 'nowhere.sql'], 'no-such-migration', /nowhere\.sql/);
      await fails(workspace, ['check', '--database', ''], 'bad-usage', /variable/);
      await fails(workspace, ['apply', '--only', '1', '--up-to', '2', '--yes', '--embedded'], 'bad-usage', /exclude/);
      await fails(
        workspace,
        ['snapshot', '--delete', 'x', '--embedded'],
        'bad-usage',
        /use rehearsal snapshots delete/,
      );
      await fails(workspace, ['snapshots', 'delete', 'x', 'y', '--embedded'], 'bad-usage', /"y" is too much/);
      await fails(workspace, ['trials', 'delete', 'x', 'y', '--embedded'], 'bad-usage', /"y" is too much/);
      const { code, stdout, stderr } = await workspace.run('check', '--format', 'yaml');
      deepEqual([code, stdout], [2, '']);
      match(stderr, /pretty or json/);
    }));

  it('says so when there are no migrations', () =>
    withWorkspace({ 'README.md': 'nothing here' }, (workspace) =>
      fails(workspace, ['check'], 'no-migrations', /--dir/),
    ));

  it('tells of files of another tool in the folder', () =>
    withWorkspace({ 'm/1_a.sql': '-- +goose Up\nselect 1;\n', 'm/2_b.up.sql': 'select 2;\n' }, async ({ run }) => {
      for (const command of ['status', 'check']) {
        const { stdout } = await run(command, '--dir', 'm', '--embedded');
        match(stdout, /2_b\.up\.sql: warning: The folder is read as one of goose, .* named as golang-migrate/);
      }
    }));

  it('never steers the terminal by what files say', () => {
    const tag = '0_a\u001b[31m\u001b]0;owned\u0007\u009b2J';
    const journal = JSON.stringify({ dialect: 'postgresql', entries: [{ idx: 0, when: 1, tag }] });
    return withWorkspace({ 'm/meta/_journal.json': journal, 'm/1_b.sql': 'select 1;\n' }, async ({ run }) => {
      for (const format of ['pretty', 'json']) {
        const { stdout, stderr } = await run('status', '--dir', 'm', '--embedded', '--format', format);
        match(stdout, /0_a/);
        // oxlint-disable-next-line no-control-regex
        equal(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(stdout + stderr), false, stdout);
      }
    });
  });

  it('says so when the server does not answer', () =>
    withWorkspace(good, async (workspace) => {
      const url = 'postgres://me:secret@127.0.0.1:1/shop';
      await fails(workspace, ['check', '--database', url], 'no-server', /127\.0\.0\.1:1/);
    }));

  it('says so when the password is wrong, and never tells it', async () => {
    const { host, port } = await serverOf(servers.newest);
    await withWorkspace(good, async (workspace) => {
      const url = `postgres://postgres:s3cret@${host}:${port}/postgres`;
      await fails(workspace, ['check', '--database', url], 'wrong-password', /password/);
      const { stdout, stderr } = await workspace.run('check', '--verbose', '--database', url);
      ok(!`${stdout}${stderr}`.includes('s3cret'));
    });
  });

  it('says so when there is no such database', async () => {
    const server = await serverOf(servers.newest);
    await withWorkspace(good, (workspace) =>
      fails(workspace, ['check', '--database', server.url('no_such')], 'no-database', /no_such/),
    );
  });

  it('says so when the role may not make a shadow database', () =>
    withDatabase(servers.newest, async (url) => {
      const server = await serverOf(servers.newest);
      await asAdmin(server, "create role poor login password 'poor'");
      try {
        await withWorkspace(good, async (workspace) => {
          const poor = new URL(url);
          [poor.username, poor.password] = ['poor', 'poor'];
          await fails(
            workspace,
            ['check', '--shadow', 'same-server', '--database', poor.href],
            'no-right',
            /CREATEDB|create/i,
          );
        });
      } finally {
        await asAdmin(server, 'drop role poor');
      }
    }));

  it('says so when a file is no UTF-8 text', () =>
    withWorkspace(good, async (workspace) => {
      const words = ['check', '--all', '--embedded', '--shadow', 'embedded'];
      workspace.write(fileOf(1), Buffer.from([0x2d, 0x2d, 0xff, 0xfe, 0x0a]));
      const { code, value } = await workspace.json(...words);
      is.isCheck(value, 'check');
      const { files } = value as { files: { path: string; findings: Told[] }[] };
      deepEqual(
        files.map(({ path, findings }) => [path, findings.map((it) => [it.line, it.severity, it.sqlState ?? it.code])]),
        [
          [fileOf(0), []],
          [fileOf(1), [[1, 'error', 'not-readable']]],
          [
            fileOf(2),
            [
              [2, 'hint', '42P01'],
              [3, 'hint', '42P01'],
              [6, 'hint', '42P01'],
              [7, 'hint', '42P01'],
            ],
          ],
        ],
      );
      equal(code, 1);
      deepEqual(files[2]?.findings[0]?.consequenceOf, { path: fileOf(1), line: 1, column: 1 });
      const pretty = await workspace.run(...words);
      equal(pretty.code, 1);
      match(pretty.stdout, /:1:1: error: A file cannot be read: .*no UTF-8 text\. Check that .*rehearsed without it\./);
      match(pretty.stdout, /^2 migrations rehearsed on .*: 1 error, 4 consequences, 1 file not readable$/m);
      const alone = await workspace.run('check', fileOf(1), '--embedded', '--shadow', 'embedded');
      equal(alone.code, 2, 'nothing could be checked');
      match(alone.stdout, /no UTF-8 text/);
    }));

  it('says so when a file is a symbolic link that leads nowhere, or in a circle, or has a name in no UTF-8', function () {
    if (process.platform === 'win32') this.skip();
    return withWorkspace(good, async (workspace) => {
      for (const [name, to] of [
        ['20260301000000_lost.sql', 'nowhere.sql'],
        ['20260302000000_round.sql', '20260302000000_round.sql'],
      ] as const)
        symlinkSync(to, workspace.path(`db/migrations/${name}`));
      // Only there a file may have such a name.
      const isOdd = process.platform === 'linux';
      const oddName = Buffer.concat([
        Buffer.from(workspace.path('db/migrations/20260303000000_')),
        Buffer.from('ff2e73716c', 'hex'),
      ]);
      if (isOdd) writeFileSync(oddName, 'select 1;');
      // One that would name a database is passed over, as it was never there.
      symlinkSync('nowhere', workspace.path('.env'));
      const { code, stdout } = await workspace.run('check', '--embedded');
      equal(code, 1);
      match(stdout, /_lost\.sql:1:1: error: A file cannot be read: .*it is a symbolic link that leads nowhere/);
      match(stdout, /_round\.sql:1:1: error: A file cannot be read: .*ELOOP/);
      if (isOdd) match(stdout, /_\uFFFD\.sql:1:1: error: A file cannot be read: .*its name is no UTF-8 text/);
    });
  });

  it('says nothing of a down file that is empty on purpose', () =>
    withWorkspace(
      { 'migrations/000001_a.up.sql': 'select 1;\n', 'migrations/000001_a.down.sql': '' },
      async (workspace) => {
        const { code, stdout } = await workspace.run('check', '--embedded');
        equal(code, 0);
        match(stdout, /: no findings$/m);
      },
    ));

  it('says so when a file may not be read', function () {
    if (process.platform === 'win32') this.skip();
    return withUnprivileged({ ...good, [fileOf(2)]: '-- migrate:up\nselect nope;\n' }, async (workspace) => {
      chmodSync(workspace.path(fileOf(1)), 0o000);
      const { code, stdout } = await workspace.run('check', '--all', '--embedded', '--shadow', 'embedded');
      equal(code, 1);
      match(stdout, /_orders\.sql:1:1: error: A file cannot be read: .*EACCES.*Check that .*may be read\./);
      match(stdout, /_order_totals\.sql:2:8: follows: column "nope" does not exist/);
    });
  });

  it('does not wait for pipes, nor read devices', function () {
    if (process.platform === 'win32') this.skip();
    return withWorkspace({ ...good, 'a/001_a.sql': '', 'a/002_b.sql': '' }, async (workspace) => {
      execFileSync('mkfifo', [workspace.path('a/003_pipe.sql')]);
      const words = ['check', '--all', '--embedded', '--dir', 'a'];
      const demand = async (says: RegExp) => {
        const { code, stdout } = await workspace.run(...words);
        equal(code, 1);
        match(stdout, says);
      };
      await demand(/003_pipe\.sql:1:1: error: .*it is no regular file/);
      rmSync(workspace.path('a/003_pipe.sql'));
      symlinkSync('/dev/zero', workspace.path('a/004_zero.sql'));
      await demand(/004_zero\.sql:1:1: error: .*it is no regular file/);
    });
  });

  it('rehearses a file of 10 MB, and cuts its lines', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(good, async (workspace) => {
        const rows = Array.from({ length: 250_000 }, (_, n) => `('user${n}@example.com, and some more')`).join(',');
        workspace.write(
          fileOf(3),
          `-- migrate:up\ninsert into users (email) values ${rows};\nselect ${' '.repeat(1_000_000)}wrong;\n`,
        );
        const { code, stdout } = await workspace.run('check', '--database', url);
        equal(code, 1);
        match(stdout, /:3:1000008: error: column "wrong" does not exist/);
        ok(stdout.length < 5000, String(stdout.length));
      }),
    ));

  it('says so when its own folder or the folder of migrations cannot be written', function () {
    if (process.platform === 'win32') this.skip();
    return withUnprivileged(good, async (workspace) => {
      for (const [path, words] of [
        [workspace.path(folder), ['new', 'coupons']],
        [workspace.environment['HOME'] ?? '', ['snapshot', '--embedded']],
      ] as const) {
        chmodSync(path, 0o500);
        await fails(workspace, words, 'not-writable', /permissions/);
        chmodSync(path, 0o700);
        equal((await workspace.json(...words)).code, 0, 'nothing else was in the way');
      }
    });
  });

  it('says so when the folder it is called in was removed', function () {
    if (process.platform === 'win32') this.skip();
    return withWorkspace(good, async ({ folder: cwd, environment }) => {
      const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$1" check';
      const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath, cliPath], {
        cwd,
        env: { ...environment },
        encoding: 'utf8',
      });
      equal(status, 2);
      match(stderr, /^error: The folder that this was called in is not there any more: .*Change to a folder /m);
    });
  });

  it('says so when its own folder cannot be made', () =>
    withWorkspace(
      good,
      async (workspace) => {
        await fails(workspace, ['apply', '--yes', '--embedded'], 'not-writable', /permissions/);
      },
      { REHEARSAL_HOME: __filename },
    ));

  it('ends with the right code when the reader goes away', () =>
    withWorkspace(withMistake, async (workspace) => {
      const child = workspace.start(['check', '--all', '--embedded', '--shadow', 'embedded']);
      child.stdout.destroy();
      const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
      equal(code, 1, stderr);
      ok(!stderr.includes('EPIPE'), stderr);
    }));
});

describe('the command line without a terminal', function () {
  this.timeout(240_000);

  it('never asks, and says what to add', () =>
    withWorkspace(good, async (workspace) => {
      await fails(workspace, ['apply', '--embedded'], 'no-terminal', /Add --yes/);
      const { value } = await workspace.json('snapshot', '--embedded');
      const { id } = (value as { snapshot: { id: string } }).snapshot;
      await fails(workspace, ['restore', id, '--embedded'], 'no-terminal', /Add --yes/);
      await fails(workspace, ['snapshots', 'delete', id, '--embedded'], 'no-terminal', /Add --yes/);
    }));

  it('finds out first what is meant, so that nobody adds --yes in vain', () =>
    withWorkspace({ ...good, [`${folder}/20260101000009_users.sql`]: good[fileOf(0)] ?? '' }, async (workspace) => {
      const on = ['--embedded'];
      await fails(workspace, ['restore', ...on], 'bad-usage', /name one snapshot/);
      await fails(workspace, ['restore', 'x', ...on], 'no-such-snapshot', /^There is no such snapshot: "x"\./);
      await fails(workspace, ['snapshots', 'delete', 'x', ...on], 'no-such-snapshot', /"x"/);
      await fails(workspace, ['apply', '--only', 'nothing', ...on], 'no-such-migration', /"nothing"/);
      await fails(
        workspace,
        ['apply', '--only', 'users', ...on],
        'ambiguous',
        /^That can mean several: "users" is the title of 20260101000001, 20260101000009\. Name one of them\.$/,
      );
      await fails(workspace, ['revert', '--count', 'x', ...on], 'bad-usage', /whole number/);
      equal((await workspace.json('revert', ...on)).code, 0, 'there is nothing to revert, so nothing to agree to');
    }));

  it('wants a remote target by its name', () =>
    withWorkspace(good, async (workspace) => {
      // A name that is never looked up: the target is known to be elsewhere before anything connects.
      const url = 'postgres://me@db.invalid/shop';
      const { code, stderr } = await workspace.run('apply', '--yes', '--database', url);
      equal(code, 2);
      match(stderr, /--confirm shop|does not answer/);
    }));
});

describe('the command line, interrupted', function () {
  this.timeout(240_000);

  it('cancels the statement that runs on the server, and says so', function () {
    if (process.platform === 'win32') this.skip();
    return withDatabase(servers.newest, (url) =>
      withWorkspace({ ...good, [fileOf(3)]: '-- migrate:up\nselect pg_sleep(20);\n' }, async (workspace) => {
        const child = workspace.start(['check', '--shadow', 'same-server', '--database', url]);
        const ended = ending(child);
        await sleepers(url, (count) => count > 0 || child.exitCode !== null);
        child.kill('SIGINT');
        const { code, stderr } = await ended;
        equal(code, 130, stderr);
        match(stderr, /Cancelled/);
        await sleepers(url, (count) => count === 0);
      }),
    );
  });

  it('cancels an apply, keeps what was committed, and says how the database stands', function () {
    if (process.platform === 'win32') this.skip();
    return withDatabase(servers.newest, (url) =>
      withWorkspace(
        { ...good, [fileOf(3)]: '-- migrate:up\ncreate table late (id int);\nselect pg_sleep(20);\n-- migrate:down\n' },
        async (workspace) => {
          const child = workspace.start(['apply', '--yes', '--no-rehearsal', '--format', 'json', '--database', url]);
          const ended = ending(child);
          await sleepers(url, (count) => count > 0 || child.exitCode !== null);
          child.kill('SIGINT');
          const { code, stdout, stderr } = await ended;
          equal(code, 130, stdout + stderr);
          const value: unknown = JSON.parse(stdout);
          is.isCancelled(value, 'apply');
          deepEqual((value as { migrations: readonly string[] }).migrations, versions.slice(0, 3));
          await sleepers(url, (count) => count === 0);
          const status = await workspace.run('status', '--database', url);
          match(status.stdout, /order_totals +applied[^]*coupons +pending/);
        },
      ),
    );
  });
});

/** Resolves when as many sessions of the server are asleep. */
async function sleepers(url: string, enough: (count: number) => boolean): Promise<void> {
  // From another database: a snapshot wants this one for itself.
  const client = new Client(new URL('/postgres', url).href);
  await client.connect();
  try {
    const sql =
      "select from pg_stat_activity where query ~ 'pg_sleep[(]20' and state = 'active' and pid <> pg_backend_pid()";
    while (!enough((await client.query(sql)).rowCount ?? 0));
  } finally {
    await client.end();
  }
}
