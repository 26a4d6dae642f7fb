/** What is run of a folder, as far as its files alone tell it. */
import { deepEqual, throws } from 'node:assert/strict';
import { planDown, planUp } from '../../server/engine/apply/plan';
import { layoutOf, readFolder } from '../../server/engine/layouts/find';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { isFault } from '../support/faults';
import { filesOf } from '../support/files';

const jobOf = (layout: LayoutName, names: readonly string[]) => {
  const files = filesOf(Object.fromEntries(names.map((name) => [`/m/${name}`, 'select 1;\n'])));
  return { folder: readFolder('/m', files, layoutOf(layout)), read: files.read, isMarked: () => false };
};

describe('a plan', () => {
  const onlyUp: readonly [LayoutName, string, string][] = [
    ['supabase', '1_a.sql', 'Supabase CLI'],
    ['prisma', '1_a/migration.sql', 'Prisma Migrate'],
    ['flyway', 'V1__a.sql', 'Flyway'],
  ];
  for (const [layout, file, label] of onlyUp)
    it(`takes nothing back where ${layout} cannot, and says so`, () => {
      const job = jobOf(layout, [file]);
      const versions = job.folder.migrations.map(({ version }) => version);
      const says = new RegExp(
        `cannot be reverted: ${label} has no down scripts; .* Restore a snapshot instead, or write`,
      );
      throws(() => planDown(job, versions), isFault('only-up', says));
    });

  it('runs the first file of a version where the tool does, and both where it does', () => {
    const paths = (layout: LayoutName, names: readonly string[], version: string) =>
      planUp(jobOf(layout, names), [version]).map(({ path }) => path);
    deepEqual(paths('atlas', ['1_a.sql', '1_b.sql'], '1'), ['/m/1_a.sql']);
    deepEqual(paths('node-pg-migrate', ['1_a.sql', '1_a.up.sql'], '1_a'), ['/m/1_a.sql', '/m/1_a.up.sql']);
  });
});
