/** Flyway's files: names, order, placeholders, transactions, and what the files of a project say about them. */
import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { readFolder, findFolders, layoutOf } from '../../server/engine/layouts/find';
import { flyway } from '../../server/engine/layouts/flyway';
import { checksumOf, repeatableChecksums } from '../../server/engine/history/flywayChecksum';
import { flywayConfig } from '../../server/engine/layouts/flywayConfig';
import { flywayName, orderOf } from '../../server/engine/layouts/flywayNames';
import { replacing } from '../../server/engine/layouts/flywayPlaceholders';
import type { MigrationFile } from '../../server/engine/layouts/layout';
import { messagesIn, statementsIn } from '../../server/engine/layouts/statements';
import { sentOf } from '../../server/engine/sql/places';
import { filesOf } from '../support/files';
import { toolSettings } from '../support/toolSettings';

const reader = (files: Readonly<Record<string, string>>) => (name: string) => files[name];

/** Names are relative to the folder. */
const readWith = (text: string, files: Readonly<Record<string, string>> = {}): MigrationFile => {
  const settings = toolSettings({ read: reader(files), database: 'shop', user: 'ada' });
  return (flyway.configured?.(settings) ?? flyway).read('V1__a.sql', text, reader(files));
};

const problems = (text: string, files: Readonly<Record<string, string>> = {}): readonly string[] =>
  readWith(text, files).problems.map(({ code, range }) => `${code} «${text.slice(range.start, range.end)}»`);

const sent = (text: string, files: Readonly<Record<string, string>> = {}): readonly string[] =>
  readWith(text, files).scripts.map(
    (script) =>
      `${script.mode}: ${statementsIn(text, script)
        .map((it) => it.text)
        .join(' | ')}`,
  );

const same = (names: readonly string[], text = 'select 1;'): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, text]));

describe("Flyway's database", () => {
  const cases: readonly [string, Readonly<Record<string, string>>, string | undefined][] = [
    [
      'flyway.conf',
      { '../flyway.conf': 'flyway.url=jdbc:postgresql://db.example:5433/shop\nflyway.user=ada\nflyway.password=a b\n' },
      'postgresql://db.example:5433/shop?user=ada&password=a%20b, the URL of Flyway in flyway.conf',
    ],
    [
      'an environment of flyway.toml',
      {
        'flyway.toml':
          '[flyway]\nenvironment = "dev"\n[environments.dev]\nurl = "jdbc:postgresql:shop"\nuser = "ada"\n',
      },
      'postgresql://localhost/shop?user=ada, the URL of Flyway in flyway.toml',
    ],
    [
      "Spring's data source, with settings of the driver",
      {
        '../../application.properties':
          'spring.datasource.url=jdbc:postgresql://localhost/shop?currentSchema=app&socketTimeout=3&ssl=true\nspring.datasource.username=ada\nspring.datasource.password=${SECRET}\n',
      },
      'postgresql://localhost/shop?user=ada&options=-csearch_path%3Dapp&ssl=true, spring.datasource.url in application.properties',
    ],
    [
      "Spring's YAML, where Flyway has a login of its own",
      {
        '../../application.yml':
          'spring:\n  datasource:\n    url: jdbc:postgresql://localhost/shop\n    username: app\n  flyway:\n    user: owner\n',
      },
      'postgresql://localhost/shop?user=owner, spring.datasource.url in application.yml',
    ],
    [
      'what is to be put in',
      { '../../application.properties': 'spring.datasource.url=jdbc:postgresql://${H}/x\n' },
      undefined,
    ],
    ['another server', { 'flyway.conf': 'flyway.url=jdbc:mysql://localhost/shop\n' }, undefined],
  ];
  for (const [name, files, expected] of cases)
    it(name, () => {
      const found = flyway.namedDatabase?.({ path: '/w', names: [], list: () => [], read: reader(files) });
      equal(found && `${found.connection}, ${found.source}`, expected);
    });

  it('is first of all that of the environment, with the login of the files where it has none', () => {
    const files = { 'flyway.conf': 'flyway.url=jdbc:postgresql://localhost/other\nflyway.user=app\n' };
    const folder = { path: '/w', names: [], list: () => [], read: reader(files) };
    const named = (environment: Readonly<Record<string, string>>) => flyway.databaseIn?.(environment, folder);
    equal(named({}), undefined);
    deepEqual(named({ FLYWAY_URL: 'jdbc:postgresql://db/shop', FLYWAY_PASSWORD: 'a b' }), {
      connection: 'postgresql://db/shop?user=app&password=a%20b',
      source: 'FLYWAY_URL in the environment',
    });
    const spring = { SPRING_DATASOURCE_URL: 'jdbc:postgresql://db/shop', SPRING_DATASOURCE_USERNAME: 'spring' };
    equal(named(spring)?.connection, 'postgresql://db/shop?user=spring');
    equal(named({ FLYWAY_URL: 'jdbc:mysql://db/shop' }), undefined);
  });
});

describe("Flyway's names", () => {
  const config = flywayConfig();
  const cases: readonly [string, string][] = [
    ['V1__add_email.sql', '1 add email'],
    ['V1_2__a.sql', '1.2 a'],
    ['V001.2__a__b_c.sql', '001.2 a  b c'],
    ['V3.SQL', '3 '],
    ['V1_2.sql', '1.2 '],
    ['R__my_view.sql', 'R__my_view my view'],
    ['U1__a.sql', 'undo'],
    ['B1__a.sql', 'baseline'],
    ['beforeMigrate.sql', 'callback'],
    ['afterEachMigrate__log.sql', 'callback'],
    ['V__a.sql', 'invalid'],
    ['V1a__a.sql', 'invalid'],
    ['V1_a.sql', 'invalid'],
    ['R1__a.sql', 'invalid'],
    ['Views.sql', '-'],
    ['README.md', '-'],
    ['V1__a.txt', '-'],
    ['1__a.sql', '-'],
    ['Report.sql', '-'],
  ];
  for (const [name, expected] of cases)
    it(name, () => {
      const found = flywayName(name, config);
      equal(found?.kind === 'migration' ? `${found.name.version} ${found.name.title}` : (found?.kind ?? '-'), expected);
    });

  it('are ordered by number, and repeatable ones by description, behind', () => {
    const names = ['V10__a', 'V2__a', 'V1.10__a', 'V1.9.1__a', 'R__b', 'R__a', 'V1__a'].map((it) => `/m/${it}.sql`);
    const { migrations } = readFolder('/m', filesOf(same(names)), layoutOf('flyway'));
    deepEqual(
      migrations.map(({ version }) => version),
      ['1', '1.9.1', '1.10', '2', '10', 'R__a', 'R__b'],
    );
  });

  it('take 1 and 1.0 for the same version', () => {
    equal(orderOf('1.0.0'), orderOf('01'));
    equal(orderOf('1.0.1') > orderOf('1'), true);
  });
});

describe('folders of Flyway', () => {
  const found = (texts: Readonly<Record<string, string>>): readonly string[] =>
    findFolders(['/w'], filesOf(texts)).map(
      ({ path, layout, migrations }) =>
        `${path}: ${layout.name} ${migrations.map(({ name }) => name.recordedAs).join(' ')}`,
    );
  const cases: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    ['by a name', same(['/w/sql/V1__a.sql']), ['/w/sql: flyway V1__a.sql']],
    [
      'with folders below, beside other tools',
      same(['/w/db/migration/V1__a.sql', '/w/db/migration/x/V2__b.sql', '/w/m/1_a.up.sql']),
      ['/w/m: golang-migrate ', '/w/db/migration: flyway V1__a.sql x/V2__b.sql'],
    ],
    [
      'several locations of one history',
      {
        ...same(['/w/db/common/V1__a.sql', '/w/db/postgresql/V2__b.sql', '/w/db/mysql/V2__b.sql']),
        '/w/application.properties': 'spring.flyway.locations=classpath:db/common,classpath:db/{vendor}\n',
      },
      ['/w/db: flyway V1__a.sql V2__b.sql'],
    ],
    [
      'names of its own',
      {
        ...same(['/w/sql/M-1--a.pgsql', '/w/sql/V1__a.sql']),
        '/w/flyway.conf':
          'flyway.sqlMigrationPrefix=M-\nflyway.sqlMigrationSeparator=--\nflyway.sqlMigrationSuffixes=.pgsql\n',
      },
      ['/w/sql: flyway M-1--a.pgsql'],
    ],
    [
      'nothing of refinery',
      { ...same(['/w/migrations/V1__a.sql']), '/w/Cargo.toml': '[dependencies]\nrefinery = "0.8"\n' },
      [],
    ],
    [
      'nothing of another server',
      same(['/w/db/V1__a.sql'], 'create table a (id int auto_increment) engine = InnoDB;'),
      [],
    ],
  ];
  for (const [name, texts, expected] of cases)
    it(name, () => deepEqual([...found(texts)].toSorted(), [...expected].toSorted()));

  it('say what Flyway passes over, and what it runs besides', () => {
    const names = ['V1__a.sql', 'V1_x.sql', 'U1__a.sql', 'B1__a.sql', 'afterMigrate.sql', 'V1.0__b.sql'];
    const { problems } = readFolder('/m', filesOf(same(names.map((it) => `/m/${it}`))), layoutOf('flyway'));
    deepEqual(problems.map(({ path, message }) => `${path} ${message.split(/: |\. |\.$/, 1)[0]}`).toSorted(), [
      '/m/B1__a.sql Flyway runs this baseline migration instead of all up to its version where nothing is applied',
      '/m/U1__a.sql Only paid editions of Flyway run undo migrations',
      '/m/V1__a.sql Version 1.0 and 1 are the same to Flyway, which refuses the whole folder',
      '/m/V1_x.sql Flyway passes over this file',
      '/m/afterMigrate.sql Flyway runs this file as a callback around migrations',
    ]);
  });

  it('begin a new migration behind the newest, in its digits', () => {
    const create = (...names: string[]) => {
      const { migrations } = readFolder('/m', filesOf(same(names.map((it) => `/m/${it}`))), layoutOf('flyway'));
      return flyway.skeleton(
        'Add email',
        migrations.map(({ name }) => name),
        new Date('2026-01-02T03:04:05Z'),
      ).files[0]?.name;
    };
    equal(create(), 'V1__add_email.sql');
    equal(create('V1__a.sql', 'V9__b.sql', 'R__v.sql'), 'V10__add_email.sql');
    equal(create('V001__a.sql'), 'V002__add_email.sql');
    equal(create('V1_9__a.sql'), 'V1_10__add_email.sql');
    equal(create('V20250101000000__a.sql'), 'V20260102030405__add_email.sql');
  });
});

describe('placeholders of Flyway', () => {
  const conf = { '../flyway.conf': 'flyway.placeholders.Table=users\nflyway.placeholders.two=a; select 2\n' };
  const cases: readonly [string, string, readonly string[]][] = [
    ['are replaced, whatever their case', 'select ${TABLE};\nselect 1;', ['transaction: select users | select 1']],
    ['also in comments and strings', "select -- ${table}\n'${table}';", ["transaction: select -- users\n'users'"]],
    ['with several statements in one', 'select ${two};', ['transaction: select a | select 2']],
    [
      'of its own',
      "select '${flyway:database} ${flyway:user} ${flyway:filename} ${flyway:table}'",
      ["transaction: select 'shop ada V1__a.sql flyway_schema_history'"],
    ],
    ['not behind a dollar, which has been read already', "select '$${table}'", ["transaction: select '$${table}'"]],
  ];
  for (const [name, text, expected] of cases) it(name, () => deepEqual(sent(text, conf), expected));

  it('without a value are refused where they stand', () => {
    deepEqual(problems('select ${x}, ${flyway:y};\n-- ${x', conf), [
      'flyway-placeholder «${x}»',
      'flyway-placeholder «${flyway:y}»',
      'flyway-placeholder «${x»',
    ]);
    deepEqual(readWith('select ${x}').scripts, []);
    deepEqual(problems('select ${x}', { '../flyway.toml': '[flyway]\nplaceholderReplacement = false\n' }), []);
    deepEqual(problems('select ${x}', { 'V1__a.sql.conf': 'placeholderReplacement=false\n' }), []);
    deepEqual(
      problems('select ${x}, #[y]', { '../flyway.conf': 'flyway.placeholderPrefix=#[\nflyway.placeholderSuffix=]\n' }),
      ['flyway-placeholder «#[y]»'],
    );
  });

  it('lead back from what is sent to the file, piece by piece', () => {
    const words = fc.array(fc.constantFrom('${a}', '${b}', '$', '{', '}', ' select 1', ';', '\n', '--', "'", '$$'), {
      maxLength: 14,
    });
    fc.assert(
      fc.property(words, (parts) => {
        const text = parts.join('');
        const { replaced, unknown } = replacing(text, { prefix: '${', suffix: '}' }, { a: 'x', b: '' });
        let at = 0;
        for (const { range } of [...replaced, ...unknown].toSorted(
          (one, other) => one.range.start - other.range.start,
        )) {
          equal(at <= range.start && text.startsWith('${', range.start), true);
          at = range.end;
        }
        const plain = sentOf(text, { start: 0, end: text.length }, replaced);
        equal(
          plain.length - text.length,
          replaced.reduce((sum, it) => sum + it.text.length - (it.range.end - it.range.start), 0),
        );
        const file = flyway
          .configured?.(toolSettings({ environment: { FLYWAY_PLACEHOLDERS_A: 'x', FLYWAY_PLACEHOLDERS_B: '' } }))
          .read('V1__a.sql', text);
        for (const script of file?.scripts ?? []) messagesIn(text, script);
      }),
    );
  });
});

describe('transactions of Flyway', () => {
  const cases: readonly [string, string, Readonly<Record<string, string>>, string, readonly string[]][] = [
    ['one for a script', 'create table a (); create index on a (b);', {}, 'transaction', []],
    ['none with CONCURRENTLY', 'create unique index /* x */ concurrently i on a (b);', {}, 'statements', []],
    [
      'none with VACUUM and its like',
      'vacuum a; alter system set x = 1; reindex (verbose) database b;',
      {},
      'statements',
      [],
    ],
    ['REINDEX INDEX is no such', 'reindex index concurrently i', {}, 'transaction', []],
    ['nor a name that looks so', 'drop table vacuum; create index "concurrently" on a (b)', {}, 'transaction', []],
    ['not both', 'select 1; vacuum a;', {}, 'statements', ['flyway-mixed «vacuum a»']],
    ['both where that is wanted', 'select 1; vacuum a;', { '../flyway.conf': 'flyway.mixed=true' }, 'statements', []],
    [
      'as the file beside it says',
      'select 1; vacuum a;',
      { 'V1__a.sql.conf': 'executeInTransaction=false' },
      'statements',
      [],
    ],
    ['or all of them', 'select 1;', { '../flyway.conf': 'flyway.executeInTransaction = false' }, 'statements', []],
    [
      'a file beside it with an unknown word',
      'select 1',
      { 'V1__a.sql.conf': 'executeInTransction=false' },
      'transaction',
      ['flyway-script-config «»'],
    ],
    [
      'a condition',
      'select 1',
      { 'V1__a.sql.conf': 'shouldExecute=${env}==prod' },
      'transaction',
      ['flyway-conditional «»'],
    ],
  ];
  for (const [name, text, files, mode, expected] of cases)
    it(name, () => {
      deepEqual(problems(text, files), expected);
      equal(readWith(text, files).scripts[0]?.mode, mode);
    });

  it('another encoding than UTF-8 is left to Flyway where it matters', () => {
    const files = { '../flyway.conf': 'flyway.encoding=ISO-8859-1' };
    equal(readWith('select 1;', files).outside, undefined);
    equal(readWith("select 'ä';", files).outside, 'Flyway reads it as ISO-8859-1; Rehearsal reads UTF-8 only.');
  });
});

describe('what a project says of Flyway', () => {
  const cases: readonly [string, string][] = [
    [
      'flyway.toml',
      '[flyway]\ntable = "h" # ours\nschemas = [\n  "app",\n  \'x\'\n]\noutOfOrder = true\n[flyway.placeholders]\nname = "v"\n',
    ],
    ['flyway.conf', 'flyway.table=h\nflyway.schemas=app,\\\n  x\nflyway.outOfOrder=true\nflyway.placeholders.name=v\n'],
    [
      '../application.properties',
      'spring.flyway.table=h\nspring.flyway.schemas=app,x\nspring.flyway.out-of-order=true\nspring.flyway.placeholders.name=v\n',
    ],
    [
      '../application.yml',
      'spring:\n  flyway:\n    table: h\n    schemas: [app, x]\n    out-of-order: true\n    placeholders:\n      name: v\n---\nspring:\n  config:\n    activate:\n      on-profile: test\n  flyway:\n    table: other\n',
    ],
    [
      '../../pom.xml',
      '<plugin><artifactId>flyway-maven-plugin</artifactId><configuration><table>h</table><schemas><schema>app</schema><schema>x</schema></schemas><outOfOrder>true</outOfOrder><placeholders><name>v</name></placeholders><url>${url}</url></configuration></plugin>',
    ],
    [
      '../build.gradle',
      "flyway {\n  url = System.getenv('X')\n  table = 'h'\n  schemas = ['app', 'x']\n  outOfOrder = true\n  placeholders = ['name': 'v']\n}\n",
    ],
    [
      '../build.gradle.kts',
      'flyway {\n  table = "h"\n  schemas = arrayOf("app", "x")\n  outOfOrder = true\n  placeholders = mapOf("name" to "v")\n}\n',
    ],
  ];
  for (const [file, text] of cases)
    it(file, () => {
      const { sources, table, schema, schemas, outOfOrder, placeholders } = flywayConfig(reader({ [file]: text }));
      deepEqual(
        [sources, table, schema, schemas, outOfOrder, placeholders.values],
        [[file], 'h', 'app', ['app', 'x'], true, { name: 'v' }],
      );
    });

  it('the environment goes first, then what is nearest', () => {
    const read = reader({
      'flyway.conf': 'flyway.table=near',
      '../flyway.conf': 'flyway.table=far\nflyway.mixed=true',
    });
    const { table, mixed } = flywayConfig(read);
    deepEqual([table, mixed], ['near', true]);
    equal(flywayConfig(read, { FLYWAY_TABLE: 'own', PATH: '/bin' }).table, 'own');
  });

  it('never throws', () => {
    const files = cases.map(([file]) => file);
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.string({ unit: 'grapheme' }),
        (file, text) => void flywayConfig(reader({ [file]: text })),
      ),
    );
  });
});

describe("Flyway's checksum", () => {
  it('is that of the lines without their ends, signed', () => {
    equal(
      checksumOf('create table a (id int);'),
      checksumOf('\uFEFFcreate table\r\n a (id int);\n'.replace('\r\n', '')),
    );
    equal(checksumOf(''), 0);
    equal(checksumOf('123456789'), 0xcbf43926 | 0);
    equal(checksumOf('1234\r\n5678\r9\n'), 0xcbf43926 | 0);
  });

  it('of a repeatable migration is that of what is sent, and the former one is known', () => {
    const config = flywayConfig(undefined, { FLYWAY_PLACEHOLDERS_X: '456' });
    deepEqual(repeatableChecksums('123${x}789', 'R__a.sql', config, {}), [0xcbf43926 | 0, checksumOf('123${x}789')]);
  });
});
