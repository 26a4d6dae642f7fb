/** Installs the npm packages of the lockfile when they are missing or not those of the lockfile. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** @returns whether something had to be installed */
export function installPackages(root) {
  if (!stale(root)) return false;
  const { status } = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error('npm ci failed');
  return true;
}

/** npm writes down what it installed; optional packages may be for other systems. */
function stale(root) {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return true;
  const { packages: have } = JSON.parse(readFileSync(installed, 'utf8'));
  const { packages: wanted } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(wanted).some(
    ([path, { version, optional }]) => path !== '' && (have[path] ? have[path].version !== version : !optional),
  );
}
