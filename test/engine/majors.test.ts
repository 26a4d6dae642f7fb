/** One history of a project on every major of Postgres: checked as it is typed, previewed, applied, reverted, put back. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { Project } from '../../server/engine/project';
import { binariesOf, majors, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { type Checked, briefly, checked, never, on, projectOf, type Workspace, withWorkspace } from './support';

const files = {
  'migrations/0001_users.sql': `create table users (id bigint generated always as identity primary key, email text);
create function emails() returns setof text language plpgsql as $$ begin return query select email from users; end $$;`,
  'migrations/0001_users.down.sql': 'drop function emails(); drop table users;',
  'migrations/0002_orders.sql': `create table orders (id int primary key, customer bigint references users);
create index on orders (customer);`,
  'migrations/0002_orders.down.sql': 'drop table orders;',
  'migrations/0003_filled.sql': '-- rehearsal: no-transaction\nalter table users alter email set not null;',
  'migrations/0003_filled.down.sql': 'alter table users alter email drop not null;',
};
const edited = 'migrations/0002_orders.sql';
const consent = { disconnect: true } as const;

for (const major of majors) {
  describe(`a project on PostgreSQL ${major}`, () => {
    const withProject = (
      shadow: 'private' | 'same-server',
      use: (project: Project, workspace: Workspace, url: string) => Promise<void>,
    ) =>
      withDatabase(major, (url) =>
        withWorkspace(files, async (workspace) => {
          const engine = workspace.engine({ target: on(url), binaries: [binariesOf(major)], shadow });
          await use(await projectOf(engine), workspace, url);
        }),
      );

    for (const shadow of ['private', 'same-server'] as const)
      it(`is checked while a migration is edited (${shadow})`, () =>
        withProject(shadow, async (project, { write, path }) => {
          const typed = async (text: string): Promise<Checked> => {
            write(edited, text);
            return checked(project, { open: [path(edited)] });
          };
          const whole = files[edited];
          const right = await typed(whole);
          equal(right.place, shadow);
          match(right.serverVersion, new RegExp(`^${major}\\.`));
          deepEqual(briefly(right), []);
          const wrong = briefly(await typed(whole.replace('customer)', 'custmer)')));
          deepEqual(new Set(wrong), new Set(['42703 column "custmer" does not exist']));
          deepEqual(briefly(await typed(whole)), []);
        }));

    it('is previewed, applied, asked about its rows, reverted, and put back from a snapshot', () =>
      withProject('private', async (project, _, url) => {
        const { changes, refused } = await project.preview('pending', never);
        deepEqual([changes.filter(({ kind }) => kind === 'added').length > 3, refused], [true, 0]);
        const apply = (upTo: string) => project.apply({ ...consent, which: { upTo }, snapshot: true }, () => {}, never);
        const applied = await apply('2');
        equal(applied.kind, 'done');
        const count = () => withSession(url, (it) => it.rows<{ count: number }>('select count(*)::int from users'));
        await withSession(url, (it) => it.run('insert into users (email) values (null), (null)'));
        deepEqual(briefly(await checked(project)), [
          '23502 2 rows of users have no email (column "email" of relation "users" contains null values)',
        ]);
        const snapshot = await project.snapshot({ ...consent, reason: 'two users' }, never);
        if (snapshot.kind !== 'taken') throw new Error('somebody is connected');
        const reverted = await project.revert({ ...consent, versions: ['2'], snapshot: false }, () => {}, never);
        equal(reverted.kind, 'done');
        await withSession(url, (it) => it.run('delete from users'));
        deepEqual(await count(), [{ count: 0 }]);
        equal((await project.restore(snapshot.snapshot.id, consent, never)).kind, 'restored');
        deepEqual(await count(), [{ count: 2 }]);
        const { migrations } = await project.status();
        deepEqual(
          migrations.map(({ state }) => state),
          ['applied', 'applied', 'pending'],
        );
      }));
  });
}
