/** Writes the files of a new migration. */
import { join } from 'node:path';
import { contentsOf } from '../layouts/find';
import type { MigrationName } from '../layouts/layout';
import type { Migration } from '../layouts/migration';
import type { Project } from '../project';
import type { Ground } from './ground';

export function createMigration({ folder, world }: Ground, title: string): ReturnType<Project['create']> {
  const existing = folder.migrations.flatMap(namesOf);
  const contents = contentsOf(folder.path, world.files);
  const { files, opens, cursor, lists = [] } = folder.layout.skeleton(title, existing, world.now(), contents);
  for (const { name, text } of files) world.files.write(join(folder.path, name), text);
  for (const { name, text } of lists) world.files.replace(join(folder.path, name), text);
  return { path: join(folder.path, files[0]?.name ?? opens ?? ''), cursor };
}

/** Of its up and its down file: one that is new gets a down file where the others have some. */
export const namesOf = ({ name, upPath, downPath }: Migration): MigrationName[] =>
  upPath === undefined || downPath === undefined || downPath === upPath
    ? [name]
    : [name, { ...name, direction: 'down' }];
