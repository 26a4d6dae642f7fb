/**
 * `npm test`: everything, one stage after the other, from a fresh clone on; it installs what it needs by itself.
 *
 *     npm test                        all stages, until the first red one
 *     npm test -- --only unit,lsp     only these (packages and bundles are brought up to date in any case)
 *     npm test -- --keep-going        all stages, whatever is red
 *     npm test -- --verbose           with the output of every stage, not only of a red one
 *
 * The last line is `N passed, N failed`, summed over the stages; a check like `types` counts as one.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installPackages } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
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

/**
 * What stands in one list runs side by side, as many processes as `together` says, and is begun in this order: what
 * takes longest first. A stage of several commands is done when all of them are.
 */
const groups = [
  [{ name: 'build', commands: [[node, 'scripts/build.mjs']], always: true }],
  [
    { name: 'types', commands: [[bin('tsc'), '-p', '.', '--noEmit']] },
    {
      name: 'lint',
      commands: [[bin('oxlint'), '--type-aware', '--deny-warnings', 'client', 'server', 'test', 'scripts']],
    },
    { name: 'format', commands: [[bin('biome'), 'format', '.']] },
    ...(headless ? [{ name: 'host', commands: [[node, '--import=tsx', 'test/vscode/host/prepare.ts']] }] : []),
  ],
  [
    // The first test of a tool installs it.
    { name: 'conformance', commands: mocha(apart.conformance, [], { timeoutMs: 600_000 }) },
    { name: 'unit', commands: mocha(['test'], Object.values(apart).flat()) },
    { name: 'rehearsal', commands: mocha(apart.rehearsal, []) },
    { name: 'engine', commands: mocha(apart.engine, [], { parts: 4 }) },
    { name: 'lsp', commands: mocha(apart.lsp, []) },
    { name: 'cli', commands: mocha(apart.cli, [], { parts: 2 }) },
  ],
  ...(headless
    ? [
        [{ name: 'vscode', commands: [[node, '--import=tsx', 'test/vscode/runSuite.ts']] }],
        [{ name: 'ui', commands: [[bin('mocha'), '--forbid-only', '--timeout=180000', 'test/vscode/ui/*.test.ts']] }],
        [
          {
            name: 'package',
            commands: [[bin('mocha'), '--forbid-only', '--timeout=300000', 'test/vscode/package.test.ts']],
          },
        ],
      ]
    : []),
  [{ name: 'desktop', commands: [[node, '--import=tsx', 'test/vscode/desktop.ts']], asked: headless }],
];
/** One more than there are processors: a test waits for its servers for a third of its time. */
const together = availableParallelism() + 1;

/** @returns as many commands as `parts`, each with about the same amount of tests */
function mocha(folders, except, { parts = 1, timeoutMs } = {}) {
  const files = folders.flatMap(testsIn).filter((file) => !except.some((folder) => file.startsWith(`${folder}/`)));
  const sizes = new Map(files.map((file) => [file, statSync(join(root, file)).size]));
  const dealt = Array.from({ length: parts }, () => ({ size: 0, files: [] }));
  for (const file of files.toSorted((a, b) => sizes.get(b) - sizes.get(a))) {
    const smallest = dealt.reduce((a, b) => (b.size < a.size ? b : a));
    smallest.size += sizes.get(file);
    smallest.files.push(file);
  }
  const options = ['--forbid-only', ...(timeoutMs === undefined ? [] : [`--timeout=${timeoutMs}`])];
  return dealt.map((it) => [bin('mocha'), ...options, ...files.filter((file) => it.files.includes(file))]);
}

/** Those of VS Code have runners of their own. */
function testsIn(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith('test/vscode/'))
    .toSorted();
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});
const only = values.only?.split(',');
const stages = groups.flat();
const unknown = only?.find((name) => !stages.some((it) => it.name === name));
if (unknown) {
  console.error(`There is no stage ${unknown}. There are: ${stages.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

let [passed, failed] = [0, 0];
/** Nothing more is begun. */
let red = false;
/** A process whose tests are over ends sooner; in milliseconds. */
const stuckMs = 60_000;
/** What was red and why, and what did not end, said once more at the end: a log of CI may be cut at its beginning. */
const reasons = [];
let running = 0;
/** The turns of commands that are not begun yet. */
const waiting = [];
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(1));
const total = performance.now();
installPackages(root);
tell('install', [{ green: true, output: '', started: total }]);
const wanted = ({ name, always, asked }) => (only ? only.includes(name) || always : !asked);
for (const group of groups) await Promise.all(group.filter(wanted).map(stage));
for (const line of reasons) console.log(line);
console.log(`${((performance.now() - total) / 1000).toFixed(1)} s in all`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Runs all commands of a stage and prints its line; the output of a red one, and how to run it again. */
async function stage({ name, commands }) {
  const ended = (await Promise.all(commands.map(inTurn))).filter((it) => it !== undefined);
  if (ended.length > 0) tell(name, ended);
}

/** @returns undefined when something was red before its turn came */
async function inTurn(command) {
  if (running === together) await new Promise((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    if (red) return undefined;
    const started = performance.now();
    const result = await run(command);
    red ||= !result.green && !values['keep-going'];
    return { ...result, started };
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

function tell(name, ended) {
  const green = ended.every((it) => it.green);
  const output = ended.map((it) => it.output.trimEnd()).join('\n');
  const counted = countsIn(output);
  const counts = counted ?? { passed: green ? 1 : 0, failed: 0, skipped: 0 };
  // A stage that failed without a failed test (a compiler, a crash) is one failure.
  const failures = green ? counts.failed : Math.max(1, counts.failed);
  passed += counts.passed;
  failed += failures;
  if (values.verbose || !green) console.log(output);
  const words = [
    green ? 'ok' : 'FAILED',
    `${((performance.now() - Math.min(...ended.map((it) => it.started))) / 1000).toFixed(1)} s`,
    ...(counted ? [`${counts.passed} passed`] : []),
    ...(failures > 0 ? [`${failures} failed`] : []),
    ...(counts.skipped > 0 ? [`${counts.skipped} skipped`] : []),
  ];
  console.log(`${name.padEnd(11)} ${words.join(', ')}`);
  for (const { notice } of ended) if (notice) reasons.push(`${name}: ${notice}`);
  if (green) return;
  console.log(`Run only this again: npm test -- --only ${name}`);
  for (const it of ended) if (!it.green) reasons.push(`${name} FAILED:`, whyRed(it.output));
}

/** @returns mocha's failures, where there are any, else the end of what was printed */
function whyRed(output) {
  const failing = output.search(/^\s+\d+ failing\b/m);
  return failing >= 0 ? output.slice(failing, failing + 12_000) : output.slice(-4000);
}

/** The sums of mocha's summaries, undefined when there is none. */
function countsIn(output) {
  const count = (word) =>
    [...output.matchAll(new RegExp(`^\\s+(\\d+) ${word}\\b`, 'gm'))].reduce((sum, [, found]) => sum + Number(found), 0);
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
  const ending = watchEnd(child, () => output);
  const [code] = await once(child, 'close');
  ending.over();
  clearTimeout(limit);
  clearTimeout(force);
  process.off('exit', end);
  const held = /^The tests are over, but their process is held by:\n(?: .*\n?)+/m.exec(output)?.[0];
  const isGreen = code === 0 || (ending.killed() && countsIn(output)?.failed === 0);
  return { green: isGreen, output, notice: ending.notice() ?? held };
}

/** Ends what does not end by itself: a process whose tests are over, and what it has left behind. */
function watchEnd(child, output) {
  let notice;
  let [isOver, isKilled] = [false, false];
  // What holds its output would keep it from being closed.
  child.once('exit', () => {
    const leftBehind = setTimeout(() => {
      notice ??= `It has ended, but processes that it left behind hold its output:\n${processes()}`;
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    }, 10_000);
    child.once('close', () => clearTimeout(leftBehind));
  });
  const watch = setInterval(() => {
    if (!child.spawnargs[0].includes('mocha') || !/^\s+\d+ passing\b/m.test(output())) return;
    if (isOver) {
      notice ??= `Its tests were over, but it did not end:\n${processes()}`;
      isKilled = true;
      endGroup(child, 'SIGKILL');
    }
    isOver = true;
  }, stuckMs);
  return { over: () => clearInterval(watch), killed: () => isKilled, notice: () => notice };
}

function processes() {
  const { stdout } = spawnSync('ps', ['-eo', 'pid,ppid,pgid,etime,args'], { encoding: 'utf8' });
  return (stdout ?? '')
    .split('\n')
    .map((line) => line.slice(0, 200))
    .join('\n');
}

function endGroup(child, signal) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
