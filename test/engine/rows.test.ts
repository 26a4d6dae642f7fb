/** What a shadow without rows cannot know is no mistake of the migration. */
import { deepEqual } from 'node:assert/strict';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { demand } from '../shadow/support';
import { checked, on, projectOf, withWorkspace } from './support';

const pending = {
  'migrations/000001_x.up.sql': `insert into users values (1, 1);
insert into users (id, role) values (2, (select id from roles where name = 'admin'));
do $$ begin if not exists (select from roles) then raise 'no roles'; end if; end $$;
insert into users values (3, null);
create table teams (id int primary key);
create table members (team int references teams);
insert into members values (1);
do $$ begin raise 'always'; end $$;
insert into users values (4, 1);
`,
};

describe('without the rows of the target', () => {
  for (const shadow of ['same-server', 'embedded'] as const)
    it(`what they may decide is a warning, what they cannot is an error (${shadow})`, () =>
      withDatabase(servers.newest, (url) =>
        withWorkspace(pending, async ({ engine }) => {
          await withSession(url, (session) =>
            demand(
              session,
              'create table roles (id int primary key, name text)',
              'create table users (id int primary key, role int not null references roles)',
              `insert into roles values (1, 'admin')`,
            ),
          );
          const { findings } = await checked(await projectOf(engine({ target: on(url), shadow })));
          deepEqual(
            findings.map(({ severity, sqlState, message }) => `${severity} ${sqlState} ${message}`),
            [
              'warning 23503 insert or update on table "users" violates foreign key constraint "users_role_fkey"',
              'warning 23502 null value in column "role" of relation "users" violates not-null constraint',
              'warning P0001 no roles',
              'error 23502 null value in column "role" of relation "users" violates not-null constraint',
              'error 23503 insert or update on table "members" violates foreign key constraint "members_team_fkey"',
              'error P0001 always',
              'warning 23503 insert or update on table "users" violates foreign key constraint "users_role_fkey"',
            ],
          );
        }),
      ));

  it('a database that nobody has used yet knows all its rows', () =>
    withWorkspace(
      {
        'migrations/000001_x.up.sql':
          'create table a (id int primary key); create table b (a int references a); insert into b values (1);',
      },
      async ({ engine }) => {
        const { findings } = await checked(await projectOf(engine()));
        deepEqual(
          findings.map(({ severity, sqlState }) => `${severity} ${sqlState}`),
          ['error 23503'],
        );
      },
    ));
});
