/**
 * Flyway's checksum: CRC-32 of the lines without their ends, as Java's signed number.
 *
 * Facts from flyway/flyway 13.0.0: internal/resolver/ChecksumCalculator.java; SqlMigrationResolver.java for repeatable
 * migrations, whose placeholders are replaced before.
 */
import { crc32 } from 'node:zlib';
import { withoutMark } from '../base/text';
import { sentOf } from '../sql/places';
import type { FlywayConfig } from '../layouts/flywayConfig';
import { isRepeatable } from '../layouts/flywayNames';
import { type FlywaySession, replacing, valuesFor } from '../layouts/flywayPlaceholders';
import type { Migration } from '../layouts/migration';
import type { FlywayOptions } from './flywayTable';

/** @param text a byte order mark at its start does not count */
export const checksumOf = (text: string): number => crc32(withoutMark(text).replaceAll(/[\r\n]/g, '')) | 0;

/** What is recorded as its script. */
export const scriptOf = ({ name, upPath = '' }: Migration): string =>
  name.recordedAs ?? upPath.replaceAll('\\', '/').replace(/.*\//, '');

/** The one that is recorded first, then others that will do. */
export const checksumsOf = (
  migration: Migration,
  upText: string,
  { config, session }: FlywayOptions,
): readonly number[] =>
  isRepeatable(migration.name)
    ? repeatableChecksums(upText, scriptOf(migration).replace(/.*\//, ''), config, session)
    : [checksumOf(upText)];

/** What a row of a repeatable migration may hold: the first one is what is recorded. */
export function repeatableChecksums(
  text: string,
  fileName: string,
  config: FlywayConfig,
  session: FlywaySession,
): readonly number[] {
  const raw = checksumOf(text);
  if (!config.placeholders.replaced) return [raw];
  const bare = withoutMark(text);
  const { replaced } = replacing(bare, config.placeholders, valuesFor(config, fileName, session));
  return [checksumOf(sentOf(bare, { start: 0, end: bare.length }, replaced)), raw];
}
