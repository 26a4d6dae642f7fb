/**
 * Where Alembic's files are, as `alembic.ini` or `[tool.alembic]` of `pyproject.toml` says.
 *
 * Facts from sqlalchemy/alembic 1.8 to 1.20: alembic/config.py, alembic/script/base.py; and from miguelgrinberg/Flask-Migrate 4:
 * src/flask_migrate/__init__.py, which calls Alembic with `migrations` for its script location.
 */
import { posix } from 'node:path';
import type { FolderContents } from './layout';
import { tomlValues } from './toml';

export interface AlembicPlaces {
  /** For people: `alembic.ini lies in it`. */
  readonly because: string;
  /** Of `env.py` and `script.py.mako`, relative to the folder, ending with `/`; empty for the folder itself. */
  readonly script: string;
  /** Folders of revisions, in the same form. */
  readonly versions: readonly string[];
  /** Whether revisions may lie deeper. */
  readonly isRecursive: boolean;
  /** How a revision's file is called, without its ending: `%(rev)s_%(slug)s`. */
  readonly fileTemplate: string;
  readonly slugLength: number;
  /** Files that were read for it. */
  readonly files: readonly string[];
}

/** @returns undefined where the folder is not that of a project of Alembic */
export function alembicPlaces(folder: FolderContents): AlembicPlaces | undefined {
  const own = ownPlaces(folder) ?? flaskPlaces(folder);
  return own && folder.list(own.script).includes('env.py') ? own : undefined;
}

function ownPlaces(folder: FolderContents): AlembicPlaces | undefined {
  const options = new Map([...tomlOptions(folder), ...iniOptions(folder.read('alembic.ini') ?? '')]);
  const location = options.get('script_location');
  if (location === undefined) return undefined;
  const isIni = folder.names.includes('alembic.ini');
  const because = isIni ? 'alembic.ini lies in it' : 'pyproject.toml configures Alembic';
  return placesOf(folder, because, location, options, ['alembic.ini', 'pyproject.toml']);
}

function flaskPlaces(folder: FolderContents): AlembicPlaces | undefined {
  if (!folder.names.includes('migrations/')) return undefined;
  const ini = folder.read('migrations/alembic.ini');
  if (ini === undefined) return undefined;
  const because = 'migrations/alembic.ini is that of Flask-Migrate';
  return placesOf(folder, because, 'migrations', iniOptions(ini), ['migrations/alembic.ini', '.flaskenv']);
}

function placesOf(
  folder: FolderContents,
  because: string,
  location: string,
  options: ReadonlyMap<string, string>,
  files: readonly string[],
): AlembicPlaces {
  const script = relativeTo(folder, location);
  const listed = versionLocations(options);
  return {
    because,
    script,
    versions: listed.length === 0 ? [`${script}versions/`] : listed.map((it) => relativeTo(folder, it)),
    isRecursive: options.get('recursive_version_locations') === 'true',
    fileTemplate: options.get('file_template') ?? '%(rev)s_%(slug)s',
    slugLength: Number(options.get('truncate_slug_length')) || 40,
    files,
  };
}

/** As it is cut: by the separator that is named, or at blanks and commas. */
function versionLocations(options: ReadonlyMap<string, string>): readonly string[] {
  const separator = options.get('path_separator') ?? options.get('version_path_separator');
  const by = { os: process.platform === 'win32' ? ';' : ':', ':': ':', ';': ';', newline: '\n' }[separator ?? ''];
  const parts = (options.get('version_locations') ?? '').split(by ?? /,\s*|\s+/);
  return parts.map((it) => it.trim()).filter((it) => it !== '');
}

/** `app.db:migrations` is in a package. */
function relativeTo({ path }: FolderContents, location: string): string {
  const [, module, rest] = /^([A-Za-z_][\w.]+):(.*)$/.exec(location) ?? [];
  const within = module === undefined ? location : `${module.replaceAll('.', '/')}/${rest ?? ''}`;
  const from = path.replaceAll('\\', '/');
  const relative = within.startsWith('/') ? posix.relative(from, within) : posix.normalize(within);
  return relative === '' || relative === '.' || relative === './' ? '' : relative.replace(/\/*$/, '/');
}

const here = (value: string): string => value.replaceAll(/%\(here\)s\/?/g, './').replaceAll('%%', '%');

/** The section `[alembic]`, as Python's configparser reads it: lines that are indented go on the one before. */
function iniOptions(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let section: string | undefined;
  let last: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const [, name] = /^\[(.*)\]/.exec(line) ?? [];
    const [, key, value] = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) section = name;
    else if (section !== 'alembic') continue;
    else if (/^\s/.test(line) && last !== undefined) found.set(last, `${found.get(last)}\n${line.trim()}`);
    else if (key !== undefined && value !== undefined)
      found.set((last = key.toLowerCase()), value.replace(/\s+[#;].*$/, ''));
  }
  return new Map([...found].map(([key, value]) => [key, here(value.trim())]));
}

function tomlOptions(folder: FolderContents): (readonly [string, string])[] {
  if (!folder.names.includes('pyproject.toml')) return [];
  const values = tomlValues(folder.read('pyproject.toml') ?? '') ?? new Map();
  return [...values].flatMap(([path, value]) => {
    const [, key] = /^tool\.alembic\.(\w+)$/.exec(path) ?? [];
    return key === undefined ? [] : [[key, here(Array.isArray(value) ? value.join(' ') : String(value))] as const];
  });
}
