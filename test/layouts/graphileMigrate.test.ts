/** graphile-migrate's files: which there are, what is sent of them, and what is refused at which place. */
import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { findFolders, layoutOf, readFolder } from '../../server/engine/layouts/find';
import { graphileMigrate } from '../../server/engine/layouts/graphileMigrate';
import { configOf } from '../../server/engine/layouts/graphileMigrateConfig';
import { hashOf, headOf, linkOf } from '../../server/engine/layouts/graphileMigrateHeader';
import type { MigrationFile } from '../../server/engine/layouts/layout';
import { statementsIn } from '../../server/engine/layouts/statements';
import { filesOf } from '../support/files';
import { toolSettings } from '../support/toolSettings';

const committed = (body: string, previous?: string): string =>
  `--! Previous: ${previous ?? '-'}\n--! Hash: ${hashOf(body, previous)}\n\n${body}`;

const rc = `/* of the project */ {
  "placeholders": { ":APP_ROLE": "!ENV", ":UNSET": "!ENV", ":FIXED": 'x;y', }, // more to come
}`;
const fixtures: Readonly<Record<string, string | undefined>> = {
  '../.gmrc': rc,
  'fixtures/a.sql': 'select :APP_ROLE;\n',
  'fixtures/deep/b.sql': '\n--!include a.sql\nselect 2;\n\n',
  'fixtures/loop.sql': '--!include deep/../loop.sql\n',
  'fixtures/marked.sql': '--! Included a.sql\n',
};
const settings = toolSettings({
  environment: { APP_ROLE: 'shop' },
  user: 'owner',
  database: 'shop_dev',
  read: (name) => fixtures[name],
});
const layout = graphileMigrate.configured?.(settings) ?? graphileMigrate;
const readAs = (name: string, text: string): MigrationFile => layout.read(name, text, (it) => fixtures[it]);

const sent = (name: string, text: string): readonly string[] =>
  readAs(name, text).scripts.map(
    (script) =>
      `${script.mode}: ${statementsIn(text, script)
        .map((it) => it.text)
        .join(' | ')}`,
  );

const problems = (name: string, text: string): readonly string[] =>
  readAs(name, text).problems.map(
    ({ code, severity, range }) =>
      `${severity === 'error' ? '' : `${severity} `}${code.replace('graphile-migrate-', '')} «${text.slice(range.start, range.end)}»`,
  );

describe("graphile-migrate's files", () => {
  const cases: readonly [string, string, string, string][] = [
    ['a committed one, without its head', 'committed/000001.sql', committed('select 1;\n'), 'transaction: select 1'],
    [
      'a committed one without a transaction',
      'committed/000001.sql',
      committed('--! no-transaction\nvacuum;\n'),
      'implicit: vacuum',
    ],
    ['current.sql with its head', 'current.sql', '--! Message: x\n\nselect 1;', 'transaction: select 1'],
    ['current.sql without a transaction', 'current.sql', '--! no-transaction\nvacuum;', 'implicit: vacuum'],
    ['placeholders', 'current.sql', "select :APP_ROLE, ':DATABASE_NAME';", "transaction: select shop, 'shop_dev'"],
    [
      'placeholders that are several words, also within others',
      'current.sql',
      'grant a to :DATABASE_OWNER, a:FIXED z, :APP_ROLE_X;',
      'transaction: grant a to owner, ax | y z, app_role_x',
    ],
    [
      'includes, within each other',
      'current.sql',
      'select 0;\n--!include deep/b.sql  \nselect 3;',
      'transaction: select 0 | select shop | select 2 | select 3',
    ],
    [
      'no includes in committed ones',
      'committed/000001.sql',
      committed('--!include a.sql\nselect 1;'),
      'transaction: select 1',
    ],
    ['nothing', 'current.sql', '', 'transaction: '],
  ];
  for (const [name, file, text, expected] of cases)
    it(`are sent: ${name}`, () => deepEqual(sent(file, text), [expected]));

  it('begin with the settings of pgSettings', () => {
    const read = (name: string) => (name === '../.gmrc' ? '{pgSettings: {search_path: "a,\'b\'", n: 1}}' : undefined);
    const own = graphileMigrate.configured?.(toolSettings({ read })) ?? graphileMigrate;
    const set = `select pg_catalog.set_config('search_path', 'a,''b''', false), pg_catalog.set_config('n', '1', false)`;
    for (const [text, mode] of [
      ['select 1;', 'transaction'],
      ['--! no-transaction\nselect 1;', 'statements'],
    ] as const) {
      const [script] = own.read('current.sql', text).scripts;
      equal(script?.mode, mode);
      deepEqual(script && statementsIn(text, script).map((it) => it.text), [set, 'select 1']);
    }
  });

  const refused: readonly [string, string, string, readonly string[]][] = [
    ['nothing of a right one', 'committed/000001.sql', committed('select 1;\n'), []],
    [
      'another hash',
      'committed/000001.sql',
      `${committed('select 1;\n')}-- x`,
      [`wrong-hash «--! Hash: ${hashOf('select 1;', undefined)}»`],
    ],
    [
      'another hash that is allowed',
      'committed/000001.sql',
      '--! Previous: -\n--! Hash: sha1:1\n--! AllowInvalidHash\n\nselect 1;',
      [],
    ],
    [
      'an allowance that is not needed',
      'committed/000001.sql',
      committed('select 1;\n').replace('\n\n', '\n--! AllowInvalidHash\n\n'),
      ['needless-allowance «--! AllowInvalidHash»'],
    ],
    [
      'CRLF',
      'committed/000001.sql',
      committed('select 1;\n').replaceAll('\n', '\r\n'),
      ['line-ends «--! Previous: -»'],
    ],
    [
      'no empty line',
      'committed/000001.sql',
      committed('select 1;\n').replace('\n\n', '\n'),
      ['no-empty-line «select 1;»'],
    ],
    ['no head', 'committed/000001.sql', 'select 1;', ['missing-header «select 1;»']],
    ['half a head', 'committed/000001.sql', '--! Previous: -\n--! Hash:\n\nx', ['missing-header «--! Hash:»']],
    ['a head twice', 'committed/000001.sql', '--! Hash: 1\n--! Hash: 1\n\nx', ['header-twice «--! Hash: 1»']],
    ['an empty file', 'committed/000001.sql', '', ['missing-header «»']],
    [
      'no-transaction too late',
      'current.sql',
      '--! Message: x\n\n--! no-transaction\nvacuum;',
      ['warning late-no-transaction «--! no-transaction»'],
    ],
    [
      'no-transaction in the folder',
      'current/1.sql',
      '--! no-transaction\nx;',
      ['no-transaction-in-folder «--! no-transaction»'],
    ],
    ['a variable that is not set', 'current.sql', 'select :UNSET;', ['unset-placeholder «:UNSET»']],
    [
      'a placeholder that nobody knows, outside of strings, comments and casts',
      'current.sql',
      "-- :NOBODY\nselect ':NOBODY', x::TEXT, a[1:AB], :NOBODY;",
      ['unknown-placeholder «:NOBODY»'],
    ],
    ['an include that is not there', 'current.sql', 'a;\n--!include x.sql\n', ['include «--!include x.sql»']],
    ['an include outside', 'current.sql', '--!include ../x.sql', ['include «--!include ../x.sql»']],
    ['a circle', 'current.sql', '--!include loop.sql', ['include «--!include loop.sql»']],
    ['a mark of the tool', 'current.sql', '--! EndIncluded x', ['included-mark «--! EndIncluded»']],
    ['a mark of the tool within', 'current.sql', '--!include marked.sql', ['include «--!include marked.sql»']],
    ['an include of nothing', 'current.sql', '--!include\n', ['warning no-include «--!include»']],
  ];
  for (const [name, file, text, expected] of refused)
    it(`are refused for: ${name}`, () => deepEqual(problems(file, text), expected));

  it('can be mended where what to do is clear', () => {
    const mended = (text: string, nth = 0): string => {
      const [edit] = readAs('committed/000001.sql', text).problems[0]?.fixes?.[nth]?.edits ?? [];
      return edit ? text.slice(0, edit.range.start) + edit.text + text.slice(edit.range.end) : text;
    };
    const right = committed('select 1;\n');
    const edited = `${right}select 2;\n`;
    const allowed = mended(edited);
    for (const text of [
      mended(right.replaceAll('\n', '\r\n')),
      mended(right.replace('\n\n', '\n')),
      allowed,
      mended(edited, 1),
      mended(right.replace('\n\n', '\n--! AllowInvalidHash\n\n')),
    ])
      deepEqual(problems('committed/000001.sql', text), []);
    equal(allowed.includes('\n--! AllowInvalidHash\n\nselect 1;'), true);
  });

  it('have a hash of any text, whatever stands around it', () =>
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('', ' ', '\n', '\n\n'), (body, space) => {
        const text = committed(`${space}${body}${space}`, 'sha1:before');
        const link = linkOf(text);
        // A line of the text may look like one of the head.
        if (headOf(text).headers.size === 2) equal(link?.hash, link?.computed);
      }),
    ));
});

describe('folders of graphile-migrate', () => {
  const found = (texts: Readonly<Record<string, string>>): readonly string[] =>
    findFolders(['/w'], filesOf(texts)).map(
      ({ path, layout: { name }, migrations, because }) =>
        `${path}: ${name} ${migrations.map(({ version }) => version).join(' ')}; ${because}`,
    );
  const one = committed('select 1;');
  const two = committed('select 2;', hashOf('select 1;', undefined));

  it('are known by a committed file, or by a .gmrc beside a current one', () => {
    deepEqual(
      found({
        '/w/db/migrations/committed/000002-b.sql': two,
        '/w/db/migrations/committed/000001.sql': one,
        '/w/db/migrations/current.sql': '',
        '/w/db/migrations/1-roles.sql': '',
        '/w/db/migrations/fixtures/a.sql': '',
      }),
      ['/w/db/migrations: graphile-migrate 000001 000002 current; committed/000001.sql has a line "--! Previous:"'],
    );
    deepEqual(found({ '/w/m/current.sql': 'x', '/w/.gmrc': '{}' }), [
      '/w/m: graphile-migrate current; current.sql lies in it, and a .gmrc beside it',
    ]);
    deepEqual(
      found({ '/w/m/current/10.sql': 'x', '/w/m/current/2-a.sql': 'x', '/w/.gmrc.js': 'module.exports = {}' }),
      ['/w/m: graphile-migrate current/2 current/10; current/ lies in it, and a .gmrc beside it'],
    );
    deepEqual(found({ '/w/m/current.sql': 'x' }), []);
    deepEqual(found({ '/w/m/committed/000001.sql': 'select 1;' }), []);
  });

  it('say what is wrong with them', () => {
    const said = (texts: Readonly<Record<string, string>>): readonly string[] =>
      readFolder('/w', filesOf(texts), layoutOf('graphile-migrate')).problems.map(
        ({ path, message }) => `${path}: ${message.replace(/[:.] .*/s, '')}`,
      );
    deepEqual(said({ '/w/committed/000001.sql': one, '/w/committed/000002.sql': two, '/w/committed/x.sql': '' }), [
      '/w/committed/x.sql: graphile-migrate passes over this file',
    ]);
    deepEqual(said({ '/w/committed/000002.sql': two }), [
      '/w/committed/000002.sql: graphile-migrate refuses the whole folder',
    ]);
    deepEqual(said({ '/w/current/a.sql': '', '/w/current/01.sql': '', '/w/current/1.sql': '', '/w/current.sql': '' }), [
      '/w/current/1.sql: Version current/1 stands twice',
      '/w/current/a.sql: graphile-migrate refuses the current migration for this file',
      '/w/current.sql: graphile-migrate refuses to go on',
    ]);
  });

  it('have one place for what is new', () => {
    const skeleton = (texts: Readonly<Record<string, string>>, title = 'Add e-mail') => {
      const files = filesOf(texts);
      const folder = {
        path: '/w',
        names: files.list('/w'),
        read: (it: string) => files.read(`/w/${it}`),
        list: (it: string) => files.list(`/w/${it}`),
      };
      return layout.skeleton(title, [], new Date(0), folder);
    };
    const text = '--! Message: Add e-mail\n\n-- Enter migration here\n';
    deepEqual(skeleton({}), { files: [{ name: 'current.sql', text }], cursor: text.length });
    deepEqual(skeleton({ '/w/current.sql': '-- Enter migration here\n' }), {
      files: [],
      opens: 'current.sql',
      cursor: text.length,
      lists: [{ name: 'current.sql', text }],
    });
    deepEqual(skeleton({ '/w/current.sql': 'select 1;' }).lists, [{ name: 'current.sql', text: 'select 1;' }]);
    deepEqual(skeleton({ '/w/current/3-x.sql': '' }).files, [
      { name: 'current/4-add-e-mail.sql', text: '-- Enter migration here\n' },
    ]);
  });
});

describe("graphile-migrate's configuration", () => {
  it('is read from literals, nearest first, and whatever is computed is left out', () => {
    const config = (texts: Readonly<Record<string, string>>) =>
      configOf(toolSettings({ user: 'u', database: 'd', environment: { HOME_ROLE: 'h' }, read: (it) => texts[it] }));
    const js = `const path = require('path');
module.exports = {
  connectionString: process.env.DATABASE_URL, // ours
  migrationsFolder: path.join(__dirname, "x, }"),
  databaseOwner: process.env.HOME_ROLE,
  placeholders: { ':A_B': 'it\\'s', ':C_D': \`x\${1}\`, ':E_F': "a" + "b", ...others, ':G_H': 'g' },
  manageGraphileMigrateSchema: false,
  blankMigrationContent: '-- \\u0041',
};
`;
    const read = config({ '../.gmrc.js': js, '../../.gmrc': '{ databaseOwner: "far" }' });
    deepEqual(
      [...read.placeholders],
      [
        [':A_B', "it's"],
        [':G_H', 'g'],
        [':DATABASE_NAME', 'd'],
        [':DATABASE_OWNER', 'h'],
      ],
    );
    deepEqual([read.makesTables, read.blank], [false, '-- A\n']);
    equal(config({}).placeholders.get(':DATABASE_OWNER'), 'u');
    equal(config({ '../../.gmrc': '{ databaseOwner: "far" }' }).placeholders.get(':DATABASE_OWNER'), 'far');
    equal(config({ '../.gmrc': '{ broken: [' }).blank, '-- Enter migration here\n');
  });
});
