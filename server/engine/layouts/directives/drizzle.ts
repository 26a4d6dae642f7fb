/** Facts from drizzle-team/drizzle-orm, drizzle-orm/src/migrator.ts. */
import type { ToolDirectives } from './directive';

export const directives: ToolDirectives = {
  page: 'https://orm.drizzle.team/docs/drizzle-config-file#breakpoints',
  all: [
    {
      name: 'statement-breakpoint',
      text: '--> statement-breakpoint',
      place: { kind: 'behind' },
      pattern: /--> statement-breakpoint/,
      likeness: { words: ['statement breakpoint'], head: '--> statement-breakpoint' },
      says: 'Here drizzle cuts the file: each part is sent in a message of its own, all of them in one transaction. It knows nothing else of SQL: a part without it between two statements is one message with both.',
    },
  ],
  withoutTransaction: 'drizzle runs all pending migrations in one transaction; no file can be taken out of it.',
};
