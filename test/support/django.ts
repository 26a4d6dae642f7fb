/** The real Django, from Debian's packages, and a small project for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { installModules } from './programs';

/** Debian's own Python: only that one sees Debian's packages. */
export const debianPython = '/usr/bin/python3';

export const withDjango = (): void =>
  installModules(debianPython, '-c', 'import django, psycopg2', ['python3-django', 'python3-psycopg2']);

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs `manage.py` as its user would. */
export async function manage(folder: string, ...words: readonly string[]): Promise<Ended> {
  const child = spawn(debianPython, ['manage.py', ...words], { cwd: folder, env: { PATH: process.env['PATH'] ?? '' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

const migration = (dependencies: string, operations: string, before = ''): string => `from django.conf import settings
from django.db import migrations, models

${before}
class Migration(migrations.Migration):

    dependencies = [${dependencies}]

    operations = [
${operations}
    ]
`;

/** As the settings write it. */
function databaseAt(url: string): string {
  const { hostname, port, username, password, pathname } = new URL(url);
  return JSON.stringify({
    ENGINE: 'django.db.backends.postgresql',
    NAME: pathname.slice(1),
    USER: decodeURIComponent(username),
    PASSWORD: decodeURIComponent(password),
    HOST: hostname,
    PORT: port,
  });
}

/** Settings with a second database, `stores`, that has the app `stock` and nothing else. */
export const severalDatabases = (url: string, stores: string): string =>
  `${djangoFiles(url)['site_settings/settings.py'] ?? ''}
DATABASES['stores'] = ${databaseAt(stores)}

class Router:
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return (app_label == 'stock') == (db == 'stores')

DATABASE_ROUTERS = ['site_settings.settings.Router']
`;

/** @param url of the database that its settings name */
export function djangoFiles(url: string): Readonly<Record<string, string>> {
  return {
    'manage.py': `import os
import sys

os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_settings.settings')

if __name__ == '__main__':
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
`,
    'site_settings/__init__.py': '',
    'site_settings/settings.py': `SECRET_KEY = 'x'
INSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth', 'shop', 'stock']
DATABASES = {'default': ${databaseAt(url)}}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
USE_TZ = True
`,
    'shop/__init__.py': '',
    'shop/migrations/__init__.py': '',
    'shop/migrations/0001_initial.py': migration(
      'migrations.swappable_dependency(settings.AUTH_USER_MODEL)',
      `        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(primary_key=True)),
                ('sku', models.CharField(max_length=40, unique=True)),
                ('amount', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(primary_key=True)),
                ('buyer', models.ForeignKey(on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL)),
                ('product', models.ForeignKey(on_delete=models.CASCADE, to='shop.product')),
            ],
            options={'unique_together': {('buyer', 'product')}},
        ),`,
    ),
    'shop/migrations/0002_prices.py': migration(
      "('shop', '0001_initial')",
      `        migrations.AddField('product', 'price', models.IntegerField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField('product', 'sku', models.CharField(max_length=40)),
        migrations.AlterUniqueTogether('order', set()),
        migrations.RenameField('product', 'amount', 'stock'),
        migrations.RunSQL('create view cheap as select * from shop_product where price < 10', 'drop view cheap'),`,
      `
def fill(apps, schema_editor):
    apps.get_model('shop', 'Product').objects.get_or_create(sku='one', amount=1)

`,
    ),
    'stock/__init__.py': '',
    'stock/migrations/__init__.py': '',
    'stock/migrations/0001_initial.py': migration(
      "('shop', '0002_prices')",
      `        migrations.CreateModel(
            name='Shelf',
            fields=[
                ('id', models.BigAutoField(primary_key=True)),
                ('product', models.ForeignKey(on_delete=models.PROTECT, to='shop.product')),
            ],
        ),`,
    ),
  };
}

/** One more migration of the shop. */
export const furtherMigration = (operations: string, after = '0002_prices'): string =>
  migration(`('shop', '${after}')`, operations);
