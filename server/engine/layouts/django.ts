/**
 * Django: programs in Python below the apps of a project, of which `manage.py` tells the order and the SQL.
 *
 * Facts from django/django 3.2 to 5.2: django/db/migrations/{loader,writer,graph}.py, core/management/commands.
 */
import { withReverseSql } from './djangoReverse';
import type { FolderContents, FoundFile, Layout, MigrationFile } from './layout';
import { slugOf } from './numbers';

export const django: Layout = {
  name: 'django',
  label: 'Django',
  directives: {
    page: 'https://docs.djangoproject.com/en/stable/howto/writing-migrations/',
    all: [],
    withoutTransaction: 'Django says so in Python: atomic = False.',
  },
  twice: 'Django knows it by its app and its name, and by nothing else.',
  program: {
    language: 'python',
    script: 'ask_django.py',
    documents: { language: 'python', pattern: '**/migrations/*.py' },
    watched: ['**/manage.py', '**/settings.py', '**/settings/*.py'],
    calledIn: '.',
    sources,
  },

  withDown: withReverseSql,

  recognise: (folder) =>
    isProject(folder) && filesIn(folder).length > 0 ? 'manage.py is that of a Django project' : undefined,

  collect: (folder) => ({ files: filesIn(folder), problems: [] }),
  othersBelow: ({ names }) => names,

  readName(fileName) {
    const [, app, name] = /(?:^|\/)([A-Za-z_]\w*)\/migrations\/([A-Za-z0-9_]\w*)\.py$/.exec(fileName) ?? [];
    if (app === undefined || name === undefined || name.startsWith('_')) return undefined;
    const [, digits = '', title = name] = /^(\d*)_?(.*)$/.exec(name) ?? [];
    return {
      version: `${app}.${name}`,
      digits,
      order: `${digits.padStart(8, '0')} ${app}.${name}`,
      title,
      direction: 'both',
    };
  },

  read: (): MigrationFile => ({
    scripts: [],
    problems: [],
    outside: 'Django could not be asked for its SQL.',
  }),

  skeleton(title, existing, _now, folder) {
    const own = folder ? filesIn(folder) : [];
    const [app, words] = appOf(title, own);
    const inApp = existing.filter(({ version }) => version.startsWith(`${app}.`));
    const last = inApp.at(-1)?.version.slice(app.length + 1);
    const number = String(Math.max(0, ...inApp.map(({ digits }) => Number(digits) || 0)) + 1).padStart(4, '0');
    const beside = own.find(({ name }) => name.version.startsWith(`${app}.`))?.fileName ?? `${app}/migrations/`;
    const dependencies = last === undefined ? '' : `\n        ('${app}', '${last}'),\n    `;
    const head = `from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n\n    dependencies = [${dependencies}]\n\n    operations = [\n        `;
    const name = `${beside.replace(/[^/]*$/, '')}${number}_${slugOf(words)}.py`;
    return { files: [{ name, text: `${head}\n    ]\n` }], cursor: head.length };
  },
};

const isProject = (folder: FolderContents): boolean =>
  folder.names.includes('manage.py') && /\bdjango\b/.test(folder.read('manage.py') ?? '');

/** Apps lie at most so far below manage.py: `src/apps/shop/migrations`. */
const deepest = 4;

/** Not looked into: hidden folders, and those of packages. */
const isEntered = (name: string): boolean =>
  name.endsWith('/') &&
  !name.startsWith('.') &&
  !/^(?:node_modules|venv|env|site-packages|static|media|__pycache__)\/$/.test(name);

/** The project's own. */
function filesIn(folder: FolderContents): FoundFile[] {
  const found: FoundFile[] = [];
  let level = [''];
  for (let depth = 0; depth <= deepest; depth++) {
    const next: string[] = [];
    for (const at of level) {
      const names = at === '' ? folder.names : folder.list(at);
      if (at.endsWith('/migrations/') && names.includes('__init__.py')) found.push(...migrationsAmong(at, names));
      else next.push(...names.filter(isEntered).map((name) => `${at}${name}`));
    }
    level = next;
  }
  return found;
}

const migrationsAmong = (at: string, names: readonly string[]): FoundFile[] =>
  names.flatMap((it) => {
    const name = django.readName(`${at}${it}`);
    return name ? [{ fileName: `${at}${it}`, name }] : [];
  });

/** What decides on apps, their order and the database. */
function sources(folder: FolderContents): readonly string[] {
  const beside = folder.names.filter(isEntered).flatMap((at) => folder.list(at).map((it) => `${at}${it}`));
  const within = beside
    .filter((it) => it.endsWith('/settings/'))
    .flatMap((at) => folder.list(at).map((it) => `${at}${it}`));
  const settings = [...beside, ...within].filter((it) => /\/settings[^/]*\.py$|\/settings\/[^/]+\.py$/.test(it));
  return ['manage.py', '.env', ...settings, ...filesIn(folder).map(({ fileName }) => fileName)];
}

/** `shop: add the price`; else the app with the newest migration. */
function appOf(title: string, own: readonly FoundFile[]): readonly [app: string, title: string] {
  const apps = [...new Set(own.map(({ name }) => name.version.replace(/\..*/, '')))];
  const [, named, rest] = /^\s*(\w+)\s*[:.]\s*(.+)$/.exec(title) ?? [];
  if (named !== undefined && rest !== undefined && apps.includes(named)) return [named, rest];
  const newest = own.toSorted((one, other) => (one.name.order < other.name.order ? -1 : 1)).at(-1);
  return [newest?.name.version.replace(/\..*/, '') ?? 'app', title];
}
