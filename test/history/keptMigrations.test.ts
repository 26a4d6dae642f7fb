/** The files that are kept of applied migrations: by several processes, over many writes, and after damage. */
import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KeptMigration, type KeptMigrations, keptMigrations } from '../../server/engine/history/keptMigrations';
import { withFolder } from '../support/files';

const table = 'public.h';

const migration = (version: string, text: string): KeptMigration => ({
  version,
  title: '',
  name: { version, digits: version, order: version, title: '', direction: 'up' },
  kept: '2026-11-27T08:00:00.000Z',
  up: { fileName: `${version}.sql`, text, isMarked: false, beside: {} },
});

const textsIn = (kept: KeptMigrations): string[] =>
  [...kept.all()].map(([version, { up }]) => `${version} ${up?.text ?? ''}`).toSorted();

describe('the files that are kept of applied migrations', () => {
  it('are those that were put last, by whichever process, also at one instant or when a clock was put back', () =>
    withFolder((storage) => {
      const times = ['2026-11-27T08:00:00Z', '2026-11-27T08:00:00Z', '2025-01-01T00:00:00Z'];
      const [first, second, third] = times.map((it) => keptMigrations(storage, table, () => new Date(it)));
      first!.put([migration('1', 'a'), migration('2', 'a')], []);
      second!.put([migration('1', 'b')], ['2']);
      third!.put([migration('1', 'c')], []);
      for (const it of [first!, second!, third!]) deepEqual(textsIn(it), ['1 c']);
      deepEqual(textsIn(keptMigrations(storage, 'public.other', () => new Date())), []);
    }));

  it('become one file when there are many, and none is lost', () =>
    withFolder((storage) => {
      const [one, other] = [1, 2].map(() => keptMigrations(storage, table, () => new Date()));
      for (let i = 100; i < 200; i++) (i % 2 === 0 ? one! : other!).put([migration(String(i), 'x')], []);
      equal(textsIn(one!).length, 100);
      const [folder = ''] = readdirSync(join(storage, 'kept'));
      equal(readdirSync(join(storage, 'kept', folder)).length < 50, true);
      one!.put([], ['150']);
      equal(other!.all().has('150'), false);
    }));

  it('are those of the other files where one was damaged', () =>
    withFolder((storage) => {
      const kept = keptMigrations(storage, table, () => new Date());
      kept.put([migration('1', 'a')], []);
      const [folder = ''] = readdirSync(join(storage, 'kept'));
      for (const [i, text] of ['{"kept":[', '[]', ''].entries())
        writeFileSync(join(storage, 'kept', folder, `2026112708000000${i}-0.json`), text);
      deepEqual(textsIn(kept), ['1 a']);
    }));
});
