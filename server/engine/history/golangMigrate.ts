/**
 * golang-migrate's history: one row that says how far the database is, and whether a step was cut off.
 *
 * Facts from golang-migrate/migrate: database/postgres/postgres.go, database/util.go, migrate.go.
 */
import { crc32 } from 'node:zlib';
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { isTrue } from '../layouts/golangMigrateOptions';
import type { ToolSettings } from '../layouts/layout';
import { otherHolder, withAdvisoryLocks } from './advisoryLock';
import type { Migration } from '../layouts/migration';
import type { History, HistoryState, HistoryStep, Repair } from './history';
import { currentSchema, hasTable, inTransaction, isView, labelOf, quoted, type Shape, type TableName } from './table';

export interface GolangMigrateTable {
  /** `x-migrations-table` of the URL. */
  readonly table?: string;
  /** `x-migrations-table-quoted`: `table` is `"schema"."name"`. */
  readonly quoted?: boolean;
}

export function golangMigrateTable({ extra }: ToolSettings): GolangMigrateTable {
  const table = extra['x-migrations-table'];
  const quoted = isTrue(extra['x-migrations-table-quoted']);
  return { quoted, ...(table ? { table } : {}) };
}

export function golangMigrateHistory(options: GolangMigrateTable): History {
  /** The tool looks at search_path once, when it connects: a migration that changes it moves nothing. */
  const tables = new WeakMap<Session, TableName>();
  const tableOf = async (session: Session): Promise<TableName> => {
    const table = tables.get(session) ?? (await tableName(session, options));
    tables.set(session, table);
    return table;
  };
  const record = async (session: Session, step: HistoryStep, dirty: boolean): Promise<void> =>
    setVersion(session, await tableOf(session), versionAfter(step), dirty);
  return {
    layout: 'golang-migrate',
    read: async (session) => read(session, await tableOf(session)),
    ofNothing: () => stateOf(tableIn('public', options), { exists: false, row: undefined, blocked: false }),
    async withLock(session, waitMs, use) {
      const table = await tableOf(session);
      return withAdvisoryLocks(session, lockIds(table, session.server.database), waitMs, async () => {
        if (!(await hasTable(session, table, shape))) await makeTable(session, table);
        else if (await isView(session, table)) throw new Fault('history-moved', notEmptied(table));
        return use();
      });
    },
    before: (session, step) => record(session, step, true),
    after: (session, step) => record(session, step, false),
    withdraw: (session, step) => record(session, backwards(step), false),
    unblock,
    recorded: async (session, versions) => recordedIn(await tableOf(session), versions),
  };
}

/** One row tells of all: every file up to its version is applied. */
function recordedIn(table: TableName, versions: readonly string[]): string {
  const known =
    versions.length === 0 ? `select '' where false` : `values ${versions.map((it) => `('${it}')`).join(', ')}`;
  return `with files(version) as (${known}), row as (select version, dirty from ${quoted(table)})
    select files.version from files, row where files.version::numeric <= row.version and not row.dirty
    union all select row.version::text || case when row.dirty then ' (dirty)' else '' end from row
      where row.dirty or row.version not in (select files.version::numeric from files)`;
}

/**
 * The numbers for pg_advisory_lock. The command line takes the database's name from the URL with its slash, a program
 * that hands its own connection to the library has it without: both are kept out.
 */
export const lockIds = ({ schema, name }: TableName, database: string): readonly bigint[] =>
  [`/${database}`, database].map((it) => (BigInt(crc32(`${schema}\0${name}\0${it}`)) * salt) & 0xffff_ffffn);

const salt = 1_486_364_155n;

const shape: Shape = {
  tool: 'golang-migrate',
  columns: { version: 'bigint', dirty: 'boolean' },
  elsewhere: 'Name another table with x-migrations-table in the URL of the database.',
};

/** No migration has been applied. */
const nilVersion = -1n;

/** @throws {Fault} `bad-connection-settings` when the tool would refuse them too */
const tableName = async (session: Session, options: GolangMigrateTable): Promise<TableName> =>
  tableIn(await currentSchema(session), options);

function tableIn(current: string | undefined, { table = 'schema_migrations', quoted }: GolangMigrateTable): TableName {
  const parts = quoted ? [...table.matchAll(/"(.*?)"/g)].map(([, part = '']) => part) : [table];
  const name = parts.at(-1);
  if (name === undefined || parts.length > 2 || (quoted && !/^".*"$/s.test(table))) {
    throw new Fault('bad-connection-settings', `x-migrations-table is ${table}, and should be "schema"."table".`);
  }
  const schema = parts.length === 2 ? parts[0] : current;
  if (schema !== undefined) return { schema, name };
  throw new Fault(
    'bad-connection-settings',
    'No schema of search_path exists, so golang-migrate has no place for its table.',
  );
}

const notEmptied = (table: TableName): string =>
  `${labelOf(table)} is a view. golang-migrate empties its table by TRUNCATE for each version, which Postgres refuses for a view. ${shape.elsewhere}`;

async function makeTable(session: Session, table: TableName): Promise<void> {
  await session.rows(
    `create table if not exists ${quoted(table)} (version bigint not null primary key, dirty boolean not null)`,
  );
}

async function read(session: Session, table: TableName): Promise<HistoryState> {
  const exists = await hasTable(session, table, shape);
  const seen = exists ? await rowIn(session, table) : undefined;
  const underWay = seen?.dirty === true && (await isUnderWay(session, table));
  // Who was at work may have ended well between the two looks.
  const row = seen?.dirty && !underWay ? await rowIn(session, table) : seen;
  return stateOf(table, { exists, row, blocked: row?.dirty === true && !underWay });
}

/** What is found in the table, when it is there. */
interface Reading {
  readonly exists: boolean;
  readonly row: Row | undefined;
  /** A step was cut off. */
  readonly blocked: boolean;
}

function stateOf(table: TableName, { exists, row, blocked }: Reading): HistoryState {
  const current = row ? BigInt(row.version) : nilVersion;
  return {
    table: labelOf(table),
    exists,
    // A dirty version may be there in part: what it has still to do is for the user to see.
    applied: ({ version }) =>
      BigInt(version) < current || (BigInt(version) === current && !row?.dirty) ? 'applied' : 'pending',
    versions: current === nilVersion ? [] : [String(current)],
    ...(blocked
      ? { blocked: blockedBy(current), repairs: ({ migrations }) => repairsOf(table, current, migrations) }
      : {}),
    recordsNewest: true,
    skipsOlder: true,
    needsFiles: 'all',
  };
}

interface Row {
  readonly version: string;
  readonly dirty: boolean;
}

async function rowIn(session: Session, table: TableName): Promise<Row | undefined> {
  const [row] = await session.rows<Row>(
    `select version::text as version, dirty from ${quoted(table)} where version is not null limit 1`,
  );
  return row;
}

/** A step is marked dirty while it runs, too. The tool never sees that: it reads the table under the lock. */
async function isUnderWay(session: Session, table: TableName): Promise<boolean> {
  for (const id of lockIds(table, session.server.database)) if (await otherHolder(session, id)) return true;
  return false;
}

/** The mark is set before a step and taken away behind it, so that it does not tell why the step has no end. */
const blockedBy = (version: bigint): string =>
  version === nilVersion
    ? `golang-migrate marked the database dirty: the down script of the first migration was begun and not finished. ${why} Restore a snapshot from before that; or see what it left, take the rest away and run ${force(nilVersion)}.`
    : `golang-migrate marked version ${version} dirty: its up script, or the down script of the version after it, was begun and not finished. ${why} Restore a snapshot from before that; or see what it left, put the schema right and say with \`migrate force VERSION\` which version the database has: the last one whose up script stands whole, or \`-- -1\` for none.`;

const why = 'Either it failed, or the run was cut off.';

/** `force` sets the version and runs nothing: it is to be the one that the schema is at (GETTING_STARTED.md). */
function unblock(step: HistoryStep, stands: 'nothing' | 'something'): string {
  const [after, before] = [versionAfter(step), versionAfter(backwards(step))];
  const marked = `golang-migrate marked ${after === nilVersion ? 'the database' : `version ${after}`} dirty`;
  return stands === 'nothing'
    ? `${marked}: ${force(before)} takes that back.`
    : `${marked}: run ${force(before)} when what stands is taken back, or ${force(after)} when the rest is done as well.`;
}

const backwards = (step: HistoryStep): HistoryStep => ({
  ...step,
  script: { direction: opposite[step.script.direction] },
});

const opposite = { up: 'down', down: 'up' } as const;

/** `force` for each version that the schema may be at: the one marked, the one before it, and the one after it. */
function repairsOf(table: TableName, marked: bigint, migrations: readonly Migration[]): Repair[] {
  const versions = migrations.map(({ version }) => BigInt(version));
  const before = versions.findLast((it) => it < marked) ?? nilVersion;
  const after = versions.find((it) => it > marked);
  const to = (version: bigint, when: string): Repair => ({
    title:
      version === nilVersion
        ? 'Record that no migration is applied'
        : `Record version ${version} as the newest applied`,
    when,
    command: force(version).replaceAll('`', ''),
    statements: statementsFor(table, version, false),
  });
  const [nothing, whole] = ['Nothing of its up script stands.', 'Its up script stands whole.'];
  return [
    ...(marked === nilVersion
      ? [to(nilVersion, 'Nothing that the first migration made is there any more.')]
      : [to(before, `Version ${marked}: ${nothing}`), to(marked, `Version ${marked}: ${whole}`)]),
    ...(after === undefined ? [] : [to(after, `The down script of version ${after} has taken nothing away.`)]),
  ];
}

/** Its command line takes `-1` for an option where it does not stand behind `--` (internal/cli/main.go). */
const force = (version: bigint): string => `\`migrate force ${version === nilVersion ? '-- ' : ''}${version}\``;

/** Down leads to the version before in the folder; to none from the first one. */
const versionAfter = ({ migration, previous, script }: HistoryStep): bigint =>
  BigInt(script.direction === 'up' ? migration.version : (previous?.version ?? nilVersion));

/** The row for `nil` is only written while it is dirty, so that a failed first down is not forgotten. */
async function setVersion(session: Session, table: TableName, version: bigint, dirty: boolean): Promise<void> {
  await inTransaction(session, async () => {
    for (const statement of statementsFor(table, version, dirty)) await session.rows(statement);
  });
}

const statementsFor = (table: TableName, version: bigint, dirty: boolean): readonly string[] => [
  `truncate ${quoted(table)}`,
  ...(version === nilVersion && !dirty
    ? []
    : [`insert into ${quoted(table)} (version, dirty) values (${version}, ${dirty})`]),
];
