/**
 * Installs what the tests in VS Code need: headless Chromium from Debian, and the VS Code server (code-server) with a
 * Node of its own from npm. Nothing is done twice; nothing else has to be installed by hand.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installDebian, outsideNpm, run, which } from '../../support/programs';

const root = join(__dirname, '../../..');

/** A prepared copy elsewhere may be named by VSCODE_HOST_DIR; it is taken as it is. */
const hostFolder = process.env['VSCODE_HOST_DIR'] ?? join(root, '.vscode-host');

export const host = {
  node: join(hostFolder, `node_modules/node-linux-${process.arch}/bin/node`),
  entry: join(hostFolder, 'node_modules/code-server/out/node/entry.js'),
} as const;

/**
 * @param say told what is being installed, when something is
 * @throws {Error} with the output of the installer that failed
 */
export function installHost(say: (what: string) => void): void {
  if (process.env['VSCODE_HOST_DIR']) return;
  const listed = ['package.json', 'package-lock.json', '.npmrc'];
  const hash = createHash('sha256');
  for (const name of [...listed, 'install.ts']) hash.update(readFileSync(join(__dirname, name)));
  const wanted = hash.digest('hex');
  const done = join(hostFolder, '.done');
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return;

  rmSync(hostFolder, { recursive: true, force: true });
  mkdirSync(hostFolder, { recursive: true });
  for (const name of listed) copyFileSync(join(__dirname, name), join(hostFolder, name));
  say('VS Code server');
  // Install scripts stay off: code-server's own compile what is not needed here and ask the internet for the rest.
  npm(hostFolder, ['ci', '--ignore-scripts']);
  const code = join(hostFolder, 'node_modules/code-server/lib/vscode');
  // Not `npm ci`: the lockfile that code-server ships is not in step with its package.json.
  for (const folder of [code, join(code, 'extensions')]) npm(folder, ['install', '--omit=dev', '--ignore-scripts']);
  compileLogModules(code, say);
  writeFileSync(done, wanted);
}

/** Without them VS Code runs, but writes no log files, and the Output panel stays empty. */
function compileLogModules(code: string, say: (what: string) => void): void {
  const missing = [
    ['python3', 'python3'],
    ['make', 'make'],
    ['g++', 'g++'],
  ].filter(([command = '']) => which(command) === undefined);
  if (missing.length > 0)
    installDebian(
      missing.map(([, name = '']) => name),
      say,
    );
  npm(code, ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog']);
}

function npm(folder: string, args: readonly string[]): void {
  const bin = join(hostFolder, `node_modules/node-linux-${process.arch}`);
  run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env: {
      ...outsideNpm(),
      PATH: `${join(bin, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      // node-gyp finds the headers of that Node here and downloads none.
      npm_config_nodedir: bin,
    },
  });
}

/** The path of a Chromium, installed from Debian when there is none. @throws {Error} saying what to do */
export function installChromium(say: (what: string) => void): string {
  const found = chromium();
  if (found) return found;
  installDebian(['chromium', 'fonts-noto-color-emoji'], say);
  const installed = chromium();
  if (!installed) throw new Error('chromium was installed, but no chromium is on the PATH: name it in CHROMIUM');
  return installed;
}

function chromium(): string | undefined {
  const named = process.env['CHROMIUM'];
  if (named) return named;
  return ['chromium', 'chromium-browser', 'google-chrome'].map(which).find((it) => it !== undefined);
}
