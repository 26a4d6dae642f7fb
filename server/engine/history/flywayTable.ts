/**
 * The table of Flyway's history, and what Flyway makes before it begins.
 *
 * Facts from flyway/flyway 13.0.0: PostgreSQLDatabase.java, PostgreSQLSchema.java, internal/database/base/Database.java,
 * internal/command/DbSchemas.java, AbbreviationUtils.java, PostgreSQLAdvisoryLockTemplate.java.
 */
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import type { FlywayConfig } from '../layouts/flywayConfig';
import type { FlywaySession } from '../layouts/flywayPlaceholders';
import { inTransaction, makeSchema, quoted, type Shape, type TableName } from './table';

export interface FlywayOptions {
  readonly config: FlywayConfig;
  readonly session: FlywaySession;
}

export const flywayShape: Shape = {
  tool: 'Flyway',
  columns: {
    installed_rank: 'integer',
    version: 'character varying',
    description: 'character varying',
    type: 'character varying',
    script: 'character varying',
    checksum: 'integer',
    success: 'boolean',
  },
  elsewhere: 'Name another table with flyway.table.',
};

/** "Flyway" in ASCII and Java's hash of the table's name, quoted. */
export const lockIdOf = ({ schema, name }: TableName): bigint => {
  const quote = (it: string): string => `"${it.replaceAll('"', '""')}"`;
  let hash = 0;
  for (const unit of `${quote(schema)}.${quote(name)}`.split('')) hash = (Math.imul(hash, 31) + unit.charCodeAt(0)) | 0;
  return 0x466c_7977_6179n + BigInt(hash);
};

/** Whether something stands where Flyway wants to begin; extensions do not count. */
export async function isFull(session: Session, place: TableName, { schemas }: FlywayConfig): Promise<boolean> {
  const [row] = await session.rows<{ full: boolean }>(
    `select exists (
        select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = any ($1::text[]) and c.relkind in ('r', 'v', 'S', 't') and not exists
          (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype = 'e')
      union all
        select from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        where n.nspname = any ($1::text[]) and t.typcategory not in ('A', 'C') and not exists
          (select from pg_catalog.pg_depend d where d.objid = t.oid and d.deptype = 'e')
      union all
        select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where n.nspname = any ($1::text[]) and not exists
          (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e')
      ) as full`,
    [schemas.length > 0 ? schemas : [place.schema]],
  );
  return row?.full ?? false;
}

/** @param full then a marker says what the database has */
export async function makeTables(
  session: Session,
  place: TableName,
  config: FlywayConfig,
  full: boolean,
): Promise<void> {
  await inTransaction(session, async () => {
    const made = config.createSchemas ? await makeSchemas(session, config.schemas) : [];
    for (const statement of tableOf(place, config)) await session.rows(statement);
    const marker = { version: null, checksum: null, ms: 0, success: true };
    const names = made.map((it) => `"${it.replaceAll('"', '""')}"`).join(',');
    if (made.length > 0)
      await insertRow(session, place, config, {
        ...marker,
        description: '<< Flyway Schema Creation >>',
        type: 'SCHEMA',
        script: names,
      });
    if (!full) return;
    const { baselineVersion: version, baselineDescription: description } = config;
    await insertRow(session, place, config, { ...marker, version, description, type: 'BASELINE', script: description });
  });
}

async function makeSchemas(session: Session, schemas: readonly string[]): Promise<readonly string[]> {
  const made: string[] = [];
  for (const schema of schemas) if (await makeSchema(session, schema)) made.push(schema);
  return made;
}

/** Each statement by itself. */
function tableOf(place: TableName, { tablespace }: FlywayConfig): readonly string[] {
  const [table, within] = [quoted(place), tablespace === undefined ? '' : ` tablespace ${quoteIdentifier(tablespace)}`];
  return [
    `create table ${table} (
      installed_rank int not null,
      version varchar(50),
      description varchar(200) not null,
      type varchar(20) not null,
      script varchar(1000) not null,
      checksum integer,
      installed_by varchar(100) not null,
      installed_on timestamp not null default now(),
      execution_time integer not null,
      success boolean not null
    )${within}`,
    `alter table ${table} add constraint ${quoteIdentifier(`${place.name}_pk`)} primary key (installed_rank)${within && ` using index${within}`}`,
    `create index ${quoteIdentifier(`${place.name}_s_idx`)} on ${table} (success)${within}`,
  ];
}

export interface NewFlywayRow {
  readonly version: string | null;
  readonly description: string;
  readonly type: 'SQL' | 'SCHEMA' | 'BASELINE';
  readonly script: string;
  readonly checksum: number | null;
  readonly ms: number;
  readonly success: boolean;
}

export const abbreviated = (description: string): string =>
  description.length <= 200 ? description : `${description.slice(0, 197)}...`;

/** Its rank is behind the newest; the first is 1, and 0 when it tells of schemas. */
export async function insertRow(
  session: Session,
  place: TableName,
  { installedBy }: FlywayConfig,
  { version, description, type, script, checksum, ms, success }: NewFlywayRow,
): Promise<void> {
  await session.rows(
    `insert into ${quoted(place)}
        (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
      select coalesce(max(installed_rank) + 1, $1::int), $2::varchar, $3::varchar, $4::varchar, $5::varchar, $6::int,
        coalesce($7::varchar, current_user), $8::int, $9::boolean
      from ${quoted(place)}`,
    [
      type === 'SCHEMA' ? 0 : 1,
      version,
      abbreviated(description),
      type,
      script.length <= 1000 ? script : `...${script.slice(3, 1000)}`,
      checksum,
      installedBy ?? null,
      ms,
      success,
    ],
  );
}

/** Flyway takes back roles and search_path that the migration before has left, and puts its schema first. */
export async function begin(session: Session, { schema }: FlywayConfig): Promise<void> {
  await session.rows('reset role');
  await session.rows('reset search_path');
  if (schema === undefined) return;
  const [row] = await session.rows<{ path: string }>("select pg_catalog.current_setting('search_path') as path");
  const path = row?.path ?? '';
  if (path === schema || path.startsWith(`${schema},`)) return;
  const own = quoteIdentifier(schema);
  await session.rows("select pg_catalog.set_config('search_path', $1::text, false)", [
    path === '' ? own : `${own},${path}`,
  ]);
}
