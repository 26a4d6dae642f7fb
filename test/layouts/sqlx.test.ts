/** sqlx's files: what it refuses and passes over, and what sqlx.toml and Cargo.toml say of them. */
import { deepEqual, equal } from 'node:assert/strict';
import { crateWith, isForOthers } from '../../server/engine/layouts/cargo';
import { contentsOf, readFolder } from '../../server/engine/layouts/find';
import { sqlx } from '../../server/engine/layouts/sqlx';
import { sqlxConfig } from '../../server/engine/layouts/sqlxConfig';
import { tomlValues } from '../../server/engine/layouts/toml';
import { filesOf } from '../support/files';

const problems = (names: readonly string[]): readonly string[] =>
  readFolder('/m', filesOf(Object.fromEntries(names.map((it) => [`/m/${it}`, '']))), sqlx).problems.map(
    ({ path, message }) => `${path.slice(3)}: ${message}`,
  );

describe('a folder of sqlx', () => {
  it('is refused, or read in part', () => {
    deepEqual(problems(['1_a.sql', '2_b.up.sql', '2_b.down.sql', 'README.md', 'seed.sql']), []);
    deepEqual(problems(['a_b.sql', '9223372036854775808_c.sql', '3.sql', '4_d.down.sql']), [
      '4_d.down.sql: Version 4 has a down file and no up file. sqlx never applies it.',
      '9223372036854775808_c.sql: sqlx refuses the whole folder for this file: a whole number of 64 bits has to stand before the first underscore.',
      'a_b.sql: sqlx refuses the whole folder for this file: a whole number of 64 bits has to stand before the first underscore.',
      '3.sql: sqlx passes over this file: its name has no underscore.',
    ]);
    deepEqual(problems(['1_a.sql', '01_b.sql']), [
      '1_a.sql: Version 1 stands twice: in 01_b.sql and in 1_a.sql. sqlx runs both, and refuses to record the version a second time.',
    ]);
  });

  it('has its versions in their order, with their sign', () =>
    deepEqual(
      readFolder('/m', filesOf({ '/m/10_a.sql': '', '/m/-2_b.sql': '', '/m/9_c.sql': '' }), sqlx).migrations.map(
        ({ version }) => version,
      ),
      ['-2', '9', '10'],
    ));

  it('begins a migration as sqlx.toml has it', () => {
    const names = (toml: string, ...existing: readonly string[]) => {
      const texts = Object.fromEntries(existing.map((it) => [`/w/m/${it}`, '']));
      const folder = contentsOf('/w/m', filesOf({ ...texts, '/w/sqlx.toml': toml }));
      const known = existing.flatMap((it) => sqlx.readName(it) ?? []);
      return sqlx.skeleton('x', known, new Date('2026-03-04T05:06:07Z'), folder).files.map(({ name }) => name);
    };
    deepEqual(names('[migrate.defaults]\nmigration-type = "reversible"\nmigration-versioning = "sequential"\n'), [
      '0001_x.up.sql',
      '0001_x.down.sql',
    ]);
    deepEqual(names('[migrate.defaults]\nmigration-type = "simple"\n', '1_a.up.sql', '1_a.down.sql'), ['0002_x.sql']);
    deepEqual(names('[migrate.defaults]\nmigration-versioning = "timestamp"\n', '1_a.up.sql'), [
      '20260304050607_x.up.sql',
      '20260304050607_x.down.sql',
    ]);
  });
});

describe('sqlx.toml', () => {
  it('is the nearest one up to four levels up', () => {
    const read = (texts: Readonly<Record<string, string>>) => sqlxConfig(contentsOf('/a/b/c/m', filesOf(texts)).read);
    deepEqual(read({}), {
      path: undefined,
      folder: 'migrations',
      table: '_sqlx_migrations',
      createSchemas: [],
      ignoredChars: [],
      variable: undefined,
      reversible: undefined,
      sequential: undefined,
    });
    const text = `# comment
[common]
database-url-var = "SHOP_URL" # here
[migrate]
table-name = 'shop."My table"'
create-schemas = [
  "shop", # [first]
  "other",
]
ignored-chars = [" ", "\\t", "\\r", "\\n", "\\uFEFF"]
[macros]
preferred-crates.date-time = "chrono"
`;
    const found = read({ '/a/sqlx.toml': text, '/sqlx.toml': '' });
    deepEqual(
      [found.path, found.variable, found.table, found.createSchemas, found.ignoredChars],
      ['../../../sqlx.toml', 'SHOP_URL', 'shop."My table"', ['shop', 'other'], [' ', '\t', '\r', '\n', '\uFEFF']],
    );
  });

  it('may be half written', () => {
    for (const text of ['[migrate', 'table-name = "', 'table-name = [1, 2]\n', '= "x"\n[[a]]\nb = {c = "d"}\n'])
      deepEqual([...(tomlValues(text) ?? [])], []);
  });
});

describe('a crate', () => {
  const crate = (texts: Readonly<Record<string, string>>) => {
    const found = crateWith(contentsOf('/a/b/m', filesOf(texts)), 'sqlx');
    return found && `${found.path} ${isForOthers(found) ? 'others' : 'Postgres'}`;
  };
  const cases: readonly [string, Readonly<Record<string, string>>, string | undefined][] = [
    ['by itself', { '/a/b/Cargo.toml': '[dependencies]\nsqlx = "0.8"\n' }, '../Cargo.toml Postgres'],
    ['with its features', { '/a/b/Cargo.toml': 'sqlx = { features = ["mysql"] }\n' }, '../Cargo.toml others'],
    [
      'with several servers',
      { '/a/b/Cargo.toml': 'sqlx = { features = [\n  "sqlite",\n  "postgres",\n] }\n' },
      '../Cargo.toml Postgres',
    ],
    [
      'as a table',
      {
        '/a/b/Cargo.toml':
          '[dependencies.sqlx]\nversion = "0.8"\nfeatures = ["sqlite"]\n[dev-dependencies]\npostgres = "1"\n',
      },
      '../Cargo.toml others',
    ],
    [
      'of a workspace',
      { '/a/b/Cargo.toml': '[package]\n', '/a/Cargo.toml': '[workspace.dependencies]\nsqlx.version = "0.8"\n' },
      '../../Cargo.toml Postgres',
    ],
    [
      'of another name',
      { '/a/b/Cargo.toml': '[dependencies]\nsqlx-adapter = "1"\nmy-sqlx = "1"\n# sqlx = "0.8"\n' },
      undefined,
    ],
    ['with a project of Node between', { '/a/b/package.json': '{}', '/a/Cargo.toml': 'sqlx = "0.8"\n' }, undefined],
    [
      'with one of Node beside',
      { '/a/b/package.json': '{}', '/a/b/Cargo.toml': 'sqlx = "0.8"\n' },
      '../Cargo.toml Postgres',
    ],
    [
      'as its workspace says',
      {
        '/a/b/Cargo.toml': 'sqlx = { workspace = true, features = ["macros"] }\n',
        '/a/Cargo.toml': '[workspace.dependencies]\nsqlx = { version = "0.8", features = ["sqlite"] }\n',
      },
      '../Cargo.toml others',
    ],
    [
      'as a workspace says that is not there',
      { '/a/b/Cargo.toml': 'sqlx.workspace = true\n' },
      '../Cargo.toml Postgres',
    ],
    ['nowhere', {}, undefined],
  ];
  for (const [how, texts, expected] of cases) it(`depends on sqlx ${how}`, () => equal(crate(texts), expected));
});
