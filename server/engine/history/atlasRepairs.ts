/**
 * `atlas migrate set`: all files up to a version count as applied, and none behind it.
 *
 * Unverified: the tool cannot be run here. Facts from ariga/atlas v1.2.3: cmd/atlas/internal/cmdapi/migrate.go
 * (migrateSetRun). Of a version that was run in part it changes but the type of the row, and atlas migrate apply goes on
 * behind what was run all the same: that ends nothing.
 */
import { version as ownVersion } from '../base/version';
import { quoteLiteral } from '../database/quote';
import { readSum } from '../layouts/atlasSum';
import { newestFew, type Repair, type FolderFiles } from './history';
import { quoted, type TableName } from './table';

/** Where there is something, and no row: how far it has come. */
export function baselines(table: TableName, files: FolderFiles): readonly Repair[] {
  const hashes = new Map(readSum(files.read('atlas.sum') ?? '').map(({ name, hash }) => [name, hash]));
  const migrations = files.migrations.filter(({ name }) => !name.isCheckpoint);
  const rows = migrations.map(({ version, title, upPath = '' }) => {
    const hash = hashes.get(upPath.replace(/.*[/\\]/, ''));
    if (hash === undefined) return undefined;
    const values = [version, title, hash, `Rehearsal ${ownVersion}`].map(quoteLiteral).join(', ');
    return `insert into ${quoted(table)} (version, description, hash, operator_version, type, applied, total, executed_at, execution_time, error, error_stmt, partial_hashes) values (${values}, 4, 0, 0, pg_catalog.clock_timestamp(), 0, '', '', 'null')`;
  });
  // Atlas refuses a folder with a file that atlas.sum does not know.
  if (rows.includes(undefined)) return [];
  return newestFew(migrations).map(({ version }) => ({
    title: `Record all up to ${version} as applied`,
    when: `The schema is as ${version} leaves it.`,
    command: set(version),
    statements: rows
      .slice(0, migrations.findIndex((it) => it.version === version) + 1)
      .filter((it) => it !== undefined),
  }));
}

/** Back to the one before; from the first one the command leads nowhere. */
export function withoutPart(
  table: TableName,
  partial: string,
  versions: readonly string[],
  { migrations }: FolderFiles,
): readonly Repair[] {
  const before = migrations.findLast(({ version }) => version < partial)?.version;
  if (before === undefined || !versions.includes(before)) return [];
  if (versions.some((it) => it > before && it !== partial)) return [];
  return [
    {
      title: `Record that nothing of ${partial} was run`,
      when: `Nothing of ${partial} stands.`,
      command: set(before),
      statements: [`delete from ${quoted(table)} where version = ${quoteLiteral(partial)}`],
    },
  ];
}

const set = (version: string): string => `atlas migrate set ${version}`;
