/** Runs the suites in a desktop VS Code, downloaded by @vscode/test-electron: needs the internet and a display. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { servers, stopServers, withDatabase } from '../support/servers';
import { bundleSuites } from './bundle';
import { printed } from './result';

async function main(): Promise<boolean> {
  const extensionTestsPath = await bundleSuites();
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-desktop-'));
  const workspace = join(folder, 'workspace');
  const results = join(folder, 'results.json');
  cpSync(join(__dirname, 'workspace'), workspace, { recursive: true });
  try {
    const exit = await withDatabase(servers.newest, (url) =>
      runTests({
        extensionDevelopmentPath: join(__dirname, '../..'),
        extensionTestsPath,
        extensionTestsEnv: {
          REHEARSAL_TEST_RESULTS: results,
          REHEARSAL_TEST_DATABASE: url,
          REHEARSAL_HOME: join(folder, 'home'),
        },
        launchArgs: [workspace, '--disable-extensions', '--disable-workspace-trust', `--user-data-dir=${folder}/data`],
      }).catch((error: unknown) => (error instanceof Error ? error.message : String(error))),
    );
    return printed(exit, readFileSync(results, 'utf8'));
  } finally {
    await stopServers();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

main().then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
