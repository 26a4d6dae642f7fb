/** diesel's folders: which it passes over, which it stops at, and what metadata.toml says of a transaction. */
import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { diesel } from '../../server/engine/layouts/diesel';
import { readFolder } from '../../server/engine/layouts/find';
import { filesOf } from '../support/files';

const read = (names: readonly string[]) =>
  readFolder('/m', filesOf(Object.fromEntries(names.map((it) => [`/m/${it}`, '']))), diesel);

const problems = (names: readonly string[]): readonly string[] =>
  read(names).problems.map(({ path, message }) => `${path.slice(3)}: ${message}`);

describe('a folder of diesel', () => {
  it('has a migration in each folder, in the order of their versions', () =>
    deepEqual(
      read([
        '2024-01-02-000000_b/up.sql',
        '2024-01-02-000000_b/down.sql',
        '20240101120000_a/up.sql',
        '2024-01-02-000000-0001_c/up.sql',
        '.git/HEAD',
        'README.md',
      ]).migrations.map(
        ({ version, title, downPath }) => `${version} ${title} ${downPath === undefined ? '' : 'down'}`,
      ),
      ['20240101120000 a ', '20240102000000 b down', '202401020000000001 c '],
    ));

  it('is refused for folders without up.sql, and read in part where a version stands twice', () => {
    deepEqual(problems(['1_a/up.sql', '2_b/down.sql', '3_c/notes.txt']), [
      '2_b/up.sql: diesel refuses the whole folder: 2_b/ has no up.sql. Write it, or delete what is in there.',
      '3_c/up.sql: diesel refuses the whole folder: 3_c/ has no up.sql. Write it, or delete what is in there.',
    ]);
    deepEqual(problems(['2024-01-01-000000_a/up.sql', '20240101000000_b/up.sql']), [
      '20240101000000_b/up.sql: Version 20240101000000 stands twice: in 2024-01-01-000000_a/up.sql and in 20240101000000_b/up.sql. diesel runs one of them only, and does not say which.',
    ]);
  });

  const modes: readonly [string | undefined, string, readonly string[]][] = [
    [undefined, 'transaction', []],
    ['run_in_transaction = true\n', 'transaction', []],
    ['# no\r\nrun_in_transaction = false # concurrently\r\n', 'implicit', []],
    ['', 'implicit', ['warning diesel-metadata']],
    ['# run_in_transaction = true\n[other]\nrun_in_transaction = true\n', 'implicit', ['warning diesel-metadata']],
    ['run_in_transaction = "false"\n', 'transaction', ['warning diesel-metadata']],
    ['run_in_transaction: false\n', 'transaction', ['warning diesel-metadata']],
    ['run_in_transaction = false\noops\n', 'transaction', ['warning diesel-metadata']],
  ];
  for (const [text, mode, expected] of modes)
    it(`runs a script as metadata.toml says: ${JSON.stringify(text)}`, () => {
      const beside = (name: string): string | undefined => (name === '1_a/metadata.toml' ? text : undefined);
      const { scripts, problems: found } = diesel.read('1_a/up.sql', 'select 1', beside);
      deepEqual([scripts.map((it) => it.mode), found.map((it) => `${it.severity} ${it.code}`)], [[mode], expected]);
    });

  it('refuses a file that is empty', () => {
    const codes = (text: string) => diesel.read('1_a/down.sql', text, () => undefined).problems.map(({ code }) => code);
    deepEqual([codes(''), codes('-- nothing')], [['diesel-empty-file'], []]);
  });

  it('takes any metadata', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^(?:run_in_transaction|=|true|false|\[|\]|#|"|\n| ){0,12}$/));
    fc.assert(
      fc.property(text, (text) => {
        const { scripts } = diesel.read('1_a/up.sql', 'select 1', () => text);
        deepEqual(scripts.length, 1);
      }),
    );
  });
});
