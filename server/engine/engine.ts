/** The engine: all rooms joined, and the only door for the language server and the command line. */
import { join } from 'node:path';
import { Fault } from './base/fault';
import { unlessUnreadable } from './base/unlessUnreadable';
import { contentsOf, findFolders, layoutOf, readFolder } from './layouts/find';
import type { Layout, NamedDatabase, ToolSettings } from './layouts/layout';
import { besideIn, type MigrationFolder } from './layouts/migration';
import type { Engine, EngineOptions } from './project';
import { Accesses } from './projects/access';
import { Bench } from './projects/bench';
import { environmentTarget } from './projects/environments';
import { createProject } from './projects/project';
import { ToolAnswers, type WantedDatabase, wantedDatabase } from './projects/toolAnswers';
import { resolveTarget, type Target, unreadableTarget } from './projects/target';
import { loadParser } from './sql/parse';
import type { World } from './world';

export function createEngine(world: World, options: EngineOptions): Engine {
  const byEnvironment = new Map<string | undefined, Map<string, Bench>>();
  const closing = new Set<Promise<void>>();
  const accesses = new Accesses();
  const tools = new ToolAnswers(world, options);
  let hasClosed = false;
  return {
    async projects(environment = options.environment) {
      const benches = byEnvironment.get(environment) ?? new Map<string, Bench>();
      byEnvironment.set(environment, benches);
      await loadParser();
      const wanted = (it: MigrationFolder) => wantedOf(it, environment, options, world);
      const asked = await Promise.all(foldersOf(world, options).map((it) => tools.of(it, wanted(it))));
      // What is made from now on nobody would close.
      if (hasClosed) return [];
      const places = asked.map(({ folder: found, database, historyTable }) => {
        const target = targetOf(found, environment, options, world, database);
        const settings = { ...settingsOf(found, target, world), historyTable };
        const folder = { ...found, layout: found.layout.configured?.(settings) ?? found.layout };
        return { folder, target, settings, key: keyOf(folder, target, settings) };
      });
      const keys = new Set(places.map(({ key }) => key));
      // Another target, or another password: what was prepared for the former one ends.
      for (const [key, bench] of benches)
        if (!keys.has(key)) {
          benches.delete(key);
          const ending = bench
            .close()
            .catch((error: Error) => world.log(`closing a former shadow: ${error.message}`))
            .finally(() => closing.delete(ending));
          closing.add(ending);
        }
      return places.map(({ folder, target, settings, key }) => {
        const bench =
          benches.get(key) ??
          new Bench(folder, target, settings, {
            world,
            options,
            access: accesses.of(target),
            onForget: () => tools.forget(folder.path),
          });
        benches.set(key, bench);
        return createProject(folder, bench, world, options);
      });
    },

    async close() {
      hasClosed = true;
      tools.close();
      const benches = [...byEnvironment.values()].flatMap((it) => [...it.values()]);
      await Promise.all([...benches.map((it) => it.close()), ...closing]);
    },
  };
}

/** Holds passwords: it never leaves this file. */
const keyOf = (
  { path, layout }: MigrationFolder,
  { info, parameters, environment }: Target,
  { read, historyTable }: ToolSettings,
): string =>
  JSON.stringify([
    path,
    layout.name,
    info.id,
    info.environment,
    parameters,
    environment,
    historyTable,
    layout.configurationFiles?.map(read),
  ]);

/** The tool reads its files, and keeps its history, as the URL of the target, the environment and its files tell it to. */
const settingsOf = (
  { path }: MigrationFolder,
  { parameters, environment }: Target,
  { files }: World,
): ToolSettings => ({
  extra: parameters?.extra ?? {},
  settings: parameters?.settings ?? {},
  environment,
  user: parameters?.user ?? embeddedName,
  database: parameters?.database ?? embeddedName,
  path,
  read: besideIn({ path }, (file) => files.read(file)),
  list: (name) => unlessUnreadable(() => files.list(join(path, name))) ?? [],
});

/** The embedded engine calls its superuser so, and its database. */
const embeddedName = 'postgres';

/** What is wrong with the target of one folder is said when that one is asked, and holds up no other. */
function targetOf(
  { path, layout }: MigrationFolder,
  environment: string | undefined,
  options: EngineOptions,
  world: World,
  told: NamedDatabase | Fault | undefined,
): Target {
  const { databaseVariables = [], namedVariables, namedDatabase, databaseIn, schemaOf } = layout;
  const contents = contentsOf(path, world.files);
  const variables = [...(namedVariables?.(contents) ?? []), ...databaseVariables];
  const database = namedDatabase?.(contents);
  const first = told ?? databaseIn?.(world.environment, contents);
  try {
    if (environment !== undefined) return environmentTarget(path, environment, options, world, { schemaOf });
    return resolveTarget(path, options, world, { told: first, variables, database, schemaOf });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return unreadableTarget(path, error, world);
  }
}

/** What the tool has to know of a target that it does not name itself. */
function wantedOf(
  folder: MigrationFolder,
  environment: string | undefined,
  options: EngineOptions,
  world: World,
): WantedDatabase | undefined {
  const isChosen = environment !== undefined || options.target(folder.path)?.kind === 'server';
  if (!isChosen || !folder.layout.program) return undefined;
  return wantedDatabase(targetOf(folder, environment, options, world, undefined));
}

function foldersOf({ files, log }: World, { roots, folders, layout, layouts }: EngineOptions): MigrationFolder[] {
  const wanted = (path: string): Layout | undefined => {
    const name = layouts(path) ?? layout;
    return name === undefined ? undefined : layoutOf(name);
  };
  if (folders.length === 0) return findFolders(roots, files, wanted);
  // One that is not there (any more) is left out as long as there are others.
  const there = folders.filter((path) => wanted(path) || files.list(path).length > 0);
  if (there.length > 0)
    for (const path of folders) if (!there.includes(path)) log(`${path} is left out: it is empty or not there.`);
  return (there.length > 0 ? there : folders).flatMap((path) => {
    const forced = wanted(path);
    const named = forced && readFolder(path, files, forced);
    if (named && named.migrations.length > 0) return [named];
    // One above them will do, with a layout as without.
    const below = named ? findFolders([path], files, wanted) : [];
    return below.length > 0 ? below : [named ?? readFolder(path, files)];
  });
}
