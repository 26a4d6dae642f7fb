/** sqitch's projects: which folder is one, where its scripts are, and what is said of what sqitch would refuse. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { relative } from 'node:path';
import fc from 'fast-check';
import { contentsOf, findFolders, readFolder } from '../../server/engine/layouts/find';
import { sqitch } from '../../server/engine/layouts/sqitch';
import { sqitchConfigOf, sqitchDatabase } from '../../server/engine/layouts/sqitchConfig';
import { findChange, readSqitchPlan } from '../../server/engine/layouts/sqitchPlan';
import { filesOf } from '../support/files';
import { toolSettings } from '../support/toolSettings';

const by = '2024-05-13T17:21:58Z Ann <ann@example.com>';
const plan = `%project=shop\n\nroles ${by}\ntables/users [roles] ${by}\n@v1 ${by}\n@v2 ${by}\ntables/users [tables/users@v1] ${by}\n`;
const scripts = [
  'deploy/roles.sql',
  'deploy/tables/users.sql',
  'revert/tables/users.sql',
  'deploy/tables/users@v1.sql',
];

const project = (folder: string, texts: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ 'sqitch.plan': plan, ...Object.fromEntries(scripts.map((it) => [it, ''])), ...texts }).map(
      ([name, text]) => [`${folder}/${name}`, text],
    ),
  );

/** `version: up, down`, without the folder. */
const migrationsIn = (folder: string, texts: Readonly<Record<string, string>>): readonly string[] =>
  readFolder(folder, filesOf(texts)).migrations.map(({ version, upPath, downPath }) => {
    const paths = [upPath, downPath].map((it) => (it === undefined ? '-' : relative(folder, it)));
    return `${version}: ${paths.join(', ')}`;
  });

const foldersIn = (texts: Readonly<Record<string, string>>): readonly string[] =>
  findFolders(['/shop'], filesOf(texts)).map(({ path, layout, because }) => `${path} ${layout.name}: ${because}`);

describe("sqitch's projects", () => {
  it('have their changes in the order of the plan, reworked ones as their scripts are called', () =>
    deepEqual(migrationsIn('/shop', project('/shop')), [
      'roles: deploy/roles.sql, -',
      'tables/users@v1: deploy/tables/users@v1.sql, -',
      'tables/users: deploy/tables/users.sql, revert/tables/users.sql',
    ]));

  it('take the tag that there is a script with', () => {
    const texts = project('/shop', { 'deploy/tables/users@v2.sql': '' });
    delete texts['/shop/deploy/tables/users@v1.sql'];
    equal(migrationsIn('/shop', texts)[1], 'tables/users@v2: deploy/tables/users@v2.sql, -');
  });

  it('lie in the folder of the plan, and leave what is below to others', () =>
    deepEqual(
      foldersIn({
        ...project('/shop'),
        '/shop/deploy/1_x.up.sql': '',
        '/shop/services/pay/migrations/1_x.up.sql': '',
      }),
      [
        '/shop sqitch: sqitch.plan lies in it',
        '/shop/services/pay/migrations golang-migrate: 1_x.up.sql is named as golang-migrate names its files',
      ],
    ));

  const configured: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    [
      'below that of the configuration',
      { '/shop/sqitch.conf': '[core]\n\tengine = pg\n\ttop_dir = ./db/sql\n', ...project('/shop/db/sql') },
      ['/shop/db/sql sqitch: sqitch.plan lies in it'],
    ],
    [
      'with a plan of another name',
      { '/shop/sqitch.conf': '[core]\nengine=pg\nplan_file=pg.plan', '/shop/pg.plan': plan },
      ['/shop sqitch: pg.plan lies in it'],
    ],
    [
      'for one of several engines',
      {
        '/shop/sqitch.conf': '[core]\nengine=sqlite\n[engine "sqlite"]\ntop_dir=lite\n[engine "pg"]\ntop_dir=pg\n',
        ...project('/shop/pg'),
        ...project('/shop/lite'),
      },
      ['/shop/pg sqitch: sqitch.plan lies in it'],
    ],
    ['for another engine', { '/shop/sqitch.conf': '[core]\nengine = mysql', ...project('/shop') }, []],
    ['for a target of another engine', { '/shop/sqitch.conf': '[core]\ntarget=db:sqlite:x', ...project('/shop') }, []],
    [
      'for a named target',
      { '/shop/sqitch.conf': '[core]\ntarget=dev\n[target "dev"]\nuri=db:postgresql:x', ...project('/shop') },
      ['/shop sqitch: sqitch.plan lies in it'],
    ],
  ];
  for (const [name, texts, folders] of configured) it(`are found ${name}`, () => deepEqual(foldersIn(texts), folders));

  it('have their scripts where the configuration says', () =>
    deepEqual(
      migrationsIn('/shop/sql', {
        '/shop/sqitch.conf':
          '[core]\nengine=pg\ntop_dir=sql\nextension=ddl\n[target "dev"]\nrevert_dir=sql/undo\n[engine "pg"]\ntarget=dev\ndeploy_dir=up\nreworked_dir=old\n',
        '/shop/sql/sqitch.plan': plan,
        '/shop/up/roles.ddl': '',
        '/shop/sql/undo/roles.ddl': '',
        '/shop/old/deploy/tables/users@v2.ddl': '',
        '/shop/up/tables/users.ddl': '',
      }).slice(0, 2),
      ['roles: ../up/roles.ddl, undo/roles.ddl', 'tables/users@v2: ../old/deploy/tables/users@v2.ddl, -'],
    ));

  it('tell what sqitch stops at', () => {
    const { problems, migrations } = readFolder(
      '/shop',
      filesOf({ '/shop/sqitch.plan': `${plan}x\n`, '/shop/deploy/roles.sql': '' }),
    );
    deepEqual(
      problems.map(({ path, message }) => `${path}: ${message}`),
      [
        '/shop/sqitch.plan: sqitch refuses the plan, line 8: the time stamp is missing.',
        '/shop/sqitch.plan: sqitch stops at the change whose script deploy/tables/users@v1.sql is not there.',
        '/shop/sqitch.plan: sqitch stops at the change whose script deploy/tables/users.sql is not there.',
      ],
    );
    equal(migrations.length, 1);
  });

  it('are read whatever the plan holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), lines), (text) => {
        const { changes } = readSqitchPlan(text);
        equal(new Set(changes.map(({ id }) => id)).size, changes.length);
        for (const it of changes) equal(findChange(changes, it.id), it);
      }),
    );
  });

  it('run their scripts as psql does, wherever these lie', () => {
    const settings = toolSettings({
      read: (name) => ({ 'sqitch.conf': '[core]\nengine=pg\nrevert_dir=undo', 'sqitch.plan': plan })[name],
    });
    const layout = sqitch.configured?.(settings) ?? sqitch;
    const said = ['deploy/a.sql', 'undo/a.sql'].map((name) => layout.read(name, 'begin; x; commit;').scripts[0]);
    deepEqual(
      said.map((it) => `${it?.direction} ${it?.mode}`),
      ['up statements', 'down statements'],
    );
    deepEqual(
      ['deploy/x/a.sql', 'undo/a.sql', 'verify/a.sql', 'deploy/a.txt'].map((it) => layout.readName(it)?.version),
      ['x/a', 'a', 'a', undefined],
    );
  });

  it('get a new change that the plan then has, whatever its title is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (title) => {
        const { files, lists = [] } = sqitch.skeleton(title, [], new Date());
        const { changes, refusal } = readSqitchPlan(lists.at(-1)?.text ?? '');
        deepEqual(
          [changes.map(({ name }) => `deploy/${name}.sql`), refusal],
          [files.slice(0, 1).map(({ name }) => name), undefined],
        );
      }),
    );
  });

  it('get a new change with a name that stands once', () => {
    const files = filesOf(project('/shop', { 'sqitch.plan': plan.trimEnd() }));
    const made = sqitch.skeleton('Roles', [], new Date('2025-01-02T03:04:05Z'), contentsOf('/shop', files));
    deepEqual(
      made.files.map(({ name }) => name),
      ['deploy/Roles.sql', 'revert/Roles.sql', 'verify/Roles.sql'],
    );
    match(made.lists?.at(-1)?.text ?? '', /\nRoles 2025-01-02T03:04:05Z [^<]+ <[^>]+> # Roles\n$/);
    equal(made.files[0]?.text.slice(made.cursor), '-- XXX Add DDLs here.\n\nCOMMIT;\n');
    const again = sqitch.skeleton('roles', [], new Date(), contentsOf('/shop', files));
    equal(again.files[0]?.name, 'deploy/roles_2.sql');
    const named = (title: string) => sqitch.skeleton(title, [], new Date()).files[0]?.name;
    deepEqual(
      ['tables/orders.v2', 'a/../../b', '../x', 'HEAD', '0'.repeat(40), '…'].map(named),
      ['tables/orders.v2', 'a_b', 'x', 'head', `change_${'0'.repeat(40)}`, 'migration'].map((it) => `deploy/${it}.sql`),
    );
    const first = sqitch.skeleton('add email', [], new Date());
    deepEqual(
      [first.files[0]?.name, ...(first.lists ?? []).map(({ name }) => name)],
      ['deploy/add_email.sql', 'sqitch.conf', 'sqitch.plan'],
    );
  });
});

describe("sqitch's configuration", () => {
  const databases: readonly [string, string | undefined][] = [
    ['target = db:pg://me:x@h:1/shop?sslmode=require', 'postgres://me:x@h:1/shop?sslmode=require'],
    ['target = db:postgresql:shop', 'postgres:///shop'],
    ['target = db:pg:', undefined],
    ['target = db:sqlite:x', undefined],
    ['target = dev\n[target "dev"]\nuri = db:pg:///dev', 'postgres:///dev'],
    ['target = nowhere', undefined],
    ['engine = pg', undefined],
  ];
  for (const [text, connection] of databases)
    it(`names the database ${connection} by ${JSON.stringify(text)}`, () =>
      equal(sqitchDatabase(sqitchConfigOf([`[core]\n${text}\n`]))?.connection, connection));

  it('is read as git reads its own', () => {
    const config = sqitchConfigOf([
      '[core]\n\tEngine = pg # x\n[core] top_dir=a\n',
      '; y\n[engine "p.\\"g"]\r\n\tregistry = "a # b"  c\\\n d\\t"e\\\\f" ; g\r\n\tbare\n[core]\nTOP_DIR = b\n',
      '[core\nnothing=1\n',
    ]);
    deepEqual(
      [...config],
      [
        ['core.engine', 'pg'],
        ['core.top_dir', 'b'],
        ['engine.p."g.registry', 'a # b c d\te\\f'],
        ['engine.p."g.bare', 'true'],
      ],
    );
  });
});

const lines = fc
  .array(fc.constantFrom(`a ${by}`, `b [a !c] ${by} # n`, `a ${by}`, `@t ${by}`, `@u ${by}`, '', '# x', 'x', '%y'))
  .map((all) => ['%project=p', '', ...all].join('\n'));
