/** `rehearsal branch` as the bundle runs it: listed, switched, switched back and deleted, for people and for scripts. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { withClient } from '../support/client';
import { cliPath, withWorkspace } from '../support/commandLine';
import { servers, withDatabase } from '../support/servers';
import { good } from '../support/shopFiles';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

describe('rehearsal branch', function () {
  this.timeout(240_000);

  it('keeps a database for each branch, and says whose it is', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(
        good,
        async ({ run, json, folder }) => {
          const who = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main'];
          const git = (...words: string[]) => execFileSync('git', [...who, ...words], { cwd: folder, stdio: 'pipe' });
          git('init', '-q');
          git('add', '.');
          git('commit', '-qm', 'main');
          git('checkout', '-qb', 'feature/x');
          match(
            (await run('branch')).stdout,
            /^\S+ does not say which branch it belongs to; feature\/x is checked out\.\nrehearsal branch switch --was feature\/x makes .* --was main keeps it for that\.\nNone is kept for other branches\.\n$/,
          );
          equal((await run('branch', 'switch')).code, 2);
          const unclear = await run('branch', 'switch', '--yes');
          equal(unclear.code, 2);
          match(
            unclear.stderr,
            /rehearsal branch switch --was main if \S+ is that of main, --was feature\/x if it is that of feature\/x\./,
          );
          const first = await run('branch', 'switch', '--was', 'main', '--yes');
          match(
            first.stdout,
            /is the database of feature\/x now, a copy of that of main \(.*\)\. .* kept as that of main\.$/m,
          );
          const late = await run('branch', 'switch', '--was', 'main', '--yes');
          deepEqual(
            [late.code, /says that it belongs to feature\/x; --was is for .* IS NULL/.test(late.stderr)],
            [2, true],
          );
          await withClient(url, (query) => query('create table of_feature ()'));
          git('checkout', '-q', 'main');
          await withClient(url, async (query) => {
            const busy = await run('branch', 'switch', '--yes');
            equal(busy.code, 2);
            match(busy.stderr, /in use by others.*Add --disconnect/);
            equal((await query('select'))?.length, 1);
          });
          const { value, code } = await json('branch', 'switch', '--yes');
          equal(code, 0);
          const { kind, branch, kept } = value as { kind: string; branch: string; kept: { branch: string } };
          deepEqual([kind, branch, kept.branch], ['switched', 'main', 'feature/x']);
          await withClient(url, async (query) =>
            deepEqual(await query(`select to_regclass('of_feature') as it`), [{ it: null }]),
          );
          git('branch', '-qD', 'feature/x');
          match((await run('branch')).stdout, /^feature\/x +\S+ MB .* \(the branch is deleted in git\)$/m);
          match(
            (await run('snapshots')).stdout,
            /pinned: the database of feature\/x \(the branch is deleted in git\)$/m,
          );
          match(
            (await run('branch', 'switch', '--yes')).stdout,
            /is the database of main; nothing else was to be done\.$/m,
          );
          equal((await run('branch', 'delete', 'feature/x', '--yes')).code, 0);
          match((await run('branch')).stdout, /is the database of main, which is checked out\.\nNone is kept/);
        },
        { DATABASE_URL: url },
      ),
    ));
});
