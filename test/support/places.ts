/** Places for shadows of the tests' own. */
import { join } from 'node:path';
import type { DiskCache } from '../../server/engine/base/diskCache';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { startServer } from '../../server/engine/shadow/privateServer';
import { serverPlace } from '../../server/engine/shadow/serverPlace';
import { binariesOf, type Major } from './servers';

export const assets = join(__dirname, '../../dist');

/** Nothing is ever there. */
export const noCache: DiskCache = {
  has: () => false,
  read: () => Promise.resolve(undefined),
  put: () => Promise.resolve(),
  remove: () => Promise.resolve(),
};

/** On a server that nobody else has: a private place drops the roles that it does not know. */
export async function privatePlaceOf(major: Major): Promise<ShadowPlace> {
  const server = await startServer({ binaries: binariesOf(major) });
  return serverPlace({
    kind: 'private',
    label: `test server ${major}`,
    database: (name) => serverDatabase(plainParameters({ ...server, database: name }), assets),
    home: 'postgres',
    end: () => server.stop(),
    likeTarget: '',
    log: () => {},
  });
}
