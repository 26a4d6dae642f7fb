/** Writes the files of a new migration. */
import { join } from 'node:path';
import { contentsOf } from '../layouts/find';
import type { MigrationName, Skeleton } from '../layouts/layout';
import type { Migration, MigrationFolder } from '../layouts/migration';
import type { Project } from '../project';
import type { Files, World } from '../world';
import type { Ground } from './ground';

/** A folder, and what tells how a new migration of it would look. */
export interface Workplace {
  readonly folder: MigrationFolder;
  readonly world: Pick<World, 'files' | 'now'>;
}

export function createMigration(ground: Ground, title: string): ReturnType<Project['create']> {
  return written(newMigration(ground, title), ground.folder.path, ground.world.files);
}

/**
 * @param folder absolute path
 * @throws {Fault} `not-writable`, `disk-full`
 */
export function written(
  { files, opens, cursor, lists = [] }: Skeleton,
  folder: string,
  into: Pick<Files, 'write' | 'replace'>,
): ReturnType<Project['create']> {
  for (const { name, text } of files) into.write(join(folder, name), text);
  for (const { name, text } of lists) into.replace(join(folder, name), text);
  return { path: join(folder, files[0]?.name ?? opens ?? ''), cursor };
}

/** The next one of the folder as its tool would begin it; nothing is written. */
export const newMigration = ({ folder, world }: Workplace, title: string): Skeleton =>
  folder.layout.skeleton(title, folder.migrations.flatMap(namesOf), world.now(), contentsOf(folder.path, world.files));

/** Of its up and its down file: one that is new gets a down file where the others have some. */
const namesOf = ({ name, upPath, downPath }: Migration): MigrationName[] =>
  upPath === undefined || downPath === undefined || downPath === upPath
    ? [name]
    : [name, { ...name, direction: 'down' }];
