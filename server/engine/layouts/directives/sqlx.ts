/** Facts from launchbadge/sqlx 0.9, sqlx-core/src/migrate/source.rs and CHANGELOG.md. */
import type { ToolDirectives } from './directive';

export const directives: ToolDirectives = {
  page: 'https://docs.rs/sqlx/latest/sqlx/macro.migrate.html',
  all: [
    {
      name: 'no-transaction',
      text: '-- no-transaction',
      place: { kind: 'first', below: undefined, where: 'the very beginning of the file' },
      pattern: /^-- no-transaction/,
      likeness: { words: ['no transaction', 'transaction false', 'sqlx no transaction'], head: '-- no-transaction' },
      says: 'This file runs without a transaction around it, as `CREATE INDEX CONCURRENTLY` and `VACUUM` need. sqlx still sends the whole file in one message: Postgres takes several statements in it for one transaction, so that one of those must stand alone.\n\nThese are the very first characters of the file: no blank, no empty line and no byte order mark may stand before them.',
      single: true,
      asks: 'no-transaction',
    },
  ],
};
