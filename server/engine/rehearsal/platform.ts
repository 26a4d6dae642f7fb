/**
 * What Supabase's own databases have before the first migration, and a plain Postgres has not: told once where it is
 * missing, for nearly every migration stands on it.
 *
 * Names from supabase/postgres, migrations/db/init-scripts, and from the services that `supabase start` runs.
 */
import type { Refusal } from '../database/session';
import { quotedIn } from '../sql/blame';
import type { PlacedOutcome } from './outcome';

const roles = new Set([
  'anon',
  'authenticated',
  'service_role',
  'authenticator',
  'dashboard_user',
  'supabase_admin',
  'supabase_auth_admin',
  'supabase_functions_admin',
  'supabase_read_only_user',
  'supabase_replication_admin',
  'supabase_storage_admin',
]);

const schemas = new Set([
  'auth',
  'extensions',
  'graphql',
  'graphql_public',
  'net',
  'pgbouncer',
  'realtime',
  'storage',
  'supabase_functions',
  'vault',
  'supabase_realtime',
]);

const missing = new Set(['42704', '3F000', '42P01', '42883']);

export const missesSupabase = ({ sqlState, message }: Refusal): boolean =>
  missing.has(sqlState) &&
  quotedIn(message).some((name) => roles.has(name) || schemas.has(name.replace(/\..*/s, '').replaceAll('"', '')));

/** The first one that misses something of it, among these. */
export const firstMissing = (earlier: readonly PlacedOutcome[]): PlacedOutcome | undefined =>
  earlier.find((it) => it.kind === 'refused' && missesSupabase(it.refusal));

export const onSupabase =
  'The databases of Supabase have it, and this one has not. Run supabase start, and choose its database: postgresql://postgres:postgres@127.0.0.1:54322/postgres.';
