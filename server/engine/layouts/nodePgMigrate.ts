/**
 * node-pg-migrate: `1700000000000_add-email.sql` with an `-- Up Migration` and a `-- Down Migration` section.
 *
 * Facts from salsita/node-pg-migrate v9.0.0: src/migration.ts, src/runner.ts, bin/node-pg-migrate.ts.
 */
import { directives } from './directives/nodePgMigrate';
import { otherDialect, someOf } from './foreign';
import type { FolderContents, Layout, MigrationName } from './layout';
import { configFor, configurationFiles, type NodePgMigrateConfig, usual } from './nodePgMigrateConfig';
import { collectNames, isProgram, nameOf } from './nodePgMigrateNames';
import { hasMarker, readFile } from './nodePgMigrateReader';
import { slugOf } from './numbers';

const base: Layout = {
  name: 'node-pg-migrate',
  label: 'node-pg-migrate',
  directives,
  configurationFiles,
  twice: 'node-pg-migrate takes both for applied once one is.',
  onByteOrderMark:
    'node-pg-migrate sends it to Postgres, which refuses the first statement, or overlooks the marker in that line.',

  configured: (settings) => configured(configFor(settings) ?? usual),

  recognise(folder) {
    const names = folder.names.filter((name) => nameOf(name) !== undefined);
    const scripts = names.filter((name) => name.endsWith('.sql'));
    const whole = scripts.filter((name) => nameOf(name)?.direction === 'both');
    if (otherDialect(folder, scripts) !== undefined) return undefined;
    const marked = someOf(whole).find((name) => hasMarker(folder.read(name) ?? ''));
    if (marked !== undefined) return `${marked} has a line "-- Up Migration"`;
    const isItsFolder = names.length > 0 && configFor(folder) !== undefined && !isOfAnother(folder, names);
    return isItsFolder ? 'package.json has node-pg-migrate, for this folder' : undefined;
  },

  collect: collectNames,
  readName: (fileName) => nameOf(fileName),
  read: (fileName, text) => read(fileName, text, usual),
  skeleton: (title, existing, now) => skeletonOf(title, existing, now, usual),
};

/** As its command line runs it: all in one transaction. */
export const nodePgMigrate: Layout = { ...base, oneTransaction: true };

const configured = (config: NodePgMigrateConfig): Layout => ({
  ...(config.singleTransaction ? nodePgMigrate : base),
  read: (fileName, text) => read(fileName, text, config),
  skeleton: (title, existing, now) => skeletonOf(title, existing, now, config),
});

/** A package may have several tools; the marks of others are certain. */
const isOfAnother = (folder: FolderContents, names: readonly string[]): boolean =>
  someOf(names).some((name) => /^--\s*(?:migrate:up|\+goose\s+up)\b/im.test(folder.read(name) ?? ''));

function read(fileName: string, text: string, { schemas }: NodePgMigrateConfig): ReturnType<Layout['read']> {
  const outside = 'It is written in JavaScript or TypeScript: only node-pg-migrate itself can run it.';
  return isProgram(fileName) ? { scripts: [], problems: [], outside } : readFile(fileName, text, schemas);
}

function skeletonOf(
  title: string,
  existing: readonly MigrationName[],
  now: Date,
  { nameFormat }: NodePgMigrateConfig,
): ReturnType<Layout['skeleton']> {
  const [newest] = existing
    .map(({ digits }) => digits)
    .toSorted((one, other) => (BigInt(one) < BigInt(other) ? 1 : -1));
  const name = `${prefixAfter(newest, now, nameFormat)}_${slugOf(title).replaceAll('_', '-')}`;
  const up = '-- Up Migration\n';
  if (existing.some(({ direction }) => direction !== 'both'))
    return { files: ['up', 'down'].map((it) => ({ name: `${name}.${it}.sql`, text: '' })), cursor: 0 };
  return { files: [{ name: `${name}.sql`, text: `${up}\n-- Down Migration` }], cursor: up.length };
}

/** Milliseconds, the same as a time in UTC, or an index, as the newest one has it; always above that. */
function prefixAfter(newest: string | undefined, now: Date, format: string | undefined): string {
  const after = newest === undefined ? '' : String(BigInt(newest) + 1n).padStart(newest.length, '0');
  const kind =
    newest === undefined ? format : newest.length === 17 ? 'utc' : newest.length < 12 ? 'index' : 'timestamp';
  if (kind === 'index') return newest === undefined ? '0001' : after;
  const clock = kind === 'utc' ? now.toISOString().replace(/\D/g, '') : String(now.getTime());
  return newest !== undefined && BigInt(clock) <= BigInt(newest) ? after : clock;
}
