/** Migrations that write down that they ran, in each layout: whatever happens, each has to run once, or not at all. */
import { deepEqual, ok } from 'node:assert/strict';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { withClient } from './client';

/** Has no key: what runs twice stands there twice. */
export const makeTally = (url: string): Promise<unknown> =>
  withClient(url, (query) => query('create table tally (version int not null)'));

/** Files of migrations 1 to `count`. */
export function tallyFiles(layout: LayoutName, count: number): Readonly<Record<string, string>> {
  const versions = Array.from({ length: count }, (_, index) => index + 1);
  return Object.fromEntries(versions.map((version) => fileOf(layout, version)));
}

function fileOf(layout: LayoutName, version: number): readonly [string, string] {
  const sql = `create table t${version} ();\ninsert into tally values (${version});\n`;
  const number = String(version).padStart(6, '0');
  switch (layout) {
    case 'golang-migrate':
      return [`migrations/${number}_t.up.sql`, sql];
    case 'dbmate':
      return [`db/migrations/${number}_t.sql`, `-- migrate:up\n${sql}-- migrate:down\n`];
    case 'goose':
      return [`migrations/${number}_t.sql`, `-- +goose Up\n${sql}-- +goose Down\n`];
    case 'flyway':
      return [`migrations/V${number}__t.sql`, sql];
    case 'liquibase':
      return [`migrations/${number}_t.sql`, `--liquibase formatted sql\n--changeset t:${version}\n${sql}`];
    case 'numbered':
      return [`migrations/${number}_t.sql`, sql];
    default:
      throw new Error(`no tally is kept with ${layout}`);
  }
}

export interface Standing {
  /** Versions that ran, in their order. */
  readonly ran: readonly number[];
  /** golang-migrate's mark, that it is not known whether this version stands. */
  readonly dirty: number | undefined;
}

/** How many ran until now. */
export async function tally(url: string): Promise<number> {
  return (await withClient(url, (query) => query('select from tally'))).length;
}

/**
 * To be asked when nobody is at work.
 *
 * @throws when a migration stands in part or twice, or the history says something else
 */
export async function standing(url: string, layout: LayoutName): Promise<Standing> {
  return withClient(url, async (query) => {
    const numbers = async (sql: string) => (await query(sql)).map((row) => Number(Object.values(row)[0]));
    const ran = await numbers('select version from tally order by 1');
    deepEqual(ran, range(1, ran.length), 'each ran once, in the order');
    const tables = await numbers(
      `select substr(relname, 2)::int from pg_class where relkind = 'r' and relname ~ '^t[0-9]+$' order by 1`,
    );
    deepEqual(tables, ran, 'each stands as a whole');
    const table = layout === 'numbered' ? 'rehearsal.migrations' : 'schema_migrations';
    const [there] = await query('select to_regclass($1) as name', [table]);
    if (there?.['name'] === null) return { ran, dirty: undefined };
    if (layout !== 'golang-migrate') {
      deepEqual(await numbers(`select version::int from ${table} order by 1`), ran, 'each is recorded');
      return { ran, dirty: undefined };
    }
    const [row] = await query('select version::int as version, dirty from schema_migrations');
    const version = Number(row?.['version'] ?? 0);
    if (row?.['dirty'] !== true) deepEqual(range(1, version), ran, 'the version is that of the last one');
    else ok([ran.length, ran.length + 1].includes(version), `${version} is dirty, ${ran.length} ran`);
    return { ran, dirty: row?.['dirty'] === true ? version : undefined };
  });
}

/** What golang-migrate's `force` does: `version` stands, and none after it. */
export async function force(url: string, version: number): Promise<void> {
  await withClient(url, async (query) => {
    await query('truncate schema_migrations');
    if (version > 0) await query('insert into schema_migrations values ($1, false)', [version]);
  });
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Our sessions on the server, in whatever database. */
export async function ourSessions(url: string): Promise<number> {
  const rows = await withClient(url, (query) =>
    query(`select from pg_stat_activity where application_name = 'rehearsal'`),
  );
  return rows.length;
}
