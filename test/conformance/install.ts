/**
 * The real migration tools that judge our reading and writing: from npm, as `tools/<name>/` lists them, into `.conformance/`; from Debian into the system.
 * Nothing is done twice; nothing has to be installed by hand.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installDebian, outsideNpm, run, which } from '../support/programs';

const say = (what: string): void => console.error(`installing ${what}`);

/**
 * Installs the packages that `tools/<name>/package.json` and its lockfile name.
 *
 * @returns absolute path of their `node_modules`
 * @throws {Error} with the output of npm
 */
export function npmTool(name: string): string {
  const source = join(__dirname, 'tools', name);
  const folder = join(__dirname, '../../.conformance', name);
  const wanted = createHash('sha256')
    .update(readFileSync(join(source, 'package-lock.json')))
    .digest('hex');
  const done = join(folder, '.done');
  if (!existsSync(done) || readFileSync(done, 'utf8') !== wanted) {
    say(name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(source, file), join(folder, file));
    // Install scripts stay off: those of these tools download what a test machine may not reach.
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      env: outsideNpm(),
    });
    writeFileSync(done, wanted);
  }
  return join(folder, 'node_modules');
}

/**
 * @param command that they bring
 * @returns its path
 * @throws {Error} saying what has to be installed by hand
 */
export function debianTool(command: string, packages: readonly string[]): string {
  const found = which(command) ?? (installDebian(packages, say), which(command));
  if (found === undefined) throw new Error(`${packages.join(' ')} was installed, but no ${command} is on the PATH.`);
  return found;
}
