/** The lock of an embedded database: two processes never hold it together, and a dead one's is taken over. */
import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unfinishedSuffix } from '../../server/engine/base/durable';
import { lockFile } from '../../server/engine/database/embeddedLock';
import { withFolder } from '../support/files';
import { startKillable } from '../support/killable';
import type { Errand } from './lockChild';

const child = join(__dirname, 'lockChild.ts');

/** What a process that has ended would have written. */
function deadHolder(): string {
  const { pid } = spawnSync(process.execPath, ['--version']);
  return JSON.stringify({ pid, started: '1', since: '2026-01-01T00:00:00.000Z', nonce: 'dead' });
}

describe('the lock of an embedded database', () => {
  it('is never held by two processes, also while both take it over from the dead', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'shop.db');
      const errand: Errand = { file, times: 400, dead: deadHolder() };
      const both = [startKillable(child, errand), startKillable(child, errand)];
      deepEqual(await Promise.all(both.map(({ ended }) => ended)), ['never together', 'never together']);
      lockFile(file)();
      const left = readdirSync(folder).filter((it) => !it.includes('.here-'));
      deepEqual(left, []);
    }));

  it('says who holds it as soon as it is there', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'shop.db');
      const release = lockFile(file);
      equal(JSON.parse(readFileSync(`${file}.lock`, 'utf8')).pid, process.pid);
      throws(() => lockFile(file), { code: 'locked' });
      release();
      equal(existsSync(`${file}.lock`), false);
    }));

  it('is taken over from the dead, and from one whose writing never reached the disk', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'shop.db');
      for (const left of [deadHolder(), '', '{"pid":']) {
        writeFileSync(`${file}.lock`, left);
        const release = lockFile(file);
        match(readFileSync(`${file}.lock`, 'utf8'), new RegExp(`"pid":${process.pid},`));
        release();
        deepEqual(readdirSync(folder), []);
      }
    }));

  it('is taken over also when who did so before died in the middle of it', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'shop.db');
      const dead = deadHolder();
      writeFileSync(`${file}.lock`, dead);
      const guard = `${file}.lock.${createHash('sha256').update(dead).digest('hex').slice(0, 16)}${unfinishedSuffix}`;
      writeFileSync(guard, deadHolder());
      lockFile(file)();
      deepEqual(readdirSync(folder), []);
    }));

  it('is given back by its holder only, and once', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'shop.db');
      const first = lockFile(file);
      const anothers = deadHolder();
      writeFileSync(`${file}.lock`, anothers);
      first();
      equal(readFileSync(`${file}.lock`, 'utf8'), anothers);
      const second = lockFile(file);
      first();
      throws(() => lockFile(file), { code: 'locked' });
      second();
      deepEqual(readdirSync(folder), []);
    }));
});
