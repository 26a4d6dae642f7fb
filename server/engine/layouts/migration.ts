/** A migration with its files, as found in a folder. */
import { join, relative, sep } from 'node:path';
import { unlessUnreadable } from '../base/unlessUnreadable';
import type { FolderContents, Layout, MigrationFile, MigrationName } from './layout';

/** One versioned change; the order is that of `MigrationFolder.migrations`. */
export interface Migration {
  readonly version: string;
  readonly title: string;
  /** Absolute path of the file with the up script. */
  readonly upPath: string | undefined;
  /** The same path when one file holds both. */
  readonly downPath: string | undefined;
  readonly name: MigrationName;
}

/** A folder of migrations of one tool. */
export interface MigrationFolder {
  /** Absolute path. */
  readonly path: string;
  readonly layout: Layout;
  /** Why this layout was chosen, for people. */
  readonly because: string;
  /** Oldest first. */
  readonly migrations: readonly Migration[];
  /** Versions that stand twice and other trouble of the folder as a whole. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/** As its layout takes it: relative to the folder, with `/` between. */
export const fileNameIn = ({ path }: Pick<MigrationFolder, 'path'>, file: string): string =>
  relative(path, file).replaceAll(sep, '/');

/** @param read by absolute path */
export const besideIn =
  ({ path }: Pick<MigrationFolder, 'path'>, read: (path: string) => string | undefined): FolderContents['read'] =>
  (name) =>
    unlessUnreadable(() => read(join(path, name)));

/** As Layout.read. */
export const fileOf = (
  folder: Pick<MigrationFolder, 'path' | 'layout'>,
  path: string,
  text: string,
  read: (path: string) => string | undefined,
): MigrationFile => folder.layout.read(fileNameIn(folder, path), text, besideIn(folder, read));
