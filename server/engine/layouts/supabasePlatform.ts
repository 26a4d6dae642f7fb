/**
 * What Supabase's own databases have before the first migration.
 *
 * Names from supabase/postgres, migrations/db/init-scripts, and from the services that `supabase start` runs.
 */
import type { Platform } from './layout';

export const supabasePlatform: Platform = {
  roles: new Set([
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
  ]),
  schemas: new Set([
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
  ]),
  advice:
    'The databases of Supabase have it, and this one has not. Run supabase start, and choose its database: supabase status tells its URL.',
};
