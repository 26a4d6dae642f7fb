/** Hover and inlay hints: what they say about outcomes, and where. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { MarkupContent } from 'vscode-languageserver-protocol';
import type { Finding, StatementOutcome } from '../../server/engine/project';
import type { Observation } from '../../server/engine/rehearsal/observation/observation';
import { hoverAt } from '../../server/language/hover';
import { hintsOf } from '../../server/language/inlayHints';
import { positionsIn, rangesIn } from '../../server/language/positions';
import type { HintLevel } from '../../server/protocol/messages';

const text = `alter table app.users
  add column "a|b" int;  -- new
create table app.more (id int);
drop tabel x;
\\echo hello
`;

const nothing: Observation = {
  locks: [],
  rewrites: [],
  scans: [],
  rows: [],
  created: [],
  altered: [],
  dropped: [],
  dependents: [],
  toldBy: 'server',
};

const altered: Observation = {
  ...nothing,
  locks: [
    { mode: 'SHARE', object: 'app.users', kind: 'table', held: true },
    { mode: 'ACCESS EXCLUSIVE', object: 'app."a|b"', kind: 'table' },
    { mode: 'ACCESS EXCLUSIVE', object: 'app.made', kind: 'table', unseen: true },
  ],
  rewrites: [{ object: 'app.users', kind: 'table' }],
  scans: [{ table: 'app.users', scans: 2, rows: 2000 }],
  rows: [{ table: 'app.log', inserted: 3, updated: 0, deleted: 1 }],
  altered: [{ kind: 'table', identity: 'app.users' }],
  dependents: [
    { kind: 'view', identity: 'app.adults', effect: 'changed' },
    { kind: 'prepared statements', identity: 'app.users', effect: 'invalidated' },
  ],
};

const made: Observation = {
  ...nothing,
  locks: [{ mode: 'ACCESS EXCLUSIVE', object: 'app.more', kind: 'table', unseen: true }],
  created: [{ kind: 'table', identity: 'app.more' }],
  toldBy: 'grammar',
};

const rangeOf = (statement: string) => {
  const start = text.indexOf(statement);
  return { start, end: start + statement.length };
};

const outcomes: readonly StatementOutcome[] = [
  {
    kind: 'ran',
    range: rangeOf('alter table app.users\n  add column "a|b" int'),
    ms: 3.14,
    notices: [{ severity: 'NOTICE', sqlState: '00000', message: 'a `tick`' }],
    observation: altered,
  },
  { kind: 'ran', range: rangeOf('create table app.more (id int)'), ms: 12.4, notices: [], rows: 1, observation: made },
  { kind: 'refused', range: rangeOf('drop tabel x'), ms: 0.4, sqlState: '42601', message: 'syntax error' },
  { kind: 'skipped', range: rangeOf('\\echo hello'), reason: 'psql' },
];

const ran = (observation: Observation): StatementOutcome => {
  const range = rangeOf('alter table app.users\n  add column "a|b" int');
  return { kind: 'ran', range, ms: 3.14, notices: [], observation };
};

const drawn = (level: HintLevel, of: readonly StatementOutcome[] = outcomes): string[] =>
  hintsOf(of, text, level, positionsIn(text)).map(
    ({ position, label }) => `${position.line}:${position.character} ${JSON.stringify(label).slice(1, -1)}`,
  );

const hovered = (
  word: string,
  of: readonly StatementOutcome[] = outcomes,
  findings: readonly Finding[] = [],
): string | undefined =>
  (hoverAt({ outcomes: of, findings }, text.indexOf(word), rangesIn(text))?.contents as MarkupContent | undefined)
    ?.value;

describe('inlay hints', () => {
  it('tell in short what others have to wait for, behind the last line of a statement', () => {
    deepEqual(drawn('compact'), ['1:31 ACCESS EXCLUSIVE app.\\"a|b\\"']);
  });

  it('tell what matters most when they are asked for all, as far as the editor has room', () => {
    deepEqual(drawn('full'), [
      '1:31 ACCESS EXCLUSIVE app.\\"a|b\\" · rewritten!',
      '2:31 1 row · 12 ms · creates table app.more',
    ]);
    const [lock] = altered.locks.slice(1);
    const on = (object: string) => drawn('full', [ran({ ...nothing, locks: lock ? [{ ...lock, object }] : [] })]);
    deepEqual(on('public.projects'), ['1:31 ACCESS EXCLUSIVE projects · 3.1 ms']);
    deepEqual(on('app.a_very_long_name_of_a_table'), ['1:31 ACCESS EXCLUSIVE app.a_very_long_name_o…']);
    const rewritten = (object: string) => {
      const locks = lock ? [{ ...lock, object }] : [];
      return drawn('full', [ran({ ...nothing, locks, rewrites: [{ object, kind: 'table' }] })]);
    };
    deepEqual(rewritten('public.subscriptions'), ['1:31 ACCESS EXCLUSIVE subscript… · rewritten!']);
    deepEqual(rewritten('public.users'), ['1:31 ACCESS EXCLUSIVE users · rewritten!']);
    deepEqual(drawn('full', [ran({ ...nothing, rewrites: altered.rewrites })]), ['1:31 rewritten! · 3.1 ms']);
    const scanned = { ...nothing, scans: [{ table: 'public.users', scans: 1, rows: 2000 }] };
    deepEqual(drawn('full', [ran(scanned)]), ['1:31 3.1 ms · scans users (2,000 rows)']);
    const [scan] = scanned.scans;
    const scans = scan ? [{ ...scan, table: 'app.a_very_long_name_of_a_table' }] : [];
    const created = [{ kind: 'index', identity: 'app.i' }];
    deepEqual(drawn('full', [ran({ ...nothing, scans, created })]), ['1:31 3.1 ms'], 'nothing behind what has no room');
  });

  it('are not there when they are off, nor where nothing ran or nobody observed', () => {
    deepEqual(drawn('off'), []);
    deepEqual(drawn('compact', [{ kind: 'ran', range: { start: 0, end: 5 }, ms: 1, notices: [] }]), []);
    deepEqual(drawn('full', outcomes.slice(2)), []);
  });

  it('stand at the end of a text without a last line break', () => {
    const ran: StatementOutcome = { kind: 'ran', range: { start: 0, end: 8 }, ms: 1, notices: [] };
    deepEqual(hintsOf([ran], 'select 1', 'full', positionsIn('select 1'))[0]?.position, { line: 0, character: 8 });
  });
});

describe('hover', () => {
  it('tells what the statement under the pointer did', () => {
    equal(
      hovered('add column'),
      [
        '**Ran** in 3.1 ms',
        '| Lock | On |  |\n| :--- | :--- | :--- |\n| ACCESS EXCLUSIVE | table `app."a\\|b"` |  |\n| SHARE | table `app.users` | held already |\n| ACCESS EXCLUSIVE | table `app.made` | new, nobody waits |',
        'Written anew:\n- table `app.users`',
        'Read:\n- `app.users`: 2,000 rows, from end to end',
        'Rows:\n- `app.log`: 3 inserted, 1 deleted',
        'Altered:\n- table `app.users`',
        'Also touched:\n- view `app.adults` follows silently\n- prepared statements that read all columns of `app.users` fail once after it (cached plan must not change result type)',
        '- Notice: `` a `tick` ``',
      ].join('\n\n'),
    );
  });

  it('says where objects are only what the statement names', () => {
    equal(
      hovered('create table'),
      '**Ran** in 12 ms, 1 row\n\n| Lock | On |  |\n| :--- | :--- | :--- |\n| ACCESS EXCLUSIVE | table `app.more` | new, nobody waits |\n\nCreated:\n- table `app.more`\n\nObjects are those that the statement names.',
    );
  });

  it('does not pass off what the statement tells as all there is', () => {
    const partial = { ...made, created: [], partial: true } as const;
    const ran = { kind: 'ran', range: rangeOf('create table app.more (id int)'), ms: 12.4, notices: [] } as const;
    match(
      hovered('create table', [{ ...ran, observation: partial }]) ?? '',
      /`rehearsal\.inlayHints` at `full` .* rest/,
    );
    match(
      hintsOf([{ ...ran, observation: { ...altered, partial: true } }], text, 'compact', positionsIn(text))
        .map(({ tooltip }) => (tooltip as MarkupContent).value)
        .join(),
      /`rehearsal\.inlayHints` at `full` .* rest/,
    );
  });

  it('says of a statement that ran when rows of the target refuse it', () => {
    const of = [{ kind: 'ran', range: rangeOf('create table app.more (id int)'), ms: 3.1, notices: [] }] as const;
    const message = '3 rows of more have no id';
    const finding = { range: rangeOf('id int'), severity: 'error', code: 'rows-refuse', message } as const;
    const head = '**Rows of the target refuse it**';
    const rest = 'In the rehearsal, without these rows:\n\n**Ran** in 3.1 ms';
    equal(hovered('create table', of, [finding]), `${head}: \`${message}\`. ${rest}`);
    equal(hovered('id int', of, [finding]), `${head}. ${rest}`, 'the diagnostic stands beside it');
  });

  it('tells why nothing ran', () => {
    equal(hovered('tabel'), '**Refused** after 0.4 ms (42601): `syntax error`');
    const findings: readonly Finding[] = [
      { range: rangeOf('tabel'), severity: 'error', code: 'refused', sqlState: '42601', message: 'syntax error' },
    ];
    equal(hovered('tabel', outcomes, findings), '**Refused** after 0.4 ms (42601)', 'a diagnostic stands beside it');
    equal(hovered('drop tabel', outcomes, findings), '**Refused** after 0.4 ms (42601): `syntax error`');
    equal(
      hovered('tabel', outcomes, [
        { range: rangeOf('drop tabel x'), severity: 'warning', code: 'other', message: 'x' },
      ]),
      '**Refused** after 0.4 ms (42601): `syntax error`',
      'a diagnostic of something else does not say it',
    );
    equal(
      hovered(
        'tabel',
        outcomes,
        findings.map((it) => ({ ...it, range: { start: 0, end: text.length } })),
      ),
      '**Refused** after 0.4 ms (42601): `syntax error`',
      'nor does one of more than the statement',
    );
    equal(hovered('\\echo'), '**Not rehearsed**: a line for psql.');
  });

  it('has nothing to say between statements', () => {
    equal(hovered('-- new'), undefined);
  });
});
