/** Folders of Prisma Migrate: what it takes for migrations, what it stops at, and where its database is named. */
import { deepEqual, equal } from 'node:assert/strict';
import { contentsOf, readFolder } from '../../server/engine/layouts/find';
import type { FolderContents } from '../../server/engine/layouts/layout';
import { prisma } from '../../server/engine/layouts/prisma';
import { prismaDatasource } from '../../server/engine/layouts/prismaDatasource';
import { filesOf } from '../support/files';

const lock = 'provider = "postgresql"\n';

const read = (texts: Readonly<Record<string, string>>) =>
  readFolder(
    '/p/migrations',
    filesOf(Object.fromEntries(Object.entries(texts).map(([name, text]) => [`/p/migrations/${name}`, text]))),
    prisma,
  );

const problems = (texts: Readonly<Record<string, string>>): readonly string[] =>
  read(texts).problems.map(({ path, message }) => `${path.slice('/p/migrations/'.length)}: ${message}`);

describe('a folder of Prisma', () => {
  it('has its migrations in folders of any name, sorted as the command line does it', () => {
    const { migrations } = read({
      'migration_lock.toml': lock,
      '20240102000000_b/migration.sql': '',
      '20240102000000_B_c/migration.sql': '',
      '20240101_x/migration.sql': '',
      '20240101000000_a/migration.sql': '',
      'README.md': '',
      '001_a.sql': '',
      '20240101000000_a/down.sql': '',
    });
    deepEqual(
      migrations.map(({ version, downPath }) => [version, downPath]),
      ['20240101_x', '20240101000000_a', '20240102000000_b', '20240102000000_B_c'].map((it) => [it, undefined]),
    );
  });

  it('is stopped at by folders without a script, and by another provider', () => {
    deepEqual(problems({ 'migration_lock.toml': lock, 'a/migration.sql': '', 'b/up.sql': '' }), [
      'b/migration.sql: b/ has no migration.sql: Prisma stops there with P3015. Write it, or delete the folder.',
    ]);
    deepEqual(problems({ 'migration_lock.toml': 'provider = "mysql"\n', 'a/migration.sql': '' }), [
      'migration_lock.toml: Prisma refuses to run these migrations in PostgreSQL: this file names another provider (P3019).',
    ]);
    deepEqual(problems({ 'a/migration.sql': '' }), []);
  });

  it('begins a migration with a lock file where there is none', () => {
    const now = new Date('2026-03-04T05:06:07Z');
    const inFolder = (names: readonly string[]): FolderContents => ({
      path: '/p',
      names,
      read: () => undefined,
      list: () => [],
    });
    const names = (folder?: FolderContents) => prisma.skeleton('x', [], now, folder).files.map(({ name }) => name);
    deepEqual(names(), ['20260304050607_x/migration.sql', 'migration_lock.toml']);
    deepEqual(names(inFolder([])), ['20260304050607_x/migration.sql', 'migration_lock.toml']);
    deepEqual(names(inFolder(['migration_lock.toml'])), ['20260304050607_x/migration.sql']);
  });

  it('warns of a line of pg_dump after which Prisma does not find its table', () => {
    const text =
      "SET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\nselect set_config('search_path', '', true);\ncreate table a ();\n";
    const found = prisma.read('a/migration.sql', text).problems;
    deepEqual(
      found.map(({ code, range }) => `${code} ${text.slice(range.start, range.end)}`),
      ["prisma-search-path SELECT pg_catalog.set_config('search_path', '', false);"],
    );
    const [edit] = found[0]?.fixes?.[0]?.edits ?? [];
    equal(
      text.slice(0, edit?.range.start) + text.slice(edit?.range.end),
      "SET statement_timeout = 0;\nselect set_config('search_path', '', true);\ncreate table a ();\n",
    );
  });

  const named: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    [
      'directUrl before url',
      {
        '/p/schema.prisma':
          'generator client {\n}\ndatasource db {\n  provider  = "postgresql"\n  url = env("POOLED_URL")\n  directUrl = env("DIRECT_URL")\n}\n',
      },
      ['DIRECT_URL', 'POOLED_URL'],
    ],
    [
      'a schema in several files',
      { '/p/schema/a.prisma': 'model A {\n}\n', '/p/schema/base.prisma': 'datasource db {\n url = env("URL_A")\n}' },
      ['URL_A'],
    ],
    [
      'the configuration of the project',
      {
        '/prisma.config.ts':
          "import { defineConfig, env } from 'prisma/config';\nexport default defineConfig({\n  migrations: { path: 'p/migrations' },\n  datasource: {\n    url: env<Env>('URL_B'),\n  },\n});\n",
        '/p/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
      },
      ['URL_B'],
    ],
    [
      'the environment of the process',
      { '/p/prisma.config.mjs': 'export default { datasource: { url: process.env["URL_C"] } }' },
      ['URL_C'],
    ],
    ['a URL that is written out', { '/p/schema.prisma': 'datasource db {\n  url = "postgres://x"\n}\n' }, []],
    ['nothing', {}, []],
  ];
  for (const [where, texts, expected] of named)
    it(`takes its database from ${where}`, () =>
      deepEqual(prismaDatasource(contentsOf('/p/migrations', filesOf(texts))).variables, expected));
});
