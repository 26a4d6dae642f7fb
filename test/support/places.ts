/** Places for shadows on the test servers. */
import { join } from 'node:path';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { serverPlace } from '../../server/engine/shadow/serverPlace';
import { type Major, serverOf } from './servers';

export const assets = join(__dirname, '../../dist');

export async function placeOn(major: Major, kind: 'private' | 'same-server' = 'private'): Promise<ShadowPlace> {
  const { host, port, user, password } = await serverOf(major);
  return serverPlace({
    kind,
    label: `test server ${major}`,
    database: (name) =>
      serverDatabase(plainParameters({ host, port, user, password, database: name || 'postgres' }), assets),
    end: () => Promise.resolve(),
    likeTarget: '',
    log: () => {},
  });
}
