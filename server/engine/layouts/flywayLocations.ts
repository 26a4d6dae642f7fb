/** Where below a folder Flyway looks for its files. */
import type { FlywayConfig } from './flywayConfig';
import type { FolderContents } from './layout';

/**
 * Those of the configured locations that lie in the folder, relative to it; `''` for the folder itself, which stands for
 * it also where nothing is configured.
 *
 * @param path of the folder, absolute
 */
export function locationsIn(path: string, { locations }: Pick<FlywayConfig, 'locations'>): readonly string[] {
  const folder = path.replaceAll('\\', '/');
  const below = locations.flatMap((location) => {
    const parts = location.split('/');
    const upper = parts
      .map((_, at) => parts.slice(0, parts.length - at))
      .find((it) => folder.endsWith(`/${it.join('/')}`));
    return upper ? [parts.slice(upper.length).join('/')] : [];
  });
  return below.length === 0 || below.includes('') ? [''] : below;
}

/** All files of its locations with the folders below, relative to the folder. */
export function filesIn(folder: FolderContents, config: Pick<FlywayConfig, 'locations'>): readonly string[] {
  return locationsIn(folder.path, config).flatMap((location) =>
    location === '' ? below(folder, '', folder.names) : below(folder, `${location}/`, folder.list(location)),
  );
}

const below = (folder: FolderContents, before: string, names: readonly string[], depth = 0): string[] =>
  names.flatMap((name) => {
    if (!name.endsWith('/')) return [`${before}${name}`];
    if (depth === deepest || name.startsWith('.')) return [];
    return below(folder, `${before}${name}`, folder.list(`${before}${name.slice(0, -1)}`), depth + 1);
  });

const deepest = 8;
