/**
 * `npm test`: everything, one stage after the other, from a fresh clone on; it installs what it needs by itself.
 *
 *     npm test                        all stages, until the first red one
 *     npm test -- --only unit,lsp     only these (packages and bundles are brought up to date in any case)
 *     npm test -- --verbose           with the output of every stage, not only of a red one
 *
 * The last line is `N passed, N failed`, summed over the stages; a check like `types` counts as one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installPackages } from './install.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules/.bin', process.platform === 'win32' ? `${name}.cmd` : name);
const node = process.execPath;
/** A stage that takes longer hangs; in milliseconds. */
const limitMs = 50 * 60_000;
/** The VS Code server in a browser runs on Linux; elsewhere the desktop VS Code takes its place. */
const headless = process.platform === 'linux';

/** Folders of test/ with a stage of their own; `unit` is all the rest: the rooms, each on real Postgres. */
const apart = {
  engine: ['test/engine', 'test/snapshots'],
  rehearsal: ['test/rehearsal', 'test/shadow'],
  lsp: ['test/lsp'],
  cli: ['test/cli'],
  conformance: ['test/conformance'],
};

/** Those that wait for servers most of the time run side by side: `besides` the stage before it. */
const stages = [
  { name: 'build', command: [node, 'scripts/build.mjs'], always: true },
  { name: 'types', command: [bin('tsc'), '-p', '.', '--noEmit'] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--deny-warnings', 'client', 'server', 'test', 'scripts'] },
  { name: 'format', command: [bin('biome'), 'format', '.'] },
  { name: 'unit', command: mocha(['test'], Object.values(apart).flat()) },
  { name: 'engine', command: mocha(apart.engine, []), besides: true },
  { name: 'rehearsal', command: mocha(apart.rehearsal, []), besides: true },
  { name: 'conformance', command: mocha(apart.conformance, []), besides: true },
  { name: 'lsp', command: mocha(apart.lsp, []) },
  { name: 'cli', command: mocha(apart.cli, []), besides: true },
  ...(headless
    ? [
        { name: 'vscode', command: [node, '--import=tsx', 'test/vscode/runSuite.ts'] },
        { name: 'ui', command: [bin('mocha'), '--forbid-only', '--timeout=180000', 'test/vscode/ui/*.test.ts'] },
        {
          name: 'package',
          command: [bin('mocha'), '--forbid-only', '--timeout=300000', 'test/vscode/package.test.ts'],
        },
      ]
    : []),
  { name: 'desktop', command: [node, '--import=tsx', 'test/vscode/desktop.ts'], asked: headless },
];

function mocha(folders, except) {
  const files = folders.flatMap(testsIn).filter((file) => !except.some((folder) => file.startsWith(`${folder}/`)));
  return [bin('mocha'), '--forbid-only', ...files];
}

/** Those of VS Code have runners of their own. */
function testsIn(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith('test/vscode/'))
    .toSorted();
}

const { values } = parseArgs({ options: { only: { type: 'string' }, verbose: { type: 'boolean', default: false } } });
const only = values.only?.split(',');
const unknown = only?.find((name) => !stages.some((it) => it.name === name));
if (unknown) {
  console.error(`There is no stage ${unknown}. There are: ${stages.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

let [passed, failed] = [0, 0];
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(1));
const total = performance.now();
await stage('install', () => ({ green: (installPackages(root), true), output: '' }));
const groups = [];
for (const it of stages.filter(({ name, always, asked }) => (only ? only.includes(name) || always : !asked))) {
  if (it.besides && groups.length > 0) groups.at(-1).push(it);
  else groups.push([it]);
}
for (const together of groups) {
  if (failed === 0) await Promise.all(together.map(({ name, command }) => stage(name, () => run(command))));
}
console.log(`${((performance.now() - total) / 1000).toFixed(1)} s in all`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Runs one stage and prints its line; the output of a red one, and how to run it again. */
async function stage(name, work) {
  const started = performance.now();
  const { green, output } = await work();
  const counted = countsIn(output);
  const counts = counted ?? { passed: green ? 1 : 0, failed: 0, skipped: 0 };
  // A stage that failed without a failed test (a compiler, a crash) is one failure.
  const failures = green ? counts.failed : Math.max(1, counts.failed);
  passed += counts.passed;
  failed += failures;
  if (values.verbose || !green) console.log(output.trimEnd());
  const words = [
    green ? 'ok' : 'FAILED',
    `${((performance.now() - started) / 1000).toFixed(1)} s`,
    ...(counted ? [`${counts.passed} passed`] : []),
    ...(failures > 0 ? [`${failures} failed`] : []),
    ...(counts.skipped > 0 ? [`${counts.skipped} skipped`] : []),
  ];
  console.log(`${name.padEnd(9)} ${words.join(', ')}`);
  if (!green) console.log(`Run only this again: npm test -- --only ${name}`);
}

/** Mocha's summary, undefined when there is none. */
function countsIn(output) {
  const count = (word) => Number(new RegExp(`^\\s+(\\d+) ${word}\\b`, 'm').exec(output)?.[1] ?? 0);
  if (!/^\s+\d+ passing\b/m.test(output)) return undefined;
  return { passed: count('passing'), failed: count('failing'), skipped: count('pending') };
}

/** In a group of its own, so that a stage that hangs is ended with all it started. */
async function run([command, ...args]) {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    shell: command.endsWith('.cmd'),
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  // Politely first: what it started in groups of their own ends with it only then.
  const end = () => endGroup(child, 'SIGTERM');
  process.on('exit', end);
  const limit = setTimeout(() => {
    output += `\nNo end after ${limitMs / 60_000} minutes.\n`;
    end();
  }, limitMs);
  const force = setTimeout(() => endGroup(child, 'SIGKILL'), limitMs + 10_000);
  const [code] = await once(child, 'close');
  clearTimeout(limit);
  clearTimeout(force);
  process.off('exit', end);
  return { green: code === 0, output };
}

function endGroup(child, signal) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
