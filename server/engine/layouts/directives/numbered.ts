/** Plain numbered files: our own history, and our own directive. */
import type { ToolDirectives } from './directive';

export const directives: ToolDirectives = {
  page: 'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
  all: [
    {
      name: 'no-transaction',
      text: '-- rehearsal: no-transaction',
      place: { kind: 'first', below: /^\s*$/, where: 'the first line that is not blank' },
      pattern: /(?<=^\s*)--\s*rehearsal:\s*no-transaction(?=\s*$)/i,
      likeness: {
        words: ['rehearsal no transaction', 'no transaction', 'rehearsal transaction false'],
        head: '-- rehearsal: no-transaction',
      },
      says: 'Each statement of this file is committed by itself, as psql does it and as `CREATE INDEX CONCURRENTLY` and `VACUUM` need. Without it the whole file is one transaction. It is the first line that is not blank.',
      single: true,
      asks: 'no-transaction',
    },
  ],
};
