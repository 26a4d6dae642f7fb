/** Which interpreter has the packages of a project? */
import { existsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

export type Language = 'python' | 'ruby';

export interface InterpreterWishes {
  /** As the user names it; undefined when it is looked for. */
  readonly chosen: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the tool is called, absolute. */
  readonly folder: string;
}

/** The command, and what stands before a script. Whether it can be started is seen when it is. */
export function interpreterOf(language: Language, wishes: InterpreterWishes): readonly [string, ...string[]] {
  if (wishes.chosen !== undefined) return [wishes.chosen];
  return language === 'python' ? python(wishes) : ruby(wishes);
}

/** The virtual environment that is active, else the nearest one in or above the folder, else that of the machine. */
function python({ environment, folder }: InterpreterWishes): readonly [string] {
  const active = environment['VIRTUAL_ENV'];
  const places = [...(active === undefined ? [] : [active]), ...upwards(folder).flatMap(virtualIn)];
  const found = places.map(pythonIn).find((it) => existsSync(it));
  // On Windows `python3` may be a stub that opens the Store.
  const names = process.platform === 'win32' ? ['py', 'python', 'python3'] : ['python3', 'python'];
  return [found ?? programOn(environment, names) ?? 'python3'];
}

const virtualIn = (folder: string): string[] => ['.venv', 'venv', 'env'].map((name) => join(folder, name));

const pythonIn = (environment: string): string =>
  process.platform === 'win32' ? join(environment, 'Scripts', 'python.exe') : join(environment, 'bin', 'python');

/** With Bundler where there is a Gemfile, as `bin/rails` has it. */
const ruby = ({ folder }: InterpreterWishes): readonly [string, ...string[]] =>
  existsSync(join(folder, 'Gemfile')) ? ['ruby', '-rbundler/setup'] : ['ruby'];

/** Up to the root of the repository, or where a folder is somebody else's: nothing of his is run. */
function upwards(folder: string): string[] {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  const found = [folder];
  for (let at = folder; !existsSync(join(at, '.git')) && dirname(at) !== at; ) {
    at = dirname(at);
    // What everybody may write to has the owner of whoever was there first.
    if (at === tmpdir() || statSync(at).uid !== owner) break;
    found.push(at);
  }
  return found;
}

function programOn(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): string | undefined {
  const ending = process.platform === 'win32' ? '.exe' : '';
  const folders = (environment['PATH'] ?? environment['Path'] ?? '').split(delimiter).filter(Boolean);
  for (const name of names)
    for (const folder of folders) {
      const path = join(folder, `${name}${ending}`);
      if (existsSync(path)) return path;
    }
  return undefined;
}
