/** Has somebody changed the schema? A mark that moves with every change of a catalog, and costs far less than a dump. */
import type { Session } from '../database/session';

/**
 * Numbers that are others after any DDL of any session, for a few milliseconds; data does not move them, nor do
 * VACUUM and ANALYZE, which write catalogs in place.
 *
 * Every version of a row bears the transaction that wrote it (`xmin`), and transactions are counted upwards: rows that
 * come or go change the count, rows that are written anew the sum.
 */
export async function catalogStamp(session: Session): Promise<string> {
  const [stamp] = await session.rows<{ stamp: string }>(query);
  if (!stamp) throw new Error('an aggregate has one row');
  return stamp.stamp;
}

/**
 * Which transactions of the whole server have ended: while it says the same, nobody has changed anything, be it schema
 * or rows. It costs a hundredth of the stamp; but on a server where others write it always moves.
 *
 * Every change is made by a transaction with a number, and a snapshot tells which of them are over: xmax alone does not,
 * for a transaction that ends after a younger one leaves it as it is (PostgreSQL documentation 9.27, "Snapshot
 * Components"). Numbers are of one server in one life.
 */
export async function transactionMark(session: Session): Promise<string> {
  const [row] = await session.rows<{ mark: string }>(
    `select extract(epoch from pg_catalog.pg_postmaster_start_time()) || ' ' || pg_catalog.pg_current_snapshot() as mark`,
  );
  if (!row) throw new Error('a select without FROM has one row');
  return row.mark;
}

/** Temporary objects of other sessions come and go, and concern nobody else. */
const withTemporary: Readonly<Record<string, string>> = {
  pg_class: 'oid',
  pg_attribute: 'attrelid',
  pg_attrdef: 'adrelid',
  pg_constraint: 'conrelid',
  pg_index: 'indrelid',
  pg_rewrite: 'ev_class',
  pg_sequence: 'seqrelid',
  pg_trigger: 'tgrelid',
};

/** What a dump of the schema tells, and all may read. */
const others = [
  'pg_aggregate',
  'pg_am',
  'pg_amop',
  'pg_amproc',
  'pg_cast',
  'pg_collation',
  'pg_conversion',
  'pg_default_acl',
  'pg_description',
  'pg_enum',
  'pg_event_trigger',
  'pg_extension',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_foreign_table',
  'pg_inherits',
  'pg_language',
  'pg_opclass',
  'pg_operator',
  'pg_opfamily',
  'pg_partitioned_table',
  'pg_policy',
  'pg_proc',
  'pg_publication',
  'pg_range',
  'pg_seclabel',
  'pg_statistic_ext',
  'pg_ts_config',
  'pg_ts_config_map',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
];

const counted = 'pg_catalog.count(*) as rows, pg_catalog.sum(xmin::text::bigint) as written from pg_catalog.';

const query = `
  with temporary as (select oid from pg_catalog.pg_class where relpersistence = 't'),
  parts as (
    ${[
      ...Object.entries(withTemporary).map(
        ([catalog, column]) => `select ${counted}${catalog} where ${column} not in (select oid from temporary)`,
      ),
      ...others.map((catalog) => `select ${counted}${catalog}`),
      `select ${counted}pg_type where typnamespace not in (
         select oid from pg_catalog.pg_namespace where nspname ~ '^pg_(toast_)?temp_')`,
      `select ${counted}pg_namespace where nspname !~ '^pg_(toast_)?temp_'`,
      `select ${counted}pg_database where datname = pg_catalog.current_database()`,
      `select ${counted}pg_db_role_setting where setdatabase in (
         0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))`,
      'select pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtext(r::text)) from pg_catalog.pg_roles r',
    ].join('\n    union all ')}
  )
  select pg_catalog.string_agg(rows || ':' || coalesce(written, 0), ' ') as stamp from parts`;
