/** Alembic's projects before Alembic is asked: which folder is one, which revision stands upon which, and new ones. */
import { deepEqual, equal, match } from 'node:assert/strict';
import fc from 'fast-check';
import { alembic } from '../../server/engine/layouts/alembic';
import { alembicPlaces } from '../../server/engine/layouts/alembicConfig';
import { askedFolder } from '../../server/engine/layouts/asked';
import { contentsOf, findFolders, readFolder } from '../../server/engine/layouts/find';
import { revision } from '../support/alembic';
import { filesOf } from '../support/files';

const project = (at: string, ini: string, script = 'alembic'): Readonly<Record<string, string>> => ({
  [`${at}/alembic.ini`]: ini,
  [`${at}/${script}/env.py`]: '',
  [`${at}/${script}/versions/b_second.py`]: revision('a2', { below: 'z1' }),
  [`${at}/${script}/versions/c_first.py`]: revision('z1', {}),
  [`${at}/${script}/versions/__init__.py`]: '',
  [`${at}/${script}/versions/.#b_second.py`]: revision('x', {}),
});

const foldersIn = (texts: Readonly<Record<string, string>>): readonly string[] =>
  findFolders(['/shop'], filesOf(texts)).map(
    ({ path, layout, because, migrations }) =>
      `${path} ${layout.name}: ${because}: ${migrations.map(({ version }) => version).join(' ')}`,
  );

const usual = '[alembic]\nscript_location = alembic\n';

describe("Alembic's projects", () => {
  const recognised: Readonly<
    Record<string, readonly [texts: Readonly<Record<string, string>>, folders: readonly string[]]>
  > = {
    'where alembic.ini lies': [project('/shop', usual), ['/shop alembic: alembic.ini lies in it: z1 a2']],
    'beside folders of others': [
      {
        ...project('/shop/services/pay', usual),
        '/shop/services/pay/sql/migrations/1_a.up.sql': '',
        '/shop/services/stock/migrations/1_a.up.sql': '',
      },
      [
        '/shop/services/pay alembic: alembic.ini lies in it: z1 a2',
        '/shop/services/stock/migrations golang-migrate: ',
        '/shop/services/pay/sql/migrations golang-migrate: ',
      ],
    ],
    'with a package as its location': [
      project('/shop', '[alembic]\nscript_location: app.db:migrations ; here\n', 'app/db/migrations'),
      ['/shop alembic: alembic.ini lies in it: z1 a2'],
    ],
    'with the location of the file': [
      project(
        '/shop',
        '[loggers]\nkeys = root\n[alembic]\n# script_location = no\nscript_location = %(here)s/db\n',
        'db',
      ),
      ['/shop alembic: alembic.ini lies in it: z1 a2'],
    ],
    'with an absolute location': [
      project('/shop', '[alembic]\nscript_location = /shop/db\n', 'db'),
      ['/shop alembic: alembic.ini lies in it: z1 a2'],
    ],
    'with locations of versions': [
      {
        ...project('/shop', `${usual}version_path_separator = os\nversion_locations =\n    %(here)s/one:\n    two\n`),
        '/shop/one/a.py': revision('a', {}),
        '/shop/two/b.py': revision('b', { needs: 'a' }),
      },
      ['/shop alembic: alembic.ini lies in it: a b'],
    ],
    'with versions below, where that is set': [
      {
        ...project('/shop', `${usual}recursive_version_locations = true\n`),
        '/shop/alembic/versions/2024/05/a3.py': revision('a3', { below: ['a2', 'z1'] }),
      },
      ['/shop alembic: alembic.ini lies in it: z1 a2 a3'],
    ],
    'in pyproject.toml': [
      {
        '/shop/pyproject.toml': '[tool.alembic]\nscript_location = "%(here)s/db"\nversion_locations = ["%(here)s/v"]\n',
        '/shop/db/env.py': '',
        '/shop/v/a.py': revision('a', {}),
      },
      ['/shop alembic: pyproject.toml configures Alembic: a'],
    ],
    'of Flask-Migrate': [
      {
        '/shop/migrations/alembic.ini': '[alembic]\n# file_template = x\n',
        '/shop/migrations/env.py': '',
        '/shop/migrations/versions/a.py': revision('a', {}),
      },
      ['/shop alembic: migrations/alembic.ini is that of Flask-Migrate: a'],
    ],
    'without revisions': [
      { '/shop/alembic.ini': usual, '/shop/alembic/env.py': '' },
      ['/shop alembic: alembic.ini lies in it: '],
    ],
    'not where env.py is missing': [{ '/shop/alembic.ini': usual, '/shop/alembic/versions/a.py': '' }, []],
    'not where no location is named': [{ '/shop/alembic.ini': '[alembic]\n', '/shop/alembic/env.py': '' }, []],
    'not for any pyproject.toml': [{ '/shop/pyproject.toml': '[tool.black]\n', '/shop/alembic/env.py': '' }, []],
    'not in files of SQL beside Python': [
      { '/shop/migrations/1_a.up.sql': '', '/shop/migrations/env.py': '' },
      ['/shop/migrations golang-migrate: '],
    ],
  };
  for (const [name, [texts, folders]] of Object.entries(recognised))
    it(`are known ${name}`, () =>
      deepEqual(
        foldersIn(texts).map((it, i) =>
          folders[i]?.endsWith('golang-migrate: ') ? it.replace(/golang-migrate: .*/, 'golang-migrate: ') : it,
        ),
        folders,
      ));

  it('have the titles of their revisions, and refuse nothing before Alembic was asked', () => {
    const { migrations, problems } = readFolder('/shop', filesOf(project('/shop', usual)));
    deepEqual([migrations.map(({ title }) => title), problems], [['Makes z1', 'Makes a2'], []]);
    match(alembic.read('x.py', '').outside ?? '', /could not be asked/);
  });

  it('end with revisions that stand upon each other', () =>
    deepEqual(
      foldersIn({
        ...project('/shop', usual),
        '/shop/alembic/versions/a.py': revision('a', { below: 'b' }),
        '/shop/alembic/versions/b.py': revision('b', { below: 'a' }),
      }).map((it) => it.split(' ').slice(-4).toSorted()),
      [['a', 'a2', 'b', 'z1']],
    ));

  it('read any configuration and any file to its end', () =>
    fc.assert(
      fc.property(fc.string(), fc.string(), (ini, text) => {
        const files = filesOf({ ...project('/shop', `${usual}${ini}`), '/shop/alembic/versions/x.py': text });
        return findFolders(['/shop'], files).length <= 1;
      }),
    ));

  it('know a revision by its name', () => {
    const names = ['alembic/versions/1975ea83b712_add_email.py', 'v/2024_05_01-1975ea83b712_add_email.py'];
    for (const name of names)
      deepEqual([alembic.readName(name)?.version, alembic.readName(name)?.title], ['1975ea83b712', 'add email']);
    for (const name of ['env.py', 'alembic/versions/__init__.py', 'alembic/versions/a.sql'])
      equal(alembic.readName(name), undefined);
  });
});

describe('a new revision of Alembic', () => {
  const now = new Date(2024, 1, 29, 3, 4, 5, 678);
  const made = (texts: Readonly<Record<string, string>>, title = 'Add "email" to users') =>
    alembic.skeleton(title, [], now, contentsOf('/shop', filesOf(texts)));
  const template = [
    '"""${message}\n\nRevision ID: ${up_revision}\nRevises: ${down_revision | comma,n}\nCreate Date: ${create_date}\n\n"""',
    'from alembic import op\n${imports if imports else ""}',
    'revision: str = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}',
    'def upgrade() -> None:\n    """Upgrade schema."""\n    ${upgrades if upgrades else "pass"}\n',
  ].join('\n');

  it('stands upon the head, as the template of the project has it', () => {
    const { files, cursor } = made({ ...project('/shop', usual), '/shop/alembic/script.py.mako': template });
    const { name, text } = files[0] ?? { name: '', text: '' };
    const [, id = ''] = /^alembic\/versions\/([0-9a-f]{12})_add_email_to_users\.py$/.exec(name) ?? [];
    equal(
      text,
      [
        `"""Add  email  to users\n\nRevision ID: ${id}\nRevises: a2\nCreate Date: 2024-02-29 03:04:05.678000\n\n"""`,
        'from alembic import op\n',
        `revision: str = '${id}'\ndown_revision = 'a2'`,
        'def upgrade() -> None:\n    """Upgrade schema."""\n    pass\n',
      ].join('\n'),
    );
    equal(text.slice(cursor), 'pass\n');
  });

  it('is written in the usual way where the template does more', () => {
    const more = { '/shop/alembic/script.py.mako': `${template}<%! import re %>` };
    const { files, cursor } = made({ ...project('/shop', usual), ...more });
    match(files[0]?.text ?? '', /^"""Add {2}email {2}to users\n[^]*\ndef downgrade\(\):\n {4}pass\n$/);
    match(files[0]?.text.slice(cursor) ?? '', /^pass\n\n\ndef downgrade/);
  });

  it('is the first one of a folder that is still to be made', () => {
    const { files } = alembic.skeleton('users', [], now);
    match(files[0]?.name ?? '', /^alembic\/versions\/[0-9a-f]{12}_users\.py$/);
    match(files[0]?.text ?? '', /^down_revision = None$/m);
  });

  for (const [template, name] of [
    [
      '%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d-%%(rev)s_%%(slug)s',
      /^2024_02_29_0304-\w{12}_add_email_to_users\.py$/,
    ],
    ['%%(rev)s', /^\w{12}\.py$/],
    ['%%(slug)s', /^\w{12}_add_email_to_users\.py$/],
    ['%%(rev)s_%%(author)s', /^\w{12}_add_email_to_users\.py$/],
  ] as const)
    it(`is called by ${template}`, () => {
      const [file] = made(project('/shop', `${usual}file_template = ${template}\n`)).files;
      match(file?.name.replace('alembic/versions/', '') ?? '', name);
    });

  it('has a name as long as is wanted', () => {
    const [file] = made(project('/shop', `${usual}truncate_slug_length = 10\n`)).files;
    match(file?.name ?? '', /\/\w{12}_add_email_\.py$/);
  });

  it('lies beside the revision that it stands upon', () => {
    const ini = `${usual}version_locations = one two\n`;
    const [file] = made({ ...project('/shop', ini), '/shop/two/a.py': revision('a', {}) }).files;
    match(file?.name ?? '', /^two\/\w{12}_/);
  });
});

describe('what Alembic tells', () => {
  const path = '/shop/alembic/versions/a.py';
  const text = 'first\n  op.execute(\n    "x")\nop.y()\n';
  const told = {
    tool: 'Alembic 1.20.0',
    problems: [],
    migrations: [
      {
        version: 'a',
        title: 'a',
        path,
        inTransaction: true,
        before: ['b'],
        operations: [
          { title: 'op.execute', from: 2, to: 3 },
          { title: 'op.y', from: 4, to: 4 },
        ],
        up: [
          { operation: 0, sql: 'select 1' },
          { operation: 1, sql: 'vacuum', alone: true },
          { operation: 1, sql: 'analyze', alone: true },
          { operation: null, sql: 'select 2' },
          { operation: 1, sql: 'select 3', begins: true },
        ],
        untoldDown: 'it asks the database for rows.',
      },
    ],
  } as const;

  it('is cut where a transaction ends, and stands at its calls', () => {
    const folder = askedFolder(readFolder('/shop', filesOf(project('/shop', usual))), told, () => text);
    const file = folder.asked?.get(path);
    deepEqual(
      file?.scripts.map(({ mode, pieces = [] }) => [mode, ...pieces.map(({ start, end }) => text.slice(start, end))]),
      [
        ['transaction', 'op.execute(\n    "x")'],
        ['statements', 'op.y()', 'op.y()'],
        ['transaction', 'op.execute(\n    "x")\nop.y()'],
        ['transaction', 'op.y()'],
      ],
    );
    match(
      file?.sql ?? '',
      /-- After a commit, by itself\.\nvacuum;[^]*-- Backwards\n\n-- Its SQL backwards cannot be told: it asks/,
    );
    deepEqual(folder.migrations[0]?.name.recordedBy, ['b']);
  });

  it('has its places by its configuration', () =>
    deepEqual(alembicPlaces(contentsOf('/shop', filesOf(project('/shop', usual))))?.versions, ['alembic/versions/']));
});
