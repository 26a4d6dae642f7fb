/** Bundles the suites that run inside the extension host into dist-test/, each by itself; mocha stays a package. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(__dirname, '../..');

/** @returns path of the module for `extensionTestsPath`; inside the extension's folder, so that stubs reach it */
export async function bundleSuites(): Promise<string> {
  const from = join(__dirname, 'suite');
  const to = join(root, 'dist-test');
  rmSync(to, { recursive: true, force: true });
  const suites = readdirSync(from).filter((name) => name.endsWith('.test.ts'));
  await build({
    absWorkingDir: root,
    entryPoints: ['index.ts', ...suites].map((name) => join(from, name)),
    outdir: to,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'linked',
    logLevel: 'warning',
    external: ['vscode', 'mocha', 'pg-native'],
  });
  return join(to, 'index.js');
}
