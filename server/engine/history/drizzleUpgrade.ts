/**
 * A table of drizzle before 1.0 becomes one of 1.0: its rows get the names of the migrations they stand for.
 *
 * Facts from drizzle-team/drizzle-orm v1.0.0-rc.5: drizzle-orm/src/up-migrations/pg.ts, src/migrator.utils.ts.
 */
import { sha256 } from '../base/digest';
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import type { ToolSettings } from '../layouts/layout';
import { inTransaction, labelOf, quoted, type TableName } from './table';

export interface DrizzleOptions {
  readonly table: TableName;
  /** The folder of migrations, as ToolSettings. */
  readonly read: ToolSettings['read'];
  readonly list: ToolSettings['list'];
}

export interface OldRow {
  readonly id: number;
  readonly hash: string;
  /** `created_at`, in milliseconds. */
  readonly created: string | null;
}

/** The time in the name of a migration's folder; NaN when there is none. */
export function millisOf(name: string): number {
  const [year = NaN, month = NaN, day, hour, minute, second] = (
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(name) ?? []
  )
    .slice(1)
    .map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** By the second; where several have the same, or none, by what they hold. */
export function matched(
  rows: readonly OldRow[],
  { read, list }: Pick<DrizzleOptions, 'read' | 'list'>,
): { readonly names: ReadonlyMap<number, string>; readonly unknown: readonly number[] } {
  const local = list('')
    .filter((name) => name.endsWith('/'))
    .map((name) => name.slice(0, -1))
    .flatMap((name) => {
      const text = read(`${name}/migration.sql`);
      if (text === undefined) return [];
      return [{ name, millis: millisOf(name), hash: sha256(text) }];
    });
  const names = new Map<number, string>();
  const unknown: number[] = [];
  for (const { id, hash, created } of rows) {
    const second = Number(`${String(created).slice(0, -3)}000`);
    const near = local.filter(({ millis }) => millis === second);
    const [only] = near;
    const found =
      near.length === 1 ? only : (near.length > 1 ? near : local.toReversed()).find((it) => it.hash === hash);
    if (found) names.set(id, found.name);
    else unknown.push(id);
  }
  return { names, unknown };
}

/** @throws {Fault} `blocked` when the tool would refuse it */
export async function upgrade(session: Session, options: DrizzleOptions): Promise<void> {
  const table = quoted(options.table);
  const [named] = await session.rows(
    `select from pg_catalog.pg_attribute
      where attrelid = $1::pg_catalog.regclass and attname = 'name' and not attisdropped`,
    [table],
  );
  if (named) return;
  const rows = await session.rows<OldRow>(`select id, hash, created_at::text as created from ${table} order by id`);
  const { names, unknown } = matched(rows, options);
  if (unknown.length > 0)
    throw new Fault('blocked', `Rows ${unknown.join(', ')} of ${labelOf(options.table)} match no migration here.`);
  await inTransaction(session, async () => {
    await session.rows(`alter table ${table} add column if not exists name text`);
    await session.rows(
      `alter table ${table} add column if not exists applied_at timestamp with time zone default now()`,
    );
    for (const [id, name] of names)
      await session.rows(`update ${table} set name = $1, applied_at = null where id = $2`, [name, String(id)]);
  });
}
