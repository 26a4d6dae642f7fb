/** A migration that its tool would pass over, or stumble on, gets the next version by other names of its files. */
import { join } from 'node:path';
import { contentsOf } from '../layouts/find';
import { fileNameIn, type Migration } from '../layouts/migration';
import type { Rename } from '../project';
import { namesOf } from './creating';
import type { Ground } from './ground';

/**
 * Nothing is renamed here.
 *
 * @returns empty where the version does not stand in a name
 */
export function renamesOf({ folder, world }: Ground, migration: Migration): readonly Rename[] {
  const { layout, migrations, path } = folder;
  const existing = migrations.flatMap(namesOf);
  const { files } = layout.skeleton('x', existing, world.now(), contentsOf(path, world.files));
  const next = layout.readName(files[0]?.name ?? '')?.digits;
  const { digits } = migration.name;
  if (next === undefined || next === digits) return [];
  const paths = [migration.upPath, migration.downPath].filter((it) => it !== undefined);
  const renames = new Map(paths.flatMap((it) => renameOf(fileNameIn(folder, it), digits, next)));
  return [...renames].map(([from, to]) => ({ from: join(path, from), to: join(path, to) }));
}

/** Of the file, or of the folder that bears the number: up to the first part of the path that does. */
function renameOf(fileName: string, digits: string, next: string): readonly (readonly [string, string])[] {
  const parts = fileName.split('/');
  const at = parts.findIndex((part) => new RegExp(`^\\D*${digits}(?!\\d)`).test(part));
  const part = parts[at];
  if (part === undefined) return [];
  const from = parts.slice(0, at + 1).join('/');
  const to = [...parts.slice(0, at), part.replace(digits, next)].join('/');
  return [[from, to]];
}
