/** Jobs on folders of the disk, where the real tool works as well. */
import { type Job } from '../../server/engine/apply/job';
import { nodeSources, readConnection } from '../../server/engine/database/connection';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { histories } from '../../server/engine/history/all';
import { readFolder } from '../../server/engine/layouts/find';
import { besideIn } from '../../server/engine/layouts/migration';
import { diskFiles } from '../../server/world';
import { assets } from '../support/places';
import { toolSettings } from '../support/toolSettings';

/** Read anew at each call, as the engine does before each answer. */
export function diskJob(
  path: string,
  url: string,
  storage: string,
  environment: Readonly<Record<string, string>> = {},
): Job {
  const found = readFolder(path, diskFiles);
  const settings = toolSettings({ environment, read: besideIn({ path }, (file) => diskFiles.read(file)) });
  const folder = { ...found, layout: found.layout.configured?.(settings) ?? found.layout };
  return {
    database: serverDatabase(readConnection(url, nodeSources({})), assets),
    history: histories[folder.layout.name](settings),
    folder,
    read: (file) => diskFiles.read(file),
    isMarked: (file) => diskFiles.isMarked(file),
    storage,
    now: () => new Date(),
    progress: () => {},
    signal: new AbortController().signal,
  };
}
