/** Finds folders of migrations below the workspace's roots, and reads one into its migrations. */
import { join, resolve } from 'node:path';
import { Fault } from '../base/fault';
import { unlessUnreadable } from '../base/unlessUnreadable';
import type { Files } from '../world';
import { layouts } from './all';
import { foreign } from './foreign';
import type { FolderContents, Layout } from './layout';
import type { MigrationFolder } from './migration';
import { migrationsOf } from './pairs';
import { collectedIn } from './problems';
import { strangersIn } from './strangers';

/**
 * Looks below the roots, level by level, so that a folder near the root comes first.
 *
 * Not entered: hidden folders, those of dependencies and of build results. At most `mostFolders` are looked at, so
 * that a huge repository does not hold up the editor; then the user can name the folder.
 *
 * @param roots absolute paths; a root may itself be a folder of migrations
 * @param layoutOf taken for a folder that has such files, instead of recognising them
 */
export function findFolders(
  roots: readonly string[],
  files: Files,
  layoutOf: (folder: string) => Layout | undefined = () => undefined,
): MigrationFolder[] {
  const found: MigrationFolder[] = [];
  const seen = new Set<string>();
  let level = roots.map(withoutSlash);
  for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
    const next: string[] = [];
    for (const path of level) {
      if (seen.has(path) || seen.size >= mostFolders) continue;
      seen.add(path);
      // What may not be entered (a server's data directory, for example) is no place for migrations.
      const contents = unlessUnreadable(() => contentsOf(path, files));
      if (!contents) continue;
      const recognised = recognise(contents, layoutOf(path));
      if (recognised) found.push(folderOf(contents, recognised));
      const below = recognised ? (recognised.layout.othersBelow?.(contents) ?? []) : contents.names;
      next.push(...below.filter(isEntered).map((name) => join(path, withoutSlash(name))));
    }
    level = next;
  }
  return found;
}

/**
 * Reads the folder that the user named.
 *
 * @param layout instead of recognising it; then the folder may be empty
 * @throws {Fault} `no-migrations` when it is not the folder of a tool we know
 */
export function readFolder(path: string, files: Files, layout?: Layout): MigrationFolder {
  const contents = contentsOf(withoutSlash(path), files);
  const recognised = layout ? { layout, because: 'it was set so' } : recognise(contents);
  if (!recognised) throw new Fault('no-migrations', `${path} ${whyNot(contents)}`);
  return folderOf(contents, recognised);
}

/** @throws {Fault} `bad-usage` when there is no layout of that name */
export function layoutOf(name: string): Layout {
  const layout = layouts.find((it) => it.name === name);
  if (layout) return layout;
  throw new Fault('bad-usage', `"${name}" is no layout; there are ${layouts.map((it) => it.name).join(', ')}.`);
}

interface Recognised {
  readonly layout: Layout;
  readonly because: string;
}

/** A Java project has its migrations eight levels down: `module/src/main/resources/db/migration`. */
const deepest = 8;
const mostFolders = 5_000;

const notEntered = new Set([
  'node_modules',
  'bower_components',
  'vendor',
  'third_party',
  'venv',
  '__pycache__',
  'dist',
]);
for (const name of ['build', 'out', 'target', 'bin', 'obj', 'coverage', 'tmp', 'testdata']) notEntered.add(name);

/** Migrations for other servers often lie beside those for Postgres. */
const otherServer = /^(?:mysql|mariadb|sqlite3?|mssql|sqlserver|oracle|clickhouse|cassandra|mongo(?:db)?|spanner)$/i;

function isEntered(name: string): boolean {
  if (!name.endsWith('/') || name.startsWith('.')) return false;
  const plain = withoutSlash(name);
  return !notEntered.has(plain) && !otherServer.test(plain);
}

/** @param path absolute, without a slash at its end */
export const contentsOf = (path: string, files: Files): FolderContents => ({
  path,
  names: files.list(path),
  // A file that is no text tells nothing about its tool; who runs it will say what is wrong with it.
  read: (name) => unlessUnreadable(() => files.read(resolve(path, name))),
  list: (name) => unlessUnreadable(() => files.list(join(path, name))) ?? [],
});

function recognise(contents: FolderContents, forced?: Layout): Recognised | undefined {
  if (forced) {
    const isThere = collectedIn(forced, contents).files.length > 0;
    return isThere ? { layout: forced, because: 'it was set so' } : undefined;
  }
  for (const layout of layouts) {
    const because = layout.recognise(contents);
    if (because !== undefined) return { layout, because };
  }
  return undefined;
}

function whyNot(contents: FolderContents): string {
  if (contents.names.length === 0) return 'is empty or not there.';
  const tools = layouts.map(({ label }) => label).join(', ');
  const other = foreign(
    contents,
    contents.names.filter((name) => name.endsWith('.sql')),
  );
  return other === undefined
    ? `was not recognised as a folder of ${tools}; if it is one, name the layout.`
    : `is not one of ${tools}: ${other}.`;
}

function folderOf(contents: FolderContents, { layout, because }: Recognised): MigrationFolder {
  const { path } = contents;
  const { files, problems } = collectedIn(layout, contents);
  return {
    path,
    layout,
    because,
    migrations: migrationsOf(files, path),
    problems: [...problems, ...strangersIn(contents, layout)].map(({ fileName, ...said }) => ({
      path: join(path, fileName),
      ...said,
    })),
  };
}

const withoutSlash = (name: string): string => (name.length > 1 && name.endsWith('/') ? name.slice(0, -1) : name);
