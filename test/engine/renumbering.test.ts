/** The next version as another name, for each tool that has versions in names; and for no other. */
import { deepEqual } from 'node:assert/strict';
import { layoutOf, readFolder } from '../../server/engine/layouts/find';
import { renamesOf } from '../../server/engine/projects/renumbering';
import { filesOf } from '../support/files';

const now = () => new Date('2026-01-02T03:04:05Z');

/** Of the first migration: `1_a.sql > 3_a.sql`. */
function renamed(layout: string, names: readonly string[], others: Readonly<Record<string, string>> = {}): string[] {
  const files = filesOf({ ...Object.fromEntries(names.map((it) => [`/m/${it}`, 'select 1;'])), ...others });
  const folder = readFolder('/m', files, layoutOf(layout));
  const renames = renamesOf({ folder, world: { files, now } }, folder.migrations[0]!);
  return renames.map(({ from, to }) => `${from} > ${to}`.replaceAll('/m/', ''));
}

describe('the next version of a migration by another name', () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    [
      'golang-migrate',
      ['1_a.up.sql', '1_a.down.sql', '3_b.up.sql'],
      ['1_a.up.sql > 4_a.up.sql', '1_a.down.sql > 4_a.down.sql'],
    ],
    ['goose', ['00001_a.sql', '00002_b.sql'], ['00001_a.sql > 00003_a.sql']],
    ['node-pg-migrate', ['0001_a.sql', '0002_b.sql'], ['0001_a.sql > 0003_a.sql']],
    ['flyway', ['sub/V1_1__a.sql', 'V2__b.sql'], ['sub/V1_1__a.sql > sub/V3__a.sql']],
    ['prisma', ['20240101000000_a/migration.sql'], ['20240101000000_a > 20260102030405_a']],
    ['drizzle', ['20240101000000_a/migration.sql'], ['20240101000000_a > 20260102030405_a']],
  ];
  for (const [layout, names, wanted] of cases) it(`of ${layout}`, () => deepEqual(renamed(layout, names), wanted));

  it('is offered where the name tells the version only', () => {
    const entries = ['0000_a', '0001_b'].map((tag, idx) => ({ idx, when: 5 - idx, tag }));
    const journal = { '/m/meta/_journal.json': JSON.stringify({ dialect: 'postgresql', entries }) };
    deepEqual(renamed('drizzle', ['0000_a.sql', '0001_b.sql'], journal), []);
    deepEqual(renamed('flyway', ['R__views.sql']), []);
    deepEqual(renamed('graphile-migrate', ['committed/000001-a.sql', 'committed/000002.sql']), []);
    deepEqual(renamed('graphile-migrate', ['committed/000001-a.sql', 'current/2.sql']), []);
  });
});
