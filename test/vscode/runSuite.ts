/**
 * Runs the suites inside the extension host of a real VS Code: server and browser, both without a display.
 *
 *     node --import=tsx test/vscode/runSuite.ts [suite…] [--vsix file]
 *
 * With a packaged extension only the suites run that press no buttons: stubs of dialogs do not reach an extension
 * outside its development folder.
 */
import { EventEmitter, once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { servers, stopServers, withDatabase } from '../support/servers';
import { bundleSuites } from './bundle';
import { openPage, startBrowser } from './host/browser';
import { type CodeServer, startCodeServer } from './host/codeServer';
import { printed } from './result';

const root = join(__dirname, '../..');
const limitMs = 10 * 60_000;
const smoke = ['activation', 'editor'];

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({ options: { vsix: { type: 'string' } }, allowPositionals: true });
  const suites = positionals.length > 0 ? positionals : values.vsix ? smoke : undefined;
  const tests = await bundleSuites();
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-vscode-'));
  try {
    return await withDatabase(servers.newest, async (url) => {
      const workspace = join(folder, 'workspace');
      cpSync(join(__dirname, 'workspace'), workspace, { recursive: true });
      const server = await startCodeServer({ folder, workspace, vsix: values.vsix });
      try {
        const results = join(folder, 'results.json');
        const exit = await runIn(server, {
          extension: values.vsix ? emptyExtension(folder) : root,
          tests,
          environment: {
            REHEARSAL_TEST_RESULTS: results,
            REHEARSAL_TEST_DATABASE: url,
            ...(suites ? { REHEARSAL_TEST_SUITES: suites.join(',') } : {}),
          },
        });
        return report(exit, results, server);
      } finally {
        await server.stop();
      }
    });
  } finally {
    await stopServers();
    if (process.env['KEEP_HOST']) console.log(`kept ${folder}`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

interface Run {
  /** Folder of the extension in development. */
  readonly extension: string;
  /** Module with `run()`. */
  readonly tests: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** @returns VS Code's exit code for the run, or what went wrong with it */
async function runIn(server: CodeServer, { extension, tests, environment }: Run): Promise<number | string> {
  const browser = await startBrowser();
  const ending = new AbortController();
  try {
    const page = await openPage(browser);
    const { exit } = await listen(page, server, ending.signal);
    const answer = await page.goto(
      server.url([
        ['extensionDevelopmentPath', server.remote(extension)],
        ['extensionTestsPath', server.remote(tests)],
        ['extensionEnvironment', JSON.stringify(environment)],
      ]),
      { waitUntil: 'commit' },
    );
    if (!answer?.ok()) return `the workbench answered ${answer?.status()}`;
    const code = await exit;
    if (code !== 0) await page.screenshot({ path: shotPath('suite-failed') });
    return code;
  } finally {
    ending.abort();
    await browser.close();
  }
}

/** Hears VS Code's exit code for the run, and whatever keeps it from coming, until `ending`. */
async function listen(
  page: Page,
  server: CodeServer,
  ending: AbortSignal,
): Promise<{ exit: Promise<number | string> }> {
  const heard = new EventEmitter();
  const resolve = (code: number | string): unknown => heard.emit('exit', code);
  const ended = once(heard, 'exit').then(([code]) => code as number | string);
  await page.exposeFunction('codeAutomationExit', (code: number) => void resolve(code));
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
    if (process.env['VERBOSE']) console.log(`[${type}]`, format(...args));
  });
  page.on('crash', () => resolve('the page crashed'));
  const limit = setTimeout(() => resolve(`no result after ${limitMs} ms`), limitMs);
  // VS Code starts a killed extension host again and the page waits for ever; the server's log tells at once.
  const watch = setInterval(() => {
    const [killed] = /Extension Host Process exited with code: (?!0,)[^\n]*/.exec(server.log()) ?? [];
    if (killed) resolve(killed);
  }, 500);
  ending.addEventListener('abort', () => {
    clearTimeout(limit);
    clearInterval(watch);
  });
  return { exit: ended };
}

function report(exit: number | string, results: string, server: CodeServer): boolean {
  if (existsSync(results)) return printed(exit, readFileSync(results, 'utf8'));
  console.log(`The suite did not run (${exit}). The server's log:\n${server.log().slice(-3000)}`);
  return false;
}

/** VS Code wants an extension in development in test mode; with a packaged one an empty one keeps our sources out. */
function emptyExtension(folder: string): string {
  const path = join(folder, 'empty-extension');
  cpSync(join(__dirname, 'empty-extension'), path, { recursive: true });
  return path;
}

export function shotPath(name: string): string {
  const folder = join(root, 'test/screenshots');
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name}.png`);
}

main().then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
