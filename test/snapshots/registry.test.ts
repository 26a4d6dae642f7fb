/** Files of ours on disk: entries that somebody damaged, journals that a crash has torn, names of any target. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, constantFrom, integer, property, string } from 'fast-check';
import { writeDurably } from '../../server/engine/base/durable';
import { isAbout, openJournal, readJournals, type Step } from '../../server/engine/base/journal';
import { snapshotName } from '../../server/engine/snapshots/names';
import { type SnapshotRecord, recordIn } from '../../server/engine/snapshots/record';
import {
  dumpHead,
  dumpPath,
  leaveNote,
  noteOf,
  register,
  registered,
  sweepUnfinished,
  unregister,
} from '../../server/engine/snapshots/registry';
import { withFolder } from '../support/files';

const record = (id: string, over: Partial<SnapshotRecord> = {}): SnapshotRecord => ({
  rehearsal: 'snapshot',
  id,
  kind: 'copy',
  of: 'postgres://me@localhost:5432/shop',
  database: 'shop',
  taken: '2026-01-02T03:04:05.000Z',
  reason: 'before "applying" 7 🛒\n',
  bytes: 12,
  version: null,
  comment: 'it’s the shop',
  ...over,
});

interface Numbered extends Step {
  readonly number: number;
}

const isNumbered = (value: unknown): value is Numbered =>
  typeof value === 'object' && value !== null && 'number' in value;

const ids = (storage: string): readonly string[] =>
  registered(storage)
    .map(({ id }) => id)
    .toSorted();

describe('the registry of snapshots', () => {
  it('is read back as it was written, and an entry is taken out', () =>
    withFolder((storage) => {
      deepEqual(registered(storage), []);
      register(storage, record('a'));
      register(storage, record('b'));
      deepEqual(
        registered(storage).toSorted((x, y) => (x.id < y.id ? -1 : 1)),
        [record('a'), record('b')],
      );
      leaveNote(storage, 'a', 'to be known again');
      equal(noteOf(storage, 'a'), 'to be known again');
      unregister(storage, 'a');
      deepEqual(ids(storage), ['b']);
      equal(noteOf(storage, 'a'), undefined);
    }));

  it('leaves out entries that somebody damaged, and keeps the others', () =>
    withFolder((storage) => {
      register(storage, record('good'));
      const bad = {
        empty: '',
        torn: JSON.stringify(record('torn')).slice(0, 40),
        list: '[]',
        other: JSON.stringify({ rehearsal: 'something else' }),
        numbers: JSON.stringify({ ...record('numbers'), taken: 7 }),
        outside: JSON.stringify(record('../../etc')),
      };
      for (const [name, text] of Object.entries(bad)) writeFileSync(join(storage, 'snapshots', `${name}.json`), text);
      deepEqual(ids(storage), ['good']);
    }));

  it('knows a dump file by its first line when its entry is lost', () =>
    withFolder((storage) => {
      const lost = record('lost', { kind: 'file' });
      writeDurably(dumpPath(storage, 'lost'), `${dumpHead(lost)}select 1;\n`);
      writeDurably(dumpPath(storage, 'foreign'), 'select 1;\n');
      deepEqual(registered(storage), [lost]);
    }));

  it('throws away what was cut off an hour ago, not what may still be written', () =>
    withFolder((storage) => {
      mkdirSync(join(storage, 'snapshots'));
      const [old, young] = ['a.sql.12ab.unfinished', 'b.sql.34cd.unfinished'];
      for (const name of [old, young]) writeFileSync(join(storage, 'snapshots', name), 'x');
      utimesSync(join(storage, 'snapshots', old), 0, 0);
      sweepUnfinished(storage, new Date());
      deepEqual(readdirSync(join(storage, 'snapshots')), [young]);
    }));

  it('never fails on whatever a comment says', () =>
    assert(
      property(string(), integer({ min: 0, max: 300 }), (text, length) => {
        const found = recordIn(JSON.stringify(record(text)).slice(0, length));
        ok(found === undefined || found.id === text);
        equal(recordIn(`"rehearsal"${text}`), undefined);
      }),
    ));
});

describe('a journal', () => {
  const now = new Date('2026-01-02T03:04:05Z');

  it('tells the steps of work that was cut off, and is gone when it is done', () =>
    withFolder((storage) => {
      const journal = openJournal<Numbered>(storage, 'test', 'shop', now);
      journal.note({ step: 'a', number: 1 });
      journal.note({ step: 'b', number: 2 });
      const [found] = readJournals(storage, 'test', isAbout('shop'), isNumbered);
      deepEqual(
        found?.steps.map(({ number }) => number),
        [1, 2],
      );
      equal(found?.begun, now.toISOString());
      deepEqual(readJournals(storage, 'test', isAbout('another'), isNumbered), []);
      deepEqual(readJournals(storage, 'other', isAbout('shop'), isNumbered), []);
      journal.close();
      deepEqual(readJournals(storage, 'test', isAbout('shop'), isNumbered), []);
    }));

  it('torn at any byte tells the steps before', () =>
    withFolder((storage) => {
      const journal = openJournal<Numbered>(storage, 'test', 'shop', now);
      for (const number of [1, 2, 3]) journal.note({ step: 'it’s 🛒', number });
      journal.leave();
      const [name = ''] = readdirSync(join(storage, 'journal'));
      const path = join(storage, 'journal', name);
      const whole = readFileSync(path);
      assert(
        property(integer({ min: 0, max: whole.length }), (length) => {
          writeFileSync(path, whole.subarray(0, length));
          const found = readJournals(storage, 'test', isAbout('shop'), isNumbered);
          const lines = whole.subarray(0, length).toString().split('\n').length - 1;
          const steps = found[0]?.steps.length ?? 0;
          // The line end is the last byte of a note: without it the note may be whole all the same.
          ok(steps === Math.max(0, lines - 1) || steps === lines);
        }),
      );
    }));
});

describe('the name of a snapshot', () => {
  it('is plain, fits, and begins alike for every target', () =>
    assert(
      property(string({ unit: 'grapheme' }), constantFrom('2026-01-02', '2199-12-31'), (target, day) => {
        const name = snapshotName(target, new Date(day));
        match(name, /^rehearsal_snapshot_[A-Za-z0-9_]*_\d{14}_[0-9a-f]{6}$/);
        ok(name.length <= 63);
      }),
    ));
});
