/** Have the files of some folders changed? Told without reading them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Another one whenever a file directly in one of the folders comes, goes or is written. */
export const filesStamp = (folders: readonly string[]): string =>
  JSON.stringify(
    folders.map((folder) =>
      (existsSync(folder) ? readdirSync(folder) : []).map((name) => {
        const { size, mtimeMs } = statSync(join(folder, name));
        return [name, size, mtimeMs];
      }),
    ),
  );
