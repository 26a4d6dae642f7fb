/** Puts the up and the down file of a migration together. */
import { join } from 'node:path';
import type { FoundFile, MigrationName } from './layout';
import type { Migration } from './migration';

/**
 * @param folder absolute path
 * @returns oldest first. Two up files of one version become two migrations, so that neither is hidden from the user; the tool
 * refuses such a folder, and so do its problems.
 */
export function migrationsOf(files: readonly FoundFile[], folder: string): Migration[] {
  const pathOf = (file: FoundFile | undefined) => file && join(folder, file.fileName);
  const groups = [...groupsOf(files, ({ name }) => name.order)].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return groups.flatMap(([, group]) => {
    const downs = group.filter(({ name }) => name.direction === 'down');
    const verify = pathOf(group.find(({ name }) => name.direction === 'verify'));
    const ups = group.filter(({ name }) => name.direction === 'up' || name.direction === 'both');
    const [down] = downs;
    if (ups.length === 0) return down ? [migration(down.name, undefined, pathOf(down))] : [];
    const entitled = (it: FoundFile, others: readonly FoundFile[]) =>
      others.find(({ name }) => name.title === it.name.title);
    return ups.map((up, index) => {
      if (up.name.direction === 'both') return migration(up.name, pathOf(up), pathOf(up));
      const left = index === 0 ? downs.find((it) => !entitled(it, ups)) : undefined;
      const made = migration(up.name, pathOf(up), pathOf(entitled(up, downs) ?? left));
      return verify === undefined ? made : { ...made, verifyPath: verify };
    });
  });
}

/** The items by key, both in their first order. */
export function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const migration = (name: MigrationName, upPath: string | undefined, downPath: string | undefined): Migration => ({
  version: name.version,
  title: name.title,
  upPath,
  downPath,
  name,
});
