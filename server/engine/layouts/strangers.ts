/** Files of another tool in the folder of one: a folder is one tool's, and what becomes of them has to be said. */
import { layouts } from './all';
import { someOf } from './foreign';
import type { FileSign, FolderContents, FolderProblem, Layout } from './layout';

/** Of each other tool the first file that is met; of many files only a few are read, as where a folder is recognised. */
export function strangersIn(folder: FolderContents, { name: own, label, sign, readName }: Layout): FolderProblem[] {
  if (!sign) return [];
  const found = new Map<string, FolderProblem>();
  for (const fileName of looked(folder, sign)) {
    const owner = signed.find((it) => hasSign(it.sign, fileName, folder));
    if (!owner || owner.name === own || found.has(owner.name)) continue;
    const effect = readName(fileName) ? 'takes this file for a migration of its own' : 'passes over this file';
    found.set(owner.name, {
      fileName,
      message: `The folder is read as one of ${label}, which ${effect}; but it ${owner.sign.says}. A folder is for one tool: move its files or those of the other one, or name the layout.`,
    });
  }
  return [...found.values()];
}

const signed = layouts.flatMap(({ name, sign }) => (sign ? [{ name, sign }] : []));

const hasSign = (sign: FileSign, fileName: string, { read }: FolderContents): boolean =>
  sign.isIn(sign.of === 'name' ? fileName : (read(fileName) ?? ''));

/** Where names are the sign, those of the tool are its own; what is written in files has to be looked at in all. */
function looked({ names }: FolderContents, { of }: FileSign): readonly string[] {
  const scripts = names.filter((name) => /^\d.*\.sql$/.test(name));
  const isNamed = (name: string): boolean => signed.some(({ sign }) => sign.of === 'name' && sign.isIn(name));
  const [named, others] = [scripts.filter(isNamed), scripts.filter((name) => !isNamed(name))];
  return of === 'name' ? someOf(others) : [...someOf(named), ...someOf(others)];
}
