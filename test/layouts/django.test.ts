/** Projects of Django, known by their files alone. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { contentsOf, findFolders } from '../../server/engine/layouts/find';
import { django } from '../../server/engine/layouts/django';
import { filesOf } from '../support/files';

const manage = 'from django.core.management import execute_from_command_line\n';
const project = {
  '/w/manage.py': manage,
  '/w/site/settings.py': '',
  '/w/shop/migrations/__init__.py': '',
  '/w/shop/migrations/0001_initial.py': '',
  '/w/shop/migrations/0002_add_price.py': '',
  '/w/apps/stock/migrations/__init__.py': '',
  '/w/apps/stock/migrations/0001_initial.py': '',
};

const found = (texts: Readonly<Record<string, string>>) => findFolders(['/w'], filesOf(texts));

describe('a folder of Django', () => {
  it('is known by manage.py and the migrations of its apps, the first ones first', () => {
    const [folder, ...others] = found(project);
    deepEqual(others, []);
    equal(folder?.layout.name, 'django');
    equal(folder?.because, 'manage.py is that of a Django project');
    deepEqual(
      folder?.migrations.map(({ version, title }) => `${version} ${title}`),
      ['shop.0001_initial initial', 'stock.0001_initial initial', 'shop.0002_add_price add_price'],
    );
  });

  it('leaves folders of other tools below it to them', () => {
    const texts = { ...project, '/w/db/migrations/20240101000000_a.sql': '-- migrate:up\ncreate table a ();\n' };
    deepEqual(
      found(texts).map(({ layout }) => layout.name),
      ['django', 'dbmate'],
    );
  });

  it('is none where manage.py is that of something else, or no app has migrations', () => {
    deepEqual(found({ ...project, '/w/manage.py': 'import flask\n' }), []);
    deepEqual(found({ '/w/manage.py': manage, '/w/shop/models.py': '' }), []);
    deepEqual(
      found({ '/w/manage.py': manage, '/w/venv/x/migrations/__init__.py': '', '/w/venv/x/migrations/0001_a.py': '' }),
      [],
    );
  });

  it('takes no helper for a migration', () => {
    for (const name of [
      'shop/migrations/__init__.py',
      'shop/migrations/_utils.py',
      'shop/models.py',
      'shop/migrations/0001.sql',
    ])
      equal(django.readName(name), undefined);
    equal(django.readName('shop/migrations/squashed.py')?.version, 'shop.squashed');
  });

  it('names what its answer depends on', () => {
    const { sources } = django.program ?? {};
    deepEqual(sources?.(contentsOf('/w', filesOf(project))), [
      ...['manage.py', '.env', 'site/settings.py'],
      ...[
        'shop/migrations/0001_initial.py',
        'shop/migrations/0002_add_price.py',
        'apps/stock/migrations/0001_initial.py',
      ],
    ]);
  });

  it('gets a new migration in the app that is named, else in the one that had the last', () => {
    const folder = contentsOf('/w', filesOf(project));
    const existing = (found(project)[0]?.migrations ?? []).map(({ name }) => name);
    const made = (title: string) => django.skeleton(title, existing, new Date(0), folder);
    equal(made('add Note').files[0]?.name, 'shop/migrations/0003_add_note.py');
    const { files, cursor } = made('stock: shelf');
    equal(files[0]?.name, 'apps/stock/migrations/0002_shelf.py');
    match(files[0]?.text ?? '', /dependencies = \[\n {8}\('stock', '0001_initial'\),\n {4}\]/);
    match(files[0]?.text.slice(cursor) ?? '', /^\n {4}\]\n$/);
  });

  it('says of a file that Django was not asked', () => {
    const { scripts, outside } = django.read('shop/migrations/0001_initial.py', 'import x', () => undefined);
    deepEqual([scripts, outside], [[], 'Django could not be asked for its SQL.']);
  });
});
