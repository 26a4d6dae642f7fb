/** The links of a package with server programs: made where its list says so, and nowhere else, whatever it says. */
import { deepEqual, equal } from 'node:assert/strict';
import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linkLibraries } from '../../server/engine/shadow/binaries';
import { withFolder } from '../support/files';

describe('links of libraries', () => {
  const links = [{ source: 'native/lib/libpq.so.5.17', target: 'native/lib/libpq.so.5' }];

  const linked = (home: string, list: string): void => {
    for (const it of ['bin', 'lib']) mkdirSync(join(home, 'native', it), { recursive: true });
    writeFileSync(join(home, 'native/pg-symlinks.json'), list);
    linkLibraries(join(home, 'native/bin'));
  };

  it('are those of the list, also when another process makes them', () =>
    withFolder((home) => {
      linked(home, JSON.stringify(links));
      linked(home, JSON.stringify(links));
      equal(readlinkSync(join(home, 'native/lib/libpq.so.5')), 'libpq.so.5.17');
    }));

  it('lead nowhere else, and a list that is none has none', () =>
    withFolder((folder) => {
      const outside = { source: 'x/y', target: '../out' };
      const lists = ['{bad json', '{}', 'null', '[null, 1, {}]', JSON.stringify([outside])];
      for (const [i, list] of lists.entries()) linked(join(folder, `${i}`), list);
      deepEqual(
        lists.map((_, i) => existsSync(join(folder, `${i}/native/lib/libpq.so.5`))),
        lists.map(() => false),
      );
      equal(existsSync(join(folder, 'out')), false);
    }));
});
