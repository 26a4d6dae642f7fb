/** Numbers and names of new migrations. */
import type { MigrationName } from './layout';

/**
 * The next number, written as the newest one of the folder is: a UTC timestamp, Unix seconds, or a sequence with as
 * many digits. Always above the newest, even when that lies in the future.
 *
 * @param first for an empty folder
 */
export function nextNumber(existing: readonly MigrationName[], now: Date, first: string): string {
  const [newest] = existing.map(({ digits }) => digits).toSorted(byNumberDownwards);
  if (newest === undefined) return first;
  const after = String(BigInt(newest) + 1n).padStart(newest.length, '0');
  const clock = isTimestamp(newest) ? timestamp(now) : isUnixTime(newest) ? unixTime(now) : after;
  return BigInt(clock) > BigInt(newest) ? clock : after;
}

/** `20240131235959`, in UTC. */
export const timestamp = (now: Date): string => now.toISOString().replace(/\D/g, '').slice(0, 14);

/** A title as part of a file name: lower case, words joined by `_`. */
export function slugOf(title: string): string {
  const slug = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  return slug === '' ? 'migration' : slug;
}

const byNumberDownwards = (one: string, other: string): number => (BigInt(one) < BigInt(other) ? 1 : -1);

const isTimestamp = (digits: string): boolean =>
  /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d$/.test(digits);

/** Ten digits: between 2001 and 2286. */
const isUnixTime = (digits: string): boolean => /^[1-9]\d{9}$/.test(digits);

const unixTime = (now: Date): string => String(Math.floor(now.getTime() / 1000));
