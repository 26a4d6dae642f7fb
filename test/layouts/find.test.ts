/** Which folders are taken for migrations, in which layout and order, and what is wrong with them. */
import { deepEqual, equal, throws } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import { findFolders, layoutOf, readFolder } from '../../server/engine/layouts/find';
import { isFault } from '../support/faults';
import { filesOf } from '../support/files';

const gooseText = '-- +goose Up\nselect 1;\n';
const dbmateText = '-- migrate:up\n-- migrate:down\n';

/** `/shop/migrations: dbmate 1 2 10`, with the versions in their order. */
const found = (texts: Readonly<Record<string, string>>, roots: readonly string[] = ['/w']): readonly string[] =>
  findFolders(roots, filesOf(texts)).map(
    ({ path, layout, migrations }) => `${path}: ${layout.name} ${migrations.map(({ version }) => version).join(' ')}`,
  );

function barred(path: string): never {
  throw new Fault('not-readable', `${path}.`);
}

const same = (names: readonly string[], text = ''): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, text]));

const read = (layout: string, names: readonly string[]): ReturnType<typeof readFolder> =>
  readFolder('/m', filesOf(same(names.map((name) => `/m/${name}`))), layoutOf(layout));
const files = (layout: string, names: readonly string[]): readonly string[] =>
  read(layout, names).migrations.map(({ version, upPath = '-', downPath = '-' }) =>
    `${version} ${upPath} ${downPath}`.replaceAll('/m/', ''),
  );

describe('folders of migrations', () => {
  const cases: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    ['dbmate by its marker', same(['/w/db/migrations/1_a.sql'], dbmateText), ['/w/db/migrations: dbmate 1']],
    [
      'dbmate when only some files have markers yet',
      { ...same(['/w/x/1_a.sql', '/w/x/3_c.sql']), '/w/x/2_b.sql': dbmateText },
      ['/w/x: dbmate 1 2 3'],
    ],
    [
      'goose by its annotation, with migrations in Go',
      { ...same(['/w/x/10_a.sql', '/w/x/2_b.go', '/w/x/helpers.go'], gooseText) },
      ['/w/x: goose 2 10'],
    ],
    ['node-pg-migrate by its marker', same(['/w/x/1_a.sql'], '-- Up Migration\n'), ['/w/x: node-pg-migrate 1_a']],
    ['golang-migrate by its names', same(['/w/m/2_b.up.sql', '/w/m/1_a.down.sql']), ['/w/m: golang-migrate 1 2']],
    ['the root itself', same(['/w/1_a.up.sql']), ['/w: golang-migrate 1']],
    ['plain numbers in a folder of that name', same(['/w/migrations/1.sql']), ['/w/migrations: numbered 1']],
    [
      'plain numbers in a row',
      same(['/w/sql/001_a.sql', '/w/sql/002.sql', '/w/sql/003-c.sql']),
      ['/w/sql: numbered 1 2 3'],
    ],
    [
      'a few odd files among numbered ones',
      same(['/w/migrations/1_a.sql', '/w/migrations/2_b.sql', '/w/migrations/seed.sql']),
      ['/w/migrations: numbered 1 2'],
    ],
    [
      'several side by side, in a monorepo',
      { ...same(['/w/a/db/1_x.up.sql', '/w/b/migrations/001_x.sql']), '/w/c/x/1.sql': dbmateText },
      ['/w/a/db: golang-migrate 1', '/w/b/migrations: numbered 1', '/w/c/x: dbmate 1'],
    ],
    ['eight levels down', same(['/w/1/2/3/4/5/6/7/8/1_a.up.sql']), ['/w/1/2/3/4/5/6/7/8: golang-migrate 1']],
    [
      'Postgres beside others',
      same(['/w/m/mysql/1_a.up.sql', '/w/m/postgres/1_a.up.sql']),
      ['/w/m/postgres: golang-migrate 1'],
    ],
    [
      'sqlx',
      { '/w/migrations/1_a.sql': '', '/w/Cargo.toml': '[dependencies]\nsqlx = "0.8"\n' },
      ['/w/migrations: sqlx 1'],
    ],
    [
      'sqlx in pairs, below a workspace of crates',
      {
        '/w/crates/a/migrations/1_a.up.sql': '',
        '/w/crates/a/migrations/1_a.down.sql': '',
        '/w/Cargo.toml': '[workspace.dependencies.sqlx]\nfeatures = ["postgres", "sqlite"]\n',
      },
      ['/w/crates/a/migrations: sqlx 1'],
    ],
    [
      'sqlx in the folder that sqlx.toml names',
      { '/w/db/1_a.sql': '', '/w/other/1_b.sql': '', '/w/sqlx.toml': "[migrate]\nmigrations-dir = 'db'\n" },
      ['/w/db: sqlx 1'],
    ],
    [
      'golang-migrate in Go, among crates that use sqlx',
      { '/w/go/migrations/1_a.up.sql': '', '/w/go/go.mod': '', '/w/Cargo.toml': '[dependencies]\nsqlx = "0.8"\n' },
      ['/w/go/migrations: golang-migrate 1'],
    ],
    [
      'goose and dbmate in a crate that uses sqlx',
      {
        '/w/migrations/1_a.sql': gooseText,
        '/w/db/migrations/1_a.sql': dbmateText,
        '/w/Cargo.toml': '[dependencies]\nsqlx = "0.8"\n',
      },
      ['/w/migrations: goose 1', '/w/db/migrations: dbmate 1'],
    ],
    [
      'diesel by the names of its folders',
      same(['/w/migrations/2024-01-01-000000_a/up.sql', '/w/migrations/2024-01-01-000000_a/down.sql']),
      ['/w/migrations: diesel 20240101000000'],
    ],
    [
      'diesel by its configuration, its crate, its first migration',
      {
        '/w/a/db/20240101000000_a/up.sql': '',
        '/w/a/diesel.toml': '',
        '/w/b/db/20240101000000_a/up.sql': '',
        '/w/b/Cargo.toml': '[dependencies]\ndiesel = { version = "2", features = ["postgres", "sqlite"] }\n',
        '/w/c/db/00000000000000_diesel_initial_setup/up.sql': '',
      },
      ['/w/a/db: diesel 20240101000000', '/w/b/db: diesel 20240101000000', '/w/c/db: diesel 00000000000000'],
    ],
    [
      'sqlx and diesel side by side',
      {
        '/w/a/migrations/1_a.sql': '',
        '/w/b/migrations/2024-01-01-000000_a/up.sql': '',
        '/w/Cargo.toml': '[workspace.dependencies]\nsqlx = "0.8"\ndiesel = "2"\n',
      },
      ['/w/a/migrations: sqlx 1', '/w/b/migrations: diesel 20240101000000'],
    ],
    [
      'Prisma by its lock file, with whatever folders there are',
      {
        ...same(['/w/prisma/migrations/20240101000000_a/migration.sql', '/w/prisma/migrations/0_init/migration.sql']),
        '/w/prisma/migrations/migration_lock.toml': '# Do not edit\nprovider = "postgresql"\n',
      },
      ['/w/prisma/migrations: prisma 0_init 20240101000000_a'],
    ],
    [
      'Prisma by its schema',
      {
        '/w/db/migrations/20240101000000_a/migration.sql': '',
        '/w/db/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
      },
      ['/w/db/migrations: prisma 20240101000000_a'],
    ],
    [
      'an Atlas folder that golang-migrate runs',
      same(['/w/m/1_a.up.sql', '/w/m/atlas.sum']),
      ['/w/m: golang-migrate 1'],
    ],
  ];
  for (const [name, texts, expected] of cases) it(name, () => deepEqual(found(texts), expected));

  const none: readonly [string, Readonly<Record<string, string>>][] = [
    ['SQL without numbers', same(['/w/migrations/a.sql', '/w/queries/b.sql'])],
    ['one numbered file in any folder', same(['/w/sql/001_a.sql'])],
    ['two digits in any folder', same(['/w/sql/01_a.sql', '/w/sql/02_b.sql', '/w/sql/03_c.sql'])],
    ['mostly other files', same(['/w/migrations/1_a.sql', '/w/migrations/a.sql', '/w/migrations/b.sql'])],
    [
      'scripts of a container image',
      same(['001.sql', '002.sql', '003.sql'].map((it) => `/w/docker-entrypoint-initdb.d/${it}`)),
    ],
    ['seeds', same(['001_a.sql', '002_b.sql', '003_c.sql'].map((it) => `/w/seeds/dev/${it}`))],
    ['dependencies', same(['/w/node_modules/x/migrations/1_a.up.sql', '/w/vendor/x/1_a.up.sql'])],
    ['hidden folders', same(['/w/.git/migrations/1_a.up.sql', '/w/.cache/1_a.up.sql'])],
    ['build results', same(['/w/dist/migrations/1_a.up.sql', '/w/target/1_a.up.sql'])],
    ['nine levels down', same(['/w/1/2/3/4/5/6/7/8/9/1_a.up.sql'])],
    ['sql-migrate', same(['/w/migrations/1_a.sql'], '\n-- +migrate Up\n')],
    ['graphile-migrate', same(['/w/migrations/000001.sql'], '--! Previous: -\n--! Hash: sha1:0\n\n')],
    ['drizzle', same(['/w/migrations/0000_a.sql', '/w/migrations/meta/_journal.json'])],
    [
      'Prisma for MySQL',
      {
        '/w/prisma/migrations/20240101000000_a/migration.sql': '',
        '/w/prisma/migrations/migration_lock.toml': 'provider = "mysql"\n',
        '/w/prisma/migrations/001_a.sql': '',
      },
    ],
    [
      'what Prisma is not told to take',
      {
        '/w/db/migration/20240101000000_a/migration.sql': '',
        '/w/db/schema/main.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
        '/w/db/prisma.config.ts': "export default { migrations: { path: './.prisma-migrations' } };\n",
      },
    ],
    [
      'drizzle in folders',
      same(['20240101000000_a/migration.sql', '20240101000000_a/snapshot.json'].map((it) => `/w/m/${it}`)),
    ],
    [
      'Hasura',
      same(['/w/migrations/default/1704067200000_a/up.sql', '/w/migrations/default/1704067200000_a/down.sql']),
    ],
    [
      'diesel for MySQL',
      { '/w/migrations/2024-01-01-000000_a/up.sql': '', '/w/Cargo.toml': 'diesel = { features = ["mysql"] }\n' },
    ],
    ['Supabase', same(['/w/supabase/migrations/a.sql'])],
    ['refinery', { '/w/migrations/1_a.sql': '', '/w/Cargo.toml': '[dependencies]\nrefinery = "0.8"\n' }],
    ['sqlx for SQLite', { '/w/migrations/1_a.sql': '', '/w/Cargo.toml': 'sqlx = { features = [\n  "sqlite"\n] }\n' }],
    ['MySQL', same(['/w/migrations/1_a.up.sql'], 'create table a (id int auto_increment) engine=InnoDB;')],
    [
      'SQLite with dbmate',
      same(['/w/m/1_a.sql'], `${dbmateText}create table a (id integer primary key autoincrement);`),
    ],
  ];
  for (const [name, texts] of none) it(`are not: ${name}`, () => deepEqual(found(texts), []));

  it('a comment about another server does not make them its own', () => {
    deepEqual(found(same(['/w/m/1_a.up.sql'], '-- was AUTO_INCREMENT in MySQL\nselect 1;')), [
      '/w/m: golang-migrate 1',
    ]);
  });

  it('are found once, below several roots', () => {
    const texts = same(['/w/a/1_a.up.sql', '/v/b/1_a.up.sql']);
    deepEqual(found(texts, ['/w', '/w/a/', '/v']), ['/w/a: golang-migrate 1', '/v/b: golang-migrate 1']);
  });

  it('of a huge repository are looked for within bounds', () => {
    const many = same(Array.from({ length: 6_000 }, (_, index) => `/w/x${index}/readme.txt`));
    let looks = 0;
    const files = filesOf({ ...many, '/w/migrations/1_a.up.sql': '' });
    const counting = { ...files, list: (folder: string) => (looks++, folder === '/w' ? files.list(folder) : []) };
    findFolders(['/w'], counting);
    equal(looks, 5_000);
  });

  it('are found beside files and folders that cannot be read', () => {
    const disk = filesOf({
      '/w/data/base/1': '',
      '/w/migrations/1_a.sql': '\uFFFD',
      '/w/migrations/2_b.sql': dbmateText,
    });
    const files = {
      ...disk,
      read: (path: string) => (path.endsWith('1_a.sql') ? barred(path) : disk.read(path)),
      list: (folder: string) => (folder.endsWith('data') ? barred(folder) : disk.list(folder)),
    };
    deepEqual(
      findFolders(['/w'], files).map(({ path, layout }) => `${path}: ${layout.name}`),
      ['/w/migrations: dbmate'],
    );
  });

  it('with a layout of their own are read by it, and the others recognised', () => {
    const texts = { '/w/a/1_x.sql': dbmateText, '/w/b/1_x.sql': dbmateText };
    const named = findFolders(['/w'], filesOf(texts), (path) => (path === '/w/b' ? layoutOf('numbered') : undefined));
    deepEqual(
      named.map(({ layout, because }) => `${layout.name}: ${because}`),
      ['dbmate: 1_x.sql has a line "-- migrate:up"', 'numbered: it was set so'],
    );
  });

  it('with a forced layout are those with such names', () => {
    const texts = { ...same(['/w/a/V1__x.sql', '/w/b/1_x.sql'], '-- +goose Up\n'), '/w/c/1_x.sql': dbmateText };
    const forced = findFolders(['/w'], filesOf(texts), () => layoutOf('numbered'));
    deepEqual(
      forced.map(({ path }) => path),
      ['/w/b', '/w/c'],
    );
  });
});

describe('a folder that the user names', () => {
  it('is recognised', () =>
    equal(readFolder('/w/m/', filesOf(same(['/w/m/1_a.up.sql']))).layout.name, 'golang-migrate'));

  it('may be empty when its layout is set', () => {
    const { path, migrations, because } = readFolder('/w/m', filesOf(), layoutOf('dbmate'));
    deepEqual([path, migrations, because], ['/w/m', [], 'it was set so']);
  });

  it('that is empty or strange is a fault that says so', () => {
    throws(() => readFolder('/w/m', filesOf()), isFault('no-migrations', /\/w\/m is empty or not there/));
    throws(
      () => readFolder('/w/m', filesOf(same(['/w/m/1_a.sql'], '-- +migrate Up\n'))),
      isFault('no-migrations', /1_a\.sql is written for sql-migrate/),
    );
  });

  it('in an unknown layout is a fault that lists the known ones', () => {
    throws(() => layoutOf('flying'), isFault('bad-usage', /dbmate, goose, .*golang-migrate, .*numbered/));
  });
});

describe('the migrations of a folder', () => {
  it('golang-migrate: by number, up and down together whatever their titles', () => {
    const names = ['10_b.up.sql', '9_a.up.sql', '009_other.down.sql', '0100_c.down.sql'];
    deepEqual(files('golang-migrate', names), [
      '9 9_a.up.sql 009_other.down.sql',
      '10 10_b.up.sql -',
      '100 - 0100_c.down.sql',
    ]);
  });

  it('dbmate: by file name, so 10 before 9', () => {
    deepEqual(files('dbmate', ['9_a.sql', '10_b.sql', 'x.sql']), ['10 10_b.sql 10_b.sql', '9 9_a.sql 9_a.sql']);
  });

  it('numbered: by number', () => {
    deepEqual(files('numbered', ['10_b.sql', '9_a.sql', '9_a.down.sql']), ['9 9_a.sql 9_a.down.sql', '10 10_b.sql -']);
  });

  const problems: readonly [string, string, readonly string[], readonly string[]][] = [
    ['none', 'golang-migrate', ['1_a.up.sql', '1_a.down.sql'], []],
    [
      'two up files',
      'golang-migrate',
      ['01_b.up.sql', '1_a.up.sql'],
      [
        '1_a.up.sql: Version 1 stands twice: in 01_b.up.sql and in 1_a.up.sql. golang-migrate refuses the whole folder.',
      ],
    ],
    [
      'a lone down',
      'golang-migrate',
      ['1_a.down.sql'],
      ['1_a.down.sql: Version 1 has a down file and no up file. golang-migrate takes it for an empty migration.'],
    ],
    [
      'numbers that are too large',
      'golang-migrate',
      ['18446744073709551615_a.up.sql', '9223372036854775807_c.up.sql', '99999999999999999999_b.up.sql'],
      [
        '18446744073709551615_a.up.sql: Version 18446744073709551615 is larger than the history table can hold (bigint).',
        '99999999999999999999_b.up.sql: golang-migrate passes over this file: its number has more than 64 bits.',
      ],
    ],
    [
      'one version twice',
      'dbmate',
      ['1_a.sql', '1_b.sql', '01_c.sql'],
      [
        '1_b.sql: Version 1 stands twice: in 1_a.sql and in 1_b.sql. dbmate takes both for applied once one is, and refuses to record the version a second time.',
      ],
    ],
    [
      'what goose cannot number',
      'goose',
      ['1_a.sql', '01_b.go', 'seed.sql', 'helpers.go', '0_c.sql', '9223372036854775808_d.sql'],
      [
        '1_a.sql: Version 1 stands twice: in 01_b.go and in 1_a.sql. goose refuses the whole folder.',
        '0_c.sql: The command line of goose refuses the whole folder for this file: its versions begin with 1, and this one is 0.',
        '9223372036854775808_d.sql: The command line of goose refuses the whole folder for this file: its number has more than 63 bits.',
        'seed.sql: The command line of goose refuses the whole folder for this file: its name does not begin with a number and an underscore.',
      ],
    ],
    ...(['golang-migrate', 'dbmate', 'numbered'] as const).map(
      (layout) =>
        ['none of version 0', layout, [layout === 'golang-migrate' ? '0_a.up.sql' : '0_a.sql'], []] as [
          string,
          string,
          string[],
          string[],
        ],
    ),
    [
      'one number twice',
      'numbered',
      ['1_a.sql', '01_b.sql', '2_c.down.sql'],
      [
        '1_a.sql: Version 1 stands twice: in 01_b.sql and in 1_a.sql. Only one of them can be recorded.',
        '2_c.down.sql: Version 2 has a down file and no up file. It can never be applied.',
      ],
    ],
  ];
  for (const [name, layout, names, expected] of problems) {
    it(`their problems, ${layout}: ${name}`, () => {
      const messages = read(layout, names).problems.map(({ path, message }) => `${path.slice(3)}: ${message}`);
      deepEqual(messages, expected);
    });
  }

  const mixed: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    [
      'golang-migrate in goose',
      { '1_a.up.sql': '', '1_a.down.sql': '', '2_b.sql': gooseText },
      [
        '1_a.down.sql: The folder is read as one of goose, which takes this file for a migration of its own; but it is named as golang-migrate names its files.',
      ],
    ],
    [
      'goose and dbmate, where golang-migrate was set',
      { '1_a.up.sql': '', '2_b.sql': gooseText, '3_c.sql': dbmateText, '4_d.sql': gooseText, '5_e.sql': '' },
      [
        '2_b.sql: The folder is read as one of golang-migrate, which passes over this file; but it has a line "-- +goose Up".',
        '3_c.sql: The folder is read as one of golang-migrate, which passes over this file; but it has a line "-- migrate:up" of dbmate.',
      ],
    ],
    [
      'goose in dbmate',
      { '1_a.sql': dbmateText, '2_b.sql': gooseText },
      [
        '2_b.sql: The folder is read as one of dbmate, which takes this file for a migration of its own; but it has a line "-- +goose Up".',
      ],
    ],
    ['none in pairs with lines of goose', { '1_a.up.sql': gooseText, '2_b.sql': gooseText }, []],
  ];
  for (const [name, texts, expected] of mixed) {
    it(`files of several tools: ${name}`, () => {
      const layout = name.includes('was set') ? layoutOf('golang-migrate') : undefined;
      const inFolder = Object.fromEntries(Object.entries(texts).map(([file, text]) => [`/m/${file}`, text]));
      const { problems } = readFolder('/m', filesOf(inFolder), layout);
      const advice = ' A folder is for one tool: move its files or those of the other one, or name the layout.';
      deepEqual(
        problems
          .filter(({ message }) => !/stands twice/.test(message))
          .map(({ path, message }) => `${path.slice(3)}: ${message}`),
        expected.map((it) => it + advice),
      );
    });
  }

  it('both stay in sight when a version stands twice', () => {
    deepEqual(files('numbered', ['1_a.sql', '01_b.sql']), ['1 01_b.sql -', '1 1_a.sql -']);
  });
});
