/**
 * sqlx's history: a row for each version, with the checksum of its up file.
 *
 * Tried by hand beside the migrator of sqlx 0.8.3 (test/conformance/elsewhere.test.ts).
 * Facts from launchbadge/sqlx 0.9 (and 0.8.6, which knows no sqlx.toml):
 * sqlx-postgres/src/migrate.rs, sqlx-core/src/migrate/migrator.rs, migration.rs, source.rs, sqlx-cli/src/migrate.rs. The
 * lock is that of the library; the command line takes none, and against it the primary key is the last guard: of two
 * that apply the same migration one is refused, and with it everything its transaction did.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Session } from '../database/session';
import type { SqlxConfig } from '../layouts/sqlxConfig';
import { withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState, HistoryStep, Repair } from './history';
import { hasTable, labelOf, quoted, type Shape, type TableName } from './table';
import { placeOf, sqlOf, type WrittenName, writtenName } from './writtenName';

export type SqlxOptions = Pick<SqlxConfig, 'table' | 'createSchemas' | 'ignoredChars'>;

export function sqlxHistory(options: SqlxOptions): History {
  const written = (): WrittenName => writtenName(options.table, '[migrate] table-name in sqlx.toml');
  return {
    layout: 'sqlx',
    read: async (session) => read(session, await placeOf(session, written()), options),
    ofNothing() {
      const { schema = 'public', name } = written();
      return stateOf({ schema, name }, undefined, options);
    },
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [sqlxLockId(session.server.database)], waitMs, async () => {
        const table = await placeOf(session, written());
        if (!(await hasTable(session, table, shape))) await makeTable(session, options, sqlOf(written()));
        return use();
      }),
    recorded: async (session) =>
      `select version::text || case when success then '' else ' (not finished)' end as version
        from ${quoted(await placeOf(session, written()))}`,
    // As it is written: a script that changes search_path leads sqlx astray, too.
    after: (session, step) => record(session, step, sqlOf(written()), options),
    async committed(session, { migration: { version }, script, ms = 0 }) {
      if (script.direction === 'down') return;
      await session.rows(`update ${sqlOf(written())} set execution_time = $1 where version = $2`, [
        String(Math.round(ms * 1e6)),
        version,
      ]);
    },
  };
}

/** 0x3d32ad9e is sqlx's own salt. */
export const sqlxLockId = (database: string): bigint => 0x3d32_ad9en * BigInt(crc32(database));

/**
 * sha384 of the bytes, as hexadecimal digits.
 *
 * @param text with its byte order mark
 */
export function sqlxChecksum(text: string, ignoredChars: SqlxOptions['ignoredChars']): string {
  const ignored = new Set(ignoredChars);
  const counted =
    ignored.size === 0
      ? text
      : Array.from(text)
          .filter((it) => !ignored.has(it))
          .join('');
  return createHash('sha384').update(counted).digest('hex');
}

const shape: Shape = {
  tool: 'sqlx',
  columns: {
    version: 'bigint',
    description: 'text',
    installed_on: 'timestamp with time zone',
    success: 'boolean',
    checksum: 'bytea',
    execution_time: 'bigint',
  },
  elsewhere: 'Name another table with [migrate] table-name in sqlx.toml.',
};

async function makeTable(session: Session, { createSchemas }: SqlxOptions, table: string): Promise<void> {
  for (const it of createSchemas) {
    const name = writtenName(it, '[migrate] create-schemas in sqlx.toml');
    await session.rows(`create schema if not exists ${sqlOf(name)}`);
  }
  await session.rows(
    `create table if not exists ${table} (
      version bigint primary key,
      description text not null,
      installed_on timestamptz not null default now(),
      success boolean not null,
      checksum bytea not null,
      execution_time bigint not null
    )`,
  );
}

async function record(
  session: Session,
  { migration: { version, title }, script, upText }: HistoryStep,
  table: string,
  { ignoredChars }: SqlxOptions,
): Promise<void> {
  if (script.direction === 'down') {
    await session.rows(`delete from ${table} where version = $1`, [version]);
    return;
  }
  await session.rows(
    `insert into ${table} (version, description, success, checksum, execution_time) values ($1, $2, true, pg_catalog.decode($3, 'hex'), -1)`,
    [version, title, sqlxChecksum(upText, ignoredChars)],
  );
}

interface Row {
  readonly version: string;
  readonly checksum: string;
  readonly success: boolean;
}

async function read(session: Session, table: TableName, options: SqlxOptions): Promise<HistoryState> {
  const exists = await hasTable(session, table, shape);
  const rows = exists
    ? await session.rows<Row>(
        `select version::text as version, pg_catalog.encode(checksum, 'hex') as checksum, success
          from ${quoted(table)} t where t.version is not null order by t.version`,
      )
    : undefined;
  return stateOf(table, rows, options);
}

/** @param rows oldest first, when the table is there */
function stateOf(table: TableName, rows: readonly Row[] | undefined, { ignoredChars }: SqlxOptions): HistoryState {
  const known = new Map((rows ?? []).map((it) => [it.version, it]));
  const dirty = rows?.find(({ success }) => !success)?.version;
  return {
    table: labelOf(table),
    exists: rows !== undefined,
    applied: ({ version }) => (known.has(version) ? 'applied' : 'pending'),
    edited: {
      has({ version }, upText) {
        const row = known.get(version);
        return row !== undefined && row.checksum !== sqlxChecksum(upText, ignoredChars);
      },
      effect: { says: 'sqlx refuses to go on: every byte counts. Put the file back as it was.', stops: true },
    },
    versions: [...known.keys()],
    ...(dirty === undefined ? {} : { blocked: blockedBy(dirty), repairs: () => repairsOf(table, dirty) }),
    skipsOlder: false,
    needsFiles: 'all',
  };
}

const blockedBy = (version: string): string =>
  `sqlx applies and reverts nothing more: its table says that ${version} has not succeeded. See what stands of it and put the schema right; then delete its row when nothing stands, or set success to true when all does.`;

/** sqlx has no command for it. */
const repairsOf = (table: TableName, version: string): readonly Repair[] => {
  const row = `${quoted(table)} where version = ${version}`;
  const set = `update ${quoted(table)} set success = true where version = ${version}`;
  return [
    {
      title: `Record that ${version} is not applied`,
      when: `Nothing of ${version} stands.`,
      command: `delete from ${row}`,
      statements: [`delete from ${row}`],
    },
    {
      title: `Record that ${version} is applied`,
      when: `All of ${version} stands.`,
      command: set,
      statements: [set],
    },
  ];
};
