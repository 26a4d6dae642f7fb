/**
 * `flyway repair`: rows of what failed go, rows of files take what the files are now, and what has no file is marked.
 *
 * Unverified: the tool cannot be run here. From flyway/flyway 13.0.0: internal/command/DbRepair.java,
 * internal/schemahistory/JdbcTableSchemaHistory.java (removeFailedMigrations, delete, update), BaseAppliedMigration.java.
 */
import { listed } from '../base/words';
import { quoteLiteral } from '../database/quote';
import { isRepeatable } from '../layouts/flywayNames';
import type { Migration } from '../layouts/migration';
import { checksumsOf } from './flywayChecksum';
import { type FlywayRow, FlywayRows } from './flywayRows';
import { abbreviated, type FlywayOptions } from './flywayTable';
import type { Repair, FolderFiles } from './history';
import { quoted, type TableName } from './table';

/** All of it at once, as the command does it; nothing where there is nothing that Flyway complains of. */
export function flywayRepairs(
  place: TableName,
  all: readonly FlywayRow[],
  files: FolderFiles,
  options: FlywayOptions,
): readonly Repair[] {
  const failed = all.filter(({ success }) => !success);
  const rows = new FlywayRows(all.filter(({ success }) => success));
  const realigned = files.migrations.flatMap((it) => realignmentOf(it, rows, files, options));
  const wrong = realigned.filter(({ isWrong }) => isWrong);
  const missing = missingIn(rows, files, options);
  if (failed.length + wrong.length + missing.length === 0) return [];
  const parts: readonly (readonly [readonly FlywayRow[], title: string, when: string])[] = [
    [failed, 'delete the failed row of', 'Nothing stands, or it can be run once more upon what does, of'],
    [wrong.map(({ row }) => row), 'take the file as it is now for', 'What its file does by now the database has, of'],
    [missing, 'mark as deleted', 'What it did is gone, or some other migration does it, of'],
  ];
  const told = parts
    .filter(([rows]) => rows.length > 0)
    .map(([rows, ...says]) => says.map((it) => `${it} ${named(rows)}`));
  return [
    {
      title: sentence(told.map(([title = '']) => title).join('; ')),
      when: told.map(([, when = '']) => `${when}.`).join(' '),
      command: 'flyway repair',
      statements: [
        ...(failed.length === 0 ? [] : [`delete from ${quoted(place)} where success = false`]),
        ...missing.map((row) => marking(place, row, options)),
        ...realigned.map((it) => updating(place, it)),
      ],
    },
  ];
}

const named = (rows: readonly FlywayRow[]): string =>
  listed(rows.map(({ version, description }) => version ?? description));

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

interface Realignment {
  readonly row: FlywayRow;
  readonly description: string;
  readonly checksum: number;
  /** Whether Flyway refuses to go on for it. */
  readonly isWrong: boolean;
}

/** Of a repeatable migration only that its checksum was once taken before placeholders were replaced. */
function realignmentOf(
  migration: Migration,
  rows: FlywayRows,
  files: FolderFiles,
  options: FlywayOptions,
): readonly Realignment[] {
  const { name } = migration;
  const [row, upText] = [rows.rowOf(name), files.upTextOf(migration)];
  if (row?.type !== sql || upText === undefined) return [];
  const [checksum = 0, former] = checksumsOf(migration, upText, options);
  const description = abbreviated(name.title);
  const isSame = row.checksum === checksum && row.description === description;
  const isToBeSaid = isRepeatable(name) ? row.checksum === former && former !== checksum : !isSame;
  return isToBeSaid ? [{ row, description, checksum, isWrong: !isRepeatable(name) }] : [];
}

/**
 * Those of scripts alone: what is written in Java is never seen here. Where Flyway is told of several locations, nobody
 * but Flyway knows what lies in the others.
 */
function missingIn(rows: FlywayRows, { migrations }: FolderFiles, { config }: FlywayOptions): readonly FlywayRow[] {
  if (config.locations.length > 1) return [];
  const newest = migrations.findLast(({ name }) => !isRepeatable(name))?.name.order ?? '';
  const isHere = new Set(migrations.map(({ name }) => rows.rowOf(name)));
  return rows.all
    .filter(({ row, order }) => {
      const state = order !== undefined && order > newest ? 'future' : 'missing';
      return row.type === sql && !isHere.has(row) && !config.ignored.has(state);
    })
    .map(({ row }) => row);
}

const sql = 'SQL';

/** Its rank is behind the newest. */
const marking = (place: TableName, { rank }: FlywayRow, { config: { installedBy } }: FlywayOptions): string =>
  `insert into ${quoted(place)} (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success) select (select max(installed_rank) + 1 from ${quoted(place)}), version, description, 'DELETE', script, checksum, ${installedBy === undefined ? 'current_user' : quoteLiteral(installedBy)}, 0, success from ${quoted(place)} where installed_rank = ${rank}`;

const updating = (place: TableName, { row: { rank }, description, checksum }: Realignment): string =>
  `update ${quoted(place)} set description = ${quoteLiteral(description)}, type = '${sql}', checksum = ${checksum} where installed_rank = ${rank}`;
