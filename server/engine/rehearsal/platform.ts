/** What a platform has and this Postgres lacks: told once, where it is first missing, for nearly every migration stands on it. */
import type { Refusal } from '../database/session';
import type { Platform } from '../layouts/layout';
import { quotedIn } from '../sql/blame';
import type { PlacedOutcome } from './outcome';

const missing = new Set(['42704', '3F000', '42P01', '42883']);

export const missesOf = ({ roles, schemas }: Platform, { sqlState, message }: Refusal): boolean =>
  missing.has(sqlState) &&
  quotedIn(message).some((name) => roles.has(name) || schemas.has(name.replace(/\..*/s, '').replaceAll('"', '')));

/** The first one that misses something of it, among these. */
export const firstMissing = (platform: Platform, earlier: readonly PlacedOutcome[]): PlacedOutcome | undefined =>
  earlier.find((it) => it.kind === 'refused' && missesOf(platform, it.refusal));
