/** The engine: all rooms joined, and the only door for the language server and the command line. */
import { findFolders, layoutOf, readFolder } from './layouts/find';
import type { MigrationFolder } from './layouts/migration';
import type { Engine, EngineOptions } from './project';
import { Bench } from './projects/bench';
import { createProject } from './projects/project';
import { resolveTarget } from './projects/target';
import { loadParser } from './sql/parse';
import type { World } from './world';

export function createEngine(world: World, options: EngineOptions): Engine {
  const benches = new Map<string, Bench>();
  return {
    async projects() {
      await loadParser();
      return foldersOf(world, options).map((folder) => {
        const target = resolveTarget(folder.path, options, world);
        const key = `${folder.path}\n${folder.layout.name}\n${target.info.id}`;
        const bench = benches.get(key) ?? new Bench(folder.layout.name, target, world, options);
        benches.set(key, bench);
        return createProject(folder, bench, world, options);
      });
    },

    async close() {
      const all = [...benches.values()];
      benches.clear();
      await Promise.all(all.map((it) => it.close()));
    },
  };
}

function foldersOf({ files }: World, { roots, folders, layout }: EngineOptions): MigrationFolder[] {
  const forced = layout === undefined ? undefined : layoutOf(layout);
  return folders.length > 0
    ? folders.map((path) => readFolder(path, files, forced))
    : findFolders(roots, files, forced);
}
