/** Facts from pressly/goose v3.27.3, internal/sqlparser/parser.go and README.md. */
import type { Around, Directive, Likeness, ToolDirectives } from './directive';

/** Spelt alike for all: dashes, `+goose`, words in any case, nothing before them. */
const annotation = (words: string): Pick<Directive, 'place' | 'pattern' | 'text'> => ({
  text: `-- +goose ${words}`,
  place: { kind: 'line' },
  pattern: new RegExp(`^--[\\s-]*\\+goose[\\s-]+${words.replace(' ', '\\s+')}(?=\\s*$)`, 'i'),
});

const likeness = (words: string, ...others: string[]): Likeness => ({
  words: [`goose ${words}`, ...others.map((it) => `goose ${it}`)],
  head: `-- +goose ${words}`,
});

/** StatementBegin has no end yet. */
const isFramed = ({ above }: Around): boolean =>
  above.findLast((it) => it === 'statement-begin' || it === 'statement-end') === 'statement-begin';

const section = ({ above }: Around): string | undefined => above.findLast((it) => it === 'up' || it === 'down');

const substitutes = ({ above }: Around): boolean =>
  above.findLast((it) => it === 'envsub-on' || it === 'envsub-off') === 'envsub-on';

const up: Directive = {
  name: 'up',
  ...annotation('Up'),
  snippet: '-- +goose Up\n$0\n\n-- +goose Down\n',
  likeness: likeness('Up'),
  says: 'What is below runs when the migration is applied, up to `-- +goose Down`. Only `--` comments may stand before this line.',
  fits: ({ above, below }) => !above.includes('up') && !below.includes('up'),
  asks: 'up',
};

const down: Directive = {
  name: 'down',
  ...annotation('Down'),
  likeness: likeness('Down'),
  says: 'What is below runs when the migration is rolled back. A migration without it cannot be.',
  fits: (around) => section(around) === 'up' && !isFramed(around) && !around.below.includes('down'),
  asks: 'down',
};

const statementBegin: Directive = {
  name: 'statement-begin',
  ...annotation('StatementBegin'),
  snippet: '-- +goose StatementBegin\n$0\n-- +goose StatementEnd\n',
  likeness: likeness('StatementBegin', 'Begin', 'StatementStart', 'BeginStatement'),
  says: 'What is below is one statement, up to `-- +goose StatementEnd`. goose ends a statement at each line that ends with a semicolon, so that functions, `DO` blocks and all else with semicolons inside need this pair around them.',
  fits: (around) => section(around) !== undefined && !isFramed(around),
  asks: 'other',
};

const statementEnd: Directive = {
  name: 'statement-end',
  ...annotation('StatementEnd'),
  likeness: likeness('StatementEnd', 'End', 'EndStatement'),
  says: 'Here the statement ends that `-- +goose StatementBegin` has begun.',
  fits: isFramed,
  asks: 'other',
};

const noTransaction: Directive = {
  name: 'no-transaction',
  ...annotation('NO TRANSACTION'),
  likeness: likeness('NO TRANSACTION', 'transaction false'),
  says: 'Each statement of this file is committed by itself, up and down alike, as `CREATE INDEX CONCURRENTLY` and `VACUUM` need. When one fails, those before it stay, and the migration is not recorded.\n\nIt may stand on any line.',
  fits: (around) => !isFramed(around) && ![...around.above, ...around.below].includes('no-transaction'),
  asks: 'no-transaction',
};

const envsubOn: Directive = {
  name: 'envsub-on',
  ...annotation('ENVSUB ON'),
  snippet: '-- +goose ENVSUB ON\n$0\n-- +goose ENVSUB OFF\n',
  likeness: likeness('ENVSUB ON'),
  says: 'From here on goose puts variables of the environment into the SQL: `${NAME}`, and with a default `${NAME:-text}`. A dollar is then written `$$`. It ends at `-- +goose ENVSUB OFF`.',
  fits: (around) => !substitutes(around),
  asks: 'other',
};

const envsubOff: Directive = {
  name: 'envsub-off',
  ...annotation('ENVSUB OFF'),
  likeness: likeness('ENVSUB OFF'),
  says: 'From here on variables of the environment are left as they stand.',
  fits: substitutes,
  asks: 'other',
};

export const directives: ToolDirectives = {
  page: 'https://pressly.github.io/goose/documentation/annotations/',
  all: [up, down, statementBegin, statementEnd, noTransaction, envsubOn, envsubOff],
};
