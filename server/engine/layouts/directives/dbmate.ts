/** Facts from amacneil/dbmate v2.36.0, pkg/dbmate/migration.go and README.md. */
import type { Directive, ToolDirectives } from './directive';

/** Nothing, or `transaction:false`, `transaction = false`: what may stand behind a marker, written right or not. */
const options = /^(?:[a-z_]+\s*[:=]\s*\w+(?:\s+|$))*$/i;

const up: Directive = {
  name: 'up',
  text: '-- migrate:up',
  snippet: '-- migrate:up\n$0\n\n-- migrate:down\n',
  place: { kind: 'line' },
  pattern: /^--[\t\f ]*migrate:up(?:[\t\f ]*$|[\t\f ]+\S.*?(?=\s*$))/,
  likeness: { words: ['migrate up', 'migrations up', 'dbmate up'], head: '-- migrate:up ', rest: options },
  says: 'What is below runs when the migration is applied, up to `-- migrate:down`, in one transaction with the row of dbmate’s history. Both lines are needed, and only `--` comments may stand before this one.',
  fits: ({ above, below }) => !above.includes('up') && !below.includes('up'),
  asks: 'up',
};

const down: Directive = {
  name: 'down',
  text: '-- migrate:down',
  place: { kind: 'line' },
  pattern: /^--[\t\f ]*migrate:down(?:[\t\f ]*$|[\t\f ]+\S.*?(?=\s*$))/,
  likeness: { words: ['migrate down', 'migrations down', 'dbmate down'], head: '-- migrate:down ', rest: options },
  says: 'What is below runs when the migration is rolled back. dbmate refuses a file without this line; nothing needs to stand below it.',
  fits: ({ above, below }) => above.at(-1) === 'up' && below[0] !== 'down',
  asks: 'down',
};

const transaction: Directive = {
  name: 'transaction',
  text: 'transaction:false',
  place: { kind: 'option', of: ['up', 'down'], behind: /^--\s*migrate:(?:up|down)/ },
  pattern: /(?<!\S)transaction:(?:false|true)(?!\S)/g,
  likeness: { words: ['transaction false', 'no transaction'], head: 'transaction:false' },
  says: 'This block runs without a transaction around it, as `CREATE INDEX CONCURRENTLY` and `VACUUM` need. dbmate still sends the whole block in one message: Postgres takes several statements in it for one transaction, so that one of those must stand alone.\n\nNo blank may stand beside the colon. It is said for each block apart.',
  single: true,
  asks: 'no-transaction',
};

export const directives: ToolDirectives = {
  page: 'https://github.com/amacneil/dbmate#migration-options',
  all: [up, down, transaction],
};
