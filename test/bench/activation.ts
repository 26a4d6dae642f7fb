/** How long the extension takes to activate, in the extension host of a real VS Code where one is set up. */
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { openPage, startBrowser } from '../vscode/host/browser';
import { type CodeServer, startCodeServer } from '../vscode/host/codeServer';
import { host } from '../vscode/host/install';
import { type Times, timesOf } from './measure';

export interface Activation {
  /** From the call of `activate` until its promise is kept, loading of the bundle included. */
  readonly activatedMs: number;
  /** From the same start until the language server has answered `initialize`. */
  readonly serverMs: number;
}

const root = resolve(__dirname, '../..');
const limitMs = 120_000;

/** @returns undefined when no VS Code is set up (`npm test` does that) */
export async function measureActivation(times: number): Promise<{ activated: Times; server: Times } | undefined> {
  if (![host.node, host.entry].every((it) => existsSync(it))) return undefined;
  const probe = await bundleProbe();
  const measured: Activation[] = [];
  for (let round = 0; round < times; round++) measured.push(await activateOnce(probe));
  return {
    activated: timesOf(measured.map((it) => it.activatedMs)),
    server: timesOf(measured.map((it) => it.serverMs)),
  };
}

/** A fresh server, browser and profile each time; the folder is empty, so that nothing activates the extension earlier. */
async function activateOnce(probe: string): Promise<Activation> {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-bench-'));
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  const server = await startCodeServer({ folder, workspace });
  const browser = await startBrowser();
  try {
    const page = await openPage(browser);
    const ended = new EventTarget();
    await page.exposeFunction('codeAutomationExit', () => ended.dispatchEvent(new Event('exit')));
    await page.exposeFunction('codeAutomationLog', () => undefined);
    const exit = once(ended, 'exit', { signal: AbortSignal.timeout(limitMs) });
    const result = join(folder, 'result.json');
    await page.goto(addressOf(server, probe, result), { waitUntil: 'commit' });
    await exit;
    if (!existsSync(result)) throw new Error(`The extension was not activated. ${server.log().slice(-2000)}`);
    return JSON.parse(readFileSync(result, 'utf8')) as Activation;
  } finally {
    await browser.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

const addressOf = (server: CodeServer, probe: string, result: string) =>
  server.url([
    ['extensionDevelopmentPath', server.remote(root)],
    ['extensionTestsPath', server.remote(probe)],
    ['extensionEnvironment', JSON.stringify({ REHEARSAL_BENCH_RESULT: result })],
  ]);

async function bundleProbe(): Promise<string> {
  const outfile = join(root, 'dist-test/bench/activationProbe.js');
  await build({
    entryPoints: [join(__dirname, 'activationProbe.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
  });
  return outfile;
}
