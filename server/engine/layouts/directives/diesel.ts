/** Facts from diesel-rs/diesel 2.3, diesel_migrations/src/file_based_migrations.rs: nothing is said in the SQL itself. */
import type { ToolDirectives } from './directive';

export const directives: ToolDirectives = {
  page: 'https://docs.rs/diesel_migrations/latest/diesel_migrations/struct.FileBasedMigrations.html',
  all: [],
  withoutTransaction: 'diesel is asked for that by "run_in_transaction = false" in metadata.toml beside up.sql.',
};
