/** A database for each branch of a repository: which one is meant by what git says, and where there can be none. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { BranchDatabases, Project } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { never, on, projectOf, type Workspace, withWorkspace } from './support';

const all = { which: 'all', snapshot: false, disconnect: false } as const;
const consent = { disconnect: false };
const quiet = (): void => {};
const table = (name: string) => `-- migrate:up\ncreate table ${name} (id int);\n-- migrate:down\ndrop table ${name};\n`;
const files = { 'db/migrations/1_users.sql': table('users') };

/** A project whose repository has one commit, on the branch `main`. */
const withRepository = (
  use: (scene: {
    readonly workspace: Workspace;
    readonly git: (...words: string[]) => void;
    readonly again: () => Promise<Project>;
    readonly url: string;
  }) => Promise<void>,
): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withWorkspace(files, async (workspace) => {
      const who = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main'];
      const git = (...words: string[]): void =>
        void execFileSync('git', [...who, ...words], { cwd: workspace.root, stdio: 'pipe' });
      git('init', '-q');
      git('add', '.');
      git('commit', '-qm', 'main');
      const again = () => projectOf(workspace.engine({ target: on(url), shadow: 'same-server' }));
      await use({ workspace, git, again, url });
    }),
  );

const tablesIn = (url: string): Promise<string[]> =>
  withSession(url, async (session) =>
    (
      await session.rows<{ name: string }>(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
      )
    ).map(({ name }) => name),
  );

const briefly = ({ branch, current, fits, copies }: BranchDatabases): unknown[] => [
  branch,
  current,
  fits,
  copies.map((it) => `${it.branch}${it.gone ? ' gone' : ''}`),
];

describe('a database for each branch', () => {
  it('follows checkouts, each with what was applied to it, and goes with its branch', () =>
    withRepository(async ({ workspace, git, again, url }) => {
      const project = await again();
      equal((await project.apply(all, quiet, never)).kind, 'done');
      deepEqual(briefly(await project.branches(never)), ['main', undefined, 'unknown', []]);
      deepEqual(await project.switchBranch(consent, never), { kind: 'marked', branch: 'main' });

      git('checkout', '-qb', 'feature/x');
      workspace.write('db/migrations/2_orders.sql', table('orders'));
      git('add', '.');
      git('commit', '-qm', 'orders');
      const onFeature = await again();
      const made = await onFeature.switchBranch(consent, never);
      ok(made.kind === 'switched' && made.copiedFrom === 'main' && made.kept.branch === 'main');
      equal((await onFeature.apply(all, quiet, never)).kind, 'done');
      deepEqual(await tablesIn(url), ['orders', 'schema_migrations', 'users']);

      git('checkout', '-q', 'main');
      const onMain = await again();
      deepEqual(briefly(await onMain.branches(never)), ['main', 'feature/x', 'other', ['main']]);
      equal((await onMain.switchBranch(consent, never)).kind, 'switched');
      deepEqual(await tablesIn(url), ['schema_migrations', 'users']);
      const states = async () => (await onMain.status()).migrations.map(({ version, state }) => `${version} ${state}`);
      deepEqual(await states(), ['1 applied']);

      // From `main`, although the branch before it was another one.
      git('checkout', '-q', 'feature/x');
      equal((await onMain.switchBranch(consent, never)).kind, 'switched');
      git('checkout', '-qb', 'fix', 'main');
      const fix = await onMain.switchBranch(consent, never);
      ok(fix.kind === 'switched' && fix.copiedFrom === 'main');
      git('branch', '-qD', 'feature/x');
      deepEqual(briefly(await onMain.branches(never)), ['fix', 'fix', 'same', ['feature/x gone', 'main']]);
      const [gone] = await onMain.snapshots();
      deepEqual([gone?.branch, gone?.branchGone], ['feature/x', true]);
      await onMain.deleteSnapshot(gone?.id ?? '', consent, never);

      git('branch', '-qm', 'fix', 'repair');
      deepEqual(briefly(await onMain.branches(never)), ['repair', 'fix', 'renamed', ['main']]);
      deepEqual(await onMain.switchBranch(consent, never), { kind: 'marked', branch: 'repair' });
      git('commit', '-q', '--allow-empty', '-m', 'a repair');
      git('branch', '-qm', 'main', 'trunk');
      git('branch', '-qm', 'trunk', 'stem');
      deepEqual(briefly(await onMain.branches(never)), ['repair', 'repair', 'same', ['stem']]);
      git('checkout', '-qb', 'sprout', 'stem');
      const sprout = await onMain.switchBranch(consent, never);
      ok(sprout.kind === 'switched' && sprout.copiedFrom === 'main');
    }));

  it('has its own texts of what was applied, also of one version on two branches', () =>
    withRepository(async ({ workspace, git, again }) => {
      const orders = 'db/migrations/2_orders.sql';
      const statesNow = async () =>
        (await (await again()).status()).migrations.map(({ version, state }) => `${version} ${state}`);
      const follow = async (branch: string) => {
        git('checkout', '-q', branch);
        equal((await (await again()).switchBranch(consent, never)).kind, 'switched');
        return statesNow();
      };
      const applied = async (text: string) => {
        workspace.write(orders, text);
        git('add', '.');
        git('commit', '-qm', 'orders');
        equal((await (await again()).apply(all, quiet, never)).kind, 'done');
      };
      await (await again()).switchBranch(consent, never);
      git('branch', 'feature');
      deepEqual(await follow('feature'), ['1 pending']);
      await applied(table('orders'));
      await follow('main');
      await applied(table('orders_of_main'));

      deepEqual(await follow('feature'), ['1 applied', '2 applied']);
      workspace.write(orders, table('edited'));
      deepEqual(await statesNow(), ['1 applied', '2 edited']);
      git('stash', '-q');
      deepEqual(await follow('main'), ['1 applied', '2 applied']);
      git('checkout', '-q', 'feature');
      git('stash', 'pop', '-q');
      equal((await (await again()).switchBranch(consent, never)).kind, 'switched');
      deepEqual(await statesNow(), ['1 applied', '2 edited']);
      // One that is made of it has the same texts, whichever database is the target then.
      git('stash', '-q');
      await follow('main');
      git('checkout', '-qb', 'feature-2', 'feature');
      git('stash', 'pop', '-q');
      const made = await (await again()).switchBranch(consent, never);
      ok(made.kind === 'switched' && made.copiedFrom === 'feature');
      deepEqual(await statesNow(), ['1 applied', '2 edited']);
    }));

  it('is not taken for that of a new branch where it may be that of the default one', () =>
    withRepository(async ({ git, again }) => {
      git('checkout', '-qb', 'feature');
      const project = await again();
      deepEqual(briefly(await project.branches(never)), ['feature', undefined, 'unclear', []]);
      const unclear = isFault('branch-unclear', /switch --was main if .*, --was feature if/);
      await rejects(project.switchBranch(consent, never), unclear);
      await rejects(
        project.switchBranch({ ...consent, branch: 'main' }, never),
        isFault('branch-unclear', /switch main/),
      );
      await rejects(project.switchBranch({ ...consent, was: 'mian' }, never), isFault('no-such-branch', /mian/));
      const kept = await project.switchBranch({ ...consent, was: 'main' }, never);
      ok(kept.kind === 'switched' && kept.kept.branch === 'main');
    }));

  it('is not exchanged where no branch is checked out, and another work tree is named', () =>
    withRepository(async ({ workspace, git, again }) => {
      const project = await again();
      await project.switchBranch(consent, never);
      git('checkout', '-q', '--detach');
      deepEqual(briefly(await project.branches(never)), [undefined, 'main', 'detached', []]);
      await rejects(project.switchBranch(consent, never), isFault('no-such-branch', /HEAD is detached/));
      await rejects(
        project.switchBranch({ ...consent, branch: 'nothing' }, never),
        isFault('no-such-branch', /nothing/),
      );
      git('checkout', '-qb', 'other');
      const elsewhere = join(workspace.root, '../elsewhere');
      git('worktree', 'add', '-q', elsewhere, 'main');
      equal((await project.branches(never)).elsewhere, elsewhere);
      deepEqual(await project.switchBranch({ ...consent, branch: 'main' }, never), { kind: 'same', branch: 'main' });
    }));

  it('is not there for production, for the embedded Postgres, and without a repository', () =>
    withRepository(async ({ workspace, url }) => {
      const environments = { live: { variable: 'LIVE', role: 'production' } };
      const [live] = await workspace
        .engine({ environments, shadow: 'embedded' }, { environment: { LIVE: url } })
        .projects('live');
      await rejects(
        live?.switchBranch(consent, never) ?? Promise.resolve(),
        isFault('no-branch-database', /for production/),
      );
      const embedded = await projectOf(workspace.engine({ target: () => ({ kind: 'embedded' }) }));
      await rejects(embedded.branches(never), isFault('no-branch-database', /embedded/));
      await withWorkspace(files, async ({ engine }) => {
        const alone = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
        await rejects(alone.branches(never), isFault('no-branch-database', /no repository/));
      });
    }));
});
