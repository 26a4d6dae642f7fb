/**
 * What VS Code calls inside the extension host (`extensionTestsPath`): runs the suites beside this file with mocha.
 * The same for the desktop and for the server in a browser.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { findSourceMap } from 'node:module';
import { join, resolve } from 'node:path';
import { version } from 'vscode';
import type { SuiteResult, TestResult } from '../result';

/** @throws {Error} when a test failed: VS Code then ends with exit code 1 */
export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({ ui: 'bdd', color: false, timeout: 180_000 });
  for (const file of suites()) mocha.addFile(join(__dirname, file));
  await mocha.loadFilesAsync();
  const tests: TestResult[] = [];
  const failed = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('pass', (test) => tests.push({ title: test.fullTitle(), state: 'passed', ms: test.duration ?? 0 }));
    runner.on('pending', (test) => tests.push({ title: test.fullTitle(), state: 'skipped', ms: 0 }));
    runner.on('fail', (test, error: unknown) =>
      tests.push({ title: test.fullTitle(), state: 'failed', ms: test.duration ?? 0, error: wordsOf(error) }),
    );
  });
  const result: SuiteResult = { vscode: version, node: process.versions.node, tests };
  const file = process.env['REHEARSAL_TEST_RESULTS'];
  if (file) writeFileSync(file, JSON.stringify(result));
  if (failed > 0) throw new Error(`${failed} tests failed`);
}

/** `REHEARSAL_TEST_SUITES` names some of them, without their ending. */
function suites(): string[] {
  const wanted = process.env['REHEARSAL_TEST_SUITES']?.split(',');
  return readdirSync(__dirname)
    .filter((name) => name.endsWith('.test.js') && (wanted?.includes(name.replace('.test.js', '')) ?? true))
    .toSorted();
}

/** VS Code has a stack of its own making, so Node's source maps are applied by hand. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const ours = text.split('\n').filter((line) => !line.includes('/node_modules/'));
  return ours
    .join('\n')
    .replaceAll(/([^\s():]+\.js):(\d+):(\d+)/g, (all, file: string, line: string, column: string) => {
      // VS Code shortens paths inside the extension's folder.
      const place = findSourceMap(resolve(__dirname, '..', file))?.findEntry(Number(line) - 1, Number(column) - 1);
      return place && 'originalSource' in place ? `${place.originalSource}:${place.originalLine + 1}` : all;
    });
}
