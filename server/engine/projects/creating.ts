/** Writes the files of a new migration. */
import { join } from 'node:path';
import type { Project } from '../project';
import type { Ground } from './ground';

export function createMigration({ folder, world }: Ground, title: string): ReturnType<Project['create']> {
  const existing = folder.migrations.map(({ name }) => name);
  const { files, cursor } = folder.layout.skeleton(title, existing, world.now());
  for (const { name, text } of files) world.files.write(join(folder.path, name), text);
  return { path: join(folder.path, files[0]?.name ?? ''), cursor };
}
