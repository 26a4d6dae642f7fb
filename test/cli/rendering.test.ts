/** Findings, statuses and schema differences as people and scripts get them. Texts are those of a terminal without colours. */
import { deepEqual, equal } from 'node:assert/strict';
import { renderChangeCounts, renderChanges, renderWhole } from '../../server/cli/render/changes';
import { renderCounts, renderFindings } from '../../server/cli/render/findings';
import { jsonFile } from '../../server/cli/render/json';
import { placesIn } from '../../server/cli/render/places';
import { renderStatus } from '../../server/cli/render/status';
import { renderSnapshots } from '../../server/cli/render/snapshots';
import { bytes, duration } from '../../server/cli/render/words';
import { coloured, plain, wantsColour } from '../../server/cli/terminal';
import type { FileCheck, Finding, MigrationState } from '../../server/engine/project';

const text = 'ALTER TABLE 😀order ADD x int;\r\nCREATE INDEX ON 😀order (x);\n';
const first = { start: text.indexOf('😀order'), end: text.indexOf(' ADD') };
const second = { start: text.lastIndexOf('😀order'), end: text.indexOf(' (x)') };
const path = '/project/db/2.sql';
const findings: readonly Finding[] = [
  {
    range: first,
    severity: 'error',
    code: 'refused',
    sqlState: '42P01',
    message: 'relation "😀order" does not exist',
    hint: 'Perhaps you meant\n"orders".',
    related: [{ path: '/project/db/1.sql', range: { start: 0, end: 6 }, message: 'tables are made here' }],
  },
  {
    range: second,
    severity: 'hint',
    code: 'refused',
    sqlState: '42P01',
    message: 'relation "😀order" does not exist',
    consequenceOf: { path, range: first },
  },
];
const file: FileCheck = {
  path,
  version: '2',
  ms: 1.234,
  rooms: {},
  rehearsedOn: 'embedded',
  placeBecause: 'it was chosen',
  placeLimits: [],
  rows: 'there',
  statements: 2,
  findings,
  outcomes: [
    { kind: 'refused', range: first, ms: 0.123, sqlState: '42P01', message: 'relation "😀order" does not exist' },
    { kind: 'ran', range: second, ms: 2.345, notices: [], rows: 3 },
  ],
};
const files = {
  read: (name: string) => (name === path ? text : 'CREATE'),
  list: () => [],
  isMarked: () => false,
  write: () => undefined,
  replace: () => undefined,
};
const places = placesIn('/project', files, new Map());

const table = (columns: string) => `CREATE TABLE a (\n${columns}\n);\n`;

const lines = (from: string, to: string) =>
  ['x', from, ...Array.from({ length: 20 }, (_, n) => `  c${n} int`), to].join('\n');

const migration = (version: string, title: string, state: MigrationState) => ({
  version,
  title,
  state,
  migration: undefined,
});

describe('findings for people', () => {
  it('tell place, message, source line, hint and cause', () => {
    equal(
      renderFindings(file, places, { paint: plain, columns: 80 }),
      [
        'db/2.sql:1:13: error: relation "😀order" does not exist [42P01]',
        ' 1 | ALTER TABLE 😀order ADD x int;',
        '   |             ^^^^^^^',
        '   = hint: Perhaps you meant',
        '     "orders".',
        '   = see: db/1.sql:1:1: tables are made here',
        '',
        'db/2.sql:2:17: follows: relation "😀order" does not exist [42P01]',
        ' 2 | CREATE INDEX ON 😀order (x);',
        '   |                 ^^^^^^^',
        '   = follows from: db/2.sql:1:13',
        '',
        '',
      ].join('\n'),
    );
  });

  it('are counted, consequences apart', () => {
    equal(renderCounts(findings, plain), '1 error, 1 consequence');
    equal(renderCounts([...findings, ...findings], plain), '2 errors, 2 consequences');
    equal(renderCounts([], plain), 'no findings');
  });

  it('have colours only where the message is ours', () => {
    const shown = renderFindings({ path, findings: [{ ...findings[0]!, message: '\x1b[31mred\x1b[0m' }] }, places, {
      paint: coloured,
      columns: 80,
    });
    equal(shown.includes('\x1b[31mred'), false);
    equal(shown.includes('\x1b[31m'), true);
  });
});

describe('findings for scripts', () => {
  it('count lines and columns from 1, in UTF-16 units, the end exclusive', () => {
    deepEqual(jsonFile(file, places), {
      path: 'db/2.sql',
      ms: 1.2,
      findings: [
        {
          line: 1,
          column: 13,
          endLine: 1,
          endColumn: 20,
          severity: 'error',
          code: 'refused',
          sqlState: '42P01',
          message: 'relation "😀order" does not exist',
          hint: 'Perhaps you meant\n"orders".',
        },
        {
          line: 2,
          column: 17,
          endLine: 2,
          endColumn: 24,
          severity: 'hint',
          code: 'refused',
          sqlState: '42P01',
          message: 'relation "😀order" does not exist',
          consequenceOf: { path: 'db/2.sql', line: 1, column: 13 },
        },
      ],
      outcomes: [
        {
          line: 1,
          column: 13,
          endLine: 1,
          endColumn: 20,
          kind: 'refused',
          ms: 0.1,
          sqlState: '42P01',
          message: 'relation "😀order" does not exist',
        },
        { line: 2, column: 17, endLine: 2, endColumn: 24, kind: 'ran', ms: 2.3, notices: [], rows: 3 },
      ],
    });
  });

  it('name files as they were given, else on the shorter way from the folder', () => {
    equal(placesIn('/project', files, new Map([[path, './db/../db/2.sql']])).path(path), './db/../db/2.sql');
    equal(places.path('/elsewhere/1.sql'), '/elsewhere/1.sql');
    equal(placesIn('/home/me/shop/app', files, new Map()).path('/home/me/shop/db/1.sql'), '../db/1.sql');
    equal(places.path('/project'), '.');
  });
});

describe('a schema difference', () => {
  const preview = {
    before: `${table('  id int')}\nCREATE VIEW v AS SELECT 1;\n`,
    after: `${table('  id int,\n  name text')}\nCREATE VIEW v AS SELECT 1;\n`,
    changes: [],
    rehearsedOn: 'embedded',
    refused: 0,
  };

  it('shows what is added, changed and removed, object by object', () => {
    const changes = [
      { kind: 'added', type: 'TYPE', name: 'mood', after: 'CREATE TYPE mood;\n' },
      { kind: 'changed', type: 'TABLE', name: 'a', before: table('  id int'), after: table('  id bigint') },
      { kind: 'removed', type: 'INDEX', name: 'i', before: 'CREATE INDEX i;' },
    ] as const;
    equal(
      renderChanges(changes, plain),
      [
        '+ TYPE mood',
        '    +CREATE TYPE mood;',
        '',
        '~ TABLE a',
        '     CREATE TABLE a (',
        '    -  id int',
        '    +  id bigint',
        '     );',
        '',
        '- INDEX i',
        '    -CREATE INDEX i;',
        '',
        '',
      ].join('\n'),
    );
    equal(renderChangeCounts(changes), '1 object added, 1 changed, 1 removed');
    equal(renderChangeCounts([]), 'the schema stays as it is');
  });

  it('shows the whole schema on demand, changed or not', () => {
    equal(
      renderWhole(preview, plain),
      [
        ' CREATE TABLE a (',
        '-  id int',
        '+  id int,',
        '+  name text',
        ' );',
        '',
        ' CREATE VIEW v AS SELECT 1;',
        '',
      ].join('\n'),
    );
    equal(renderWhole({ ...preview, before: preview.after }, plain).startsWith(' CREATE TABLE a ('), true);
  });

  it('shows two distant changes of one object with a mark between them', () => {
    const change = {
      kind: 'changed',
      type: 'TABLE',
      name: 'a',
      before: lines('a', 'b'),
      after: lines('c', 'd'),
    } as const;
    equal(renderChanges([change], plain).match(/^ {4}…$/gm)?.length, 1);
  });
});

describe('a status', () => {
  it('aligns versions and titles, and counts what is pending', () => {
    equal(
      renderStatus(
        {
          server: 'PostgreSQL 18.4',
          historyTable: 'public.schema_migrations',
          revertible: [],
          migrations: [
            migration('1', 'users', 'applied'),
            migration('12', '日本', 'edited'),
            migration('100', 'x', 'pending'),
          ],
          blocked: 'version 12 is dirty.',
        },
        plain,
      ),
      [
        '  1    users  applied',
        '  12   日本   edited after it was applied',
        '  100  x      pending',
        'PostgreSQL 18.4, history in public.schema_migrations: 1 pending',
        'Blocked: version 12 is dirty. rehearsal repair lists the ways out.',
        '',
      ].join('\n'),
    );
  });
});

describe('a list of snapshots', () => {
  it('is a table with headings, and times of this machine', () => {
    const at = (iso: string) => {
      const time = new Date(iso);
      const two = (part: number) => String(part).padStart(2, '0');
      const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
      return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
    };
    const snapshot = {
      kind: 'copy',
      target: 'shop@localhost',
      reason: 'by hand',
      name: undefined,
      pinned: false,
    } as const;
    equal(
      renderSnapshots(
        [
          { ...snapshot, id: 'b2', taken: '2026-01-02T03:04:05.678Z', bytes: 123_456_789, version: '12' },
          { ...snapshot, id: 'a', taken: '2026-01-01T03:04:05Z', bytes: 900, version: undefined },
        ],
        plain,
      ),
      [
        'Snapshot  Taken             Size    Migration  Name and reason',
        `b2        ${at('2026-01-02T03:04:05.678Z')}  123 MB  12         by hand`,
        `a         ${at('2026-01-01T03:04:05Z')}  900 B   -          by hand`,
        '',
      ].join('\n'),
    );
  });
});

describe('small texts', () => {
  it('are durations and sizes', () => {
    deepEqual([0.4, 12.6, 99, 100, 12_345].map(duration), ['0 ms', '13 ms', '99 ms', '0.1 s', '12.3 s']);
    deepEqual([0, 999, 1000, 40_500_000, 3.2e12].map(bytes), ['0 B', '999 B', '1.00 kB', '40.5 MB', '3.20 TB']);
  });

  it('have colours as terminal and environment say', () => {
    const terminal = { isTTY: true };
    equal(wantsColour(terminal, {}), true);
    equal(wantsColour({}, {}), false);
    equal(wantsColour(terminal, { TERM: 'dumb' }), false);
    equal(wantsColour(terminal, { NO_COLOR: '1' }), false);
    equal(wantsColour(terminal, { NO_COLOR: '' }), true);
    equal(wantsColour({}, { FORCE_COLOR: '1' }), true);
    equal(wantsColour(terminal, { FORCE_COLOR: '0' }), false);
  });
});
