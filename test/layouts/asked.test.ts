/** What a tool tells of a program becomes scripts that stand in the file where their operations do. */
import { deepEqual, equal, match } from 'node:assert/strict';
import fc from 'fast-check';
import { askedFolder, linesIn } from '../../server/engine/layouts/asked';
import { django } from '../../server/engine/layouts/django';
import { fileOf } from '../../server/engine/layouts/migration';
import { statementsIn } from '../../server/engine/layouts/statements';
import type { ToldMigration } from '../../server/engine/programs/answer';
import { filesOf } from '../support/files';

const text =
  'class Migration:\n    operations = [\n        Add(\n            "a",\n        ),\n        Run(x),\n    ]\n';
const path = '/w/shop/migrations/0001_a.py';
const told: ToldMigration = {
  version: 'shop.0001_a',
  title: 'a',
  path,
  inTransaction: true,
  operations: [
    { title: 'Add', from: 3, to: 5 },
    { title: 'Run', from: 6, to: 6, note: 'Run is code, not SQL: it is not rehearsed.' },
  ],
  up: [
    { operation: 0, sql: 'create table a ();' },
    { operation: 1, sql: 'select 1; select 2' },
    { operation: 0, sql: 'create index on a (b)' },
  ],
  down: [{ operation: null, sql: 'drop table a' }],
};
const found = { path: '/w', layout: django, because: '', migrations: [], problems: [] };
const folderWith = (migration: ToldMigration) =>
  askedFolder(found, { tool: 'Django 5', problems: [], migrations: [migration] }, () => text);

describe('what a tool tells of its programs', () => {
  it('has the statements in their order, each where its operation stands', () => {
    const file = folderWith(told).asked?.get(path);
    const [up, down] = file?.scripts ?? [];
    const places = (up ? statementsIn(text, up) : []).map(({ text: sql, range }) => [
      sql,
      text.slice(range.start, range.end),
    ]);
    const add = 'Add(\n            "a",\n        )';
    deepEqual(places, [
      ['create table a ()', add],
      ['select 1', 'Run(x)'],
      ['select 2', 'Run(x)'],
      ['create index on a (b)', add],
    ]);
    deepEqual([up?.mode, down?.direction], ['transaction', 'down']);
    deepEqual(
      file?.problems.map(({ code, range }) => [code, text.slice(range.start, range.end)]),
      [['not-sql', 'Run(x)']],
    );
  });

  it('is a document for people', () => {
    equal(
      folderWith(told).asked?.get(path)?.sql,
      `-- shop.0001_a: what Django 5 sends for it, in one transaction.

-- Forwards

-- Add (line 3)
create table a ();

-- Run (line 6)
select 1; select 2;

-- Add (line 3)
create index on a (b);

-- Backwards

drop table a;
`,
    );
  });

  it('says why there is no SQL, and why there is no way back', () => {
    const untold = folderWith({ ...told, untold: 'ValueError: no', up: [], down: [] }).asked?.get(path);
    deepEqual([untold?.scripts, untold?.outside], [[], 'Django 5 cannot tell its SQL: ValueError: no']);
    match(untold?.sql ?? '', /\n-- Its SQL cannot be told: ValueError: no\n$/);
    const { down: _, ...rest } = told;
    const stuck = folderWith({ ...rest, irreversible: 'Run has no way back' }).asked?.get(path);
    deepEqual(
      stuck?.problems.map(({ code, message }) => `${code} ${message}`).at(-1),
      'irreversible It cannot be reverted: Run has no way back.',
    );
  });

  it('stays where it was while the file is edited, within the text, and says that it was not saved', () =>
    fc.assert(
      fc.property(fc.string(), (typed) => {
        const folder = folderWith(told);
        const { scripts, problems } = fileOf(folder, path, typed, filesOf());
        equal(problems[0]?.code === 'not-saved', typed !== text);
        for (const { range, pieces = [] } of scripts)
          for (const { start, end } of [range, ...pieces])
            equal(start <= end && (typed === text || end <= typed.length), true);
      }),
    ));

  it('finds lines whatever ends them, from the first sign to the last', () => {
    const lines = ['  a,', '', '\tb (', ' c ),  '];
    for (const end of ['\n', '\r\n', '\r']) {
      const whole = lines.join(end);
      const within = (from: number, to: number) => {
        const { start, end: last } = linesIn(whole, { from, to });
        return whole.slice(start, last);
      };
      deepEqual([within(1, 1), within(3, 4), within(9, 9)], ['a', `b (${end} c )`, '']);
    }
  });
});
