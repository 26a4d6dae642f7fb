/** A migration that its tool would pass over, or stumble on, gets the next version by other names of its files. */
import { join } from 'node:path';
import { fileNameIn, type Migration } from '../layouts/migration';
import type { Rename } from '../project';
import { newMigration, type Workplace } from './creating';

/**
 * Nothing is renamed here.
 *
 * @returns empty where the version does not stand in a name
 */
export function renamesOf(place: Workplace, migration: Migration): readonly Rename[] {
  const { layout, path } = place.folder;
  const { digits } = migration.name;
  const [first] = newMigration(place, 'x').files;
  const next = first && layout.readName(first.name)?.digits;
  if (!first || !next || !digits || next === digits) return [];
  const paths = [migration.upPath, migration.downPath].filter((it) => it !== undefined);
  const names = paths.map((it) => fileNameIn(place.folder, it));
  // Where another file says what the version is, as the journal of drizzle does, a name tells nothing.
  if (!names.every((it) => layout.readName(it)?.version === migration.version)) return [];
  const home = numbered(first.name, next)?.folder ?? '';
  const renames = new Map(names.flatMap((it) => renameOf(it, digits, next, home)));
  return [...renames].map(([from, to]) => ({ from: join(path, from), to: join(path, to) }));
}

/**
 * Of the file, or of the folder that bears the number: up to the first part of the path that does.
 *
 * @param home where new ones are made: the next number of `current/` is none for `committed/`
 */
function renameOf(
  fileName: string,
  digits: string,
  next: string,
  home: string,
): readonly (readonly [string, string])[] {
  const found = numbered(fileName, digits);
  if (!found || (home !== '' && home !== found.folder)) return [];
  const { folder, part } = found;
  return [[`${folder}${part}`, `${folder}${part.replace(digits, next)}`]];
}

/** The first part of a path that begins with the number, and what stands before it. */
function numbered(fileName: string, digits: string): { readonly folder: string; readonly part: string } | undefined {
  const parts = fileName.split('/');
  const at = parts.findIndex((it) => new RegExp(`^\\D*${digits}(?!\\d)`).test(it));
  const part = parts[at];
  return part === undefined
    ? undefined
    : {
        folder: parts
          .slice(0, at)
          .map((it) => `${it}/`)
          .join(''),
        part,
      };
}
