/**
 * Liquibase's checksum of a changeset, version 9 (since Liquibase 4.22).
 *
 * Facts from liquibase/liquibase (2026-08): change/AbstractSQLChange.java (generateCheckSum, NormalizingStream),
 * changelog/ChangeSet.java, change/CheckSum.java.
 */
import { createHash } from 'node:crypto';
import { sentOf } from '../sql/places';
import type { Changeset } from '../layouts/liquibaseFile';
import { composed, type Properties } from '../layouts/liquibaseLines';

export const checksumVersion = 9;

/** @param text of the file, without a byte order mark */
export function changesetChecksum(text: string, { sql }: Changeset, properties: Properties | undefined): string {
  const whole = composed(text, sql, properties);
  const sent = whole ? sentOf(text, whole.range, whole.replaced) : '';
  return versioned(md5(`${versioned(md5(sent.replaceAll(/[ \n\r\t]/g, '')))}:`));
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

const versioned = (digest: string): string => `${checksumVersion}:${digest}`;
