/** Facts from graphile/migrate 2.0.0-rc.3, src/header.ts, src/migration.ts, FORMATS.md and README.md. */
import type { Directive, ToolDirectives } from './directive';

/** Lines of the header, and blank ones: the body is what is left, without white space around it. */
const headers = /^\s*$|^--! [A-Z]/;

const noTransaction: Directive = {
  name: 'no-transaction',
  text: '--! no-transaction',
  place: { kind: 'first', below: headers, where: 'the first line behind the header' },
  pattern: /^--!\s*no-transaction\b/,
  likeness: { words: ['no transaction', 'transaction false'], head: '--! no-transaction' },
  says: 'This migration runs without a transaction around it, as `CREATE INDEX CONCURRENTLY` and `VACUUM` need, and may then hold one statement only. It is the first line behind the header. Files of the folder `current/` cannot have it.',
  single: true,
  asks: 'no-transaction',
};

const include: Directive = {
  name: 'include',
  text: '--!include functions/name.sql',
  snippet: '--!include ${1:functions/name}.sql',
  place: { kind: 'line' },
  pattern: /^--![ \t]*include[ \t]+.*\.sql(?=[ \t]*$)/,
  likeness: { words: ['include', 'includes', 'import'], head: '--!include ', rest: /^\S+\.sql$/ },
  says: 'Puts a file of the folder `fixtures` in the place of this line. When the migration is committed its text is taken over.',
  asks: 'other',
};

const included: Directive = {
  name: 'included',
  text: '--! Included functions/name.sql',
  place: { kind: 'line' },
  pattern: /(?<=^\s*)--! Included .*?(?=\s*$)/,
  fits: () => false,
  says: 'Here the text of a file of the folder `fixtures` begins, which `graphile-migrate commit` has put in the place of `--!include`.',
};

const endIncluded: Directive = {
  name: 'end-included',
  text: '--! EndIncluded functions/name.sql',
  place: { kind: 'line' },
  pattern: /(?<=^\s*)--! EndIncluded .*?(?=\s*$)/,
  fits: () => false,
  says: 'Here the text of a file ends that `graphile-migrate commit` has put in.',
};

/** @param rest what may follow the colon */
const header = (name: string, rest: RegExp): Pick<Directive, 'name' | 'place' | 'pattern' | 'likeness' | 'single'> => ({
  name: name.toLowerCase(),
  place: { kind: 'first', below: /^--! [A-Z]/, where: 'a line of the header, with which the file begins' },
  pattern: new RegExp(`^--! ${name}:.*?(?=\\s*$)`),
  likeness: { words: [name], head: `--! ${name}: `, rest, begins: /^--!/ },
  single: true,
});

const message: Directive = {
  ...header('Message', /\S/),
  text: '--! Message: add users',
  snippet: '--! Message: ${1:add users}\n\n$0',
  says: 'Names the migration: when it is committed, the words become part of its file name. An empty line must follow the header.',
  fits: ({ above, below }) => ![...above, ...below].includes('message'),
};

const previous: Directive = {
  ...header('Previous', /^(?:sha1:|-$)/),
  text: '--! Previous: sha1:…',
  fits: () => false,
  says: 'The hash of the migration before this one, or `-` for the first. `graphile-migrate commit` writes it; the chain must hold.',
};

const hash: Directive = {
  ...header('Hash', /^sha1:/),
  text: '--! Hash: sha1:…',
  fits: () => false,
  says: 'SHA-1 of the hash before and of the text of this migration, which `graphile-migrate commit` writes: a committed migration must not be edited.',
};

const allowInvalidHash: Directive = {
  name: 'allow-invalid-hash',
  text: '--! AllowInvalidHash',
  place: hash.place,
  pattern: /^--! AllowInvalidHash(?=\s*$)/,
  likeness: { words: ['AllowInvalidHash'], head: '--! AllowInvalidHash', begins: /^--!/ },
  says: 'graphile-migrate takes this migration though its text does not fit its hash: for the one that had to be edited after it was committed.',
  fits: ({ above, below }) => above.includes('hash') && !below.includes('allow-invalid-hash'),
};

const placeholder = (name: string, says: string): Directive => ({
  name: name.toLowerCase(),
  text: `:${name}`,
  place: { kind: 'within' },
  pattern: new RegExp(`(?<!:):${name}\\b`, 'g'),
  says,
});

export const directives: ToolDirectives = {
  page: 'https://github.com/graphile/migrate#readme',
  all: [
    noTransaction,
    include,
    included,
    endIncluded,
    message,
    previous,
    hash,
    allowInvalidHash,
    placeholder(
      'DATABASE_NAME',
      'The name of the database that the migration runs in, as it is written: put it into quotes.',
    ),
    placeholder('DATABASE_OWNER', 'The role that owns the database, as it is written: put it into quotes.'),
  ],
};
