/**
 * `npm run bench`: brings the bundles up to date and runs the benchmark; only its JSON goes to standard output.
 * With `--mutation` it measures whether mistakes are found (test/bench/mutation/main.ts says how) instead of times, with
 * `faults` whether anything is lost when work is cut off (test/bench/faults/main.ts), with `snapshots` how long these take
 * beside a plain copy of files (test/bench/snapshots/main.ts).
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { installPackages } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
const run = (args, stdout) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', stdout, 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
};

installPackages(root);
run(['scripts/build.mjs', '--production'], 2);
const words = process.argv.slice(2);
const mains = {
  '--mutation': 'test/bench/mutation/main.ts',
  faults: 'test/bench/faults/main.ts',
  snapshots: 'test/bench/snapshots/main.ts',
};
const which = Object.keys(mains).find((word) => words.includes(word));
const main = which ? mains[which] : 'test/bench/bench.ts';
run(['--import=tsx', main, ...words.filter((word) => word !== which)], 'inherit');
