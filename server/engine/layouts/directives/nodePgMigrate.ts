/** Facts from salsita/node-pg-migrate, src/sqlMigration.ts. */
import type { Directive, ToolDirectives } from './directive';

/** The tool looks for the words at the start of a line, whatever dashes and blanks stand before and whatever follows. */
const marker = (direction: 'Up' | 'Down'): Pick<Directive, 'text' | 'place' | 'pattern' | 'likeness'> => ({
  text: `-- ${direction} Migration`,
  place: { kind: 'line' },
  pattern: new RegExp(`(?<=^\\s*)--[\\s-]*${direction}\\s+migration`, 'i'),
  likeness: {
    words: [`${direction} migration`, `migration ${direction}`, `migrate ${direction}`],
    head: `-- ${direction} Migration`,
  },
});

const up: Directive = {
  name: 'up',
  ...marker('Up'),
  snippet: '-- Up Migration\n$0\n\n-- Down Migration\n',
  says: 'What is below runs when the migration is applied, up to `-- Down Migration`. Without either line the whole file does.',
  fits: ({ above, below }) => !above.includes('up') && !below.includes('up'),
};

const down: Directive = {
  name: 'down',
  ...marker('Down'),
  says: 'What is below runs when the migration is reverted. Without this line it cannot be.',
  fits: ({ above, below }) => !above.includes('down') && !below.includes('down'),
};

export const directives: ToolDirectives = {
  page: 'https://salsita.github.io/node-pg-migrate/migrations/',
  all: [up, down],
  withoutTransaction: 'node-pg-migrate can do so for migrations in JavaScript only, by "pgm.noTransaction()".',
};
