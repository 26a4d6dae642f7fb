/** The engine: all rooms joined, and the only door for the language server and the command line. */
import { findFolders, layoutOf, readFolder } from './layouts/find';
import type { MigrationFolder } from './layouts/migration';
import type { Engine, EngineOptions } from './project';
import { Bench } from './projects/bench';
import { createProject } from './projects/project';
import { resolveTarget, type Target } from './projects/target';
import { loadParser } from './sql/parse';
import type { World } from './world';

export function createEngine(world: World, options: EngineOptions): Engine {
  const benches = new Map<string, Bench>();
  return {
    async projects() {
      await loadParser();
      const places = foldersOf(world, options).map((folder) => {
        const target = resolveTarget(folder.path, options, world);
        return { folder, target, key: keyOf(folder, target) };
      });
      const wanted = new Set(places.map(({ key }) => key));
      // Another target, or another password: what was prepared for the former one ends.
      for (const [key, bench] of benches) if (!wanted.has(key)) void bench.close();
      return places.map(({ folder, target, key }) => {
        const bench = benches.get(key) ?? new Bench(folder.layout.name, target, world, options);
        benches.set(key, bench);
        return createProject(folder, bench, world, options);
      });
    },

    async close() {
      await Promise.all([...benches.values()].map((it) => it.close()));
    },
  };
}

/** Holds passwords: it never leaves this file. */
const keyOf = ({ path, layout }: MigrationFolder, { info, parameters, environment }: Target): string =>
  JSON.stringify([path, layout.name, info.id, parameters, environment]);

function foldersOf({ files }: World, { roots, folders, layout }: EngineOptions): MigrationFolder[] {
  const forced = layout === undefined ? undefined : layoutOf(layout);
  return folders.length > 0
    ? folders.map((path) => readFolder(path, files, forced))
    : findFolders(roots, files, forced);
}
