/** The crate of Rust that a folder of migrations belongs to, and which tools it depends on. */
import { foldersAbove } from './above';
import type { FolderContents } from './layout';

/** How far above its migrations a crate may be, in folders. */
export const cratesAbove = 4;

export interface Crate {
  /** Of its `Cargo.toml`, or that of its workspace, relative to the folder. */
  readonly path: string;
  /** What it says of the package, and what its workspace says where it takes that over. */
  readonly dependency: string;
}

/**
 * The nearest one up to four levels up that depends on the package. Where a project of another language is nearer, the
 * folder is that one's.
 */
export function crateWith(folder: Pick<FolderContents, 'read' | 'list'>, name: string): Crate | undefined {
  let own: Crate | undefined;
  for (const up of foldersAbove(cratesAbove)) {
    const path = `${up}Cargo.toml`;
    const text = folder.read(path);
    const dependency = text === undefined ? undefined : dependencyIn(text, name);
    if (dependency !== undefined) {
      own = own ? { ...own, dependency: own.dependency + dependency } : { path, dependency };
      if (!/\bworkspace\s*=\s*true\b/.test(dependency)) return own;
    }
    if (text === undefined && folder.list(up).some((it) => otherProjects.has(it))) return own;
  }
  return own;
}

/** Whether it is said which servers the crate is for, and Postgres is none of them. */
export const isForOthers = ({ dependency }: Crate): boolean =>
  /"(?:mysql|sqlite)\b/.test(dependency) && !/"postgres/.test(dependency);

const otherProjects = new Set([
  'go.mod',
  'package.json',
  'pyproject.toml',
  'Gemfile',
  'pom.xml',
  'build.gradle',
  'mix.exs',
]);

/** `name = …`, `name.workspace = true`, or a table `[dependencies.name]`, up to what comes next. */
function dependencyIn(text: string, name: string): string | undefined {
  const begin = new RegExp(String.raw`^[ \t]*(\[[^\]\n]*\.)?["']?${name}["']?(?=[ \t]*[\].=])`, 'm').exec(text);
  if (!begin) return undefined;
  const rest = text.slice(begin.index + begin[0].length);
  const next = begin[1] === undefined ? /\n[ \t]*(?:\[\[?[\w.-]+\]|[\w"'.-]+[ \t]*=)/ : /\n[ \t]*\[/;
  const end = rest.search(next);
  return end < 0 ? rest : rest.slice(0, end);
}
