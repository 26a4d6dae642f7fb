/**
 * Prisma's checksum of a script: sha256 of its bytes, as hexadecimal digits.
 *
 * Facts from prisma/prisma-engines: schema-engine/connectors/schema-connector/src/checksum.rs.
 */
import { createHash } from 'node:crypto';

/** @param text with its byte order mark */
export const prismaChecksum = (text: string): string => digestOf(text).toString('hex');

/**
 * Line ends of another system do not count.
 *
 * @param recorded of a former engine each byte below 16 is one digit only
 */
export function matchesChecksum(text: string, recorded: string): boolean {
  const written = recorded.length === 64 || recorded === '' ? inFull : withoutZeros;
  const lineEnds = [text, text.replaceAll('\r\n', '\n'), text.replaceAll('\n', '\r\n')];
  return lineEnds.some((it) => written(digestOf(it)) === recorded);
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

const inFull = (digest: Buffer): string => digest.toString('hex');

const withoutZeros = (digest: Buffer): string => [...digest].map((byte) => byte.toString(16)).join('');
