/** A cache on the disk: whole entries, the longest unused thrown away, and no harm when the disk says no. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskCache } from '../../server/engine/base/diskCache';
import { withFolder } from '../support/files';

describe('a cache on the disk', () => {
  it('gives back what was put there, also to another one on the same folder, and nothing else', () =>
    withFolder(async (folder) => {
      await diskCache(join(folder, 'cache'), 1000, fail).put('a', 'é');
      equal(String(await diskCache(join(folder, 'cache'), 1000, fail).read('a')), 'é');
      equal(await diskCache(join(folder, 'cache'), 1000, fail).read('b'), undefined);
      await diskCache(join(folder, 'cache'), 1000, fail).remove('a');
      equal(await diskCache(join(folder, 'cache'), 1000, fail).read('a'), undefined);
    }));

  it('throws away what was used longest ago, and what was left unfinished', () =>
    withFolder(async (folder) => {
      const cache = diskCache(folder, 25, fail);
      await cache.put('used', '0123456789');
      await cache.put('unused', '0123456789');
      writeFileSync(join(folder, 'x.unfinished'), '');
      for (const [i, name] of ['used', 'unused', 'x.unfinished'].entries()) utimesSync(join(folder, name), i, i);
      writeFileSync(join(folder, 'y.unfinished'), 'still being written');
      await cache.read('used');
      await cache.put('newest', '0123456789');
      deepEqual(readdirSync(folder).toSorted(), ['newest', 'used', 'y.unfinished']);
    }));

  it('is put into by many at the same time', () =>
    withFolder(async (folder) => {
      const keys = Array.from({ length: 50 }, (_, i) => `${i}`);
      await Promise.all(keys.map((key) => diskCache(folder, 1000, fail).put(key, key)));
      deepEqual(readdirSync(folder).toSorted(), keys.toSorted());
    }));

  it('holds nothing where nothing can be written, and says so in the log', () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'file'), '');
      const lines: string[] = [];
      const cache = diskCache(join(folder, 'file'), 1000, (line) => lines.push(line));
      await cache.put('a', 'b');
      match(lines.join('\n'), /file: Error: (?:EEXIST|ENOTDIR)/);
      equal(await cache.read('a'), undefined);
    }));
});

const fail = (line: string): never => {
  throw new Error(line);
};
