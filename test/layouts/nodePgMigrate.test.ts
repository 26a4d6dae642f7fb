/** node-pg-migrate's folders: which are its, their order, what is sent of a file, what it is told by package.json. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { layouts } from '../../server/engine/layouts/all';
import { findFolders, readFolder } from '../../server/engine/layouts/find';
import { nodePgMigrate } from '../../server/engine/layouts/nodePgMigrate';
import { configFor, usual } from '../../server/engine/layouts/nodePgMigrateConfig';
import { readFile } from '../../server/engine/layouts/nodePgMigrateReader';
import { statementsIn } from '../../server/engine/layouts/statements';
import { filesOf } from '../support/files';
import { toolSettings } from '../support/toolSettings';

const [up, down] = ['-- Up Migration', '-- Down Migration'];

const found = (texts: Readonly<Record<string, string>>): readonly string[] =>
  findFolders(['/w'], filesOf(texts)).map(
    ({ path, layout, because, migrations }) =>
      `${path} ${layout.name}, ${because}: ${migrations.map(({ version }) => version).join(' ')}`,
  );

const named = (names: readonly string[], layout = nodePgMigrate) =>
  readFolder('/w/migrations', filesOf(Object.fromEntries(names.map((name) => [`/w/migrations/${name}`, '']))), layout);

const scripts = (text: string, name = '1_a.sql', schemas = ['public']): readonly string[] =>
  readFile(name, text, schemas).scripts.map(
    (it) =>
      `${it.direction}: ${statementsIn(text, it)
        .map((one) => one.text)
        .join(' | ')}`,
  );

const problems = (text: string): readonly string[] =>
  readFile('1_a.sql', text, ['public']).problems.map(
    ({ code, severity, range }) => `${severity} ${code} «${text.slice(range.start, range.end)}»`,
  );

const manifest = (script: string, more = {}): string =>
  JSON.stringify({ scripts: { migrate: script }, devDependencies: { 'node-pg-migrate': '^9' }, ...more });

describe("node-pg-migrate's folders", () => {
  it('are known by a marker, or by package.json', () => {
    deepEqual(found({ '/w/db/x/1_a.sql': `${up}\n`, '/w/db/x/2_b.js': '' }), [
      '/w/db/x node-pg-migrate, 1_a.sql has a line "-- Up Migration": 1_a 2_b',
    ]);
    const files = { '/w/p/migrations/1_a.sql': 'select 1;', '/w/p/migrations/2_b.ts': '', '/w/p/other/1.up.sql': '' };
    deepEqual(
      found({ ...files, '/w/p/package.json': manifest('node-pg-migrate') })[0],
      ['/w/p/migrations node-pg-migrate, package.json has node-pg-migrate, for this folder: 1_a 2_b'][0],
    );
    match(found(files)[0] ?? '', /numbered/);
    match(found({ ...files, '/w/p/package.json': manifest('node-pg-migrate -m sql up') })[0] ?? '', /numbered/);
    deepEqual(found({ '/w/migrations/1_a.js': '', '/w/package.json': manifest('') }), [
      '/w/migrations node-pg-migrate, package.json has node-pg-migrate, for this folder: 1_a',
    ]);
  });

  it('are not those of others', () => {
    const dependency = { '/w/package.json': manifest('node-pg-migrate') };
    match(found({ ...dependency, '/w/migrations/1_a.sql': '-- migrate:up\n-- migrate:down\n' })[0] ?? '', /dbmate/);
    match(found({ '/w/m/1_a.up.sql': '-- up migration of a\n', '/w/m/2_b.up.sql': '' })[0] ?? '', /^$/);
    deepEqual(found({ '/w/m/1_a.sql': `${up}\ncreate table a (id int auto_increment) engine=InnoDB;` }), []);
    equal(layouts.indexOf(nodePgMigrate) < layouts.findIndex(({ name }) => name === 'golang-migrate'), true);
  });

  it('are ordered by number, times in UTC among milliseconds', () => {
    const { migrations, problems: none } = named([
      '10_j.sql',
      '9_i.js',
      '20231114221320001_q.sql',
      '1700000000000_p.sql',
    ]);
    deepEqual(
      migrations.map(({ version }) => version),
      ['9_i', '10_j', '1700000000000_p', '20231114221320001_q'],
    );
    deepEqual(none, []);
  });

  it('are told of where the tool refuses them', () => {
    const told = (names: readonly string[]) =>
      named(names).problems.map(({ path, message }) => `${path.slice('/w/migrations/'.length)}: ${message}`);
    deepEqual(told(['.hidden', '1_a.sql']), []);
    match(told(['1_a.sql', 'README.md'])[0] ?? '', /^README\.md: .* does not begin with a number/);
    match(told(['1_a.sql', '2_b.txt'])[0] ?? '', /^2_b\.txt: .* does not know this kind/);
    match(told(['1_a.sql', '1_a.js'])[0] ?? '', /Version 1_a stands twice/);
    match(told(['1_a.down.sql'])[0] ?? '', /no up file beside this down file/);
    match(told(['1_a.down.sql', '1_a.up.sql', '1_a.sql']).join('\n'), /a file of that name without a direction, too/);
    match(told(['1_a.down.sql', '1_a.up.sql']).join('\n'), /^1_a\.down\.sql: Pairs of files are known to the loader/);
    deepEqual(
      named(['1_a.down.sql', '1_a.up.sql', '2_b.up.sql']).migrations.map(({ version, upPath = '', downPath = '' }) =>
        `${version} ${upPath} ${downPath}`.replaceAll('/w/migrations/', ''),
      ),
      ['1_a 1_a.up.sql 1_a.down.sql', '2_b 2_b.up.sql '],
    );
  });
});

describe("node-pg-migrate's files", () => {
  it('are cut by their markers, as the tool finds them', () => {
    const cases: readonly [string, readonly string[]][] = [
      [`${up}\na; b;\n${down}\nc;`, ['up: a | b', 'down: c']],
      [`${down}\nc;\n${up}\na;`, ['up: a', 'down: c']],
      ['a;', ['up: a']],
      ['', ['up: ']],
      [`${up}\na;`, ['up: a']],
      ['  ---- - UP   migration of x\r\na;\r\n--down migration: y\r\nc;', ['up: a', 'down: c']],
      ['--\n-- up migration\na;', ['up: a']],
      [`x;\n${up}\na;`, ['up: a']],
    ];
    for (const [text, expected] of cases) deepEqual(scripts(text), expected, text);
    deepEqual(scripts(`a;\n${down}\nb;`, '1_a.up.sql'), [`up: a | b`], 'a half has no markers');
    deepEqual(scripts('a;', '1_a.down.sql'), ['down: a']);
  });

  it('are sent upon the search_path that the tool sets', () =>
    deepEqual(scripts(`${up}\na;\n${down}\nb;`, '1_a.sql', ['app', 'public']), [
      'up: SET search_path TO "app", "public" | a',
      'down: SET search_path TO "app", "public" | b',
    ]));

  it('are told of where they are not what they seem', () => {
    deepEqual(problems(`${up}\na;\n${down}\nb;`), []);
    deepEqual(problems(`a;\n${down}\nb;`), [`error node-pg-migrate-missing-up «${down}»`]);
    deepEqual(problems(`-- note\na;\n${up}\nb;`), ['warning node-pg-migrate-lost-text «a»']);
    deepEqual(problems('-- up\na;\n-- migrate:down\r\nb;\n-- Migrate Up\n-- downstream'), [
      'warning node-pg-migrate-marker «-- up»',
      'warning node-pg-migrate-marker «-- migrate:down»',
      'warning node-pg-migrate-marker «-- Migrate Up»',
    ]);
    deepEqual(problems(`${up}\ncommit;`), ['warning ends-shared-transaction «commit»']);
    match(nodePgMigrate.read('1_a.ts', '').outside ?? '', /only node-pg-migrate itself can run it/);
  });
});

describe('what node-pg-migrate is told', () => {
  const told = (files: Readonly<Record<string, string>>, path = '/w/migrations') =>
    configFor({ path, read: (name) => files[name] });

  it('by scripts of package.json', () => {
    deepEqual(told({ '../package.json': manifest('node-pg-migrate') }), usual);
    deepEqual(
      told({
        '../package.json': manifest(
          `dotenv -- node-pg-migrate up -t 'my t' -s a b --migrations-schema=h --no-check-order && x -t no`,
        ),
      }),
      { ...usual, table: 'my t', schemas: ['a', 'b'], historySchema: 'h', checksOrder: false },
    );
    equal(
      told({ '../package.json': manifest('node-pg-migrate --single-transaction=false') })?.singleTransaction,
      false,
    );
    equal(told({ '../../package.json': manifest('node-pg-migrate -m db/sql/') }, '/w/db/sql')?.table, 'pgmigrations');
    equal(told({ '../package.json': manifest('node-pg-migrate -m sql') }), undefined);
    equal(told({ '../package.json': '{"name":"node-pg-migrate' }), undefined);
    equal(told({ '../package.json': '{"scripts":{"x":"my-node-pg-migrate-thing"}}' }), undefined);
  });

  it('by the files that it reads, which go before', () => {
    const db = { 'migrations-table': 'of_file', schema: 'x', 'create-schema': true, url: 'postgres://' };
    const around = { '../package.json': manifest('node-pg-migrate -t of_flag -f config/db.json') };
    equal(told({ ...around, '../config/default.json': JSON.stringify({ db }) })?.table, 'of_file');
    const { table, schemas, createsSchemas } = told({ ...around, '../config/db.json': JSON.stringify(db) }) ?? usual;
    deepEqual([table, schemas, createsSchemas], ['of_file', ['x'], true]);
    equal(told({ ...around, '../config/db.json': 'torn {' })?.table, 'of_flag');
  });

  it('decides whether all is one transaction', () => {
    const layoutFor = (script: string) =>
      nodePgMigrate.configured?.(
        toolSettings({
          path: '/w/migrations',
          read: (name) => (name === '../package.json' ? manifest(script) : undefined),
        }),
      );
    equal(layoutFor('node-pg-migrate')?.oneTransaction, true);
    equal(layoutFor('node-pg-migrate --no-single-transaction')?.oneTransaction, undefined);
  });
});

describe("node-pg-migrate's new migrations", () => {
  const now = new Date('2024-05-06T07:08:09.010Z');
  const made = (names: readonly string[]) => {
    const existing = named(names).migrations.map(({ name }) => name);
    return nodePgMigrate.skeleton('Add  the_Email!', existing, now);
  };

  it('are named as the newest one is', () => {
    const names: readonly [readonly string[], string][] = [
      [[], '1714979289010_add-the-email.sql'],
      [['1700000000000_a.js'], '1714979289010_add-the-email.sql'],
      [['1800000000000_a.sql'], '1800000000001_add-the-email.sql'],
      [['20240101000000000_a.sql'], '20240506070809010_add-the-email.sql'],
      [['0001_a.sql', '0009_b.sql'], '0010_add-the-email.sql'],
    ];
    for (const [existing, name] of names) equal(made(existing).files[0]?.name, name);
    const { files, cursor } = made([]);
    equal(`${files[0]?.text.slice(0, cursor)}|${files[0]?.text.slice(cursor)}`, `${up}\n|\n${down}`);
  });
});
