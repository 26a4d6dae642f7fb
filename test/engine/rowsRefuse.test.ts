/** What the rows of the target refuse is an error of the migration, though the shadow has none of them. */
import { deepEqual, equal } from 'node:assert/strict';
import type { FileCheck } from '../../server/engine/project';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { demand } from '../shadow/support';
import { checked, never, on, projectOf, withWorkspace } from './support';

const pending = {
  'migrations/000001_x.up.sql': `alter table orders rename to purchases;
create table fresh (id int not null);
`,
  'migrations/000002_y.up.sql': `alter table purchases alter email set not null;
alter table purchases add unique (id);
alter table purchases add foreign key (customer) references customers;
create unique index on fresh (id);
`,
  'migrations/000003_z.up.sql': `update purchases set email = '' where email is null;
alter table purchases add check (email <> '');
`,
};

const said = [
  'error 23502 2 rows of purchases have no email (column "email" of relation "purchases" contains null values)',
  'error 23503 1 row of purchases matches no row of customers by customer (insert or update on table "purchases" violates foreign key constraint "purchases_customer_fkey")',
];

async function fill(url: string): Promise<void> {
  await withSession(url, (session) =>
    demand(
      session,
      'create table customers (id int primary key)',
      'create table orders (id int, email text, customer int)',
      'insert into customers values (1)',
      `insert into orders values (1, 'a', 1), (2, null, null), (3, null, 7)`,
    ),
  );
}

describe('rows of the target', () => {
  for (const shadow of ['same-server', 'embedded'] as const)
    it(`refuse what they refuse, and nothing else (${shadow})`, () =>
      withDatabase(servers.newest, (url) =>
        withWorkspace(pending, async ({ engine }) => {
          await fill(url);
          const project = await projectOf(engine({ target: on(url), shadow }));
          const { findings, files } = await checked(project);
          deepEqual(
            findings.map(({ severity, sqlState, message }) => `${severity} ${sqlState} ${message}`),
            said,
          );
          equal(files.length, 3, 'a file is told of once');
          const { columns, rows } = await project.rowsAtFault(findings[1]?.rows ?? '', never);
          deepEqual([columns, rows], [['id', 'email', 'customer'], [['3', null, '7']]]);
        }),
      ));

  it('are shown with their columns alone, those of a table that the migration alters too', () => {
    const [name = ''] = Object.keys(pending);
    const files = { [name]: 'alter table orders add color text;\nalter table orders alter color set not null;\n' };
    return withDatabase(servers.newest, (url) =>
      withWorkspace(files, async ({ engine }) => {
        await fill(url);
        const project = await projectOf(engine({ target: on(url), shadow: 'embedded' }));
        const { findings } = await checked(project);
        const { columns } = await project.rowsAtFault(findings[0]?.rows ?? '', never);
        deepEqual(columns, ['id', 'email', 'customer', 'color']);
      }),
    );
  });

  it('are not asked behind a file that nobody can read, for it may write them', () => {
    const [first, ...others] = Object.keys(pending);
    const files = { [others[0] ?? '']: 'alter table orders alter email set not null;\n' };
    return withDatabase(servers.newest, (url) =>
      withWorkspace(files, async ({ engine, write }) => {
        await fill(url);
        const options = { target: on(url), shadow: 'same-server' } as const;
        const codesIn = async () => (await checked(await projectOf(engine(options)))).findings.map(({ code }) => code);
        deepEqual(await codesIn(), ['rows-refuse']);
        write(first ?? '', Buffer.from([0xff]));
        deepEqual(await codesIn(), ['not-readable']);
      }),
    );
  });

  for (const [face, open] of [
    ['the command line', undefined],
    ['an editor', 'migrations/000002_y.up.sql'],
  ] as const)
    it(`are asked behind a statement that was refused and would not have written them (${face})`, () => {
      const files = {
        'migrations/000001_x.up.sql': 'insert into customers (nope) values (2);\n',
        'migrations/000002_y.up.sql': 'alter table orders alter email set not null;\n',
      };
      return withDatabase(servers.newest, (url) =>
        withWorkspace(files, async ({ engine, path }) => {
          await fill(url);
          const project = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
          const { files: told } = await checked(project, open === undefined ? 'pending' : { open: [path(open)] });
          const last = told.findLast((it) => it.path === path('migrations/000002_y.up.sql'));
          deepEqual(
            last?.findings.map(({ code }) => code),
            ['rows-refuse'],
          );
        }),
      );
    });

  it('are what a preview tells of, too', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(pending, async ({ engine, path }) => {
        await fill(url);
        const project = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
        const { errors, refused } = await project.preview('pending', never);
        equal(refused, 0);
        deepEqual(
          errors.map(({ severity, sqlState, message }) => `${severity} ${sqlState} ${message}`),
          said,
        );
        const first = await project.preview(path('migrations/000001_x.up.sql'), never);
        deepEqual(first.errors, [], 'of the migration that is shown, and of no other');
      }),
    ));

  it('are told of after the rest, in an editor', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(pending, async ({ engine, path }) => {
        await fill(url);
        const project = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
        const told: FileCheck[] = [];
        const wanted = [path('migrations/000002_y.up.sql')];
        await project.check({ open: wanted }, (file) => told.push(file), never);
        const counts = told.filter((it) => wanted.includes(it.path)).map(({ findings }) => findings.length);
        deepEqual([counts[0], counts.at(-1)], [0, 2]);
      }),
    ));

  it('that were mended are believed after a fresh look', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(pending, async ({ engine }) => {
        await fill(url);
        const project = await projectOf(engine({ target: on(url), shadow: 'same-server' }));
        await checked(project);
        await withSession(url, (session) => demand(session, 'delete from orders where id > 1'));
        project.refresh();
        deepEqual((await checked(project)).findings, []);
      }),
    ));
});
