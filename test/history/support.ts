/** A folder of migrations with a database, for comparing our reading of a history with that of its tool. */
import type { Session } from '../../server/engine/database/session';
import type { FolderFiles } from '../../server/engine/history/history';
import type { LayoutName } from '../../server/engine/layouts/layout';
import type { MigrationFolder } from '../../server/engine/layouts/migration';
import { withFolder } from '../support/files';
import { folderOf } from '../support/migrating';
import { type Major, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

export interface TestProject {
  readonly url: string;
  /** Of the folder. */
  readonly path: string;
  readonly session: Session;
  readonly folder: MigrationFolder;
}

/** @param texts by the names of the files */
export const withFolderAndDatabase = <T>(
  major: Major,
  layout: LayoutName,
  texts: Readonly<Record<string, string>>,
  use: (project: TestProject) => Promise<T>,
): Promise<T> =>
  withDatabase(major, (url) =>
    withFolder((path) =>
      withSession(url, (session) => use({ url, path, session, folder: folderOf(path, layout, texts) })),
    ),
  );

/** @param texts by version */
export const folderFilesOf = (
  { migrations }: Pick<MigrationFolder, 'migrations'>,
  texts: Readonly<Record<string, string>> = {},
): FolderFiles => ({ migrations, upTextOf: ({ version }) => texts[version], read: () => undefined });
