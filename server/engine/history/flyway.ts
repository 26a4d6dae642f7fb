/**
 * Flyway's history: a row for each run of a migration, with its rank, its checksum and how it ended.
 *
 * Unverified: the tool cannot be run here. From flyway/flyway 13.0.0: internal/command/DbMigrate.java,
 * internal/schemahistory/JdbcTableSchemaHistory.java, Flyway.java (migrate), PostgreSQLConnection.java,
 * PostgreSQLAdvisoryLockTemplate.java.
 */
import type { Session } from '../database/session';
import { flywayConfig, type FlywayConfig } from '../layouts/flywayConfig';
import { isRepeatable } from '../layouts/flywayNames';
import type { ToolSettings } from '../layouts/layout';
import { withAdvisoryLocks } from './advisoryLock';
import { checksumOf, checksumsOf, scriptOf } from './flywayChecksum';
import { flywayRepairs } from './flywayRepair';
import { type FlywayRow, FlywayRows } from './flywayRows';
import {
  abbreviated,
  begin,
  type FlywayOptions,
  flywayShape,
  insertRow,
  isFull,
  lockIdOf,
  makeTables,
} from './flywayTable';
import type { History, HistoryState, HistoryStep } from './history';
import { currentSchema, hasTable, labelOf, quoted, type TableName } from './table';

export const flywayOptions = ({ read, environment, database, user }: ToolSettings): FlywayOptions => ({
  config: flywayConfig(read, environment),
  session: { database, user },
});

export function flywayHistory(options: FlywayOptions): History {
  const { config } = options;
  const places = new WeakMap<Session, TableName>();
  /** As the connection has it at first: a migration that changes search_path moves nothing. */
  const placeOf = async (session: Session): Promise<TableName> => {
    const schema = config.schema ?? places.get(session)?.schema ?? (await currentSchema(session)) ?? 'public';
    const place = { schema, name: config.table };
    places.set(session, place);
    return place;
  };
  return {
    layout: 'flyway',
    read: async (session) => read(session, await placeOf(session), options),
    ofNothing: () => stateOf({ schema: config.schema ?? 'public', name: config.table }, undefined, options),
    async withLock(session, waitMs, use) {
      const place = await placeOf(session);
      return withAdvisoryLocks(session, [lockIdOf(place)], waitMs, async () => {
        const full = await isFull(session, place, config);
        if (!(await hasTable(session, place, flywayShape)) && (!full || config.baselineOnMigrate))
          await makeTables(session, place, config, full);
        return use();
      });
    },
    recorded: async (session) =>
      `select distinct version::text || case when success then '' else ' (failed)' end as version
        from ${quoted(await placeOf(session))} where version is not null`,
    before: async (session) => begin(session, config),
    after: async (session, step) => record(session, await placeOf(session), step, options, true),
    async failed(session, step) {
      if (step.mode !== 'transaction') await record(session, await placeOf(session), step, options, false);
    },
    unblock: (step, stands) =>
      stands === 'nothing'
        ? `Run flyway repair: it deletes the failed row of ${step.migration.version}.`
        : `Take away what stands of ${step.migration.version}, and run flyway repair, which deletes its failed row.`,
  };
}

async function record(
  session: Session,
  place: TableName,
  { migration, upText, ms }: HistoryStep,
  options: FlywayOptions,
  success: boolean,
): Promise<void> {
  const { name, version } = migration;
  // Flyway writes by another connection, where the script's role does not count.
  await session.rows('reset role');
  await insertRow(session, place, options.config, {
    version: isRepeatable(name) ? null : version,
    description: name.title,
    type: 'SQL',
    script: scriptOf(migration),
    checksum: checksumsOf(migration, upText, options)[0] ?? null,
    ms: Math.round(ms ?? 0),
    success,
  });
}

async function read(session: Session, place: TableName, options: FlywayOptions): Promise<HistoryState> {
  if (await hasTable(session, place, flywayShape)) {
    const rows = await session.rows<FlywayRow>(
      `select installed_rank as rank, version, coalesce(description, '') as description, coalesce(type, '') as type, checksum, success
        from ${quoted(place)} where version is not null or description is not null order by installed_rank`,
    );
    return stateOf(place, rows, options);
  }
  if (!(await isFull(session, place, options.config))) return stateOf(place, undefined, options);
  const { baselineOnMigrate, baselineVersion, baselineDescription } = options.config;
  if (!baselineOnMigrate) return { ...stateOf(place, undefined, options), blocked: notEmpty(place) };
  const marker = { version: baselineVersion, description: baselineDescription, type: 'BASELINE' };
  const foreseen = [{ ...marker, rank: 1, checksum: null, success: true }];
  return { ...stateOf(place, foreseen, options), exists: false };
}

const notEmpty = ({ schema, name }: TableName): string =>
  `Flyway refuses to begin in ${schema}, which is not empty and has no ${name}. Run flyway baseline, or set baselineOnMigrate.`;

/** @param found by rank; undefined where there is no table */
function stateOf(place: TableName, found: readonly FlywayRow[] | undefined, options: FlywayOptions): HistoryState {
  const { config } = options;
  const rows = new FlywayRows(found ?? []);
  const { failed } = rows;
  const isIgnored = config.ignored.has('ignored') || !config.validateOnMigrate;
  return {
    table: labelOf(place),
    exists: found !== undefined,
    applied(migration) {
      if (rows.has(migration.name)) return 'applied';
      return isIgnored && !config.outOfOrder && rows.isBelow(migration.name) ? 'skipped' : 'pending';
    },
    edited: {
      has({ name }, upText) {
        const checksum = rows.rowOf(name)?.checksum ?? undefined;
        return checksum !== undefined && !isRepeatable(name) && checksum !== checksumOf(upText);
      },
      ...(config.validateOnMigrate ? { effect: { says: stopsAtEdit, stops: true } } : {}),
    },
    again(migration, upText) {
      const row = isRepeatable(migration.name) ? rows.rowOf(migration.name) : undefined;
      return row !== undefined && !checksumsOf(migration, upText, options).includes(row.checksum ?? Number.NaN);
    },
    versions: rows.versions,
    ...(failed === undefined ? {} : { blocked: afterFailure(failed) }),
    repairs: (files) => flywayRepairs(place, found ?? [], files, options),
    skipsOlder: isIgnored && !config.outOfOrder,
    ...(isIgnored || config.outOfOrder ? {} : { refuses: ({ name }) => refusal(rows, name) }),
    needsFiles: filesNeeded(config),
  };
}

function filesNeeded({ validateOnMigrate, ignored }: FlywayConfig): HistoryState['needsFiles'] {
  if (!validateOnMigrate || ignored.has('missing')) return 'none';
  return ignored.has('future') ? 'allButNewest' : 'all';
}

function refusal(rows: FlywayRows, name: HistoryStep['migration']['name']): string | undefined {
  const row = rows.rowOf(name);
  if (row && row.description !== abbreviated(name.title))
    return `Flyway refuses to go on: ${name.version} was applied as "${row.description}", and its file says "${name.title}". Give it its former name, or run flyway repair.`;
  if (rows.has(name) || !rows.isBelow(name)) return undefined;
  return `Flyway refuses to go on: ${name.version} is not applied, and ${rows.newest} is. Give it a higher version, or set outOfOrder.`;
}

const stopsAtEdit =
  'Flyway refuses to go on: put the file back as it was, or have `flyway repair` take its new checksum for good.';

const afterFailure = ({ version, description }: FlywayRow): string =>
  `Flyway refuses to go on: ${version ?? description} has failed. Take away what stands of it, and run flyway repair, which deletes its failed row.`;
