/** Turns the files of a folder into links of a chain. */
import { basename } from 'node:path';
import { Fault } from '../base/fault';
import type { Layout, MigrationFile } from '../layouts/layout';
import type { Migration, MigrationFolder } from '../layouts/migration';
import type { Link, ScriptFile } from '../rehearsal/link';
import type { Files } from '../world';

export interface ReadMigration {
  readonly migration: Migration;
  readonly link: Link;
  /** What each file says about itself, by path. */
  readonly files: ReadonlyMap<string, ReadFile>;
}

export interface ReadFile extends MigrationFile {
  readonly path: string;
  readonly text: string;
}

/** Oldest first. A migration whose file has gone meanwhile is left out; one that is no text says so as its problem. */
export function readMigrations({ migrations, layout }: MigrationFolder, files: Files): ReadMigration[] {
  return migrations.flatMap((migration) => readMigration(migration, layout, files) ?? []);
}

function readMigration(migration: Migration, layout: Layout, files: Files): ReadMigration | undefined {
  const up = readFile(migration.upPath, layout, files);
  const down = migration.downPath === migration.upPath ? up : readFile(migration.downPath, layout, files);
  if (!up) return undefined;
  return {
    migration,
    link: { up: scriptsOf(up, 'up'), down: down && scriptsOf(down, 'down') },
    files: new Map([up, ...(down ? [down] : [])].map((file) => [file.path, file])),
  };
}

function readFile(path: string | undefined, layout: Layout, files: Files): ReadFile | undefined {
  if (path === undefined) return undefined;
  try {
    const text = files.read(path);
    return text === undefined ? undefined : { path, text, ...layout.read(basename(path), text) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const problem = {
      range: { start: 0, end: 0 },
      severity: 'error',
      code: 'not-readable',
      message: error.message,
    } as const;
    return { path, text: '', scripts: [], problems: [problem] };
  }
}

const scriptsOf = ({ path, text, scripts }: ReadFile, wanted: 'up' | 'down'): ScriptFile => ({
  path,
  text,
  scripts: scripts.filter(({ direction }) => direction === wanted),
});
