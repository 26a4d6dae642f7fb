/** A migration with its files, as found in a folder. */
import type { Layout, MigrationName } from './layout';

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
