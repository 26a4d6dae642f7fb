/** TypeScript files as plain JavaScript, for processes that a test starts: to load the engine by tsx takes two seconds of each. */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(__dirname, '../..');
/** Two folders deep, as what it is made from: sources find what lies beside them by `__dirname`. */
const folder = join(root, 'out', `children-${process.pid}`);
const made = new Map<string, string>();

/** @returns the path of a bundle of the file, made once in this process and gone with it */
export function bundled(path: string): string {
  const known = made.get(path);
  if (known !== undefined) return known;
  if (made.size === 0) process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, `${made.size}-${basename(path, '.ts')}.js`);
  buildSync({
    entryPoints: [path],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  made.set(path, outfile);
  return outfile;
}
