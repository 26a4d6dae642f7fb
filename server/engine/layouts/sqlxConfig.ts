/**
 * `sqlx.toml` of a crate, as far as it is about migrations.
 *
 * Facts from launchbadge/sqlx 0.9, sqlx-core/src/config/migrate.rs and config/common.rs.
 */
import { foldersAbove } from './above';
import { cratesAbove } from './cargo';
import type { FolderContents } from './layout';
import { type TomlValue, tomlValues } from './toml';

export interface SqlxConfig {
  /** Relative to the folder of migrations; undefined when there is none. */
  readonly path: string | undefined;
  /** Relative to the configuration. */
  readonly folder: string;
  /** As it stands in SQL: perhaps with a schema, perhaps quoted. */
  readonly table: string;
  /** Names as SQL has them. */
  readonly createSchemas: readonly string[];
  /** Characters that do not count in a checksum. */
  readonly ignoredChars: readonly string[];
  /** Variable with the URL of the database. */
  readonly variable: string | undefined;
  readonly reversible: boolean | undefined;
  readonly sequential: boolean | undefined;
}

/** Relative to the folder of migrations, the nearest first. */
export const configurationFiles: readonly string[] = foldersAbove(cratesAbove).map((up) => `${up}sqlx.toml`);

export function sqlxConfig(read: FolderContents['read']): SqlxConfig {
  const path = configurationFiles.find((it) => read(it) !== undefined);
  const values = tomlValues(path === undefined ? '' : (read(path) ?? '')) ?? new Map<string, TomlValue>();
  const kind = values.get('migrate.defaults.migration-type');
  const versions = values.get('migrate.defaults.migration-versioning');
  return {
    path,
    folder: textOf(values.get('migrate.migrations-dir')) ?? 'migrations',
    table: textOf(values.get('migrate.table-name')) ?? '_sqlx_migrations',
    createSchemas: listOf(values.get('migrate.create-schemas')),
    ignoredChars: listOf(values.get('migrate.ignored-chars')),
    variable: textOf(values.get('common.database-url-var')),
    reversible: kind === 'reversible' ? true : kind === 'simple' ? false : undefined,
    sequential: versions === 'sequential' ? true : versions === 'timestamp' ? false : undefined,
  };
}

const textOf = (value: TomlValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

const listOf = (value: TomlValue | undefined): readonly string[] => (Array.isArray(value) ? value : []);
