/** Starts a private VS Code server on a free loopback port, with folders of its own, and ends it with all it started. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { host, installHost } from './install';

export interface CodeServer {
  /** Absolute path of the opened folder. */
  readonly workspace: string;
  readonly log: () => string;
  /** Address of the workbench on the workspace. @param payload pairs of VS Code's own web start-up options */
  url(payload: readonly (readonly [name: string, value: string])[]): string;
  /** A path on the server's disk as the workbench in the browser names it. */
  remote(path: string): string;
  stop(): Promise<void>;
}

export interface CodeServerOptions {
  /** Settings, logs, extensions and the home folder go here. */
  readonly folder: string;
  readonly workspace: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** A packaged extension to install first. */
  readonly vsix?: string | undefined;
  /** Restricted Mode until somebody trusts the folder; otherwise every folder is trusted. */
  readonly restricted?: boolean;
}

/** A quiet workbench: no welcome pages, no telemetry, no updates, dialogs that a test can click. */
const quiet = {
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.tips.enabled': false,
  // In a browser VS Code saves by itself, after a second or when it pleases.
  'files.autoSave': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.reduceMotion': 'on',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'git.openRepositoryInParentFolders': 'never',
  'window.dialogStyle': 'custom',
  'files.watcherExclude': { '**/node_modules/**': true },
};

const startMs = 60_000;

/** Installs it where it is not. @throws {Error} with the end of the server's log when it does not come up */
export async function startCodeServer(options: CodeServerOptions): Promise<CodeServer> {
  const { folder, workspace, vsix } = options;
  installHost((what) => console.log(`Installing ${what}…`));
  const folders = prepare(options);
  const env = environmentOf(options);
  if (vsix) install(resolve(vsix), folders, env);

  const logFile = join(folder, 'server.log');
  const log = (): string => readFileSync(logFile, 'utf8');
  const out = openSync(logFile, 'w');
  // A group of its own, so that everything it starts can be ended with it.
  const child = spawn(host.node, [host.entry, ...folders, ...flagsOf(options)], {
    detached: true,
    stdio: ['ignore', out, out],
    env,
  });
  closeSync(out);
  const forget = endWithUs(child);
  const stop = async (): Promise<void> => {
    await end(child);
    forget();
  };
  try {
    const port = await portOf(child, log);
    const authority = `127.0.0.1:${port}`;
    return {
      workspace,
      log,
      url: (payload) =>
        `http://${authority}/?${new URLSearchParams({ folder: workspace, payload: JSON.stringify(payload) }).toString()}`,
      remote: (path) => `vscode-remote://${authority}${path}`,
      stop,
    };
  } catch (cause) {
    await stop();
    throw new Error(`The VS Code server did not start: ${log().slice(-3000)}`, { cause });
  }
}

function flagsOf({ restricted }: CodeServerOptions): string[] {
  return [
    '--bind-addr',
    '127.0.0.1:0',
    '--auth',
    'none',
    '--disable-telemetry',
    '--disable-update-check',
    ...(restricted ? [] : ['--disable-workspace-trust']),
    '--disable-getting-started-override',
    '--disable-proxy',
    '--ignore-last-opened',
    // Only with this does a built VS Code read extensionDevelopmentPath and extensionTestsPath from the address.
    '--vscode-option',
    'enable-smoke-test-driver',
  ];
}

/** Makes its folders and settings. @returns the flags that name them */
function prepare({ folder, settings, restricted }: CodeServerOptions): string[] {
  for (const name of ['data/User', 'extensions', 'home']) mkdirSync(join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'tmp'), { recursive: true, mode: 0o700 });
  const all = { ...quiet, 'security.workspace.trust.enabled': restricted === true, ...settings };
  writeFileSync(join(folder, 'data/User/settings.json'), JSON.stringify(all, null, 2));
  writeFileSync(join(folder, 'config.yaml'), '');
  return [
    '--config',
    join(folder, 'config.yaml'),
    '--user-data-dir',
    join(folder, 'data'),
    '--extensions-dir',
    join(folder, 'extensions'),
  ];
}

/** Neither VS Code's nor npm's nor Postgres's variables of the caller get in, and nothing of the home folder. */
function environmentOf({ folder, environment }: CodeServerOptions): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|npm_|NODE_OPTIONS$|ELECTRON_|PORT$|PASSWORD$|HASHED_PASSWORD$|PG|DATABASE_URL$)/;
  const home = join(folder, 'home');
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local/share'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_RUNTIME_DIR: join(folder, 'tmp'),
    TMPDIR: join(folder, 'tmp'),
    // Otherwise the workbench asks the gallery on the internet.
    EXTENSIONS_GALLERY: '{}',
    ...environment,
  };
}

function install(vsix: string, folders: readonly string[], env: NodeJS.ProcessEnv): void {
  const args = [host.entry, ...folders, '--install-extension', vsix, '--force'];
  const { status, stdout, stderr } = spawnSync(host.node, args, { env, encoding: 'utf8' });
  if (status !== 0 || !stdout.includes('successfully installed'))
    throw new Error(`${basename(vsix)} could not be installed: ${stdout}${stderr}`);
}

async function portOf(child: ChildProcess, log: () => string): Promise<string> {
  for (const limit = Date.now() + startMs; Date.now() < limit; await wait(50)) {
    const [, port] = /HTTP server listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(log()) ?? [];
    if (port) return port;
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
  }
  throw new Error(`it did not listen within ${startMs} ms`);
}

/** Ends the whole group: politely, then by force. */
async function end(child: ChildProcess): Promise<void> {
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  signal(child, 'SIGTERM');
  const force = setTimeout(() => signal(child, 'SIGKILL'), 5_000);
  await gone;
  clearTimeout(force);
  signal(child, 'SIGKILL');
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const leave = (): never => process.exit(1);

/** Also when we are ended from outside, or by an exception. */
function endWithUs(child: ChildProcess): () => void {
  const kill = (): void => signal(child, 'SIGKILL');
  process.on('exit', kill);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, leave);
  return () => {
    process.off('exit', kill);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, leave);
  };
}
