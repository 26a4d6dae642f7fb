/** How each layout reads file names, and names new files. */
import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { layouts } from '../../server/engine/layouts/all';
import { layoutOf } from '../../server/engine/layouts/find';
import type { LayoutName } from '../../server/engine/layouts/layout';

describe('file names', () => {
  const cases: readonly [LayoutName, string, string | undefined][] = [
    ['golang-migrate', '000042_add_email.up.sql', '42 up add_email'],
    ['golang-migrate', '20240101120000_x.down.sql', '20240101120000 down x'],
    ['golang-migrate', '1_.up.sql', '1 up '],
    ['golang-migrate', '1_a.up.b.down.sql', '1 down a.up.b'],
    ['golang-migrate', '18446744073709551615_x.up.sql', '18446744073709551615 up x'],
    ['golang-migrate', '18446744073709551616_x.up.sql', undefined],
    ['golang-migrate', '42_add_email.sql', undefined],
    ['golang-migrate', '42-add.up.sql', undefined],
    ['golang-migrate', 'v42_add.up.sql', undefined],
    ['golang-migrate', '42_add.UP.sql', undefined],
    ['golang-migrate', '42_add.up.sql.bak', undefined],
    ['dbmate', '20240101120000_add_email.sql', '20240101120000 both add_email'],
    ['dbmate', '007.sql', '007 both '],
    ['dbmate', '1x.sql', '1 both x'],
    ['dbmate', 'x1.sql', undefined],
    ['dbmate', '1_x.SQL', undefined],
    ['goose', '20240101120000_add_email.sql', '20240101120000 both add_email'],
    ['goose', '00007_a.up.sql', '7 both a.up'],
    ['goose', '7_.sql', '7 both '],
    ['goose', '7_a.go', '7 both a'],
    ['goose', '7_a_test.go', undefined],
    ['drizzle', '20240101120000_a/migration.sql', '20240101120000_a up '],
    ['drizzle', '20240101120000_a/snapshot.json', undefined],
    ['drizzle', 'a/b/migration.sql', undefined],
    ['node-pg-migrate', '1700000000000_add-email.sql', '1700000000000_add-email both '],
    ['node-pg-migrate', '1_a.up.sql', '1_a up '],
    ['node-pg-migrate', '1_a.up.js', '1_a.up both '],
    ['node-pg-migrate', '1_a.mts', '1_a both '],
    ['node-pg-migrate', 'x_a.sql', undefined],
    ['node-pg-migrate', '1_a.md', undefined],
    ['goose', '0_a.sql', undefined],
    ['goose', '7.sql', undefined],
    ['goose', '7-a.sql', undefined],
    ['goose', '9223372036854775807_a.sql', '9223372036854775807 both a'],
    ['goose', '9223372036854775808_a.sql', undefined],
    ['prisma', '20240101120000_add_email/migration.sql', '20240101120000_add_email up '],
    ['prisma', 'init/migration.sql', 'init up '],
    ['prisma', '20240101120000_add_email/down.sql', undefined],
    ['prisma', 'a/b/migration.sql', undefined],
    ['prisma', 'migration.sql', undefined],
    ['sqlx', '20240101120000_add_email.sql', '20240101120000 up add email'],
    ['sqlx', '0001_a_b.up.sql', '1 up a b'],
    ['sqlx', '1_a.down.sql', '1 down a'],
    ['sqlx', '1_up.sql', '1 up up'],
    ['sqlx', '1_.sql', '1 up '],
    ['sqlx', '1_a.sql.sql', '1 up a'],
    ['sqlx', '1_a.up.up.sql', '1 up a.up'],
    ['sqlx', '-1_a.sql', '-1 up a'],
    ['sqlx', '9223372036854775807_a.sql', '9223372036854775807 up a'],
    ['sqlx', '9223372036854775808_a.sql', undefined],
    ['sqlx', 'V1__a.sql', undefined],
    ['sqlx', '1.sql', undefined],
    ['diesel', '2024-01-01-120000_add_email/up.sql', '20240101120000 up add_email'],
    ['diesel', '2024-01-01-120000-000a_add/down.sql', '20240101120000000a down add'],
    ['diesel', '00000000000000_diesel_initial_setup/up.sql', '00000000000000 up diesel_initial_setup'],
    ['diesel', 'init/up.sql', 'init up '],
    ['diesel', '.hidden_a/up.sql', undefined],
    ['diesel', 'a/metadata.toml', undefined],
    ['diesel', 'a/b/up.sql', undefined],
    ['numbered', '007_add_email.sql', '7 up add_email'],
    ['numbered', '007-add-email.sql', '7 up add-email'],
    ['numbered', '007_add_email.down.sql', '7 down add_email'],
    ['numbered', '007_add_email.up.sql', '7 up add_email'],
    ['numbered', '007.sql', '7 up '],
    ['numbered', '007.down.sql', '7 down '],
    ['numbered', 'V1__x.sql', undefined],
    ['numbered', 'U1__x.sql', undefined],
    ['numbered', '1.1_x.sql', undefined],
    ['numbered', 'add_7.sql', undefined],
    ['numbered', '007_x.sql.orig', undefined],
  ];
  for (const [layout, fileName, expected] of cases) {
    it(`${layout}: ${fileName}`, () => {
      const name = layoutOf(layout).readName(fileName);
      deepEqual(name && `${name.version} ${name.direction} ${name.title}`, expected);
    });
  }
});

describe('how a script runs', () => {
  const cases: readonly [LayoutName, string, string, string][] = [
    ['golang-migrate', '1_x.up.sql', 'select 1', 'up implicit 0-8'],
    ['golang-migrate', '1_x.down.sql', '', 'down implicit 0-0'],
    ['sqlx', '1_x.sql', 'select 1', 'up transaction 0-8'],
    ['sqlx', '1_x.down.sql', '-- no-transaction\nx', 'down implicit 0-19'],
    ['sqlx', '1_x.up.sql', '\n-- no-transaction', 'up transaction 0-18'],
    ['numbered', '1_x.sql', 'select 1', 'up transaction 0-8'],
    ['numbered', '1_x.down.sql', 'select 1', 'down transaction 0-8'],
    ['numbered', '1_x.sql', '-- rehearsal: no-transaction\nx', 'up statements 0-30'],
    ['numbered', '1_x.sql', '\n\n  --rehearsal:no-transaction  \r\nx', 'up statements 0-35'],
    ['numbered', '1_x.sql', '-- by me\n-- rehearsal: no-transaction\n', 'up transaction 0-38'],
    ['numbered', '1_x.sql', 'select 1;\n-- rehearsal: no-transaction', 'up transaction 0-38'],
    ['numbered', '1_x.sql', '-- by me\n\nBEGIN;\nselect 1;\nCOMMIT;', 'up statements 0-34'],
    ['numbered', '1_x.sql', 'start  transaction; commit;', 'up statements 0-27'],
    ['numbered', '1_x.sql', 'beginning', 'up transaction 0-9'],
    ['numbered', '1_x.sql', '-- begin\nselect 1', 'up transaction 0-17'],
  ];
  for (const [layout, fileName, text, expected] of cases) {
    it(`${layout}: ${JSON.stringify(text)}`, () => {
      const seen = layoutOf(layout).read(fileName, text).scripts;
      deepEqual(
        seen.map(({ direction, mode, range }) => `${direction} ${mode} ${range.start}-${range.end}`),
        [expected],
      );
    });
  }

  it('is told of any text', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[-\s/*begin;]{0,40}$/));
    fc.assert(
      fc.property(text, fc.constantFrom(...layouts), (text, layout) => {
        for (const { range } of layout.read('1_x.up.sql', text).scripts) {
          deepEqual(0 <= range.start && range.start <= range.end && range.end <= text.length, true);
        }
      }),
    );
  });
});

describe('the files of a new migration', () => {
  const now = new Date('2026-03-04T05:06:07.890Z');
  const cases: readonly [string, LayoutName, readonly string[], string, readonly string[]][] = [
    ['the first one', 'dbmate', [], 'Add e-mail', ['20260304050607_add_e_mail.sql']],
    ['the first one', 'golang-migrate', [], 'x', ['20260304050607_x.up.sql', '20260304050607_x.down.sql']],
    ['the first one', 'numbered', [], 'x', ['001_x.sql']],
    ['the first one', 'diesel', [], 'x', ['2026-03-04-050607-0000_x/up.sql', '2026-03-04-050607-0000_x/down.sql']],
    [
      'after one in the future',
      'diesel',
      ['2030-01-01-000000-0001_a/up.sql', '00000000000000_b/up.sql'],
      'x',
      ['2030-01-01-000001-0000_x/up.sql', '2030-01-01-000001-0000_x/down.sql'],
    ],
    ['the first one', 'sqlx', [], 'Add e-mail', ['20260304050607_add_e_mail.sql']],
    [
      'after a sequence in pairs',
      'sqlx',
      ['1_a.up.sql', '1_a.down.sql', '2_b.up.sql', '2_b.down.sql'],
      'x',
      ['0003_x.up.sql', '0003_x.down.sql'],
    ],
    ['after numbers with a gap', 'sqlx', ['001_a.sql', '005_b.sql'], 'x', ['20260304050607_x.sql']],
    ['after one in the future', 'sqlx', ['20300101000000_a.sql'], 'x', ['20300101000001_x.sql']],
    ['the first one', 'prisma', [], 'Add e-mail', ['20260304050607_add_e_mail/migration.sql', 'migration_lock.toml']],
    [
      'after one that has no timestamp',
      'prisma',
      ['0_init/migration.sql'],
      'x',
      ['20260304050607_x/migration.sql', 'migration_lock.toml'],
    ],
    [
      'after one in the future',
      'prisma',
      ['20300101000000_a/migration.sql'],
      'x',
      ['20300101000001_x/migration.sql', 'migration_lock.toml'],
    ],
    ['after a timestamp', 'dbmate', ['20240101000000_a.sql'], 'x', ['20260304050607_x.sql']],
    ['after one in the future', 'dbmate', ['20300101000000_a.sql'], 'x', ['20300101000001_x.sql']],
    ['after a sequence', 'golang-migrate', ['000009_a.up.sql'], 'x', ['000010_x.up.sql', '000010_x.down.sql']],
    [
      'after Unix seconds',
      'golang-migrate',
      ['1700000000_a.up.sql'],
      'x',
      ['1772600767_x.up.sql', '1772600767_x.down.sql'],
    ],
    ['beyond the digits', 'numbered', ['998_a.sql', '999_b.sql'], 'x', ['1000_x.sql']],
    ['after mixed ones', 'numbered', ['0002_a.sql', '10_b.sql', '003_c.sql'], 'x', ['11_x.sql']],
    ['where there are down files', 'numbered', ['01_a.sql', '01_a.down.sql'], 'x', ['02_x.sql', '02_x.down.sql']],
    ['a title of marks', 'numbered', [], ' …/!  ', ['001_migration.sql']],
    ['a title of letters', 'numbered', [], 'Größe / naïve 表', ['001_große_naive_表.sql']],
  ];
  for (const [when, layout, existing, title, expected] of cases) {
    it(`${layout}, ${when}: ${expected[0]}`, () => {
      const chosen = layoutOf(layout);
      const names = existing.flatMap((it) => chosen.readName(it) ?? []);
      deepEqual(
        chosen.skeleton(title, names, now).files.map(({ name }) => name),
        expected,
      );
    });
  }

  it('read back as a migration after all others, with the cursor where SQL goes', () => {
    const numbers = fc.stringMatching(/^\d{1,17}$/);
    fc.assert(
      fc.property(
        // The journal of drizzle has the order, not the names; programs have no SQL to be written.
        fc.constantFrom(...layouts.filter((it) => it.name !== 'drizzle' && !it.program)),
        fc.array(numbers),
        fc.string(),
        fc.date({ noInvalidDate: true }),
        (layout, all, title, date) => {
          const year = Math.min(Math.max(date.getUTCFullYear(), 1970), 9999);
          date.setUTCFullYear(year);
          const existing = all.flatMap(
            (it) => layout.readName(`${it}_a.${layout.name === 'dbmate' ? '' : 'up.'}sql`) ?? [],
          );
          const { files, cursor } = layout.skeleton(title, existing, date);
          const first = files[0]!;
          const name = layout.readName(first.name)!;
          for (const { digits } of existing) deepEqual(BigInt(name.digits) > BigInt(digits), true);
          const { scripts, problems } = layout.read(first.name, first.text);
          deepEqual(problems, []);
          const up = scripts.find(({ direction }) => direction === 'up')!;
          deepEqual(up.range.start <= cursor && cursor <= up.range.end, true);
        },
      ),
    );
  });
});
