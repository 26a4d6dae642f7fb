/**
 * `npm start`: rehearses the web shop in examples/shop on the embedded Postgres, prints what was found and how the
 * schema would change, and opens the project in VS Code with the extension loaded.
 *
 * `--no-editor`, CI=true or no terminal: ends after the report. The desktop VS Code is taken where there is one,
 * else the VS Code server, on 127.0.0.1.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { installPackages } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
const shop = join(root, 'examples/shop');
/** The newest migration that the shop's database has; those after it are pending. */
const applied = '20260415100000';
/** Databases of the example stay with the example. */
const storage = join(shop, '.rehearsal');
const env = { ...process.env, REHEARSAL_HOME: storage };

installPackages(root);
node(['scripts/build.mjs']);
prepare();
report();
if (!process.argv.includes('--no-editor') && !process.env.CI && process.stdout.isTTY) await openEditor();

/** Applies what counts as applied, and loads the sample data, once. */
function prepare() {
  const status = cli(['status', '--format', 'json'], 'pipe');
  if (status.status !== 0) process.exit(status.status ?? 1);
  if (JSON.parse(status.stdout).projects[0].migrations.some(({ state }) => state !== 'pending')) return;
  console.log('Making the development database of examples/shop…');
  const apply = cli(['apply', '--up-to', applied, '--no-rehearsal', '--no-snapshot', '--yes'], 'pipe', 'pipe');
  if (apply.status !== 0) {
    console.error(`${apply.stdout}${apply.stderr}`);
    process.exit(apply.status ?? 1);
  }
  node(['--import=tsx', 'scripts/seed.ts', shop, join(shop, 'db/migrations'), join(shop, 'db/seeds.sql')]);
}

/** The mistakes in the shop's pending migrations end `check` with 1, which is no failure here. */
function report() {
  for (const [words, expected] of [
    [['preview'], [0]],
    // Last, so that the findings are still in sight.
    [['check'], [0, 1]],
  ]) {
    console.log(`\n$ rehearsal ${words.join(' ')}\n`);
    const { status } = cli(words, 'inherit');
    if (!expected.includes(status)) process.exit(status ?? 1);
  }
  console.log(
    '\nThese mistakes stand in the pending migrations of examples/shop on purpose, for you to see them found.',
  );
}

async function openEditor() {
  const code = process.platform === 'win32' ? 'code.cmd' : 'code';
  const desktop = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, code)));
  if (!desktop) {
    node(['--import=tsx', 'test/vscode/serve.ts', shop]);
    return;
  }
  const files = [shop, join(shop, 'db/migrations/20260506090000_coupons.sql')];
  console.log('\nOpening examples/shop in VS Code…');
  spawn(code, [`--extensionDevelopmentPath=${root}`, ...files], {
    env,
    detached: true,
    stdio: 'ignore',
    shell: process.platform === 'win32',
  }).unref();
}

function cli(words, stdout, stderr = 'inherit') {
  const args = [join(root, 'dist/cli.js'), ...words, '--embedded'];
  return spawnSync(process.execPath, args, { cwd: shop, env, encoding: 'utf8', stdio: ['ignore', stdout, stderr] });
}

function node(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
