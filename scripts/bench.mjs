/** `npm run bench`: builds, then measures; words behind `--` go on to test/bench/bench.ts. */
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const run = (...words) => {
  // Standard output belongs to the results.
  const { status } = spawnSync(process.execPath, words, {
    cwd: root,
    stdio: ['ignore', words[0].startsWith('--') ? 'inherit' : 2, 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
};
run('scripts/build.mjs', '--production');
run('--import=tsx', 'test/bench/bench.ts', ...process.argv.slice(2));
