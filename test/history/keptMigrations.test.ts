/** The files that are kept of applied migrations: by several processes, over many writes, and after damage. */
import { deepEqual, equal } from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { KeptMigration } from '../../server/engine/history/keptChange';
import { keptFolder, type KeptMigrations, keptMigrations } from '../../server/engine/history/keptMigrations';
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
      for (const [i, text] of [
        '{"kept":[',
        '[]',
        '',
        '{"kept":[null],"gone":[]}',
        '{"kept":[{"version":"2","kept":""}],"gone":[]}',
        '{"kept":[],"gone":[1]}',
      ].entries())
        writeFileSync(join(storage, 'kept', folder, `2026112708000000${i}-0.json`), text);
      deepEqual(textsIn(kept), ['1 a']);
    }));

  it('have gone also where a file of a former version says so, without the time', () =>
    withFolder((storage) => {
      const folder = keptFolder(storage, table);
      mkdirSync(folder, { recursive: true });
      const write = (stamp: string, kept: readonly KeptMigration[], gone: readonly string[]) =>
        writeFileSync(join(folder, `${stamp}-0.json`), JSON.stringify({ kept, gone }));
      write('20261127080000000', [migration('1', 'a'), migration('2', 'a')], []);
      write('20261127080000001', [], ['2']);
      const kept = keptMigrations(storage, table, () => new Date());
      deepEqual(textsIn(kept), ['1 a']);
      kept.put([migration('2', 'b')], []);
      deepEqual(textsIn(kept), ['1 a', '2 b']);
    }));

  it('are of each version what was put or forgotten last, however the steps of several processes alternate', () =>
    withFolder((root) => {
      const version = fc.constantFrom('1', '2');
      const start = fc.record({ kind: fc.constantFrom('put', 'forget'), version, joins: fc.boolean() });
      const step = fc.record({ kind: fc.constant('step'), writer: fc.nat(2) });
      const run = (events: readonly (Started | Step)[]) => {
        const scene = new Scene(mkdtempSync(join(root, 'scene-')));
        for (const it of events)
          if ('writer' in it) scene.step(it.writer);
          else scene.start(it);
        scene.finish();
        deepEqual(scene.kept, scene.expected);
      };
      fc.assert(fc.property(fc.array(fc.oneof(start, step), { maxLength: 16 }), run), { numRuns: 40 });
    }));
});

interface Started {
  readonly kind: string;
  readonly version: string;
  /** With so many files that it puts them together. */
  readonly joins: boolean;
}

interface Step {
  readonly writer: number;
}

/**
 * Processes that have read what is there and write later: each works on a copy of the folder at once, and what that did
 * to the files is done to the folder step by step.
 */
class Scene {
  private readonly writers: (() => void)[][] = [];
  private readonly last = new Map<string, string>();
  private time = Date.parse('2026-11-27T08:00:00Z');
  private readonly folder: string;

  constructor(private readonly storage: string) {
    this.folder = keptFolder(storage, table);
    mkdirSync(this.folder, { recursive: true });
  }

  start({ kind, version, joins }: Started): void {
    const home = mkdtempSync(join(this.storage, 'copy-'));
    const copy = keptFolder(home, table);
    cpSync(this.folder, copy, { recursive: true });
    if (joins)
      for (let i = 100; i < 140; i++) writeFileSync(join(copy, `20200101000000${i}-0.json`), '{"kept":[],"gone":[]}');
    const before = readdirSync(copy);
    const text = String((this.time += 1000));
    const process = keptMigrations(home, table, () => new Date(this.time));
    const isKnown = process.all().has(version);
    if (kind === 'put') process.put([migration(version, text)], []);
    else process.put([], [version]);
    if (kind === 'put') this.last.set(version, text);
    else if (isKnown) this.last.delete(version);
    const after = readdirSync(copy);
    const written = after.filter((it) => !before.includes(it));
    const removed = before.filter((it) => !after.includes(it));
    this.writers.push([
      ...written.map((it) => () => cpSync(join(copy, it), join(this.folder, it))),
      ...removed.map((it) => () => rmSync(join(this.folder, it), { force: true })),
    ]);
  }

  /** @param writer of those that have not finished */
  step(writer: number): void {
    const busy = this.writers.filter((it) => it.length > 0);
    busy[writer % busy.length]?.shift()?.();
  }

  finish(): void {
    for (const it of this.writers.flat()) it();
  }

  get kept(): string[] {
    return textsIn(keptMigrations(this.storage, table, () => new Date()));
  }

  get expected(): string[] {
    return [...this.last].map(([version, text]) => `${version} ${text}`).toSorted();
  }
}
