/** A migration with its files, as found in a folder. */
import { relative, resolve, sep } from 'node:path';
import { unlessUnreadable } from '../base/unlessUnreadable';
import type { Files } from '../world';
import type { FileProblem, FolderContents, Layout, MigrationFile, MigrationName } from './layout';

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
    unlessUnreadable(() => read(resolve(path, name)));

/**
 * As Layout.read, with what the tool says of a byte order mark.
 *
 * @param text without it
 */
export function fileOf(
  folder: Pick<MigrationFolder, 'path' | 'layout'>,
  path: string,
  text: string,
  files: Pick<Files, 'read' | 'isMarked'>,
): MigrationFile {
  const { layout } = folder;
  const file = layout.read(
    fileNameIn(folder, path),
    text,
    besideIn(folder, (it) => files.read(it)),
  );
  if (layout.onByteOrderMark === undefined || !files.isMarked(path)) return file;
  return { ...file, problems: [marked(layout.onByteOrderMark), ...file.problems] };
}

const marked = (effect: string): FileProblem => ({
  range: { start: 0, end: 0 },
  severity: 'error',
  code: 'byte-order-mark',
  message: `The file begins with a byte order mark. ${effect} Save it as UTF-8 without one.`,
});
