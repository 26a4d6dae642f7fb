/** Liquibase's formatted SQL: changesets, what is sent of them, what is refused, and in which order files run. */
import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { findFolders, layoutOf, readFolder } from '../../server/engine/layouts/find';
import type { MigrationFile } from '../../server/engine/layouts/layout';
import { liquibase } from '../../server/engine/layouts/liquibase';
import { isSelected } from '../../server/engine/layouts/liquibaseContexts';
import { liquibaseConfig } from '../../server/engine/layouts/liquibaseConfig';
import { statementsByLiquibase } from '../../server/engine/layouts/liquibaseTokens';
import { messagesIn } from '../../server/engine/layouts/statements';
import { filesOf } from '../support/files';
import { toolSettings } from '../support/toolSettings';

const head = '--liquibase formatted sql\n';

const readAs = (text: string, files: Readonly<Record<string, string>> = {}): MigrationFile =>
  (liquibase.configured?.(toolSettings({ read: (name) => files[name] })) ?? liquibase).read('a.sql', text);

/** `up ada:1: a | b, c`: messages with their statements. */
const sent = (text: string, files: Readonly<Record<string, string>> = {}): readonly string[] =>
  readAs(text, files).scripts.map((script) => {
    const messages = messagesIn(text, script) ?? [];
    const mode = script.mode === 'transaction' ? '' : ` ${script.mode}`;
    return `${script.direction} ${script.part}${mode}: ${messages.map((it) => it.map((one) => one.text).join(', ')).join(' | ')}`;
  });

const problems = (text: string): readonly string[] =>
  readAs(text).problems.map(({ code, range }) => `${code} «${text.slice(range.start, range.end)}»`);

describe("Liquibase's contexts and labels", () => {
  const cases: readonly [string, string, string, readonly string[], boolean][] = [
    ['', '', 'dev', [], true],
    ['dev', '', '', [], true],
    ['dev', '', 'test', [], false],
    ['dev', '', 'Test, DEV', [], true],
    ['dev', '', '!(test or prod) and dev', [], true],
    ['test', '', '!(test or prod) and dev', [], false],
    ['', '', '@dev', [], false],
    ['', '', '!nocontexts and dev', [], false],
    ['dev', '', '!nocontexts and dev', [], true],
    ['dev and us', '', 'dev', [], false],
    ['dev', '', '', ['test'], false],
    ['dev', '', '', ['dev or test', 'dev'], true],
    ['dev', '', 'prod', ['dev or test'], false],
  ];
  for (const [contexts, labels, context, around, is] of cases)
    it(`run ${context || 'what is for all'}${around.length > 0 ? ` within ${around.join(' and ')}` : ''} with ${contexts || 'none'}: ${is}`, () => {
      const conditions = around.map((it) => ({ context: it, labels: '' }));
      equal(isSelected({ contexts, labels }, { context, labels: '' }, conditions), is);
    });

  it('take labels of an include beside those of the changeset', () => {
    const isRun = (labels: string, own: string): boolean =>
      isSelected({ contexts: '', labels }, { context: '', labels: own }, [{ context: '', labels: 'z' }]);
    deepEqual([isRun('x', ''), isRun('z', ''), isRun('x and z', 'x, y'), isRun('!z', 'x')], [false, true, true, false]);
  });

  it('tell of everything and nothing without end', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (contexts, labels, context) => {
        isSelected({ contexts, labels }, { context, labels }, [{ context: labels, labels: contexts }]);
      }),
    );
  });

  it('leave out what is not run', () => {
    const properties = { '../liquibase.properties': 'contexts: prod\nlabelFilter: x' };
    const text = `${head}--changeset a:1 context:dev\nx;\n--changeset a:2 labels:x\ny;\n--changeset a:3\nz;`;
    deepEqual(sent(text, properties), ['up a:2: y', 'up a:3: z']);
    deepEqual(sent(text), ['up a:1: x', 'up a:2: y', 'up a:3: z']);
  });
});

describe("Liquibase's changesets", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['each by itself', '--changeset a:1\nx;\ny;\n--changeset a:2\nz', ['up a:1: x | y', 'up a:2: z']],
    [
      'with what takes them back, the newest first',
      '--changeset a:1\nx\n--rollback y;\n--rollback z;\n--changeset a:2\nv\n--rollback w',
      ['up a:1: x', 'up a:2: v', 'down a:2: w', 'down a:1: y | z'],
    ],
    [
      'a block of it, whose lines are put together as they are',
      '--changeset a:1\nx\n/* liquibase rollback\ndrop\n table b;\n*/',
      ['up a:1: x', 'down a:1: drop table b'],
    ],
    ['nothing to take back', '--changeset a:1\nx\n--rollback empty', ['up a:1: x', 'down a:1: ']],
    ['without comments, in bodies too', "--changeset a:1\nx '--y' -- z\n+ /* v */ w", ["up a:1: x '--y' \n+  w"]],
    [
      'with comments where they are wanted',
      '--changeset a:1 stripComments:false\nx -- y\n+ z',
      ['up a:1: x -- y\n+ z'],
    ],
    ['not cut', '--changeset a:1 splitStatements:false\nx; y', ['up a:1: x, y']],
    ['cut elsewhere', '--changeset a:1 endDelimiter:/\nx;\n/\ny / 2\n/', ['up a:1: x | y / 2']],
    ['cut by several characters', '--changeset a:1 endDelimiter:@@\nx; @@ y', ['up a:1: x | y']],
    ['cut at lines with GO', '--changeset a:1\nx\nGO\ny', ['up a:1: x | y']],
    ['without a transaction', '--changeset a:1 runInTransaction:false\nx', ['up a:1 statements: x']],
    ['quoted names', '--changeset "a b":"c d" labels:"e, f"\nx', ['up a b:c d: x']],
    [
      'for Postgres only',
      '--changeset a:1 dbms:mysql\nx\n--changeset a:2 dbms:"!oracle"\ny\n--changeset a:3 ignore:true\nz',
      ['up a:2: y'],
    ],
    [
      'lines that are left out',
      '--changeset a:1\nx\n--ignoreLines:1\nno\n--ignoreLines:start\nno\n--ignoreLines:end\n+ y',
      ['up a:1: x\n+ y'],
    ],
    ['with CRLF as with LF', '--changeset a:1\r\nx\r\n+ y;\r\nz\r\n', ['up a:1: x\n+ y | z']],
    ['properties', '--property name:t value:users\n--changeset a:1\nx ${t};\ny', ['up a:1: x users | y']],
    ['a body in BEGIN and END', '--changeset a:1\nx begin y; end; z', ['up a:1: x begin y, end | z']],
  ];
  for (const [name, text, expected] of cases) it(name, () => deepEqual(sent(head + text), expected));

  it('a file without the first line goes as it is', () =>
    deepEqual(sent('x; -- y\n${z};'), ['up includeAll:raw: x, ${z}']));

  it('properties of the project', () => {
    const text = `${head}--changeset a:1\nx \${user}`;
    deepEqual(sent(text, { '../liquibase.properties': 'parameter.user=ada' }), ['up a:1: x ada']);
    const changelog = '<databaseChangeLog><property name="user" value="eve"/></databaseChangeLog>';
    deepEqual(sent(text, { 'changelog.xml': changelog }), ['up a:1: x eve']);
    deepEqual(sent(text, { '../application.yml': 'spring:\n  liquibase:\n    parameters:\n      user: bob\n' }), [
      'up a:1: x bob',
    ]);
  });

  const refused: readonly [string, string, readonly string[]][] = [
    [
      'a body that it cuts',
      '--changeset a:1\ncreate function f() returns int as $$ select 1; $$ language sql;\nx',
      ['liquibase-torn-statement «create function f() returns int as $$ select 1; $$ language sql»'],
    ],
    ['no SQL', '--changeset a:1\n--changeset a:2\nx', ['liquibase-empty-changeset «--changeset a:1»']],
    ['no id', '--changeset a\nx', ['liquibase-directive «--changeset a»']],
    ['one hyphen', '--changeset a:1\nx\n- rollback y', ['liquibase-directive «- rollback y»']],
    ['comments in the plural', '--changeset a:1\n--comments x\ny', ['liquibase-directive «--comments x»']],
    [
      'a changeset twice',
      '--changeset a:1\nx\n--changeset a:1\ny',
      ['liquibase-duplicate-changeset «--changeset a:1»'],
    ],
    ['a property without a value', '--changeset a:1\nx ${y}', ['liquibase-property «${y}»']],
    [
      'a precondition',
      '--changeset a:1\n--preconditions onFail:HALT\n--precondition-sql-check expectedResult:0 select 0\nx',
      ['liquibase-precondition «--precondition-sql-check expectedResult:0 select 0»'],
    ],
    [
      'a precondition that is none',
      '--changeset a:1\n--precondition-index-exists index:a\n--precondition-view-exists schema:a\nx',
      [
        'liquibase-directive «--precondition-index-exists index:a»',
        'liquibase-directive «--precondition-view-exists schema:a»',
      ],
    ],
    [
      'what is done where none holds',
      '--changeset a:1\n--preconditions onFail:SKIP onError:warn\nx',
      ['liquibase-directive «--preconditions onFail:SKIP onError:warn»'],
    ],
    [
      'a block that does not end',
      '--changeset a:1\nx\n/* liquibase rollback\ny',
      ['liquibase-directive «/* liquibase rollback»'],
    ],
  ];
  for (const [name, text, expected] of refused)
    it(`tells of ${name}`, () => deepEqual(problems(head + text), expected));

  it('offers not to cut a body, and goes on with it as it was meant', () => {
    const text = `${head}--changeset a:1\ndo $$ begin a; end; $$;\nx`;
    deepEqual(sent(text), ['up a:1: do $$ begin a; end; $$ | x']);
    const [edit] = readAs(text).problems[0]?.fixes?.[0]?.edits ?? [];
    const mended = text.slice(0, edit?.range.start) + edit?.text + text.slice(edit?.range.end);
    deepEqual([problems(mended), sent(mended)], [[], ['up a:1: do $$ begin a; end; $$, x']]);
  });

  it('leave to Liquibase what is no SQL of its own', () => {
    equal(
      readAs(`${head}--changeset a:1 runWith:psql\nx`).outside,
      'It has a changeset with runWith: only Liquibase can run it.',
    );
    equal(
      liquibase.read('a.xml', '').outside,
      'It has changesets in another format than SQL: only Liquibase can run it.',
    );
  });
});

describe("Liquibase's statements", () => {
  const words = fc.array(
    fc.constantFrom('a', ' ', '\n', ';', "'", '"', '--', '/*', '*/', '$$', 'begin', 'end', 'go', '/', '\\', '1.5', 'é'),
    { maxLength: 16 },
  );
  it('lie one behind the other in the text, without blanks before them', () => {
    fc.assert(
      fc.property(words, fc.constantFrom(undefined, '/', '@@', '(', '\\n/$'), (parts, delimiter) => {
        const text = parts.join('');
        let at = 0;
        for (const { start, end } of statementsByLiquibase(text, { split: true, delimiter })) {
          equal(at <= start && start < end && end <= text.length, true);
          equal(text.slice(start, end).trimStart().length, end - start);
          at = end;
        }
      }),
    );
  });

  it('lead back to the file, whatever it holds', () => {
    const lines = fc.array(
      fc.constantFrom(
        '--changeset a:1',
        '--changeset a:2 endDelimiter:/',
        'x;',
        'y ${t} -- z',
        '--rollback v;',
        '/* liquibase rollback',
        '*/',
        '--property name:t value:u',
        '/* w',
        "'",
        '$$',
        '--ignoreLines:1',
        '',
        '- rollback',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(lines, fc.constantFrom('\n', '\r\n', '\r'), (parts, end) => {
        const text = [head.trim(), ...parts].join(end);
        for (const script of readAs(text).scripts)
          for (const { range } of (messagesIn(text, script) ?? []).flat())
            equal(range.start <= range.end && range.end <= text.length, true);
      }),
    );
  });
});

describe('folders of Liquibase', () => {
  const sql = `${head}--changeset a:1\nselect 1;\n`;
  const found = (texts: Readonly<Record<string, string>>): readonly string[] =>
    findFolders(['/w'], filesOf(texts)).map(
      ({ path, layout, migrations }) =>
        `${path}: ${layout.name} ${migrations.map(({ name }) => name.recordedAs).join(' ')}`,
    );
  const cases: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    [
      'by the first line',
      { '/w/m/b.sql': sql, '/w/m/a.sql': sql, '/w/m/c.sql': 'select 1;' },
      ['/w/m: liquibase a.sql b.sql'],
    ],
    [
      'in the order of a changelog, recorded from the resources on',
      {
        '/w/src/main/resources/db/changelog/db.changelog-master.yaml':
          'databaseChangeLog:\n- include:\n    file: classpath:db/changelog/b.sql\n- include:\n    file: x/a.sql\n    relativeToChangelogFile: true\n',
        '/w/src/main/resources/db/changelog/b.sql': sql,
        '/w/src/main/resources/db/changelog/x/a.sql': sql,
      },
      ['/w/src/main/resources/db/changelog: liquibase db/changelog/b.sql db/changelog/x/a.sql'],
    ],
    [
      'of changelogs in XML that name each other and whole folders, with what only Liquibase runs',
      {
        '/w/db/changelog.xml':
          '<databaseChangeLog><!-- <include file="no.sql"/> --><include file="one/changelog.xml" relativeToChangelogFile="true"/><includeAll path="two" relativeToChangelogFile="true"/></databaseChangeLog>',
        '/w/db/one/changelog.xml':
          '<databaseChangeLog><changeSet id="1" author="a"/><include file="one/z.sql"/></databaseChangeLog>',
        '/w/db/one/z.sql': sql,
        '/w/db/two/2.sql': sql,
        '/w/db/two/1.sql': sql,
      },
      ['/w/db: liquibase one/changelog.xml one/z.sql two/1.sql two/2.sql'],
    ],
    [
      'not where there is none',
      { '/w/m/changelog.yaml': 'databaseChangeLog:\n- include:\n    file: a.sql\n', '/w/m/a.sql': 'select 1;' },
      [],
    ],
    ['nor for another server', { '/w/m/a.sql': `${head}--changeset a:1\ncreate table a (id int auto_increment);` }, []],
    [
      'beside other tools',
      { '/w/m/a.sql': sql, '/w/n/1_a.up.sql': '' },
      ['/w/m: liquibase a.sql', '/w/n: golang-migrate '],
    ],
  ];
  for (const [name, texts, expected] of cases) it(name, () => deepEqual(found(texts), expected));

  it('say what no changelog names, and where none gives an order', () => {
    const told = (texts: Readonly<Record<string, string>>) =>
      readFolder('/m', filesOf(texts), layoutOf('liquibase')).problems.map(
        ({ path, message }) => `${path} ${message.split(/[:,]/, 1)[0]}`,
      );
    const changelog = { '/m/changelog.json': '{"databaseChangeLog": [{"include": {"file": "a.sql"}}]}' };
    deepEqual(told({ ...changelog, '/m/a.sql': sql, '/m/b.sql': sql }), [
      '/m/b.sql changelog.json does not include it',
    ]);
    deepEqual(told({ '/m/a.sql': sql, '/m/b.sql': sql }), ['/m/a.sql No changelog beside it names the files']);
  });

  it('begin a new file, and name it where files are named', () => {
    const now = new Date('2026-01-02T03:04:05Z');
    const folder = (texts: Readonly<Record<string, string>>) => ({
      path: '/m',
      names: Object.keys(texts),
      read: (name: string) => texts[name],
      list: () => [],
    });
    const yaml = folder({ 'changelog.yaml': 'databaseChangeLog:\n  - include:\n      file: a.sql\n' });
    const made = liquibase.skeleton('Add email', [], now, yaml);
    deepEqual(
      made.files.map(({ name }) => name),
      ['20260102030405_add_email.sql'],
    );
    equal(made.files[0]?.text.slice(0, made.cursor), '--liquibase formatted sql\n\n--changeset add_email:1\n');
    equal(
      made.lists?.[0]?.text,
      'databaseChangeLog:\n  - include:\n      file: a.sql\n  - include:\n      file: 20260102030405_add_email.sql\n      relativeToChangelogFile: true\n',
    );
    const xml = folder({ 'changelog.xml': '<databaseChangeLog>\n  <include file="a.sql"/>\n</databaseChangeLog>\n' });
    equal(
      liquibase.skeleton('b', [], now, xml).lists?.[0]?.text,
      '<databaseChangeLog>\n  <include file="a.sql"/>\n  <include file="20260102030405_b.sql" relativeToChangelogFile="true"/>\n</databaseChangeLog>\n',
    );
    const all = folder({ 'changelog.yaml': 'databaseChangeLog:\n  - includeAll:\n      path: .\n' });
    equal(liquibase.skeleton('b', [], now, all).lists, undefined);
  });
});

describe('what a project says of Liquibase', () => {
  it('in its properties, those of Spring, and the environment', () => {
    const tables = (files: Readonly<Record<string, string>>, environment = {}) => {
      const { table, lockTable, schema } = liquibaseConfig((name) => files[name], environment);
      return [table, lockTable, schema];
    };
    deepEqual(tables({}), ['databasechangelog', 'databasechangeloglock', undefined]);
    const own =
      'databaseChangelogTableName: log\nliquibase.command.databaseChangelogLockTableName=lock\nliquibaseSchemaName=tools\n';
    deepEqual(tables({ 'liquibase.properties': own }), ['log', 'lock', 'tools']);
    const spring = 'spring.liquibase.database-change-log-table=log\nspring.liquibase.liquibase-schema=tools\n';
    deepEqual(tables({ '../../application.properties': spring }), ['log', 'databasechangeloglock', 'tools']);
    deepEqual(tables({ 'liquibase.properties': own }, { LIQUIBASE_COMMAND_LIQUIBASE_SCHEMA_NAME: 'other' }), [
      'log',
      'lock',
      'other',
    ]);
  });
});
