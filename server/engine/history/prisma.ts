/**
 * Prisma's history: a row for each attempt, in the schema that the URL names.
 *
 * Facts from prisma/prisma-engines: schema-engine/connectors/sql-schema-connector/src/sql_migration_persistence.rs,
 * flavour/postgres.rs; schema-engine/commands/src/commands/apply_migrations.rs, diagnose_migration_history.rs,
 * mark_migration_rolled_back.rs. test/conformance/prisma.test.ts asks the engine itself.
 */
import { randomUUID } from 'node:crypto';
import type { Session } from '../database/session';
import type { ToolSettings } from '../layouts/layout';
import { prisma } from '../layouts/prisma';
import { otherHolder, withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState, HistoryStep } from './history';
import { matchesChecksum, prismaChecksum } from './prismaChecksum';
import { prismaLog } from './prismaLog';
import { afterFailures, baselines, resolved, rolledBack } from './prismaRepairs';
import { hasTable, labelOf, makeSchema, quoted, type Shape, type TableName } from './table';

export interface PrismaOptions {
  /** `schema` of the URL. */
  readonly schema?: string;
}

export function prismaOptions({ extra }: ToolSettings): PrismaOptions {
  const schema = prisma.schemaOf?.(extra);
  return schema === undefined ? {} : { schema };
}

export function prismaHistory({ schema = 'public' }: PrismaOptions): History {
  const table: TableName = { schema, name };
  return {
    layout: 'prisma',
    read: (session) => read(session, table),
    ofNothing: () => stateOf(table, { rows: undefined, crowded: false, underWay: false }),
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [lockId], waitMs, async () => {
        if (!(await hasTable(session, table, shape)) && !(await isCrowded(session, schema)))
          await makeTable(session, schema);
        return use();
      }),
    before: (session, step) => begin(session, step),
    after: finish,
    withdraw,
    async failed(session, step, refusal) {
      await session.rows(`update ${name} set logs = $2 where ${isOpen}`, [nameOf(step), prismaLog(step, refusal)]);
    },
    unblock: ({ migration: { version } }, stands) =>
      stands === 'nothing'
        ? `Prisma keeps ${version} as failed (P3009): \`${rolledBack(version)}\` takes that back.`
        : `Prisma keeps ${version} as failed (P3009): run \`${rolledBack(version)}\` when what stands is taken back, or \`${resolved(version)}\` when the rest is done as well.`,
  };
}

const lockId = 72_707_369n;

/** Written without its schema, as the tool does it: a script that changes search_path leads it astray, too. */
const name = '_prisma_migrations';

const shape: Shape = {
  tool: 'Prisma',
  columns: {
    id: 'character varying',
    checksum: 'character varying',
    finished_at: 'timestamp with time zone',
    migration_name: 'character varying',
    logs: 'text',
    rolled_back_at: 'timestamp with time zone',
    started_at: 'timestamp with time zone',
    applied_steps_count: 'integer',
  },
  elsewhere: 'Name another schema with `schema` in the URL of the database.',
};

async function makeTable(session: Session, schema: string): Promise<void> {
  await makeSchema(session, schema);
  await session.rows(tableAs(name));
}

const tableAs = (written: string): string =>
  `create table ${written} (
      id varchar(36) primary key not null,
      checksum varchar(64) not null,
      finished_at timestamptz,
      migration_name varchar(255) not null,
      logs text,
      rolled_back_at timestamptz,
      started_at timestamptz not null default now(),
      applied_steps_count integer not null default 0
    )`;

/** Prisma makes its table in a schema without tables only, apart from those of PostGIS. */
async function isCrowded(session: Session, schema: string): Promise<boolean> {
  const [found] = await session.rows(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname = $1::text and c.relname <> all ($2::text[]) limit 1`,
    [schema, ['spatial_ref_sys', 'geometry_columns', 'geography_columns', 'raster_columns', 'raster_overviews']],
  );
  return found !== undefined;
}

/** Of the attempt that is being made; there is but one under the lock. */
const isOpen = 'migration_name = $1 and finished_at is null and rolled_back_at is null';

const nameOf = ({ migration }: HistoryStep): string => migration.version;

async function begin(session: Session, step: HistoryStep): Promise<void> {
  await session.rows(
    `insert into ${name} (id, checksum, started_at, migration_name) values ($1, $2, pg_catalog.clock_timestamp(), $3)`,
    [randomUUID(), prismaChecksum(step.upText), nameOf(step)],
  );
}

async function finish(session: Session, step: HistoryStep): Promise<void> {
  const attempt = [nameOf(step)];
  await session.rows(`update ${name} set applied_steps_count = applied_steps_count + 1 where ${isOpen}`, attempt);
  await session.rows(`update ${name} set finished_at = pg_catalog.clock_timestamp() where ${isOpen}`, attempt);
}

/** There are no down scripts: this takes back an attempt of which nothing stands. */
async function withdraw(session: Session, step: HistoryStep): Promise<void> {
  await session.rows(`delete from ${name} where ${isOpen}`, [nameOf(step)]);
}

interface Row {
  readonly name: string;
  readonly checksum: string;
  readonly state: 'applied' | 'failed' | 'rolledBack';
  readonly logs: string | null;
}

/** What is found in the schema. */
interface Reading {
  /** Oldest first, when the table is there. */
  readonly rows: readonly Row[] | undefined;
  /** There are tables, and not the one of Prisma. */
  readonly crowded: boolean;
  /** Somebody is applying something now. */
  readonly underWay: boolean;
}

async function read(session: Session, table: TableName): Promise<HistoryState> {
  if (!(await hasTable(session, table, shape)))
    return stateOf(table, { rows: undefined, crowded: await isCrowded(session, table.schema), underWay: false });
  const seen = await rowsIn(session, table);
  // An attempt looks like a failed one while it runs; the tool never sees that: it reads the table under the lock.
  const failed = seen.some(({ state }) => state === 'failed');
  const underWay = failed && (await otherHolder(session, lockId)) !== undefined;
  // Who was at work may have ended well between the two looks.
  const rows = failed && !underWay ? await rowsIn(session, table) : seen;
  return stateOf(table, { rows, crowded: false, underWay });
}

const rowsIn = (session: Session, table: TableName): Promise<readonly Row[]> =>
  session.rows<Row>(
    `select migration_name::text as name, coalesce(checksum, '')::text as checksum, logs,
        case when rolled_back_at is not null then 'rolledBack' when finished_at is null then 'failed' else 'applied' end as state
      from ${quoted(table)} where migration_name is not null order by started_at, migration_name collate "C"`,
  );

function stateOf(table: TableName, { rows, crowded, underWay }: Reading): HistoryState {
  const applied = new Map((rows ?? []).filter(({ state }) => state === 'applied').map((it) => [it.name, it]));
  const failed = underWay ? [] : (rows ?? []).filter(({ state }) => state === 'failed');
  const blocked = crowded ? baseline(table) : failed.map(failure).join(' ');
  return {
    table: labelOf(table),
    exists: rows !== undefined,
    applied: ({ version }) => (applied.has(version) ? 'applied' : 'pending'),
    edited: {
      has({ version }, upText) {
        const row = applied.get(version);
        return row !== undefined && !matchesChecksum(upText, row.checksum);
      },
      effect: {
        says: '`prisma migrate dev` asks to reset the database then; `prisma migrate deploy` does not notice.',
        stops: false,
      },
    },
    versions: [...applied.keys()],
    ...(blocked === '' ? {} : { blocked }),
    repairs: (files) =>
      crowded
        ? baselines(table, tableAs(quoted(table)), files)
        : afterFailures(table, [...new Set(failed.map((it) => it.name))], (version) => applied.has(version), files),
    skipsOlder: false,
    needsFiles: 'none',
  };
}

const baseline = ({ schema }: TableName): string =>
  `Prisma refuses to begin: ${schema} has tables, and no ${name} (P3005). Say with \`${resolved('NAME')}\` which migrations these tables come from.`;

/** The mark is set before a script and taken away behind it, so that only its logs tell whether it was refused. */
function failure({ name: version, logs }: Row): string {
  const error = /^(?:ERROR|Error querying the database): *(.*)$/m.exec(logs ?? '')?.[1];
  const why = error === undefined ? 'it was begun and not finished' : `it was refused (${error})`;
  return `Prisma applies nothing more (P3009): of ${version} it is recorded that ${why}. Run \`${rolledBack(version)}\` when nothing of it stands any more, or \`${resolved(version)}\` when all of it is there.`;
}
