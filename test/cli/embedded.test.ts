/** The command line with nothing installed and nothing configured: the embedded Postgres, kept between two runs. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import * as is from '../support/cliShapes';
import { cliPath, withWorkspace } from '../support/commandLine';
import { fileOf, good, versions, withMistake } from '../support/shopFiles';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

describe('the command line on the embedded Postgres', function () {
  this.timeout(180_000);

  it('rehearses every migration', () =>
    withWorkspace(withMistake, async (workspace) => {
      const { code, value } = await workspace.json('check', '--all', '--shadow', 'embedded');
      equal(code, 1);
      is.isCheck(value, 'check');
      const { files } = value as { files: readonly { path: string; findings: readonly { severity: string }[] }[] };
      deepEqual(
        files.map((it) => [it.path, it.findings.map(({ severity }) => severity)]),
        [
          [fileOf(0), []],
          [fileOf(1), []],
          [fileOf(2), []],
          [fileOf(3), ['error', 'hint', 'hint']],
        ],
      );
    }));

  it('applies, tells the status, reverts, takes and restores snapshots', () =>
    withWorkspace(good, async (workspace) => {
      const applied = await workspace.json('apply', '--yes');
      equal(applied.code, 0, applied.stderr);
      is.isDone(applied.value, 'apply');

      const taken = await workspace.json('snapshot', 'all applied');
      equal(taken.code, 0, taken.stderr);
      is.isTaken(taken.value, 'snapshot');
      const { id } = (taken.value as { snapshot: { id: string } }).snapshot;

      equal((await workspace.run('revert', '--yes')).code, 0);
      match((await workspace.run('status')).stdout, /order_totals +pending/);
      const restored = await workspace.json('restore', id, '--yes');
      equal(restored.code, 0, restored.stderr);
      is.isRestored(restored.value, 'restore');
      const status = await workspace.run('status');
      match(status.stdout, /order_totals +applied/);
      match(status.stdout, /nothing is pending/);

      const deleted = await workspace.json('snapshots', 'delete', id, '--yes');
      equal(deleted.code, 0, deleted.stderr);
      is.isDeleted(deleted.value, 'snapshot');
      ok(!(await workspace.run('snapshots', 'list')).stdout.includes(id));
    }));

  it('tells with a check what is odd in the history, and marks an edited file that is asked for', () =>
    withWorkspace(good, async (workspace) => {
      equal((await workspace.run('apply', '--yes', '--no-snapshot')).code, 0);
      ok(!(await workspace.run('check')).stdout.includes('history'));
      workspace.write(fileOf(0), (good[fileOf(0)] ?? '').replace(';', ';\n-- later'));
      rmSync(workspace.path(fileOf(2)));
      const pretty = await workspace.run('check');
      match(
        pretty.stdout,
        /no migration is pending.*\n.*: 1 edited after being applied, 1 applied but missing here\. See/,
      );
      const { code, value } = await workspace.json('check', '--all', '--shadow', 'embedded');
      equal(code, 0, 'a warning is no error');
      is.isCheck(value, 'check');
      const { engine, files } = value as {
        engine: { projects: { history: object }[] };
        files: { findings: { code: string; severity: string; line: number }[] }[];
      };
      const history = { edited: [versions[0]], missing: [versions[2]], skipped: [], outOfOrder: [] };
      deepEqual(engine.projects[0]?.history, history);
      deepEqual(
        files.map(({ findings }) => findings.map((it) => [it.code, it.severity, it.line])),
        [[['edited-after-apply', 'warning', 1]], []],
      );
      match((await workspace.run('check', fileOf(0))).stdout, /:1:1: warning: This migration was applied and has been/);
    }));

  it('previews pending migrations', () =>
    withWorkspace(good, async (workspace) => {
      const { code, value } = await workspace.json('preview', '--full');
      equal(code, 0);
      is.isPreview(value, 'preview');
      const { before, after } = value as { before: string; after: string };
      ok(!before.includes('CREATE TABLE'));
      match(after, /CREATE TABLE .*orders/);
    }));

  it('writes the files of a new migration in the layout of the folder', () =>
    withWorkspace(good, async (workspace) => {
      const { code, value } = await workspace.json('new', 'add', 'coupons');
      equal(code, 0);
      is.isCreated(value, 'new');
      const { path } = value as { path: string };
      match(path, /^db\/migrations\/\d{14}_add_coupons\.sql$/);
      ok(existsSync(workspace.path(path)));
      match((await workspace.run('new', 'add', 'payments')).stdout, /^db\/migrations\/\d{14}_add_payments\.sql\n$/);
      ok(versions.every((it) => it < path.slice('db/migrations/'.length)));
    }));

  it('acts on every folder for check and status, and wants --dir where a database is changed', () =>
    withWorkspace(
      {
        'shop/migrations/001_a.sql': 'create table a (id int);\n',
        'blog/migrations/001_b.sql': 'create tabel b (id int);\n',
      },
      async (workspace) => {
        const status = await workspace.json('status');
        is.isStatus(status.value, 'status');
        equal((status.value as { projects: readonly unknown[] }).projects.length, 2);
        equal((await workspace.json('check', '--shadow', 'embedded')).code, 1);
        const refused = await workspace.run('apply', '--yes');
        equal(refused.code, 2);
        match(refused.stderr, /--dir: blog\/migrations, shop\/migrations/);
        equal((await workspace.run('apply', '--yes', '--dir', 'shop/migrations')).code, 0);
        equal((await workspace.run('check', 'shop')).code, 0);
        match((await workspace.run('status', '--dir', 'shop')).stdout, /^shop\/migrations .*\n +1 +a +applied$/m);
      },
    ));
});
