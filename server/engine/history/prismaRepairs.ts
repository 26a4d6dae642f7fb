/**
 * `prisma migrate resolve`: a failed attempt is recorded as rolled back, or a migration as applied.
 *
 * Facts from prisma/prisma-engines: schema-engine/commands/src/commands/mark_migration_applied.rs,
 * mark_migration_rolled_back.rs, sql_migration_persistence.rs. test/conformance/prisma.test.ts asks the engine itself.
 */
import { quoteLiteral } from '../database/quote';
import type { Migration } from '../layouts/migration';
import { newestFew, type Repair, type FolderFiles } from './history';
import { prismaChecksum } from './prismaChecksum';
import { quoted, type TableName } from './table';

export const rolledBack = (version: string): string => `prisma migrate resolve --rolled-back "${version}"`;

export const resolved = (version: string): string => `prisma migrate resolve --applied "${version}"`;

/** @param failed names of migrations with an attempt that has neither ended nor been taken back */
export function afterFailures(
  table: TableName,
  failed: readonly string[],
  isApplied: (version: string) => boolean,
  files: FolderFiles,
): readonly Repair[] {
  return failed.flatMap((version) => {
    const takenBack = `update ${quoted(table)} set rolled_back_at = pg_catalog.now() where migration_name = ${quoteLiteral(version)} and finished_at is null and rolled_back_at is null`;
    const migration = files.migrations.find((it) => it.version === version);
    const row = migration && rowOf(table, migration, files);
    const back: Repair = {
      title: `Record ${version} as rolled back`,
      when: `Nothing of ${version} stands.`,
      command: rolledBack(version),
      statements: [takenBack],
    };
    const done: Repair = {
      title: `Record ${version} as applied`,
      when: `All that ${version} does is there.`,
      command: resolved(version),
      statements: [takenBack, ...(row === undefined ? [] : [row])],
    };
    return row === undefined || isApplied(version) ? [back] : [back, done];
  });
}

/** Where there are tables, and none of Prisma: how far they have come. */
export function baselines(table: TableName, tableText: string, files: FolderFiles): readonly Repair[] {
  const rows = files.migrations.map((it) => rowOf(table, it, files));
  const known = rows.findIndex((it) => it === undefined);
  return newestFew(known < 0 ? files.migrations : files.migrations.slice(0, known)).map(({ version }) => {
    const upTo = files.migrations.slice(0, files.migrations.findIndex((it) => it.version === version) + 1);
    const rest = upTo.length === 1 ? '' : ', after the same for each one before it';
    return {
      title: `Record ${upTo.length === 1 ? version : `all up to ${version}`} as applied`,
      when: `The schema is as ${version} leaves it.`,
      command: `${resolved(version)}${rest}`,
      statements: [tableText, ...rows.slice(0, upTo.length).filter((it) => it !== undefined)],
    };
  });
}

/** @returns undefined without a script */
function rowOf(table: TableName, migration: Migration, files: FolderFiles): string | undefined {
  const upText = files.upTextOf(migration);
  if (upText === undefined) return undefined;
  const values = [prismaChecksum(upText), migration.version].map(quoteLiteral).join(', ');
  return `insert into ${quoted(table)} (id, logs, started_at, finished_at, checksum, migration_name) values (pg_catalog.gen_random_uuid(), '', pg_catalog.now(), pg_catalog.now(), ${values})`;
}
