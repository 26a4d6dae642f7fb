/** Facts from ariga/atlas v1.2, sql/migrate/dir.go, sql/migrate/lex.go and cmd/atlas/internal/cmdapi/migrate.go. */
import type { Directive, Place, ToolDirectives } from './directive';

const header: Place = { kind: 'header' };
const first: Place = { kind: 'first', below: undefined, where: 'the first line of the file' };

/** @param values what may be written behind its name */
function directive(name: string, place: Place, values: string): Pick<Directive, 'name' | 'place' | 'pattern'> {
  return { name, place, pattern: new RegExp(`^-- atlas:${name}${values}(?=\\s*$)`) };
}

const txmode: Directive = {
  ...directive('txmode', header, ' +(?:none|file|all)'),
  text: '-- atlas:txmode none',
  snippet: '-- atlas:txmode ${1|none,file|}\n\n$0',
  likeness: {
    words: ['atlas txmode', 'atlas tx mode', 'atlas transaction', 'txmode'],
    head: '-- atlas:txmode ',
    rest: /^(?:none|file)$/,
  },
  says: 'How Atlas runs this file: `none` commits each statement by itself, as `CREATE INDEX CONCURRENTLY` and `VACUUM` need; `file`, as it does without this line, takes the file for one transaction.\n\nIt stands in the comments at the top of the file, and an empty line must follow them. Atlas refuses it where `--tx-mode all` is asked for.',
  single: true,
  asks: 'no-transaction',
};

const delimiter: Directive = {
  ...directive('delimiter', first, ' +\\S.*?'),
  text: '-- atlas:delimiter \\n\\n',
  snippet: '-- atlas:delimiter ${1:\\\\n\\\\n\\\\n}\n\n$0',
  likeness: { words: ['atlas delimiter'], head: '-- atlas:delimiter ', rest: /^\S/ },
  says: 'What ends a statement in this file, in place of the semicolon: any characters, and `\\n` for the end of a line. It is the first line of the file.',
  single: true,
};

const checkpoint: Directive = {
  ...directive('checkpoint', header, '(?: +\\S.*?)?'),
  text: '-- atlas:checkpoint',
  snippet: '-- atlas:checkpoint\n\n$0',
  likeness: { words: ['atlas checkpoint'], head: '-- atlas:checkpoint' },
  says: 'This file holds the whole schema that all files before it make: an empty database begins with it and skips them; one that has any of them skips this file. A tag may follow.\n\nIt stands in the comments at the top of the file, and an empty line must follow them.',
};

const sum: Directive = {
  ...directive('sum', first, ' +ignore'),
  text: '-- atlas:sum ignore',
  likeness: { words: ['atlas sum ignore'], head: '-- atlas:sum ignore' },
  says: 'Atlas leaves the content of this file out of `atlas.sum`, so that it may be edited later. It is the first line of the file.',
};

const txtar: Directive = {
  ...directive('txtar', header, ''),
  text: '-- atlas:txtar',
  likeness: { words: ['atlas txtar'], head: '-- atlas:txtar' },
  says: 'This file is an archive of several: `-- migration.sql --` begins the statements of the migration, `-- checks.sql --` what has to hold before it.\n\nIt stands in the comments at the top of the file, and an empty line must follow them.',
};

const nolint: Directive = {
  name: 'nolint',
  text: '-- atlas:nolint',
  place: { kind: 'line' },
  pattern: /(?<=^\s*)-- ?atlas:nolint\b.*?(?=\s*$)/,
  likeness: { words: ['atlas nolint', 'atlas no lint'], head: '-- atlas:nolint' },
  says: '`atlas migrate lint` does not look at the statement below, or, in the comments at the top of the file with an empty line behind them, at the whole file. Names of checks may follow: `-- atlas:nolint destructive`.',
};

export const directives: ToolDirectives = {
  page: 'https://atlasgo.io/versioned/apply#transaction-configuration',
  all: [txmode, delimiter, checkpoint, sum, txtar, nolint],
};
