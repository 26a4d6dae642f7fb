/**
 * Servers without a database, as a former start of ours leaves them on the disk: to begin with one takes a quarter of
 * the processor time of initdb, which tests with hundreds of private servers would otherwise spend their time with.
 * Kept in out/ for the next run. What has no storage from here runs initdb: the tests of `shadow/`, the command
 * line and the language server.
 */
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type DiskCache, diskCache } from '../../server/engine/base/diskCache';
import { findBinaries } from '../../server/engine/shadow/binaries';
import { keepBare } from '../../server/engine/shadow/preparedServer';
import { binariesOf, type Major, servers } from './servers';

const folder = join(__dirname, '../../out/servers');
const fail = (line: string): never => {
  throw new Error(line);
};
const cache: DiskCache = diskCache(folder, 1e9, fail);

/** Key by folder of binaries. */
let kept: Promise<ReadonlyMap<string, string>> | undefined;

/** Of the oldest and the newest major; made when this clone has none yet. */
export function bareServers(): Promise<ReadonlyMap<string, string>> {
  return (kept ??= Promise.all([servers.oldest, servers.newest].map(bareServer)).then((made) => new Map(made)));
}

async function bareServer(major: Major): Promise<readonly [string, string]> {
  const binaries = findBinaries([binariesOf(major)], [], {}).find((it) => it.major === major);
  if (!binaries) throw new Error(`the binaries of PostgreSQL ${major} do not answer`);
  // As on the servers of tests, which are the targets.
  const settings = { max_prepared_transactions: '8' };
  return [binaries.folder, await keepBare({ binaries, settings, likeTarget: '', cache, log: fail })];
}

/** Lays a bare server into the storage of an engine, where one is kept of these binaries. */
export function layBareServer(key: string | undefined, storage: string): void {
  const to = join(storage, 'prepared');
  if (key === undefined || existsSync(join(to, key))) return;
  mkdirSync(to, { recursive: true });
  // Only read, and replaced as a whole. Not everybody may make links on Windows.
  (process.platform === 'win32' ? copyFileSync : symlinkSync)(join(folder, key), join(to, key));
}
