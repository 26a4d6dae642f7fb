/** Programs that the tests run: how they are found, and installed where they are missing. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The path of a program. */
export function which(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
}

/**
 * @param say told what is being installed
 * @throws {Error} with the output of the installer, or saying what has to be installed by hand
 */
export function installDebian(packages: readonly string[], say: (what: string) => void): void {
  const list = packages.join(' ');
  if (process.getuid?.() !== 0 || which('apt-get') === undefined)
    throw new Error(`The tests need ${list}. Install it (on Debian: sudo apt-get install ${list}) and run again.`);
  say(list);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another stage may be installing something at the same time, and apt itself waits for no lock of its lists.
  const alone = [
    join(tmpdir(), 'rehearsal-apt.lock'),
    'apt-get',
    '-o',
    'DPkg::Lock::Timeout=600',
    '-o',
    'Acquire::Retries=5',
  ];
  const install = [...alone, 'install', '-y', '-qq', '--no-install-recommends', ...packages];
  if (isListed() && spawnSync('flock', install, { env }).status === 0) return;
  run('flock', [...alone, 'update', '-qq'], { env });
  run('flock', install, { env });
}

/** Whether apt has been told within the last hour what there is. */
function isListed(): boolean {
  const folder = '/var/lib/apt/lists';
  const lists = existsSync(folder) ? readdirSync(folder).filter((name) => name.includes('_Packages')) : [];
  const ageOf = (name: string): number =>
    Date.now() - (statSync(join(folder, name), { throwIfNoEntry: false })?.ctimeMs ?? 0);
  return lists.some((name) => ageOf(name) < 3_600_000);
}

const loading = new Set<string>();

/**
 * Debian's packages for Debian's own interpreter, which need not be the first one of the PATH.
 *
 * @param interpreter absolute path
 * @param code what loads them
 */
export function installModules(
  interpreter: string,
  flag: '-c' | '-e',
  code: string,
  packages: readonly string[],
): void {
  const key = `${interpreter} ${code}`;
  if (loading.has(key)) return;
  const load = () => spawnSync(interpreter, [flag, code], { encoding: 'utf8' });
  if (load().status !== 0) installDebian(packages, (what) => console.error(`installing ${what}`));
  const { status, stderr } = load();
  if (status !== 0)
    throw new Error(`${packages.join(' ')} was installed, but ${interpreter} cannot load it: ${stderr}`);
  loading.add(key);
}

/** @throws {Error} with what it printed */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env: NodeJS.ProcessEnv },
): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { ...options, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
}

/**
 * npm run puts its own settings into the environment; another npm must not take them for the user's. A registry may fail
 * for a moment: npm asks twice more by itself.
 */
export const outsideNpm = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$)/.test(name))),
  npm_config_fetch_retries: '5',
});
