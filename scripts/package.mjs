/**
 * `npm run package`: one VSIX for every platform, from a production build. What goes in is said by .vscodeignore.
 *
 * `--out <file>`: where to; otherwise rehearsal-<version>.vsix here. Leaves the production build in dist/.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installPackages } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { values } = parseArgs({ options: { out: { type: 'string', default: `rehearsal-${version}.vsix` } } });

installPackages(root);
run(['scripts/build.mjs', '--production']);
run([
  'node_modules/@vscode/vsce/vsce',
  'package',
  // Everything is in the bundles.
  '--no-dependencies',
  // The package has no public repository yet, to which relative links of the README could lead.
  '--allow-missing-repository',
  '--no-rewrite-relative-links',
  '--out',
  resolve(values.out),
]);

function run(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}
