/** `npm run bench`: brings the bundles up to date and runs the benchmark; only its JSON goes to standard output. */
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from './install.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const run = (args, stdout) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', stdout, 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
};

installPackages(root);
run(['scripts/build.mjs', '--production'], 2);
run(['--import=tsx', 'test/bench/bench.ts', ...process.argv.slice(2)], 'inherit');
