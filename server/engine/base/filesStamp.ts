/** Have the files of some folders changed? Told without reading them. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unlessMissing } from './durable';

/** Another one whenever a file directly in one of the folders comes, goes or is written. */
export const filesStamp = (folders: readonly string[]): string =>
  JSON.stringify(
    folders.map((folder) =>
      (unlessMissing(() => readdirSync(folder)) ?? []).map((name) => {
        const file = statSync(join(folder, name), { throwIfNoEntry: false });
        return [name, file?.size, file?.mtimeMs];
      }),
    ),
  );
