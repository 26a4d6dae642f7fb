/**
 * Atlas's history: a row for each version, which says how many of its statements were run.
 *
 * Tried by hand beside Atlas 0.7.2 (test/conformance/elsewhere.test.ts), unverified beside later ones.
 * Facts from ariga/atlas v1.2.3: cmd/atlas/internal/migrate/ent/schema/revision.go,
 * cmd/atlas/internal/migrate/migrate.go, cmd/atlas/internal/cmdapi/migrate.go, sql/migrate/migrate.go (Execute, Pending),
 * sql/postgres/driver.go (Lock, CheckClean).
 */
import { createHash } from 'node:crypto';
import { Fault } from '../base/fault';
import { version as ownVersion } from '../base/version';
import type { Session } from '../database/session';
import { scriptOf } from '../layouts/atlas';
import { type AtlasConfig, atlasConfig } from '../layouts/atlasConfig';
import { scanAtlas } from '../layouts/atlasScanner';
import { readSum } from '../layouts/atlasSum';
import type { ToolSettings } from '../layouts/layout';
import type { Migration } from '../layouts/migration';
import { withAdvisoryLocks } from './advisoryLock';
import { baselines, withoutPart } from './atlasRepairs';
import type { History, HistoryState, HistoryStep } from './history';
import { hasTable, labelOf, makeSchema, quoted, type Shape, type TableName } from './table';

export interface AtlasOptions {
  readonly config: AtlasConfig;
  /** Where its table is. */
  readonly schema: string;
  /** The schema that the URL names, if any: then only that one has to be empty at the beginning. */
  readonly bound: string | undefined;
}

/** `search_path` of the URL is a schema for Atlas, never a list. */
export function atlasOptions({ settings, read }: ToolSettings): AtlasOptions {
  const config = atlasConfig(read);
  const bound = settings['search_path'] || undefined;
  return { config, schema: config.revisionsSchema ?? bound ?? 'atlas_schema_revisions', bound };
}

export function atlasHistory({ config, schema, bound }: AtlasOptions): History {
  const table: TableName = { schema, name: 'atlas_schema_revisions' };
  const isWrapped = ({ migration, upText }: HistoryStep): boolean =>
    scriptOf(fileNameOf(migration.upPath), upText, config).mode === 'transaction';
  return {
    layout: 'atlas',
    read: async (session) => read(session, table, { config, schema, bound }),
    ofNothing: () => stateOf(table, config, undefined, undefined),
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [lockId], waitMs, async () => {
        if (!(await hasTable(session, table, shape))) await makeTable(session, table);
        else await complete(session, table);
        return use();
      }),
    // Within the transaction of a file only its last state is ever seen.
    async before(session, step) {
      if (!isWrapped(step)) await write(session, table, step, partOf(step, config, 0));
    },
    async advanced(session, step, done) {
      if (!isWrapped(step)) await write(session, table, step, partOf(step, config, done));
    },
    async after(session, step) {
      const total = textsOf(step, config).length;
      await write(session, table, step, { applied: total, total, hashes: null, error: '', statement: '' });
    },
    async failed(session, step, { message, statement, standing }) {
      if (isWrapped(step)) return;
      const part = partOf(step, config, standing ?? 0);
      await write(session, table, step, { ...part, error: `pq: ${message}`, statement: statement ?? '' });
    },
  };
}

/** FNV-1 of `atlas_migrate_execute`, in 32 bits. */
export const lockId = [...Buffer.from('atlas_migrate_execute')].reduce(
  (hash, byte) => ((hash * 0x0100_0193n) & 0xffff_ffffn) ^ BigInt(byte),
  0x811c_9dc5n,
);

const shape: Shape = {
  tool: 'Atlas',
  columns: { version: 'character varying', applied: 'bigint', total: 'bigint', hash: 'character varying' },
  elsewhere: 'Name another schema with revisions_schema in atlas.hcl.',
};

/** What is connected to Atlas Cloud has a row for that; it is no version. */
const cloudRow = '.atlas_cloud_identifier';

async function makeTable(session: Session, table: TableName): Promise<void> {
  await makeSchema(session, table.schema);
  await session.rows(`create table if not exists ${quoted(table)} (
    version character varying not null,
    description character varying not null,
    type bigint not null default 2,
    applied bigint not null default 0,
    total bigint not null default 0,
    executed_at timestamptz not null,
    execution_time bigint not null,
    error text null,
    error_stmt text null,
    hash character varying not null,
    partial_hashes jsonb null,
    operator_version character varying not null,
    primary key (version)
  )`);
}

/** Releases before 0.10 had no column for the statement; later ones add it. */
async function complete(session: Session, table: TableName): Promise<void> {
  const [known] = await session.rows(
    `select from pg_catalog.pg_attribute
      where attrelid = pg_catalog.to_regclass($1::text) and attname = 'error_stmt' and not attisdropped`,
    [quoted(table)],
  );
  if (!known) await session.rows(`alter table ${quoted(table)} add column if not exists error_stmt text null`);
}

interface Row {
  readonly version: string;
  readonly type: number;
  readonly applied: number;
  readonly total: number;
}

async function read(session: Session, table: TableName, options: AtlasOptions): Promise<HistoryState> {
  const rows = (await hasTable(session, table, shape))
    ? await session.rows<Row>(
        `select version, type::int as type, applied::int as applied, total::int as total from ${quoted(table)}
          where version <> $1 order by version collate "C"`,
        [cloudRow],
      )
    : undefined;
  const unclean = (rows ?? []).length === 0 ? await uncleanIn(session, table, options) : undefined;
  return stateOf(table, options.config, rows, unclean);
}

/** With no row yet, Atlas begins only where there is nothing. @returns what there is */
async function uncleanIn(session: Session, { schema, name }: TableName, { bound }: AtlasOptions) {
  const [found] = await session.rows<{ what: string }>(
    `select case when c.relname is null then 'the schema ' || n.nspname else 'the table ' || n.nspname || '.' || c.relname end as what
      from pg_catalog.pg_namespace n
        left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
          and not (n.nspname = $1::text and c.relname = $2::text)
      where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and (c.relname is not null or ($3::text is null and n.nspname not in ('public', $1::text)))
        and ($3::text is null or n.nspname = $3::text)
      order by 1 limit 1`,
    [schema, name, bound ?? null],
  );
  return found?.what;
}

/** @param found rows by version, when the table is there */
function stateOf(
  table: TableName,
  { order }: AtlasConfig,
  found: readonly Row[] | undefined,
  unclean: string | undefined,
): HistoryState {
  const rows = found ?? [];
  const known = new Map(rows.map((row) => [row.version, row]));
  const [first, last] = [rows[0]?.version ?? '', rows.at(-1)?.version ?? ''];
  const leaves = ({ version, name }: Migration): string | undefined => {
    if (known.has(version)) return undefined;
    if (rows.length === 0)
      return name.heldBy === undefined ? undefined : `Atlas begins with the checkpoint ${name.heldBy}, which holds it.`;
    if (name.isCheckpoint)
      return 'Atlas runs a checkpoint only in a database in which nothing is applied: this one has what it holds.';
    // A baseline is recorded, and was not run.
    const hasBegun = name.heldBy !== undefined && version < first && rows[0]?.type === executed;
    return hasBegun ? `Atlas has begun with the checkpoint ${first}, which holds it.` : undefined;
  };
  const partial = rows.find(({ applied, total }) => applied > 0 && applied < total);
  return {
    table: labelOf(table),
    exists: found !== undefined,
    applied(migration) {
      const { version } = migration;
      const row = known.get(version);
      if (row) return row.applied === row.total ? 'applied' : 'pending';
      if (leaves(migration) !== undefined) return 'skipped';
      // What is older than the first row is part of a baseline.
      if (version < first) return 'applied';
      return version < last && order === 'linear-skip' ? 'skipped' : 'pending';
    },
    leaves,
    versions: rows.map(({ version }) => version),
    ...(partial ? { blocked: partlyApplied(partial) } : unclean === undefined ? {} : { blocked: notClean(unclean) }),
    repairs(files) {
      if (unclean !== undefined) return baselines(table, files);
      return partial ? withoutPart(table, partial.version, [...known.keys()], files) : [];
    },
    skipsOlder: order === 'linear-skip',
    refuses: ({ version, name }) =>
      order !== 'linear' || name.isCheckpoint || known.has(version) || version < first || version > last
        ? undefined
        : `Atlas refuses to go on: ${version} is not applied, and ${last} is. Give it a higher version and run atlas migrate hash, or say exec_order = NON_LINEAR in atlas.hcl.`,
    needsFiles: 'none',
  };
}

/** Type of a row whose file was run. */
const executed = 2;

const partlyApplied = ({ version, applied, total }: Row): string =>
  `Of the ${total} statements of ${version}, the first ${applied} were run. Atlas goes on behind them: mend the file there and run atlas migrate apply; or take back what stands and delete the row.`;

const notClean = (what: string): string =>
  `Atlas refuses to begin in a database that is not empty: there is ${what}. Run atlas migrate apply --baseline VERSION, with the version that the database is at, or --allow-dirty.`;

interface Progress {
  readonly applied: number;
  readonly total: number;
  /** Of the statements that were run; null in the end. */
  readonly hashes: readonly string[] | null;
  readonly error: string;
  readonly statement: string;
}

function partOf(step: HistoryStep, config: AtlasConfig, done: number): Progress {
  const texts = textsOf(step, config);
  const running = createHash('sha256');
  const hashes = texts.map((text) => `h1:${running.update(text).copy().digest('base64')}`).slice(0, done);
  return { applied: hashes.length, total: texts.length, hashes: done === 0 ? null : hashes, error: '', statement: '' };
}

/** Its statements as Atlas counts them. */
function textsOf({ migration, upText, statements }: HistoryStep, config: AtlasConfig): readonly string[] {
  if (config.format !== undefined && config.format !== 'golang-migrate') return statements;
  const { range } = scriptOf(fileNameOf(migration.upPath), upText, config);
  return scanAtlas(upText, range).statements.map(({ text }) => text);
}

/** @throws {Fault} `bad-migration` when Atlas would refuse the folder */
async function write(session: Session, table: TableName, step: HistoryStep, progress: Progress): Promise<void> {
  const { migration, read: beside, ms } = step;
  const name = fileNameOf(migration.upPath);
  const hash = readSum(beside('atlas.sum') ?? '').find((it) => it.name === name)?.hash;
  if (hash === undefined) throw new Fault('bad-migration', `${name} is not in atlas.sum: run atlas migrate hash.`);
  const { applied, total, hashes, error, statement } = progress;
  await session.rows(
    `insert into ${quoted(table)} as r (version, description, type, applied, total, executed_at, execution_time, error,
        error_stmt, hash, partial_hashes, operator_version)
      values ($1, $2, 2, $3, $4, pg_catalog.clock_timestamp(), $5, $6, $7, $8, $9::jsonb, $10)
      on conflict (version) do update set type = excluded.type, applied = excluded.applied, total = excluded.total,
        execution_time = excluded.execution_time, error = excluded.error, error_stmt = excluded.error_stmt,
        hash = excluded.hash, partial_hashes = excluded.partial_hashes, operator_version = excluded.operator_version`,
    [
      migration.version,
      migration.title,
      applied,
      total,
      Math.round((ms ?? 0) * 1e6),
      error,
      statement,
      hash,
      JSON.stringify(hashes),
      `Rehearsal ${ownVersion}`,
    ],
  );
}

const fileNameOf = (path = ''): string => path.replace(/.*[/\\]/, '');
