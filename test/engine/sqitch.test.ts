/** sqitch's projects end to end: scripts with transactions of their own, a session for each, lines for psql, new changes. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { ApplyResult, Project } from '../../server/engine/project';
import { isFault } from '../support/faults';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { checked, never, projectOf, withWorkspace, type Workspace } from './support';

const by = '2024-05-13T17:21:58Z Ann <ann@example.com>';
const files = {
  'sqitch.conf': '[core]\n\tengine = pg\n\ttop_dir = db\n[user]\n\tname = Ann\n\temail = ann@example.com\n',
  'db/sqitch.plan': `%project=shop\n\nhidden ${by}\nusers [hidden] ${by}\n`,
  'db/deploy/hidden.sql':
    'begin;\ncreate schema hidden;\nset search_path to hidden;\ncreate table users ();\ncommit;\n',
  'db/revert/hidden.sql': 'drop schema hidden cascade;\n',
  'db/deploy/users.sql': 'begin;\nalter table users add email text;\ncommit;\n',
  'db/revert/users.sql': 'alter table hidden.users drop email;\n',
};

const withProject = (
  major: Major,
  use: (place: Workspace & { readonly project: () => Promise<Project> }) => Promise<void>,
): Promise<void> =>
  withDatabase(major, (url) =>
    withWorkspace({ ...files, '.env': `DATABASE_URL=${url}\n` }, (workspace) => {
      const engine = workspace.engine({ binaries: [binariesOf(major)] });
      return use({ ...workspace, project: () => projectOf(engine) });
    }),
  );

const applied = (project: Project): Promise<ApplyResult> =>
  project.apply({ which: 'all', snapshot: false, disconnect: false }, () => {}, never);

const said = async (project: Project): Promise<readonly string[]> =>
  (await checked(project)).files.flatMap(({ path, findings }) =>
    findings.map(({ severity, code, sqlState, direction = 'up' }) => {
      const name = path.replaceAll('\\', '/').replace(/.*\/(?=\w+\/\w+\.sql$)/, '');
      return `${name} ${direction}: ${severity} ${sqlState ?? code}`;
    }),
  );

const states = async (project: Project): Promise<readonly string[]> =>
  (await project.status()).migrations.map(({ version, state }) => `${version} ${state}`);

for (const major of Object.values(servers)) {
  describe(`a project of sqitch on PostgreSQL ${major}`, () => {
    it('runs verify scripts behind what they verify, and tells their refusals there', () =>
      withProject(major, async ({ project, write }) => {
        write('db/deploy/users.sql', 'alter table hidden.users add email text;\n');
        write('db/verify/hidden.sql', 'begin;\nselect 1 from hidden.users;\nset search_path to hidden;\nrollback;\n');
        write('db/verify/users.sql', 'select email from hidden.users;\nselect mail from hidden.users;\n');
        const first = await project();
        deepEqual(await said(first), ['verify/users.sql up: error 42703']);
        // psql commits it, as sqitch does that runs it: what is behind stands upon that.
        write('db/verify/hidden.sql', 'drop table hidden.users;\n');
        deepEqual(await said(first), [
          'deploy/users.sql up: error 42P01',
          'revert/users.sql down: error 42P01',
          'verify/users.sql up: error 42P01',
          'verify/users.sql up: error 42P01',
        ]);
        write('db/verify/hidden.sql', 'begin;\nselect 1 from hidden.people;\n');
        equal((await applied(first)).kind, 'done');
        const all = await checked(first, 'all');
        deepEqual(
          all.files.flatMap(({ findings }) => findings.map(({ sqlState }) => sqlState)),
          ['42P01', '42703'],
        );
      }));

    it('has a session for each script, in the rehearsal as when it is applied', () =>
      withProject(major, async ({ project, write }) => {
        const first = await project();
        deepEqual(await said(first), ['deploy/users.sql up: error 42P01', 'revert/users.sql down: hint 42703']);
        const refused = await applied(first);
        equal(refused.kind === 'refused' && refused.finding.sqlState, '42P01');
        deepEqual(await states(first), ['hidden applied', 'users pending']);
        write('db/deploy/users.sql', files['db/deploy/users.sql'].replace('users', 'hidden.users'));
        deepEqual(await said(first), []);
        equal((await applied(first)).kind, 'done');
        const request = { versions: ['users', 'hidden'], snapshot: false, disconnect: false };
        equal((await first.revert(request, () => {}, never)).kind, 'done');
        deepEqual(await states(first), ['hidden pending', 'users pending']);
      }));

    it('is rehearsed without the lines for psql, and left to sqitch then', () =>
      withProject(major, async ({ project, write }) => {
        write('db/deploy/hidden.sql', `\\set ON_ERROR_STOP on\n${files['db/deploy/hidden.sql']}`);
        write('db/deploy/users.sql', 'alter table hidden.users add email text;');
        const found = await project();
        deepEqual(await said(found), ['deploy/hidden.sql up: information not-rehearsed']);
        await rejects(applied(found), isFault('bad-migration'));
        write('db/deploy/hidden.sql', files['db/deploy/hidden.sql'].replace('users ()', 'users (:columns)'));
        deepEqual(await said(found), [
          'deploy/hidden.sql up: information not-rehearsed',
          'deploy/users.sql up: hint 42P01',
          'revert/users.sql down: hint 42P01',
        ]);
        await rejects(applied(found), isFault('bad-migration'));
      }));

    it('takes nothing amiss that a line for psql would have brought', () =>
      withProject(major, async ({ project, write }) => {
        for (const name of ['hidden', 'users']) write(`db/revert/${name}.sql`, '');
        write(
          'db/deploy/hidden.sql',
          '\\i tables.sql\ncreate table t (id int not null);\ncreate temp table rows (id int);',
        );
        write(
          'db/deploy/users.sql',
          'create temp table fill (id int);\n\\copy fill from x\ninsert into t values ((select id from fill));\nselect from tables;',
        );
        deepEqual(await said(await project()), [
          'deploy/hidden.sql up: information not-rehearsed',
          'deploy/users.sql up: information not-rehearsed',
          'deploy/users.sql up: hint 23502',
          'deploy/users.sql up: hint 42P01',
        ]);
      }));

    it('has the database of its target where no variable names one', () =>
      withDatabase(major, (url) =>
        withWorkspace(
          {
            ...files,
            'sqitch.conf': `${files['sqitch.conf']}[engine "pg"]\n\ttarget = dev\n[target "dev"]\n\turi = ${url.replace('postgres', 'db:pg')}\n`,
          },
          async ({ engine }) => {
            const { target } = await projectOf(engine({ binaries: [binariesOf(major)] }));
            deepEqual([target.because, url.endsWith(`/${target.name}`)], ['target dev in sqitch.conf', true]);
          },
        ),
      ));

    it('gets a new change at the end of its plan', () =>
      withProject(major, async ({ project, path }) => {
        const before = await project();
        const { path: made, cursor } = before.create('Orders of users');
        equal(made, path('db/deploy/orders_of_users.sql'));
        match(readFileSync(made, 'utf8').slice(cursor), /^-- XXX Add DDLs here\./);
        equal(existsSync(path('db/verify/orders_of_users.sql')), true);
        match(
          readFileSync(path('db/sqitch.plan'), 'utf8'),
          /\norders_of_users \d{4}-\d\d-\d\dT[\d:]+Z Ann <ann@example\.com> # Orders of users\n$/,
        );
        const after = await project();
        deepEqual((await states(after)).at(-1), 'orders_of_users pending');
      }));
  });
}
